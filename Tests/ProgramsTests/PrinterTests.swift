import Testing

@testable import Programs

/// What is printed is read as the same program, and printed again it is the same text.
private func expectIdentity(_ program: Program, _ what: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let text = program.yaml()
    switch ProgramFile.parse(Array(text.utf8), fileName: "printed") {
    case .failure(let errors): Issue.record("\(what): \(errors)\n\(text)", sourceLocation: sourceLocation)
    case .success(let again):
        #expect(again == program, "\(what)\n\(text)", sourceLocation: sourceLocation)
        // Also where == does not look at bytes: é in one code point and in two.
        #expect(again.yaml().utf8.elementsEqual(text.utf8), "\(what)\n\(text)", sourceLocation: sourceLocation)
    }
}

@Suite struct PrinterTests {
    // MARK: The text

    /// The form is part of the interface: people read it, and compare it between versions.
    @Test func everyKeyOfTheLanguageHasItsForm() throws {
        let program = try Sample.program(everyKey)
        #expect(program.yaml() == everyKey)
    }

    @Test func theSmallestProgramShowsItsDefaults() throws {
        #expect(
            try Sample.program(Sample.file("")).yaml() == """
                program: tool
                summary: A tool
                executable: /usr/bin/tool
                arguments: []
                inputs: []
                results: []
                stdin: ignore
                stdout: stream
                stderr: stream
                environment:
                  set: {}
                  accept: []
                success: {exit_codes: [0]}
                stop:
                  signal: TERM
                  grace: 10s
                limits:
                  wall: 10m
                  cpu: 10m
                  memory: 1GiB
                  processes: 32
                  open_files: 256
                  file_size: 1GiB
                  output: 64MiB
                  disk: 1GiB
                  temporary: 64MiB
                  cpus: 1
                  io: unlimited
                security:
                  root: host
                  files:
                    read: []
                    execute: []
                  network: none
                  seccomp: default
                  devices: []

                """)
    }

    @Test func originsStandInAColumn() throws {
        let family = Family([
            "base": """
            program: base
            abstract: true
            summary: Of the family
            arguments: [{flag: -a}]
            limits: \(Sample.limits)
            """,
            "tool": """
            program: tool
            extends: base
            executable: /usr/bin/tool
            arguments:
              - {option: [-o, --output], value: {file: output}, required: true, help: where the results of the tool go}
            environment: {set: {LC_ALL: C}}
            limits: {wall: {default: 1m, max: 1h}}
            security: {}
            """,
        ])
        let source = try family.source("tool")
        #expect(
            source.annotatedYAML().split(separator: "\n").prefix(17).joined(separator: "\n") == """
                program: tool                               # tool.yaml:1
                summary: Of the family                      # base.yaml:3
                executable: /usr/bin/tool                   # tool.yaml:3
                arguments:
                  - {flag: -a}                              # base.yaml:4
                  - option: [-o, --output]                  # tool.yaml:5
                    value: {file: output}                   # tool.yaml:5
                    required: true                          # tool.yaml:5
                    help: where the results of the tool go  # tool.yaml:5
                inputs: []                                  # default
                results: []                                 # default
                stdin: ignore                               # default
                stdout: stream                              # default
                stderr: stream                              # default
                environment:
                  set:
                    LC_ALL: C                               # tool.yaml:6
                """)
        let limits = source.annotatedYAML().split(separator: "\n").filter { $0.hasPrefix("  ") }.suffix(18).prefix(11)
        #expect(
            limits.map { $0.split(separator: "#").last.map(String.init) } == [
                " tool.yaml:7", " base.yaml:5", " base.yaml:5", " base.yaml:5", " base.yaml:5", " default",
                " base.yaml:5", " base.yaml:5", " default", " default", " default",
            ])
        #expect(try Sample.program(source.annotatedYAML()) == source.program)
    }

    @Test func anAbstractFileIsPrintedWithoutWhatItLacks() throws {
        let text = """
            program: f
            abstract: true
            arguments:
              - {flag: -a}
            limits:
              wall: 10m
            """
        let source = try Family(["f": text]).source("f")
        let printed = source.annotatedYAML()
        #expect(printed.contains("abstract: true") && printed.contains("  wall: 10m "))
        for key in ["summary", "executable", "cpu", "temporary", "io:", "security"] {
            #expect(!printed.contains(key), "\(key)")
        }
        let again = try Family(["f": printed]).source("f")
        #expect(again.isAbstract && again.program == source.program)
        #expect(!again.annotatedYAML().contains("default"))
    }

    // MARK: Identity

    @Test(arguments: ShippedPrograms.names)
    func shippedProgramsAreTheSameAfterPrinting(name: String) throws {
        expectIdentity(try ShippedPrograms.program(name), name)
    }

    @Test func shippedProgramsWereFound() { #expect(ShippedPrograms.names.count >= 8) }

    @Test(arguments: [
        "", " ", "a b", " a", "a ", "a: b", "a:", ":a", "a:b", "a #b", "a#b", "#a", "-", "--", "---", "--- a", "...",
        "-a",
        "- a", "-1", "+1", "1", "1.5", ".5", "1e5", "0x1F", "0o17", "1_000", "1:30", "2024-01-31", "12:00:00Z", "12a",
        "true", "False", "YES", "no", "on", "y", "N", "null", "Null", "~", "~/x", ".inf", "-.INF", ".nan", "=", "<<",
        "a,b", "[a]", "{a}", "a]", "&a", "*a", "!a", "|", ">", "'a'", "it's", "\"a\"", "say \"a\"", "both ' and \"",
        "%a",
        "@a", "`a`", "?", "? a", "a\\d", "[0-9]+\\.'x\"", "a\nb", "a\n", "\n", "\t", "a\tb", "\u{1B}[1m", "\u{7F}",
        "\u{85}", "\u{A0}", "\u{2028}", "\u{FEFF}a", "\u{200B}", "\u{202E}", "é", "e\u{301}", "\u{301}", "Ω≈ç", "日本",
        "👩‍👩‍👧", "\u{10FFFF}", "\u{FFFD}", "\u{E000}", "\\x41", "$HOME", "a=b", "100%", "/usr/bin", "x*", "(a+)+$",
    ])
    func everyTextIsReadAsItself(text: String) throws {
        var program = try Sample.program(Sample.file(""))
        program.environment.set["NO"] = text
        program.environment.accept = [.init(name: "A", value: .choice([text, "other" + text]))]
        program.arguments = ArgumentGrammar(
            [.rule(ArgumentRule(kind: .flag(["-f"]), minCount: 0, maxCount: 1, requires: [], conflicts: []))])
        expectIdentity(program, "\(text.debugDescription)")
        let plain = program.yaml().contains("NO\": \(text)\n")
        #expect(!plain || !["1", "true", "~", "", "a: b", "2024-01-31", "é\n"].contains(text))
    }

    @Test func quotesStandWhereTheyAreNeeded() {
        let block = [
            ("Sort, index {and} view", "Sort, index {and} view"), ("--model", "--model"), ("a:b", "a:b"),
            ("it's", "it's"), ("Größe", "Größe"), ("16GiB", "16GiB"), ("1", "\"1\""), ("no", "\"no\""), ("", "\"\""),
            ("\\d+", "\\d+"), ("*.mod", "\"*.mod\""), ("[\\d]", "'[\\d]'"), ("a\nb", "\"a\\nb\""),
            ("\u{1B}", "\"\\x1b\""), ("\u{A0}", "\"\\xa0\""), ("\u{202E}", "\"\\u202e\""),
            ("\u{E0001}", "\"\\U000e0001\""),
        ]
        for (text, expected) in block { #expect(yamlText(text, inFlow: false) == expected) }
        for (text, expected) in [("a, b", "\"a, b\""), ("a:b", "\"a:b\""), ("-a", "-a"), ("a}", "\"a}\"")] {
            #expect(yamlText(text, inFlow: true) == expected)
        }
    }

    @Test func quantitiesAreExact() throws {
        let sizes: [(Int64, String)] = [
            (1, "1"), (1000, "1kB"), (1023, "1023"), (1024, "1KiB"), (1_024_000, "1000KiB"), (1 << 40, "1TiB"),
            (10_000_000, "10MB"), (3 << 29, "1536MiB"), (.max, "9223372036854775807"),
        ]
        for (size, text) in sizes {
            #expect(exactSize(size) == text)
            #expect(try parseByteSize(text) == size)
        }
        let durations: [(Int64, String)] = [
            (1, "1ms"), (1500, "1500ms"), (90_000, "90s"), (7_200_000, "2h"), (86_400_000, "1d"),
            (.max, "9223372036854775807ms"),
        ]
        for (duration, text) in durations {
            #expect(exactDuration(duration) == text)
            #expect(try parseDuration(text) == duration)
        }
    }

    @Test func randomProgramsAreTheSameAfterPrinting() {
        for seed in PropertyRun.seeds(4000) {
            var random = RandomProgram(seed: seed)
            expectIdentity(random.program(), "seed \(seed)")
        }
    }
}
