import Testing

@testable import Programs

/// `docs/program-file.md` and the decoder say the same: every key, word, bound and default, and every example.
@Suite struct DocumentationTests {
    @Test func shownMessagesAreReal() throws {
        let program = try Sample.program(Sample.glpsol)
        let request = Request(
            arguments: ["--modle", "a.mod", "--tmlim", "5000"],
            inputs: [RequestedInput(name: "notes.txt", size: 1), RequestedInput(name: "a.mod", size: 1)],
            limits: [.wall: 1_200_000])
        guard case .failure(let violations) = program.check(request) else {
            Issue.record("accepted")
            return
        }
        #expect(
            violations.description == """
                argument 1 '--modle': no rule accepts it; did you mean '--model'? accepted here: --model FILE, --output FILE, --tmlim N, --min
                argument 4 '5000': more than 3600; '--tmlim' accepts an integer from 1 to 3600
                input 'notes.txt': no rule accepts it; accepted: *.mod
                limit 'wall': 20 m is too much; accepted: 1 ms to 10 m
                """)
    }

    // MARK: Keys

    /// The mappings of a program file: how to get into one, and the section that describes its keys.
    struct Mapping: Sendable, CustomTestStringConvertible {
        /// Lines of a file in which `?` stands for a key of the mapping.
        var lines: String
        var section: String
        /// Its keys have rows in a table; otherwise they stand in the text or in the rows of other keys.
        var hasTable: Bool

        init(_ lines: String, _ section: String, table: Bool = true) {
            (self.lines, self.section, hasTable) = (lines, section, table)
        }

        var testDescription: String { "\(section): \(lines)" }

        /// The keys that the decoder knows there: it names them all when it meets one that it does not know.
        var keys: [String] {
            let known = " is not known here; allowed: "
            let messages = Sample.errors(Sample.file(lines.replacing("?", with: "zzzz: 1")))
            let lists = messages.compactMap { message in message.range(of: known).map { message[$0.upperBound...] } }
            return lists.first.map { $0.split(separator: ",").map { String($0).trimmed } } ?? []
        }
    }

    static let mappings: [Mapping] = [
        Mapping("?", "Top level"),
        Mapping("arguments: {?}", "arguments"),
        Mapping("arguments: [{flag: -a, ?}]", "arguments"),
        Mapping("arguments: [{option: -a, value: {integer: {}}, ?}]", "arguments"),
        Mapping("arguments: [{argument: A, value: {integer: {}}, ?}]", "arguments"),
        Mapping("arguments: [{literal: a, ?}]", "arguments"),
        Mapping("arguments: [{one_of: [{flag: -a}], ?}]", "arguments"),
        Mapping("arguments: [{one_of: [{all_of: [{flag: -a}], ?}]}]", "arguments"),
        Mapping("arguments: [{command: a, ?}]", "arguments"),
        Mapping("arguments: [{separator: true, ?}]", "arguments"),
        Mapping("arguments: [{flag: -a, repeat: {max: 1, ?}}]", "arguments", table: false),
        Mapping("arguments: [{argument: A, value: {?}}]", "Values"),
        Mapping("inputs: [{path: a, max_size: 1, ?}]", "inputs"),
        Mapping("inputs: [{one_of: [{path: a, max_size: 1, ?}, {path: b, max_size: 1}]}]", "inputs"),
        Mapping("inputs: [{one_of: [{path: a, max_size: 1}, {path: b, max_size: 1}], ?}]", "inputs", table: false),
        Mapping("results: [{path: a, when: any, ?}]", "results"),
        Mapping("stdin: {?}", "stdin, stdout, stderr", table: false),
        Mapping("stdout: {?}", "stdin, stdout, stderr", table: false),
        Mapping("stderr: {?}", "stdin, stdout, stderr", table: false),
        Mapping("environment: {?}", "environment"),
        Mapping("environment: {accept: [{name: A, value: {integer: {}}, ?}]}", "environment", table: false),
        Mapping("success: {exit_codes: [0], ?}", "success, stop, suspend", table: false),
        Mapping("stop: {?}", "success, stop, suspend", table: false),
        Mapping("suspend: {?}", "success, stop, suspend", table: false),
        Mapping("limits: {?}", "limits"),
        Mapping("limits: {wall: {default: 1s, max: 1s, ?}}", "limits", table: false),
        Mapping("security: {?}", "security"),
        Mapping("security: {root: {?}}", "security", table: false),
        Mapping("security: {files: {?}}", "security", table: false),
        Mapping("security: {seccomp: {extends: default, ?}}", "security", table: false),
        Mapping("who: {?}", "who", table: false),
    ]

    @Test(arguments: mappings) func everyKeyIsOnThePage(_ mapping: Mapping) throws {
        let section = try #require(try DocumentationPage.read().sections[mapping.section])
        #expect(!mapping.keys.isEmpty, "the decoder did not say which keys it knows")
        let named = mapping.hasTable ? section.valueKindsOrKeys : section.words
        #expect(Set(mapping.keys).subtracting(named).sorted() == [], "not in section '\(mapping.section)'")
    }

    /// A row for a key that nobody may give would be worse than none.
    @Test func everyRowIsAKey() throws {
        let page = try DocumentationPage.read()
        for section in Set(Self.mappings.filter(\.hasTable).map(\.section)) {
            let known = Self.mappings.filter { $0.section == section }.flatMap(\.keys)
            let rows = try #require(page.sections[section]).valueKindsOrKeys
            #expect(!rows.isEmpty && rows.subtracting(known).sorted() == [], "section '\(section)'")
        }
    }

    /// The keys within a value stand in the rows of that value.
    @Test(arguments: ["integer", "decimal", "string", "file", "duration", "size", "list"])
    func everyKeyOfAValueIsInItsRow(kind: String) throws {
        let keys = Mapping("arguments: [{argument: A, value: {\(kind): {?}}}]", "Values").keys
        #expect(!keys.isEmpty)
        let rows = try #require(try DocumentationPage.read().sections["Values"]).rows
        let words = rows.map { DocumentationPage.Section(prose: $0.text).words }.filter { $0.contains(kind) }
        #expect(Set(keys).subtracting(words.flatMap { $0 }).sorted() == [])
    }

    // MARK: Words

    @Test func everyWordIsOnThePage() throws {
        let page = try DocumentationPage.read()
        let lists: [(section: String, words: [String])] = [
            ("arguments", OptionForm.allCases.map(\.rawValue) + ArgumentGrammar.Order.allCases.map(\.rawValue)),
            ("Values", FileDirection.allCases.map(\.rawValue)),
            ("Values", (QuantityKind.size.units + QuantityKind.duration.units).filter { !$0.isEmpty }),
            ("Kinds of content", ContentType.words),
            ("results", ["any"] + RunState.allCases.filter(\.isFinal).map(\.rawValue) + Cause.allCases.map(\.rawValue)),
            ("results", ResultRule.Excess.allCases.map(\.rawValue)),
            ("stdin, stdout, stderr", StreamCap.Excess.allCases.map(\.rawValue) + ["ignore", "stream", "stdout"]),
            ("success, stop, suspend", StopSignal.allCases.map(\.rawValue)),
            ("limits", LimitName.allCases.map(\.rawValue)),
            ("security", Network.allCases.map(\.rawValue) + ["host", "default"]),
        ]
        for (name, words) in lists {
            let section = try #require(page.sections[name])
            #expect(Set(words).subtracting(section.words).sorted() == [], "not in section '\(name)'")
        }
    }

    // MARK: Numbers

    @Test func boundsAreThoseOfTheCode() throws {
        let page = try DocumentationPage.read()
        let reading = try #require(page.sections["How it is read"]).prose
        for (text, number) in [
            ("values (keys, texts, lists, mappings)", Budget.maxNodes), ("nesting", YAMLComposer.maxDepth),
        ] {
            #expect(reading.range(of: "| \(text) | \(grouped(Int64(number)))") != nil, "\(text)")
        }
        let phrases = [
            "size of the file | \(formatBytes(Int64(Budget.maxBytes)))",
            "at most \(maxComponentBytes) bytes a component and \(grouped(Int64(maxFileNameBytes))) bytes altogether",
            "\(grouped(Int64(Automaton.maxStates))) states, or is longer than \(grouped(Int64(Pattern.maxBytes))) bytes",
        ]
        for phrase in phrases { #expect(reading.range(of: phrase) != nil, "\(phrase)") }
        let most = grouped(Int64(ArgumentMatcher.maxArguments)), bytes = grouped(Int64(ArgumentMatcher.maxTotalBytes))
        let arguments = try #require(page.sections["arguments"]).prose
        #expect(arguments.range(of: "\(most) arguments with \(bytes) bytes altogether") != nil)
        let values = try #require(page.sections["Values"]).prose
        let lengths =
            "default \(grouped(Int64(ValueRule.defaultMaxBytes))), at most \(grouped(Int64(ValueRule.maxBytes)))"
        #expect(values.range(of: lengths) != nil)
        #expect(values.range(of: "at most \(NameFilter.maxGlobs) globs each") != nil)
    }

    /// A number that is far too large is answered with the bounds; the row of its key has to name the upper one.
    @Test(
        arguments: [
            ("inputs: [{path: a, max_size: 1, max_count: 999999999}]", "inputs", "max_count"),
            ("results: [{path: a, when: any, max_count: 999999999}]", "results", "max_count"),
            ("arguments: [{flag: -a, repeat: 999999999}]", "arguments", "repeat"),
            ("arguments: [{argument: A, value: {list: {of: {date: true}, max: 999999999}}}]", "Values", "{list"),
            ("arguments: [{argument: A, value: {string: {max: 999999999}}}]", "Values", "{string"),
        ])
    func boundsOfTheDecoderAreInTheRow(lines: String, section: String, key: String) throws {
        let message = try #require(Sample.errors(Sample.file(lines)).first)
        let bound = try #require(message.split(separator: " ").last.flatMap { Int64($0) }, "\(message)")
        let rows = try #require(try DocumentationPage.read().sections[section]).rows.filter { $0.keys.contains(key) }
        #expect(rows.contains { $0.text.range(of: grouped(bound)) != nil }, "\(bound)")
    }

    @Test func defaultsAreThoseOfTheCode() throws {
        let page = try DocumentationPage.read()
        let program = try Sample.program(
            Sample.file("inputs: [{path: a, max_size: 1}, {path: '*', max_size: 1}]\nresults: [{path: a, when: any}]"))
        func row(_ section: String, _ key: String) throws -> String {
            try #require(page.sections[section]?.rows.first { $0.keys.contains(key) }, "\(section): \(key)").text
        }
        let counts = program.inputRules.map { grouped(Int64($0.maxCount)) }
        #expect(try row("inputs", "max_count").hasSuffix("| \(counts[0]) for a plain name, \(counts[1]) for a glob"))
        #expect(try row("results", "max_count").hasSuffix("| \(grouped(Int64(program.results[0].maxCount)))"))
        #expect(try row("results", "excess").hasSuffix("| `\(program.results[0].excess.rawValue)`"))
        #expect(try row("security", "network").hasSuffix("| `\(program.security.network.rawValue)`"))
        #expect(try row("limits", "temporary").range(of: "default: 64MiB") != nil)
        #expect(program.limits[.temporary] == LimitRule(default: 64 << 20, max: 64 << 20))
        #expect(program.limits[.file_size] == program.limits[.disk])
        #expect(try row("limits", "cpus").range(of: "default: 1") != nil)
        #expect(program.limits[.cpus] == LimitRule(default: 1000, max: 1000))
        #expect(try row("limits", "io").range(of: "default: unlimited") != nil)
        #expect(program.limits[.io].max == LimitName.unlimited && program.limits[.io].default == LimitName.unlimited)
        let stop = try #require(page.sections["success, stop, suspend"]).prose
        #expect(stop.range(of: "default `\(program.stop.signal.rawValue)`") != nil)
        #expect(
            stop.range(
                of: "default `\(formatDuration(milliseconds: program.stop.graceMilliseconds).filter { $0 != " " })`")
                != nil)
        #expect(program.stdin == .ignore && program.stdout == .stream && program.stderr == .stream)
        #expect(program.successExitCodes == [0])
    }

    // MARK: Examples

    /// A whole file as it is, a fragment with the rest of a file around it.
    @Test func everyExampleIsAGoodFile() throws {
        let examples = try DocumentationPage.read().sections.values.flatMap(\.examples)
        #expect(examples.count >= 9)
        for example in examples {
            let isWhole = example.hasPrefix("program:")
            let text = isWhole ? example : "program: fragment\nextends: rest\n\(example)"
            let answer = ProgramFile.read(Array(text.utf8), fileName: "page") { name in
                let other = examples.first { $0.hasPrefix("program: \(name) ") || $0.hasPrefix("program: \(name)\n") }
                let found = other ?? Sample.file("").replacing("program: tool", with: "program: rest")
                return .file(ProgramSourceFile(path: "\(name).yaml", bytes: Array(found.utf8)))
            }
            switch answer {
            case .failure(let errors): Issue.record("\(errors)\n\(example)")
            case .success(let source): #expect(!isWhole || source.lint() == [], "\(example)")
            }
        }
    }
}

extension DocumentationPage.Section {
    /// The keys of the rows; a value's row shows it in its braces.
    fileprivate var valueKindsOrKeys: Set<String> {
        Set(keys.map { $0.hasPrefix("{") ? String($0.dropFirst()) : $0 })
    }
}
