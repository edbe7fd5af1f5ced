import Testing

@testable import Programs

/// Each warning, and beside it the case that is nearly the same and good.
@Suite struct LintTests {
    /// A case: lines of a program file, and the key paths that are warned of, with a part of the message.
    struct Case: Sendable, CustomTestStringConvertible {
        var lines: String
        var warnings: [String]

        init(_ lines: String, _ warnings: String...) {
            self.lines = lines
            self.warnings = warnings
        }

        var testDescription: String { lines }
    }

    private func check(_ each: Case) throws {
        let found = try Sample.program(Sample.file(each.lines)).warnings().map(\.description)
        #expect(found.count == each.warnings.count, "\(found)")
        for (one, expected) in zip(found, each.warnings) {
            let parts = expected.split(separator: "…").map(String.init)
            let isWhole = expected.hasSuffix("…") || one.hasSuffix(parts.last ?? "")
            #expect(isWhole && one.hasPrefix(parts[0]) && parts.allSatisfy { one.range(of: $0) != nil }, "\(one)")
        }
    }

    // MARK: Arguments

    private static let inputs = "inputs: [{path: '**', max_size: 1MiB}]\n"

    private static func rules(_ rules: String..., inputs: Bool = true) -> String {
        (inputs ? Self.inputs : "") + "arguments:\n" + rules.map { "  - \($0)" }.joined(separator: "\n")
    }

    static let contradictions: [Case] = [
        Case(
            rules("{flag: -a, requires: -b, conflicts: -b}", "{flag: -b}"), "arguments[0]: '-a' can never…it requires"),
        Case(
            rules("{flag: -a, requires: -b}", "{flag: -b, conflicts: -a}"), "arguments[0]: '-a' can never…it requires"),
        Case(rules("{flag: -a, requires: -b, conflicts: -c}", "{flag: -b}", "{flag: -c}")),
        Case(
            rules("{flag: -a, requires: -b, conflicts: --cc}", "{flag: -b, requires: -c}", "{flag: [-c, --cc]}"),
            "arguments[0]: '-a' can never…it requires"),
        Case(rules("{flag: -a, conflicts: -b}", "{flag: -b, required: true}"), "arguments[0]: …always required"),
        Case(rules("{flag: -a, conflicts: -b}", "{flag: -b}")),
        Case(rules("{flag: -a, conflicts: -a}"), "arguments[0]: '-a' can never…itself; remove that"),
        Case(
            rules("{flag: -a, required: true, conflicts: -b}", "{flag: -b, required: true}"),
            "arguments[0]: no argument list…"),
        Case(
            rules("{one_of: [{flag: -a, requires: -b}, {flag: -b}]}"),
            "arguments[0].one_of[0]: '-a' can never…it requires"),
        Case(rules("{one_of: [{flag: -a, conflicts: -b}, {flag: -b}]}")),
        Case(rules("{one_of: [{flag: -a, requires: -c}, {flag: -b}]}", "{flag: -c}")),
        Case(
            rules("{flag: -x, requires: [-a, -b]}", "{one_of: [{flag: -a}, {flag: -b}]}"),
            "arguments[0]: '-x' can never be used: with it '-a' and '-b' are needed…"),
        Case(rules("{flag: -x, requires: A}", "{literal: A, conflicts: -x}"), "arguments[0]: …always required"),
        Case(
            "arguments: [{command: go, arguments: [{flag: -a, conflicts: -b}, {flag: -b, required: true}]}]",
            "arguments[0].arguments[0]: '-a' can never…"),
    ]

    @Test(arguments: contradictions) func rulesThatExcludeWhatTheyNeed(_ each: Case) throws { try check(each) }

