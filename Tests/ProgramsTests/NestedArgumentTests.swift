import Testing

@testable import Programs

/// Rules in `one_of` and `all_of`, in a free order.
@Suite struct NestedArgumentTests {
    private static let archiver = """
        {one_of: [\
        {all_of: [{flag: [-c, --create], required: true}, {argument: MEMBER, value: {file: input}, repeat: 3}, \
        {one_of: [{flag: -z}, {flag: -j}], required: false}]}, \
        {all_of: [{flag: -x, required: true}, {option: -C, value: {file: output}}]}, {flag: -t}]}
        """
    private static let rules = [archiver, "{option: -f, value: {file: any}, required: true}"]

    @Test(arguments: [
        "-c -f a x.c", "-c x.c y.o -f a", "x.c -f a --create", "-f a -x", "-x -C dir -f a", "-t -f a", "-c -f a -z x.c",
    ])
    func isAccepted(list: String) throws {
        let program = try Sample.program(rules: Self.rules)
        #expect(program.refusals(words(list), inputs: ["x.c", "y.o", "z.o"]) == [])
    }

    @Test(arguments: [
        ("-f a", ["end of arguments: one of '-c …', '-x …', '-t' is required"]),
        (
            "-c -x -f a x.c",
            [
                "argument 2 '-x': only one of '-c …', '-x …', '-t' can be used, and argument "
                    + "1 is '-c'"
            ]
        ),
        ("-c -f a", ["end of arguments: 'MEMBER' (the name of an input file) is required"]),
        ("-f a -C out", ["end of arguments: '-x' is required"]),
        ("-f a -z x.c", ["end of arguments: '-c' is required"]),
        ("-f a x.c", ["end of arguments: '-c' is required"]),
        (
            "-c -z -j -f a x.c",
            ["argument 3 '-j': only one of '-z', '-j' can be used, and argument 2 is '-z'"]
        ),
        (
            "-x -f a x.c",
            ["argument 4 'x.c': no rule accepts it; accepted here: -c, MEMBER, -z, -j, -x, -C FILE, -t, -f FILE"]
        ),
        ("-c -f a none.c", ["argument 4 'none.c': the request brings no input file 'none.c'; inputs: 'x.c', 'y.o'"]),
    ])
    func isRefusedWithPlaceAndReason(list: String, refusals: [String]) throws {
        let program = try Sample.program(rules: Self.rules)
        #expect(program.refusals(words(list), inputs: ["x.c", "y.o"]) == refusals)
    }

    /// The flag decides which of two sequences of positionals is meant, wherever it stands.
    @Test func aFlagDecidesForItsPositionals() throws {
        let program = try Sample.program(rules: [
            """
            {one_of: [{all_of: [{flag: -n, required: true}, {argument: N, value: {integer: {}}}]}, \
            {all_of: [{argument: A, value: {string: {}}}, {argument: B, value: {string: {}}}, {flag: -q}]}]}
            """
        ])
        for list in ["-n 1", "1 -n", "1 2", "a b", "a b -q"] {
            #expect(program.refusals(words(list)) == [], "\(list)")
        }
        for list in ["1", "-n", "-n a", "-n 1 2", "-n 1 -q", "-q", "a -q", "a b c"] {
            #expect(program.refusals(words(list)) != [], "\(list)")
        }
        #expect(program.refusals(["a", "-q"]) == ["end of arguments: 'B' (a text of at most 4096 bytes) is required"])
    }

    @Test func membersMayCallTheirPositionalsAlike() throws {
        let program = try Sample.program(rules: [
            """
            {one_of: [{all_of: [{flag: -a, required: true}, {argument: FILE, value: {choice: [x]}}]}, \
            {all_of: [{flag: -b, required: true}, {argument: FILE, value: {choice: [y]}}]}, {flag: -c}]}
            """, "{flag: -d, requires: FILE}",
        ])
        for list in ["-a x", "-b y -d", "-c"] { #expect(program.refusals(words(list)) == [], "\(list)") }
        for list in ["-a y", "-b x", "-c -d"] { #expect(program.refusals(words(list)) != [], "\(list)") }
    }

    @Test func referencesReachIntoMembers() throws {
        let program = try Sample.program(rules: [
            "{one_of: [{all_of: [{flag: -a}, {option: -b, value: {date: true}, conflicts: -d}]}], required: false}",
            "{flag: -d}", "{flag: -e, requires: [-b, -a]}",
        ])
        #expect(program.refusals(words("-e -b 2024-01-01 -a")) == [])
        #expect(
            program.refusals(words("-e -b 2024-01-01 -d")) == [
                "argument 1 '-e': '-e' requires '-a', which is missing",
                "argument 4 '-d': '-b' and '-d' cannot be used together",
            ])
    }

    @Test func deepNesting() throws {
        let inner = "{one_of: [{all_of: [{flag: -x}, {one_of: [{flag: -y}, {argument: Z, value: {choice: [z]}}]}]}]}"
        let program = try Sample.program(rules: [
            "{one_of: [{flag: -a}, {all_of: [{flag: -b}, \(inner)]}, {all_of: [{flag: -c}, {flag: -d}]}]}"
        ])
        for list in ["-a", "-x z", "-b -x -y", "-y", "z", "z -b", "-c", "-d -c"] {
            #expect(program.refusals(words(list)) == [], "\(list)")
        }
        for list in ["", "-b", "-x", "-b -x", "-b -c", "-a z", "-y z", "-x -d", "-d z"] {
            #expect(program.refusals(words(list)) != [], "\(list)")
        }
    }

    /// Before, a member with too few values passed because nobody complained.
    @Test func aMemberWithTooFewValuesIsRefused() throws {
        let program = try Sample.program(rules: [
            "{one_of: [{argument: N, value: {integer: {}}, repeat: {min: 2, max: 3}}, {flag: -n}]}"
        ])
        #expect(program.refusals(["1", "2"]) == [])
        #expect(program.refusals(["1"]) == ["end of arguments: 'N' (an integer) is required 2 times"])
    }

    @Test func whatIsMissingBeforeACommandIsSaidAtTheCommand() throws {
        let program = try Sample.program(rules: ["{flag: -q, required: true}", "{command: go}"])
        #expect(program.refusals(["go"]) == ["argument 1 'go': '-q' is required before the command"])
        #expect(program.refusals(["-q"]) == ["end of arguments: a command is required: go"])
    }
}
