import Testing

@testable import Programs

private let refusedInputs: [(inputs: [(String, Int64)], refusal: String)] = [
    ([("a.h", 1)], "input 'main.c': this input is required"),
    ([("main.c", 1025)], "input 'main.c': 1025 bytes is too large; at most 1024 (1 KiB) are accepted"),
    ([("main.c", 1), ("main.c", 1)], "input 'main.c': given twice"),
    ([("main.c", 1), ("x", 1)], "input 'x': no rule accepts it; accepted: main.c, *.h, data/**"),
    ([("main.c", 1), ("d/a.h", 1)], "input 'd/a.h': no rule accepts it; accepted: main.c, *.h, data/**"),
    ([("main.c", 1), ("a.h", 1), ("b.h", 1), ("c.h", 1)], "input 'c.h': one too many for '*.h'; at most 2 accepted"),
    ([("main.c", 1), ("a.h", 1000), ("b.h", 501)], "input 'b.h': too much for '*.h'; at most 1.5 KiB altogether"),
    ([("main.c", 1), ("../x", 1)], "input '../x': contains the component '..'"),
    (
        [("main.c", 1), ("data/a", 1), ("data/a/b", 1)],
        "input 'data/a/b': 'data/a' is a file, so nothing can be inside it"
    ),
]

private let refusedEnvironments: [(environment: [String: String], refusal: String)] = [
    (["THREADS": "5"], "environment variable 'THREADS': '5': more than 4; accepted: an integer from 1 to 4"),
    (
        ["THREAD": "1"],
        "environment variable 'THREAD': no rule accepts it; did you mean 'THREADS'? accepted: THREADS, MODE"
    ),
    (["LC_ALL": "C"], "environment variable 'LC_ALL': no rule accepts it; accepted: THREADS, MODE"),
    (["LD_PRELOAD": "x"], "environment variable 'LD_PRELOAD': no rule accepts it; accepted: THREADS, MODE"),
    (
        ["MODE": "slow\n"],
        "environment variable 'MODE': 'slow\\u{a}': not one of the choices; accepted: one of fast, slow"
    ),
]

@Suite struct CheckTests {
    private func refusals(_ lines: String, _ request: Request) throws -> [String] {
        switch try Sample.program(Sample.file(lines)).check(request) {
        case .success: []
        case .failure(let violations): violations.violations.map(\.description)
        }
    }

    private func files(_ files: (String, Int64)...) -> Request {
        Request(inputs: files.map { RequestedInput(name: $0.0, size: $0.1) })
    }

    private static let inputs = """
        inputs: [{path: main.c, max_size: 1KiB, required: true}, {path: "*.h", max_size: 1KiB, max_count: 2, max_total: 1500},
          {path: "data/**", max_size: 10}]
        """

    @Test func inputsAreAccepted() throws {
        #expect(try refusals(Self.inputs, files(("main.c", 1024))) == [])
        #expect(try refusals(Self.inputs, files(("main.c", 0), ("a.h", 1000), ("b.h", 500), ("data/x/y", 10))) == [])
    }

    @Test(arguments: refusedInputs)
    func inputsAreRefused(inputs: [(String, Int64)], refusal: String) throws {
        let request = Request(inputs: inputs.map { RequestedInput(name: $0.0, size: $0.1) })
        #expect(try refusals(Self.inputs, request) == [refusal])
    }

    private static let choice = """
        inputs: [{one_of: [{path: "*.mod", max_size: 10}, {path: "*.lp", max_size: 10, max_count: 1}]}, {path: "*.dat", max_size: 10}]
        """