    static let values: [Case] = [
        Case(
            rules("{option: -a, value: {string: {pattern: 'a{9}', max: 8}}}"),
            "arguments[0].value: '-a' can never be given: the shortest…9 bytes, but max is 8"),
        Case(rules("{option: -a, value: {string: {pattern: 'a{9}', max: 9}}}")),
        Case(
            rules("{option: -a, value: {string: {pattern: 'é{4}', max: 7}}}"),
            "arguments[0].value: …8 bytes, but max is 7"),
        Case(
            rules("{option: -a, value: {string: {pattern: 'a$b'}}}"),
            "arguments[0].value: …no text matches the pattern a$b"),
        Case(rules("{argument: A, value: {string: {pattern: '-[a-z]+'}}}"), "arguments[0].value: 'A' can never…"),
        Case(rules("{argument: A, value: {string: {pattern: '-[a-z]*'}}}")),
        Case(rules("{argument: A, value: {string: {pattern: '-?[a-z]+'}}}")),
        Case(rules("{argument: A, value: {string: {pattern: '-[a-z]+'}}}", "{separator: true}")),
        Case(rules("{argument: A, value: {string: {pattern: '-[0-9]+'}}}", "{argument: B, value: {integer: {}}}")),
        Case(rules("{option: -a, value: {string: {pattern: '-[a-z]+'}}}")),
        Case(rules("{argument: A, value: {choice: [x, -a]}}", "{flag: -a}"), "arguments[0].value: '-a' can never…"),
        Case(rules("{argument: A, value: {choice: [x, -a]}}", "{flag: -b}")),
        Case(rules("{argument: A, value: {choice: [x, -a]}}", "{flag: -a}", "{separator: true}")),
        Case(
            rules("{literal: -a=1}", "{option: -a, form: equals, value: {integer: {}}}"),
            "arguments[0]: '-a=1' can never…"),
        Case(rules("{literal: -a=1}", "{option: -b, form: equals, value: {integer: {}}}")),
        Case(
            rules("{option: -O, form: attached, value: {choice: [1, 2]}}", "{flag: -O2}"),
            "arguments[0].value: '2' can never be given: '-O2' takes '-O2' first…"),
        Case(rules("{option: [-O, -P], form: attached, value: {choice: [1, 2]}}", "{flag: -O2}")),
        Case(rules("{option: -O, form: [attached, separate], value: {choice: [1, 2]}}", "{flag: -O2}")),
        Case(
            rules(
                "{option: -O, form: attached, value: {string: {pattern: 'x[0-9]+'}}}",
                "{option: -Ox, form: attached, value: {integer: {}}}"), "arguments[0]: '-O' can never be given: '-Ox'…"),
        Case(
            rules(
                "{option: -O, form: attached, value: {string: {pattern: 'x[0-9]*'}}}",
                "{option: -Ox, form: attached, value: {integer: {}}}")),
        Case(rules("{option: -a, value: {list: {of: {choice: ['a,b', c]}}}}"), "arguments[0].value: 'a,b' can never…"),
        Case(rules("{option: -a, value: {list: {separator: ':', of: {choice: ['a,b', c]}}}}")),
        Case(rules("{option: -a, value: {list: {separator: '-', of: {date: true}}}}"), "arguments[0].value: no value…"),
        Case(rules("{option: -a, value: {list: {of: {date: true}}}}")),
        Case(rules("{option: -a, value: {list: {of: {string: {pattern: 'a,+'}}}}}"), "arguments[0].value: no value…"),
        Case(rules("{option: -a, value: {list: {of: {string: {pattern: 'a,*'}}}}}")),
        Case(rules("{option: -a, value: {list: {of: {string: {pattern: 'a$b'}}}}}"), "arguments[0].value.list.of: …"),
    ]

    @Test(arguments: values) func valuesThatCannotBeGiven(_ each: Case) throws { try check(each) }

    @Test func aChoiceCanBeTooLong() throws {
        let long = String(repeating: "x", count: ValueRule.maxBytes)
        try check(Case(Self.rules("{option: -a, value: {choice: [\(long)]}}")))
        try check(
            Case(Self.rules("{option: -a, value: {choice: [\(long)x]}}"), "arguments[0].value: 'xxx…131071 bytes"))
    }

