import Testing

@testable import Programs

/// Program files by their names, as a library would find them.
struct Family {
    var files: [String: String]

    func read(_ name: String) -> Result<ProgramSource, ProgramFileErrors> {
        ProgramFile.read(Array(files[name]!.utf8), fileName: "dir/\(name).yaml") { name in
            guard let text = files[name] else { return .unknown(known: files.keys.sorted()) }
            return .file(ProgramSourceFile(path: "dir/\(name).yaml", bytes: Array(text.utf8)))
        }
    }

    func source(_ name: String) throws -> ProgramSource { try read(name).get() }

    func errors(_ name: String) -> [String] {
        guard case .failure(let errors) = read(name) else { return [] }
        return errors.errors.map(\.description)
    }

    /// A whole program `base` with `own` lines, and a program `tool` that extends it with other lines.
    init(base: String, tool: String) {
        files = [
            "base": Sample.file(base).replacing("program: tool", with: "program: base"),
            "tool": "program: tool\nextends: base\n\(tool)\n",
        ]
    }

    init(_ files: [String: String]) { self.files = files }
}

@Suite struct CompositionTests {
    /// The merged program is the one that a single file would describe, whatever is joined and whatever replaced.
    @Test(arguments: mergedLines)
    func mergedIsAsIfWrittenTogether(base: String, tool: String, together: String) throws {
        let merged = try Family(base: base, tool: tool).source("tool").program
        #expect(merged == (try Sample.program(Sample.file(together))))
    }