    @Test func exactlyOneOfTheRulesHasFiles() throws {
        let names = "one of '*.mod', '*.lp' is"
        #expect(try refusals(Self.choice, files(("a.mod", 1), ("b.mod", 1), ("x.dat", 1))) == [])
        #expect(try refusals(Self.choice, files(("a.lp", 1))) == [])
        #expect(
            try refusals(Self.choice, files(("x.dat", 1))) == ["inputs: exactly \(names) required; none is there"])
        #expect(
            try refusals(Self.choice, files(("b.lp", 1), ("a.mod", 1), ("c.mod", 1))) == [
                "inputs: exactly \(names) accepted; found 'a.mod' for '*.mod', 'b.lp' for '*.lp'"
            ])
        #expect(
            try refusals(Self.choice, files(("b.lp", 1), ("c.lp", 11))) == [
                "input 'c.lp': 11 bytes is too large; at most 10 (10 bytes) are accepted"
            ], "the bounds of the rules hold inside, too")
        let optional = Self.choice.replacing("]}, {path: \"*.dat\"", with: "], required: false}, {path: \"*.dat\"")
        #expect(try refusals(optional, files(("x.dat", 1))) == [])
        #expect(
            try refusals(optional, files(("a.mod", 1), ("b.lp", 1))) == [
                "inputs: at most \(names) accepted; found 'a.mod' for '*.mod', 'b.lp' for '*.lp'"
            ])
    }

    @Test func contentIsWhatTheFirstMatchingRuleAsksFor() throws {
        let lines = """
            inputs: [{path: "*.png", max_size: 10, max_count: 3, type: [png, text/utf-8]}, {path: "**", max_size: 10}]
            """
        let program = try Sample.program(Sample.file(lines))
        #expect(program.contentTypes(ofInput: "a.png", size: 10) == [.png, .text])
        #expect(program.contentTypes(ofInput: "a.png", size: 11) == [], "refused for its size, so nobody reads it")
        #expect(program.contentTypes(ofInput: "a.gif", size: 1) == [])
        func request(_ types: Set<ContentType>) -> Request {
            Request(
                inputs: ["a.png", "b.png", "c"].map {
                    RequestedInput(name: $0, size: 1, content: ContentFacts(types: types))
                })
        }
        #expect(try refusals(lines, request([.png])) == [])
        #expect(try refusals(lines, request([.text, .asciiText])) == [])
        #expect(
            try refusals(lines, request([.zip])) == [
                "input 'a.png': its content is zip, not one of png, text",
                "input 'b.png': its content is zip, not one of png, text",
            ])
        #expect(try refusals(lines, files(("a.png", 1))) == [], "what nobody has looked at is looked at later")
    }

    @Test func withoutRulesNoInputIsAccepted() throws {
        #expect(try refusals("", files(("a", 1))) == ["input 'a': no rule accepts it; accepted: no input at all"])
    }

    @Test func stdinFromAFileNeedsTheFile() throws {
        let lines = "stdin: {file: a}\ninputs: [{path: a, max_size: 1}]"
        #expect(try refusals(lines, files(("a", 1))) == [])
        #expect(try refusals(lines, Request()) == ["input 'a': required: stdin is read from it"])
    }

    private static let environment = """
        environment: {set: {LC_ALL: C, MODE: fast}, accept: [{name: THREADS, value: {integer: {min: 1, max: 4}}},
          {name: MODE, value: {choice: [fast, slow]}}]}
        """

    @Test func environmentIsWhatIsSetAndAccepted() throws {
        let program = try Sample.program(Sample.file(Self.environment))
        #expect(try program.check(Request()).get().environment == ["LC_ALL": "C", "MODE": "fast"])
        let asked = Request(environment: ["MODE": "slow", "THREADS": "2"])
        #expect(try program.check(asked).get().environment == ["LC_ALL": "C", "MODE": "slow", "THREADS": "2"])
    }

    @Test(arguments: refusedEnvironments)
    func environmentIsRefused(environment: [String: String], refusal: String) throws {
        #expect(try refusals(Self.environment, Request(environment: environment)) == [refusal])
    }

    @Test func limitsGoUpToTheirCeiling() throws {
        let text = Sample.file("").replacing("wall: 10m", with: "wall: {default: 1m, max: 10m}")
        let program = try Sample.program(text)
        #expect(try program.check(Request()).get().limits[.wall] == 60_000)
        #expect(try program.check(Request(limits: [.wall: 600_000])).get().limits[.wall] == 600_000)
        #expect(try program.check(Request(limits: [.wall: 1])).get().limits[.memory] == 1 << 30)
        let bad = program.check(Request(limits: [.wall: 600_001, .memory: 0, .processes: 33]))
        guard case .failure(let violations) = bad else {
            Issue.record("accepted")
            return
        }
        #expect(
            violations.description == """
                limit 'wall': 10 m 0.001 s is too much; accepted: 1 ms to 10 m
                limit 'memory': must be at least 1; accepted: 1 byte to 1 GiB
                limit 'processes': 33 is too much; accepted: 1 to 32
                """)
    }

    @Test func everythingIsReportedAtOnce() throws {
        let program = try Sample.program(Sample.glpsol)
        let request = Request(
            arguments: ["--mni"], inputs: [RequestedInput(name: "a.txt", size: 1)], environment: ["A": "b"],
            limits: [.disk: .max])
        guard case .failure(let violations) = program.check(request) else {
            Issue.record("accepted")
            return
        }
        #expect(violations.violations.map(\.rule) == ["arguments", "inputs", "inputs", "environment", "limits"])
        #expect(violations.violations[0].place == "argument 1 '--mni'")
        #expect(violations.violations[0].message.contains("did you mean '--min'?"))
    }
}
