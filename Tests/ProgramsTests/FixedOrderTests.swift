import Testing

@testable import Programs

/// Rules in the manner of a converter whose options belong to the file behind them.
private let converter = """
    arguments:
      order: fixed
      rules:
        - {flag: -y}
        - {option: -r, value: {integer: {min: 1, max: 120}}}
        - {option: [-i, --input], value: {file: input}, required: true, repeat: 3}
        - one_of:
          - {flag: -copy}
          - all_of:
            - {option: -codec, value: {choice: [x, y]}, required: true}
            - {option: -q, value: {integer: {min: 1, max: 9}}, form: attached}
          required: false
        - {option: -r, value: {integer: {min: 1, max: 60}}}
        - {separator: true}
        - {argument: OUT, value: {file: output}}
    inputs: [{path: "**", max_size: 1MiB}]
    """

@Suite struct FixedOrderTests {
    private func refusals(_ list: String) throws -> [String] {
        try Sample.program(Sample.file(converter)).refusals(words(list), inputs: ["a", "b"])
    }

    @Test(arguments: [
        "-i a out", "-y -i a out", "-r 100 -i a -r 30 out", "-i a --input=b -i a out", "-i a -copy out",
        "-i a -codec x -q5 out", "-i a -codec y -r 1 -- out", "-i a -- out",
    ])
    func isAccepted(list: String) throws {
        #expect(try refusals(list) == [])
    }

    @Test(arguments: [
        ("", ["end of arguments: '-i FILE' is required"]),
        ("-i a", ["end of arguments: 'OUT' (the name of an output file) is required"]),
        ("-i", ["argument 1 '-i': needs a value behind it; accepted: the name of an input file"]),
        (
            "out -i a",
            ["argument 1 'out': no rule accepts it here; accepted here: -y, -r N, -i FILE"]
        ),
        (
            "-i a -y out",
            ["argument 3 '-y': stands at the wrong place; accepted here: -i FILE, -copy, -codec x|y, -r N, OUT"]
        ),
        (
            "-i a -cpoy out",
            [
                "argument 3 '-cpoy': no rule accepts it here; did you mean '-copy'? accepted here: -i FILE, -copy, "
                    + "-codec x|y, -r N, OUT"
            ]
        ),
        ("-i a out out", ["argument 4 'out': no rule accepts it here; accepted here: nothing more"]),
        (
            "-i a -copy -codec x out",
            [
                "argument 4 '-codec': stands at the wrong place; accepted here: -r N, OUT"
            ]
        ),
        ("-i a -r 61 out", ["argument 4 '61': more than 60; '-r' accepts an integer from 1 to 60"]),
        (
            "-r 0 -i a -r 61 ../out",
            [
                "argument 2 '0': less than 1; '-r' accepts an integer from 1 to 120",
                "argument 6 '61': more than 60; '-r' accepts an integer from 1 to 60",
                "argument 7 '../out': not a possible file name: contains the component '..'; 'OUT' accepts the name of "
                    + "an output file",
            ]
        ),
        (
            "-r 0 -i a",
            [
                "argument 2 '0': less than 1; '-r' accepts an integer from 1 to 120",
                "end of arguments: 'OUT' (the name of an output file) is required",
            ]
        ),
        ("-i c out", ["argument 2 'c': the request brings no input file 'c'; inputs: 'a', 'b'"]),
        (
            "-i a -q5 out",
            ["argument 3 '-q5': stands at the wrong place; accepted here: -i FILE, -copy, -codec x|y, -r N, OUT"]
        ),
        ("-i a -codec x -q 5 out", ["argument 5 '-q': needs its value in the same argument; accepted: -qN"]),
        (
            "-i a -- -x",
            [
                "argument 4 '-x': not a possible file name: starts with '-', a program would take it for an "
                    + "option; 'OUT' accepts the name of an output file"
            ]
        ),
    ])
    func isRefusedWithPlaceAndReason(list: String, expected: [String]) throws {
        #expect(try refusals(list) == expected)
    }

    private func fixed(_ rules: String...) throws -> Program {
        try Sample.program(
            Sample.file("arguments:\n  order: fixed\n  rules:\n" + rules.map { "    - \($0)" }.joined(separator: "\n")))
    }