    static let literals: [Case] = [
        Case(
            rules("{argument: A, value: {string: {}}, repeat: 20000}", "{literal: end, required: false}"),
            "arguments[1]: 'end' never counts…"),
        Case(rules("{argument: A, value: {string: {}}, repeat: 19999}", "{literal: end, required: false}")),
        Case(rules("{argument: A, value: {string: {}}, repeat: 20000}", "{literal: end}")),
        Case(rules("{argument: A, value: {integer: {}}, repeat: 20000}", "{literal: end, required: false}")),
        Case(rules("{literal: end, required: false}", "{argument: A, value: {string: {}}, repeat: 20000}")),
        Case(
            rules(
                "{argument: A, value: {string: {}}, repeat: 20000}", "{literal: end}", "{literal: end, required: false}"
            )),
    ]

    @Test(arguments: literals) func literalsBehindAPositionalWithoutEnd(_ each: Case) throws { try check(each) }

    /// The matcher bears the warnings out: what is said never to be given is refused, or not counted.
    @Test func theMatcherAgrees() throws {
        let hidden = try Sample.program(rules: [
            "{flag: -x, requires: end}", "{argument: A, value: {string: {}}, repeat: 20000}",
            "{literal: end, required: false}",
        ])
        #expect(hidden.refusals(["a", "end"]) == [])
        #expect(hidden.refusals(["-x", "a", "end"]) != [])
        let dashed = try Sample.program(rules: [
            "{argument: A, value: {choice: [x, -a]}, required: true}", "{flag: -a}",
        ])
        #expect(dashed.refusals(["x"]) == [])
        #expect(dashed.refusals(["-a"]) != [])
        let attached = try Sample.program(rules: [
            "{option: -O, form: attached, value: {string: {pattern: 'x[0-9]+'}}}",
            "{option: -Ox, form: attached, value: {choice: [z]}}",
        ])
        #expect(attached.refusals(["-Oxz"]) == [])
        #expect(attached.refusals(["-Ox1"]) != [])
    }

    // MARK: Files

    static let files: [Case] = [
        Case(rules("{option: -a, value: {file: input}}", inputs: false), "arguments[0].value: …no 'inputs'; add…"),
        Case(rules("{option: -a, value: {file: any}}", inputs: false)),
        Case(rules("{option: -a, value: {file: output}}", inputs: false)),
        Case(
            rules("{option: -a, value: {file: {direction: input, pattern: '*.x'}}}", inputs: false)
                + "\ninputs: [{path: '*.y', max_size: 1MiB}]", "arguments[0].value: …matches '*.x'"),
        Case(
            rules("{option: -a, value: {file: {direction: input, pattern: '*.x'}}}", inputs: false)
                + "\ninputs: [{path: 'a.*', max_size: 1MiB}]"),
        Case(
            rules("{option: -a, value: {file: {direction: output, pattern: '[.].'}}}"),
            "arguments[0].value: …no possible file name matches '[.].'"),
        Case(
            rules("{option: -a, value: {list: {of: {file: input}}}}", inputs: false),
            "arguments[0].value.list.of: …"),
        Case("inputs: [{path: '[-]x', max_size: 1MiB}]", "inputs[0]: no possible file name…"),
        Case("inputs: [{path: '[-x]x', max_size: 1MiB}]"),
        Case("inputs: [{path: 'a/[-]x', max_size: 1MiB}]"),
        Case(
            "inputs: [{path: '*', max_size: 1MiB}, {path: '*.x', max_size: 1MiB}]",
            "inputs[1]: the rule never applies: every name that matches '*.x' matches '*' of an earlier rule…"),
        Case("inputs: [{path: '*.x', max_size: 1MiB}, {path: '*', max_size: 1MiB}]"),
        Case("inputs: [{path: '*', max_size: 1MiB}, {path: 'd/*', max_size: 1MiB}]"),
        Case(
            "inputs: [{path: a, max_size: 1MiB}, {path: a, max_size: 2MiB, required: true}]",
            "inputs[1]: …same path 'a'…as it is required, every request is refused"),
        Case(
            "inputs: [{path: a, max_size: 1MiB}, {path: b, max_size: 1MiB}, {path: '[ab]', max_size: 1MiB}]",
            "inputs[2]: …one of the earlier rules…"),
        Case("inputs: [{path: a, max_size: 1MiB}, {path: b, max_size: 1MiB}, {path: '[abc]', max_size: 1MiB}]"),
        Case("inputs: [{path: a, max_size: 2MiB, max_total: 1MiB}]", "inputs[0].max_size: …only 1 MiB"),
        Case("inputs: [{path: a, max_size: 2MiB, max_total: 2MiB}]"),
        Case("inputs: [{path: a, max_size: 2GiB}]", "inputs[0].max_size: 2 GiB…limit 'disk' ends at 1 GiB…"),
        Case("inputs: [{path: a, max_size: 1GiB}]"),
        Case("inputs: [{path: a, max_size: 1MiB, max_count: 2}]", "inputs[0].max_count: 2 files…"),
        Case("inputs: [{path: 'a?', max_size: 1MiB, max_count: 2}]"),
    ]