    @Test func keysOfLimitsAndSecurityAreMergedOneByOne() throws {
        let family = Family(
            base: "security: {network: host, files: {read: [/a, /b], execute: [/x]}, devices: [/dev/kvm]}"
                + "\nwho: {users: [u], groups: [g]}",
            tool: "limits: {wall: {default: 1m, max: 1h}, file_size: 1MiB}\n"
                + "security: {files: {read: [/c]}, seccomp: {extends: default, allow: [ptrace]}}\nwho: {users: [v]}")
        var files = family.files
        files["base"] = files["base"]!.replacing("\nsecurity: {}", with: "")
        let program = try Family(files).source("tool").program
        #expect(program.limits[.wall] == LimitRule(default: 60_000, max: 3_600_000))
        #expect(program.limits[.cpu] == LimitRule(default: 600_000, max: 600_000))
        #expect(program.limits[.file_size].max == 1 << 20)
        #expect(
            program.security
                == SecurityProfile(
                    read: ["/c"], execute: ["/x"], network: .host, seccomp: .extended(allow: ["ptrace"], deny: []),
                    devices: ["/dev/kvm"]))
        #expect(program.who == WhoRule(users: ["v"], groups: []))
        #expect(program.name == "tool" && program.summary == "A tool")
    }

    @Test func theExampleOfThePageIsGood() throws {
        let family = Family([
            "samtools-family": """
            program: samtools-family
            abstract: true
            limits: \(Sample.limits)
            security: {}
            """,
            "samtools-index": """
            program: samtools-index
            extends: samtools-family
            summary: Index an alignment
            executable: /usr/bin/samtools
            arguments: [{literal: index}, {argument: BAM, value: {file: input}}]
            inputs: [{path: "*.bam", required: true, max_size: 16GiB}]
            limits: {wall: 1h}
            """,
        ])
        let source = try family.source("samtools-index")
        #expect(
            !source.isAbstract && source.files.map(\.path) == ["dir/samtools-index.yaml", "dir/samtools-family.yaml"])
        #expect(source.program.limits[.wall].max == 3_600_000 && source.program.limits[.cpu].max == 600_000)
        #expect(source.origins["limits.wall"]?.description == "dir/samtools-index.yaml:7:10")
        #expect(source.origins["limits.cpu"]?.description == "dir/samtools-family.yaml:3:21")
        #expect(source.origins["limits.file_size"] == nil)
    }

    @Test func aChainIsMergedFromItsEnd() throws {
        var files: [String: String] = [:]
        for number in 0..<8 {
            files["p\(number)"] =
                "program: p\(number)\n" + (number < 7 ? "extends: p\(number + 1)\n" : "executable: /x\nsecurity: {}\n")
                + "summary: from \(number)\nenvironment: {set: {A\(number): x, ALL: \"\(number)\"}}\nlimits: \(Sample.limits)"
        }
        let program = try Family(files).source("p0").program
        #expect(program.summary == "from 0" && program.executable == "/x")
        #expect(program.environment.set.count == 9 && program.environment.set["ALL"] == "0")
        files["p8"] = "program: p8"
        files["p7"] = "program: p7\nextends: p8"
        #expect(Family(files).errors("p0") == ["dir/p7.yaml:2:10: extends: more than 8 files in a row"])
    }

    // MARK: Origins

    @Test func originsCountInTheMergedProgram() throws {
        let family = Family(
            base: """
                arguments:
                  - {flag: -a}
                  - one_of: [{flag: -b}, {option: -c, value: {choice: [x, y]}}]
                  - command: sort
                    arguments: [{flag: -n}]
                inputs:
                  - {path: a, max_size: 1MiB}
                environment: {accept: [{name: A, value: {date: true}}]}
                """,
            tool: """
                arguments:
                  order: fixed
                  rules:
                    - {command: sort, help: sorts, arguments: [{flag: -r}]}
                    - {flag: -a, help: mine}
                    - one_of: [{command: index}, {command: view}]
                inputs: [{path: b, max_size: 2MiB}]
                environment: {accept: [{name: B, value: {date: true}}]}
                """)
        let source = try family.source("tool")
        let places = source.origins.mapValues { "\(shortFileName($0.file)):\($0.line):\($0.column)" }
        #expect(source.program.arguments.items.count == 5 && source.program.arguments.order == .fixed)
        let expected = [
            "arguments[0]": "tool.yaml:7:7", "arguments[0].help": "tool.yaml:7:18", "arguments[1]": "base.yaml:6:5",
            "arguments[1].one_of[1]": "base.yaml:6:26", "arguments[2]": "tool.yaml:6:7",
            "arguments[2].arguments[0]": "base.yaml:8:17", "arguments[2].arguments[1]": "tool.yaml:6:48",
            "arguments[3]": "tool.yaml:8:16", "arguments[4].command": "tool.yaml:8:35",
            "arguments.order": "tool.yaml:4:3", "inputs[0]": "base.yaml:10:5", "inputs[1].max_size": "tool.yaml:9:20",
            "environment.accept[0]": "base.yaml:11:24", "environment.accept[1]": "tool.yaml:10:24",
            "program": "tool.yaml:1:1", "executable": "base.yaml:3:1",
        ]
        for (path, place) in expected { #expect(places[path] == place, "\(path)") }
        #expect(places["arguments[5]"] == nil && places["arguments.rules"] == nil)
    }

    // MARK: Errors

    @Test(arguments: [
        (["a": "program: a\nextends: a"], "dir/a.yaml:2:10: extends: a program cannot extend itself"),
        (
            ["a": "program: a\nextends: b", "b": "program: b\nextends: c", "c": "program: c\nextends: b"],
            "dir/c.yaml:2:10: extends: this is a circle: 'b' extends 'c' extends 'b'"
        ),
        (
            ["a": "program: a\nextends: famly", "family": ""],
            "dir/a.yaml:2:10: extends: no program file is called 'famly'; did you mean 'family'?"
        ),
        (
            ["a": "program: a\nextends: ../b"],
            "dir/a.yaml:2:10: extends: '../b': a name is 1 to 64 characters of a-z, 0-9, '.', '_' and '-', the first a letter or digit"
        ),
        (["a": "program: a\nextends: [b]"], "dir/a.yaml:2:10: extends: expected a text, found a list"),
        (["a": "program: a\nextends: b", "b": "- 1"], "dir/b.yaml:1:1: a program file: expected a mapping"),
        (["a": "program: a\nextends: b", "b": "program: ["], "dir/b.yaml:2:1: not valid YAML"),
        (
            ["a": "program: a\nextends: b", "b": "program: c"],
            "dir/b.yaml:1:10: program: 'c' must be called like its file 'b.yaml'"
        ),
        (
            ["a": "program: a\nextends: b", "b": "limits: 5"],
            "dir/b.yaml:1:1: program: the required key 'program' is missing"
        ),
        (
            ["a": "program: a\nextends: b\nlimits: {wall: 1s}", "b": "program: b\nlimits: 5"],
            "dir/b.yaml:2:9: limits: expected a mapping, found '5'"
        ),
        (
            ["a": "program: a\nextends: b\ninputs: []", "b": "program: b\ninputs: {}"],
            "dir/b.yaml:2:9: inputs: expected a list, found a mapping"
        ),
        (
            ["a": "program: a\nextends: b", "b": "program: b\nabstract: yes"],
            "dir/b.yaml:2:11: abstract: expected true or false, found 'yes'"
        ),
        (
            ["a": "program: a\nextends: b", "b": "program: b\nstdin: x"],
            "dir/b.yaml:2:8: stdin: 'x' is not possible here"
        ),
        (
            ["a": "program: a\nextends: b", "b": "program: b\nlimits: {wal: 1s}"],
            "dir/b.yaml:2:10: key 'wal' is not known here; did you mean 'wall'?"
        ),
    ])
    func whatIsWrongIsNamedWhereItStands(files: [String: String], error: String) {
        let errors = Family(files).errors("a")
        #expect(errors.contains { $0.hasPrefix(error) }, "\(errors)")
    }

    /// What cannot be had from the other file is not asked for again.
    @Test func aMissingFamilyIsTheOnlyErrorOfItsMember() {
        #expect(Family(["a": "program: a\nextends: b\nsummary: x"]).errors("a").count == 1)
    }

    @Test func aRuleThatIsDescribedTwiceOnlyTogetherIsFound() {
        let family = Family(base: "arguments: [{one_of: [{flag: -a}, {flag: -b}]}]", tool: "arguments: [{flag: -b}]")
        #expect(family.errors("tool") == ["dir/tool.yaml:3:13: arguments: '-b' is described twice"])
    }

    @Test func withoutAReaderNothingIsExtended() {
        #expect(
            Sample.errors("program: tool\nextends: base") == [
                "test:2:10: extends: other program files cannot be read here"
            ])
    }

    // MARK: Bounds

    @Test func boundsHoldForAllFilesTogether() {
        func list(_ prefix: String, _ count: Int) -> String {
            "arguments: [" + (0..<count).map { "{flag: -\(prefix)\($0)}" }.joined(separator: ", ") + "]"
        }
        let many = Family(base: list("a", 300), tool: list("b", 201))
        #expect(many.errors("tool").count == 1 && many.errors("tool")[0].contains("more than 500 rules in one list"))
        #expect(Family(base: list("a", 300), tool: list("b", 200)).errors("tool") == [])

        func choices(_ count: Int) -> String {
            "environment: {accept: [{name: A, value: {choice: [" + (0..<count).map { "c\($0)" }.joined(separator: ", ")
                + "]}}]}"
        }
        #expect(Family(base: choices(10_100), tool: choices(9_000)).errors("tool") == [])
        #expect(
            Family(base: choices(10_100), tool: choices(10_100)).errors("tool").contains { $0.contains("20000 values") }
        )

        func patterns(_ prefix: String) -> String {
            "environment: {accept: ["
                + (0..<60).map { "{name: \(prefix)\($0), value: {string: {pattern: \"(\($0)[a-z]){300}\"}}}" }
                .joined(separator: ", ") + "]}"
        }
        #expect(Family(base: patterns("A"), tool: "version: x").errors("tool") == [])
        #expect(Family(base: patterns("A"), tool: patterns("A")).errors("tool") == [])
        #expect(
            Family(base: patterns("A"), tool: patterns("B")).errors("tool").contains {
                $0.hasSuffix("the file's patterns are too many and too complex")
            })

        let comment = "# " + String(repeating: "x", count: 600_000)
        #expect(Family(base: comment, tool: "version: x").errors("tool") == [])
        #expect(
            Family(base: comment, tool: comment).errors("tool")
                == ["dir/base.yaml:1:1: together with those that extend it larger than 1 MiB"])
    }

    // MARK: Abstract

    @Test func anAbstractFileMayLackWhatIsNeeded() throws {
        let source = try Family(["f": "program: f\nabstract: true\nlimits: {wall: 1s}"]).source("f")
        #expect(source.isAbstract)
        #expect(
            Sample.errors("program: f\nabstract: true")
                == ["test:2:1: abstract: the program 'f' is only there to be extended"])
    }

    @Test func whatAnAbstractFileHasIsChecked() {
        let text =
            "program: f\nabstract: true\nlimits: {wall: 0s}\narguments: [{flag: -a, requires: [--of-a-member]}, {flag: b}]"
        #expect(
            Family(["f": text]).errors("f") == [
                "dir/f.yaml:3:16: wall: zero is not possible here, the smallest is 1",
                "dir/f.yaml:4:59: flag: 'b': a name starts with '-' or '+'",
            ])
    }

    @Test func abstractIsNotInherited() throws {
        var family = Family(base: "abstract: true", tool: "version: x")
        #expect(try family.source("base").isAbstract)
        #expect(try !family.source("tool").isAbstract)
        family.files["base"] = "program: base\nabstract: true"
        #expect(family.errors("tool").contains("dir/tool.yaml:1:1: program: the required key 'limits' is missing"))
        family.files["tool"]! += "abstract: true"
        #expect(try family.source("tool").isAbstract)
    }
}

