import Testing

@testable import Programs

/// Wrong rules for files and streams, each with its message; the line is the file's fourth.
private let wrongRules: [(line: String, errors: [String])] = [
    (
        "inputs: [{path: a, max_size: 1, type: pgn}]",
        ["4:39: type: 'pgn' is not possible here; did you mean 'png'? allowed: \(allKinds)"]
    ),
    ("inputs: [{path: a, max_size: 1, type: []}]", ["4:39: type: the list is empty"]),
    ("inputs: [{path: a, max_size: 1, type: [png, png]}]", ["4:45: type: 'png' is there already"]),
    ("inputs: [{path: a, max_size: 1, type: [text, text/utf-8]}]", ["4:46: type: 'text/utf-8' is there already"]),
    ("inputs: [{one_of: [{path: a, max_size: 1}]}]", ["4:19: inputs.one_of: a choice needs at least two rules"]),
    ("inputs: [{one_of: a}]", ["4:19: inputs.one_of: expected a list, found 'a'"]),
    (
        "inputs: [{one_of: [{path: a, max_size: 1, required: true}, {path: b}]}]",
        [
            "4:43: key 'required' is not known here; allowed: path, max_size, max_count, max_total, type, help",
            "4:60: inputs.one_of: the required key 'max_size' is missing",
        ]
    ),
    (
        "inputs: [{one_of: [{path: a, max_size: 1}, {path: b, max_size: 1}], max_size: 1}]",
        ["4:69: key 'max_size' is not known here; allowed: one_of, required, help"]
    ),
    (
        "results: [{path: a, when: any, excess: kill}]",
        ["4:40: results.excess: 'kill' is not possible here; allowed: refuse, truncate"]
    ),
    (
        "stdout: {stream: true, max_size: 1, excess: refuse}",
        ["4:45: stdout.excess: 'refuse' is not possible here; allowed: kill, truncate"]
    ),
    (
        "stdout: {file: a, excess: kill}",
        ["4:27: stdout: 'excess' says what happens at 'max_size', which is missing"]
    ),
    ("stderr: {max_size: 1}", ["4:9: stderr: either 'stream: true' or 'file: NAME' is needed"]),
    ("stderr: {stream: true, file: a}", ["4:24: stderr: 'stream' and 'file' exclude each other"]),
    ("stderr: {stream: false}", ["4:18: stderr: 'stream' can only be true; to close it, write ignore"]),
    ("stderr: {stream: true, max_size: 0}", ["4:34: stderr.max_size: zero is not possible here, the smallest is 1"]),
    (
        "inputs: [{path: a, max_size: 1}]\nstdin: {file: a, max_size: 1}",
        ["5:18: stdin: 'max_size' is for a stream; a file is bounded by 'max_size' of its rule in 'inputs'"]
    ),
]

private let allKinds = ContentType.words.joined(separator: ", ")

@Suite struct FileRuleErrorTests {
    @Test(arguments: wrongRules)
    func wrongRulesAreNamed(line: String, errors: [String]) {
        #expect(Sample.errors(Sample.file(line)) == errors.map { "test:" + $0 })
    }

    @Test func rulesAreRead() throws {
        let program = try Sample.program(
            Sample.file(
                """
                inputs:
                  - one_of: [{path: a, max_size: 1, type: png}, {path: "*.b", max_size: 2, max_count: 3}]
                    required: false
                    help: this or that
                  - {path: c, max_size: 3, required: true, type: [text, text/ascii]}
                results: [{path: r, when: any, max_size: 4, excess: truncate}, {path: s, when: any}]
                stdin: {stream: true, max_size: 5}
                stdout: {file: out, max_size: 6, excess: truncate}
                stderr: {stream: true}
                """))
        guard case .oneOf(let members, required: false, help: "this or that") = program.inputs[0] else {
            Issue.record("\(program.inputs)")
            return
        }
        #expect(members.map(\.path.source) == ["a", "*.b"] && members.allSatisfy { !$0.required })
        #expect(program.inputRules.map(\.types) == [[.png], [], [.text, .asciiText]])
        #expect(program.inputRules.map(\.maxCount) == [1, 3, 1])
        #expect(program.results.map(\.excess) == [.truncate, .refuse])
        #expect(program.stdin == .stream && program.streamCaps.stdin == StreamCap(maxSize: 5, excess: .kill))
        #expect(program.stdout == .file("out") && program.streamCaps.stdout == StreamCap(maxSize: 6, excess: .truncate))
        #expect(program.stderr == .stream && program.streamCaps.stderr == nil)
    }

    @Test func oneOfIsRequiredUnlessItSaysOtherwise() throws {
        let rules = "inputs: [{one_of: [{path: a, max_size: 1}, {path: b, max_size: 1}]}]"
        guard case .oneOf(_, required: true, help: nil) = try Sample.program(Sample.file(rules)).inputs[0] else {
            Issue.record("optional")
            return
        }
    }

    @Test func shownRulesSayWhatTheyDo() throws {
        let lines = """
            inputs: [{one_of: [{path: a, max_size: 1, type: [png, gif]}, {path: b, max_size: 1}]}]
            results: [{path: r, when: any, max_size: 4, excess: truncate}]
            stdout: {stream: true, max_size: 6}
            stderr: {file: e, max_size: 7, excess: truncate}
            """
        let text = try Sample.program(Sample.file(lines)).describe()
        #expect(text.contains("  exactly one of:\n    a  at most 1 byte, content: png or gif\n    b  at most 1 byte\n"))
        #expect(text.contains("r  optional, after any end, at most 4 bytes each, larger ones are cut off\n"))
        #expect(text.contains("stdout: stream, at most 6 bytes, then the run is killed\n"))
        #expect(text.contains("stderr: file e, at most 7 bytes, the rest is dropped\n"))
    }
}