    @Test(arguments: files) func inputsThatCannotBe(_ each: Case) throws { try check(each) }

    static let results: [Case] = [
        Case("results: [{path: '[.].', when: any}]", "results[0]: no file can be this result…"),
        Case("results: [{path: '\(deep(32))/f', when: any}]", "results[0]: no file can be this result…"),
        Case("results: [{path: '\(deep(31))/f', when: any}]"),
        Case("results: [{path: '\(deep(31))/**/f', when: any}]"),
        Case("results: [{path: '*', when: any}, {path: a, when: complete}]", "results[1]: the rule never applies…"),
        Case("results: [{path: '*', when: complete}, {path: a, when: any}]"),
        Case("results: [{path: '*', when: complete}, {path: a, when: failed}]"),
        Case("results: [{path: '*', when: complete}, {path: a, when: [complete, exit]}]"),
        Case(
            "results: [{path: '*', when: [complete, failed]}, {path: '*.x', when: [interrupted, killed]}, {path: a.x, when: any, required: true}]",
            "results[2]: …as it is required, every run fails"),
        Case("results: [{path: a, when: failed, required: true}]", "results[0].required: has no effect…"),
        Case("results: [{path: a, when: [failed, exit], required: true}]"),
        Case("results: [{path: a, when: input}]", "results[0].when: the cause 'input' cannot occur…"),
        Case("results: [{path: a, when: result}]", "results[0].when: the cause 'result' cannot occur…"),
        Case("results: [{path: a, when: result}, {path: b, when: any, required: true}]"),
        Case("results: [{path: a, when: any, max_size: 2GiB}]", "results[0].max_size: …"),
        Case("results: [{path: a, when: any, max_count: 2}]", "results[0].max_count: 2 files…"),
        Case("results: [{path: a, when: any}]"),
    ]

    private static func deep(_ count: Int) -> String { Array(repeating: "d", count: count).joined(separator: "/") }

    @Test(arguments: results) func resultsThatCannotBe(_ each: Case) throws { try check(each) }

    static let untouched: [Case] = [
        Case(
            brought("{argument: A, value: {file: input}}", "a"),
            "results[0]: 'a' is an input that the arguments only read…"),
        Case(brought("{argument: A, value: {file: any}}", "a")),
        Case(brought("{argument: A, value: {file: input}}", "'*'")),
        Case(brought("{argument: A, value: {file: {direction: input, pattern: '*.x'}}}", "a, max_size: 1MiB")),
        Case(brought("{argument: A, value: {file: input}}", "a") + "\nstdout: {file: a}"),
        Case(brought("{flag: -i}", "a")),
    ]

    private static func brought(_ rule: String, _ result: String) -> String {
        """
        arguments: [\(rule)]
        inputs: [{path: a, max_size: 1MiB, required: true}, {path: '*.x', max_size: 1MiB}]
        results: [{path: \(result), when: any}]
        """
    }