/// Lines of a base, lines of what extends it, and the lines of one file that means the same as both together.
private let mergedLines: [(base: String, tool: String, together: String)] = [
    ("version: a", "stdin: stream", "version: a\nstdin: stream"),
    ("version: a", "version: b", "version: b"),
    ("success: {exit_codes: [0, 1]}", "success: {exit_codes: [2]}", "success: {exit_codes: [2]}"),
    ("stop: {signal: INT, grace: 1s}", "stop: {grace: 2s}", "stop: {signal: INT, grace: 2s}"),
    ("suspend: {signal: INT, grace: 1s}", "suspend: {signal: HUP}", "suspend: {signal: HUP, grace: 1s}"),
    ("stdout: {file: a}", "stdout: ignore", "stdout: ignore"),
    (
        "environment: {set: {A: \"1\", B: \"2\"}}", "environment: {set: {B: \"3\", C: \"4\"}}",
        "environment: {set: {A: \"1\", B: \"3\", C: \"4\"}}"
    ),
    (
        "environment: {accept: [{name: A, value: {date: true}}, {name: B, value: {date: true}}]}",
        "environment: {accept: [{name: C, value: {integer: {}}}, {name: A, value: {integer: {}}}]}",
        "environment: {accept: [{name: A, value: {integer: {}}}, {name: B, value: {date: true}}, {name: C, value: {integer: {}}}]}"
    ),
    (
        "inputs: [{path: \"*.a\", max_size: 1MiB, required: true}, {path: b, max_size: 1MiB}]",
        "inputs: [{path: c, max_size: 1MiB}, {path: \"*.a\", max_size: 2MiB}]",
        "inputs: [{path: \"*.a\", max_size: 2MiB}, {path: b, max_size: 1MiB}, {path: c, max_size: 1MiB}]"
    ),
    (
        "results: [{path: a, when: any}, {path: b, when: any}]", "results: [{path: b, when: complete}]",
        "results: [{path: a, when: any}, {path: b, when: complete}]"
    ),
    // By the first name only, and whatever kind of rule it is.
    (
        "arguments: [{flag: [-a, --all]}, {argument: X, value: {date: true}}, {separator: true}]",
        "arguments: [{argument: X, value: {integer: {}}}, {option: [-a, --any], value: {date: true}}, {separator: true, help: x}]",
        "arguments: [{option: [-a, --any], value: {date: true}}, {argument: X, value: {integer: {}}}, {separator: true, help: x}]"
    ),
    (
        "arguments: [{one_of: [{flag: -a}, {flag: -b}]}, {flag: -c}]",
        "arguments: [{one_of: [{flag: -a}, {flag: -d}]}]",
        "arguments: [{one_of: [{flag: -a}, {flag: -d}]}, {flag: -c}]"
    ),
    (
        "arguments: [{literal: x}, {argument: A, value: {date: true}}, {literal: x}]",
        "arguments: [{literal: x, help: one}, {literal: x, help: two}, {literal: x, help: three}]",
        "arguments: [{literal: x, help: one}, {argument: A, value: {date: true}}, {literal: x, help: two}, {literal: x, help: three}]"
    ),
    (
        "arguments: [{command: a, help: base, arguments: [{flag: -x}, {flag: -y}]}, {command: b}]",
        "arguments: [{command: a, arguments: [{flag: -z}, {flag: -x, help: tool}]}]",
        "arguments: [{command: a, help: base, arguments: [{flag: -x, help: tool}, {flag: -y}, {flag: -z}]}, {command: b}]"
    ),
    (
        "arguments: [{command: a, arguments: [{command: b, arguments: [{flag: -x}]}]}]",
        "arguments: [{command: a, arguments: [{command: b, arguments: [{flag: -y}]}, {command: c}]}]",
        "arguments: [{command: a, arguments: [{command: b, arguments: [{flag: -x}, {flag: -y}]}, {command: c}]}]"
    ),
    (
        "arguments: [{one_of: [{command: a, help: x}, {command: b}]}]",
        "arguments: [{command: b, help: y}, {one_of: [{command: c}]}]",
        "arguments: [{command: a, help: x}, {command: b, help: y}, {command: c}]"
    ),
]