    /// Taking as much as possible at first must not keep a later rule from what it needs.
    @Test func repetitionsGiveBackWhatLaterRulesNeed() throws {
        let program = try fixed(
            "{flag: -v, repeat: 3}", "{flag: -v, required: true}", "{flag: -v, repeat: {min: 2, max: 2}}",
            "{argument: A, value: {choice: [a]}, repeat: {min: 0, max: 5}}", "{literal: a}")
        for count in 3...6 {
            let flags = Array(repeating: "-v", count: count)
            #expect(program.refusals(flags + ["a"]) == [], "\(count)")
            #expect(program.refusals(flags + ["a", "a", "a"]) == [], "\(count)")
            #expect(program.refusals(flags) != [], "\(count)")
        }
        for count in [0, 1, 2, 7] { #expect(program.refusals(Array(repeating: "-v", count: count) + ["a"]) != []) }
    }

    @Test func anOptionMayHaveAValueThatIsAName() throws {
        let program = try fixed("{option: -o, value: {string: {}}, repeat: 2}", "{flag: -o}")
        for list in ["", "-o -o", "-o x", "-o -o -o x", "-o -o -o -o", "-o -o -o", "-o x -o"] {
            #expect(program.refusals(words(list)) == [], "\(list)")
        }
        #expect(program.refusals(words("-o x x")) != [])
    }

    @Test func commandsStandLast() throws {
        let program = try fixed(
            "{option: -t, value: {integer: {min: 1, max: 8}}}", "{flag: -q}",
            "{command: sort, arguments: {order: fixed, rules: [{flag: -n}, {argument: F, value: {choice: [f]}}]}}",
            "{command: index, arguments: [{flag: -n}, {argument: F, value: {choice: [f]}}]}")
        for list in ["sort f", "-t 3 -q sort -n f", "-q index f -n", "-t 1 index -n f"] {
            #expect(program.refusals(words(list)) == [], "\(list)")
        }
        let wrong = [
            "": "end of arguments: a command is required: sort, index",
            "-q": "end of arguments: a command is required: sort, index",
            "-q -t 3 sort f": "argument 2 '-t': stands at the wrong place; accepted here: sort, index",
            "-q srot f": "argument 2 'srot': not a command; did you mean 'sort'? commands: sort, index",
            "sort f -n": "argument 3 '-n': stands at the wrong place; accepted here: nothing more",
            "-t 9 sort f": "argument 2 '9': more than 8; '-t' accepts an integer from 1 to 8",
        ]
        for (list, refusal) in wrong { #expect(program.refusals(words(list)) == [refusal], "\(list)") }
    }

    @Test func referencesHold() throws {
        let program = try fixed("{flag: -a, requires: -b}", "{flag: -b}", "{flag: -c, conflicts: -b}")
        for list in ["", "-a -b", "-b", "-c"] { #expect(program.refusals(words(list)) == [], "\(list)") }
        #expect(program.refusals(["-a", "-c"]) == ["argument 1 '-a': '-a' requires '-b', which is missing"])
        #expect(program.refusals(["-b", "-c"]) == ["argument 2 '-c': '-c' and '-b' cannot be used together"])
    }

    /// A free text at its place must not smuggle in an option, here or for a place elsewhere.
    @Test func textsAreNoNames() throws {
        let program = try fixed(
            "{flag: +append}", "{argument: T, value: {string: {}}}",
            "{argument: N, value: {integer: {}}, required: false}")
        for list in ["a", "+append a", "+other", "a -5"] { #expect(program.refusals(words(list)) == [], "\(list)") }
        for list in ["+append", "-x", "+append +append", "a -x"] {
            #expect(program.refusals(words(list)) != [], "\(list)")
        }
    }

    /// Near misses everywhere: the answer comes after (arguments × rules) steps, or not within anybody's patience.
    @Test func nearMissesAreBounded() throws {
        let rules = (0..<40).map { "{argument: A\($0), value: {choice: [a, b]}, repeat: {min: 0, max: 20000}}" }
        let program = try Sample.program(
            Sample.file("arguments:\n  order: fixed\n  rules:\n" + rules.map { "    - \($0)\n" }.joined()))
        let arguments = Array(repeating: "a", count: 2000) + ["c"]
        #expect(program.refusals(arguments).count == 1)
        #expect(program.refusals(Array(arguments.dropLast())) == [])
    }
}