    @Test(arguments: untouched) func inputsAreNoResults(_ each: Case) throws { try check(each) }

    @Test func stdinSettlesAChoiceOfInputs() throws {
        var program = try Sample.program(
            Sample.file("inputs: [{path: a, max_size: 1MiB}, {path: b, max_size: 1MiB}]\nstdin: {file: a}"))
        #expect(program.warnings() == [])
        program.inputs = [.oneOf(program.inputRules, required: true, help: nil)]
        #expect(program.warnings().map(\.keyPath) == ["inputs[0].one_of[1]"])
        program.stdin = .stream
        #expect(program.warnings() == [])
    }

    // MARK: Settings

    static let settings: [Case] = [
        Case(
            "environment: {set: {N: x}, accept: [{name: N, value: {integer: {}}}]}",
            "environment.set.N: 'x' is a value that 'accept' refuses (not an integer)…"),
        Case("environment: {set: {N: '1'}, accept: [{name: N, value: {integer: {}}}]}"),
        Case(
            "environment: {accept: [{name: N, value: {string: {pattern: 'aa', max: 1}}}]}",
            "environment.accept[0].value: 'N' can never be given…"),
        Case("stop: {signal: KILL, grace: 1s}", "stop.grace: has no effect…"),
        Case("stop: {signal: KILL}"),
        Case("stop: {grace: 11m}", "stop.grace: 11 m is longer than a run can last; limit 'wall' ends at 10 m"),
        Case("stop: {grace: 10m}"),
        Case("suspend: {signal: KILL, grace: 1s}", "suspend.signal: KILL ends the program…"),
        Case("suspend: {signal: USR1, grace: 11m}", "suspend.grace: 11 m…"),
        Case("suspend: {signal: USR1}"),
        Case("who: {}", "who: names nobody…"),
        Case("who: {users: [], groups: []}", "who: names nobody…"),
        Case("who: {users: [ann]}"),
        Case("who: {users: [ann, bob, ann], groups: [ann]}", "who.users[2]: 'ann' is named twice"),
    ]

    @Test(arguments: settings) func settingsThatContradictEachOther(_ each: Case) throws { try check(each) }

    static let limits: [(limits: String, warnings: [String])] = [
        ("", []),
        ("file_size: 2GiB", ["limits.file_size: 2 GiB can never be reached…"]),
        ("file_size: 1GiB", []),
        ("temporary: 2GiB", ["limits.temporary: 2 GiB can never be reached…"]),
        ("temporary: 1GiB", []), ("cpus: 32", []), ("cpus: 32.5", ["limits.cpus: 32.5 can never be used at once…"]),
    ]

    @Test(arguments: limits) func limitsThatContradictEachOther(limits: String, warnings: [String]) throws {
        let text = Sample.file("").replacing("disk: 1GiB}", with: "disk: 1GiB, \(limits)}")
        let found = try Sample.program(text).warnings().map(\.description)
        #expect(found.count == warnings.count, "\(found)")
        for (one, expected) in zip(found, warnings) { #expect(one.hasPrefix(expected.dropLast())) }
    }

    /// What nobody wrote is not complained of.
    @Test func theDefaultOfTemporaryMayExceedTheMemory() throws {
        let text = Sample.file("").replacing("memory: 1GiB", with: "memory: 1MiB")
        #expect(try Sample.program(text).warnings() == [])
    }

    @Test func theDefaultOfGraceMayExceedTheWallTime() throws {
        let text = Sample.file("").replacing("wall: 10m", with: "wall: 5s")
        #expect(try Sample.program(text).limits[.wall].max == 5000)
        #expect(try Sample.program(text).warnings() == [])
    }

    static let security: [(security: String, warnings: [String])] = [
        ("files: {read: [/opt/a, /opt/a/b]}", ["security.files.read[1]: has no effect: '/opt/a'…"]),
        ("files: {read: [/opt/a, /opt/ab]}", []),
        ("files: {read: [/opt/a, /opt/a]}", ["security.files.read[1]: '/opt/a' is listed twice"]),
        ("files: {read: [/opt/a/b], execute: [/opt/a]}", ["security.files.read[0]: has no effect: '/opt/a'…"]),
        ("files: {read: [/opt/a], execute: [/opt/a/b]}", []),
        ("files: {read: [/usr/share/x]}", ["security.files.read[0]: '/usr/share/x' is in the view…"]),
        ("files: {read: [/usr2]}", []),
        ("root: {image: x}, files: {read: [/usr/x, /tmp/x]}", ["security.files.read[1]: '/tmp/x' is not what…"]),
        ("files: {read: [/etc/alternatives]}", ["security.files.read[0]: …"]),
        ("files: {read: [/work/x]}", ["security.files.read[0]: '/work/x' will be refused…"]),
        ("files: {execute: [/run/x]}", ["security.files.execute[0]: '/run/x' may hold sockets…"]),
        ("files: {read: [/tmpx, /running]}", []),
        ("devices: [/dev/null]", ["security.devices[0]: has no effect…"]),
        ("devices: [/dev/fuse, /dev/fuse]", ["security.devices[1]: '/dev/fuse' is listed twice"]),
        ("devices: [/dev/fuse]", []),
    ]

    @Test(arguments: security) func pathsThatAreShownInVain(security: String, warnings: [String]) throws {
        let text = Sample.file("").replacing("security: {}", with: "security: {\(security)}")
        let found = try Sample.program(text).warnings().map(\.description)
        #expect(found.count == warnings.count, "\(found)")
        for (one, expected) in zip(found, warnings) { #expect(one.hasPrefix(expected.prefix { $0 != "…" })) }
    }

    // MARK: Places

    @Test func findingsHaveTheirPlace() throws {
        let text = Sample.file(
            """
            arguments:
              - {flag: -a, conflicts: -b}
              - {flag: -b, required: true}
            success: {exit_codes: [0, 3, 0]}
            results:
              - {path: a, when: [complete, exit, complete]}
            stop: {signal: KILL, grace: 1s}
            """)
        let source = try ProgramFile.read(Array(text.utf8), fileName: "t.yaml".replacing("t", with: "tool")) { _ in
            .notHere
        }
        .get()
        #expect(
            source.lint().map(\.description) == [
                "tool.yaml:5:5: warning: arguments[0]: '-a' can never be used: it excludes '-b', which is always required",
                "tool.yaml:7:30: warning: success.exit_codes[2]: '0' is listed twice",
                "tool.yaml:9:38: warning: results[0].when[2]: 'complete' is listed twice",
                "tool.yaml:10:22: warning: stop.grace: has no effect: no program outlives the signal KILL; leave it out, or name another signal",
            ])
    }

    @Test func whatOnlyExistsToBeExtendedIsNotJudged() throws {
        let text = Sample.file("abstract: true\nwho: {}")
        let source = try ProgramFile.read(Array(text.utf8), fileName: "tool.yaml") { _ in .notHere }.get()
        #expect(source.lint() == [])
    }

    /// However much is wrong, no more is said than a reader can use, and it takes no time.
    @Test func warningsAreBounded() throws {
        let rules = (0..<400).map { "  - {flag: --f\($0), conflicts: --x}" } + ["  - {flag: --x, required: true}"]
        let globs = (0..<500).map { "  - {path: \"*\($0)*[ab]*\", max_size: 1MiB}" }
        let program = try Sample.program(
            Sample.file("arguments:\n\(rules.joined(separator: "\n"))\ninputs:\n\(globs.joined(separator: "\n"))"))
        #expect(program.warnings().count == Lint.maxWarnings)
    }

    // MARK: Shipped files

    /// What comes with jrun is what authors start from.
    @Test func shippedProgramsHaveNoWarnings() throws {
        #expect(ShippedPrograms.names.count >= 8)
        for name in ShippedPrograms.names {
            let source = try ShippedPrograms.source(name)
            #expect(source.lint() == [])
        }
    }
}
