import Testing

@testable import Programs

@Suite struct ClusterTests {
    private static let rules = """
        arguments:
          cluster: true
          rules:
            - {flag: [-x, --extract]}
            - {flag: -z, conflicts: -j}
            - {flag: -j}
            - {flag: -v, repeat: 3}
            - {flag: -k, requires: -x}
            - {option: -f, value: {file: any}}
            - {option: -C, value: {choice: [d, "=d"]}, form: [attached, separate]}
            - {option: -L, value: {integer: {min: 1, max: 9}}, form: [equals, attached]}
            - {flag: -std}
            - {argument: N, value: {integer: {}}, required: false}
            - {flag: "-1"}
            - {argument: END, value: {choice: [-xx]}, required: false}
        """

    private func refusals(_ list: String) throws -> [String] {
        try Sample.program(Sample.file(Self.rules)).refusals(words(list))
    }

    @Test(arguments: [
        "-xz", "-xzf a", "-zxf a", "-xvvv", "-xv -vv", "-xzCd", "-xzC d", "-xC=d", "-xL5", "-xL=5", "-std", "-xk",
        "-kx", "-x -z -f a", "--extract -zf a", "-5", "-11 -x", "-xx", "-1x",
    ])
    func isAccepted(list: String) throws {
        // '-11' is two flags, of which only one is allowed.
        #expect(try refusals(list) == (list == "-11 -x" ? ["argument 1 '-11': may be given at most once"] : []))
    }

    @Test(arguments: [
        (
            "-xqf a",
            [
                "argument 1 '-xqf': no rule accepts it, and no flag or option is the letter 'q' of a cluster; accepted "
                    + "here: -x, -z, -j, -v, -k, -f FILE, -C d|=d, -L=N, … (4 more)"
            ]
        ),
        (
            "-qxzw -j",
            [
                "argument 1 '-qxzw': no rule accepts it, and no flag or option is the letter 'q' of a cluster; accepted "
                    + "here: -x, -z, -j, -v, -k, -f FILE, -C d|=d, -L=N, … (4 more)",
                "argument 2 '-j': '-z' and '-j' cannot be used together",
            ]
        ),
        (
            "-qf ../a -k -x",
            [
                "argument 1 '-qf': no rule accepts it, and no flag or option is the letter 'q' of a cluster; accepted "
                    + "here: -x, -z, -j, -v, -k, -f FILE, -C d|=d, -L=N, … (4 more)",
                "argument 2 '../a': not a possible file name: contains the component '..'; '-f' accepts the name of a file",
            ]
        ),
        (
            "-sdt",
            [
                "argument 1 '-sdt': no rule accepts it, and no flag or option is the letter 's' of a cluster; did you "
                    + "mean '-std'? accepted here: -x, -z, -j, -v, -k, -f FILE, -C d|=d, -L=N, … (4 more)"
            ]
        ),
        ("-zj", ["argument 1 '-zj': '-z' and '-j' cannot be used together"]),
        ("-zk", ["argument 1 '-zk': '-k' requires '-x', which is missing"]),
        ("-xvvvv", ["argument 1 '-xvvvv': '-v' may be given at most 3 times"]),
        ("-xzf", ["argument 1 '-xzf': needs a value behind it; accepted: the name of a file"]),
        ("-xfz", ["argument 1 '-xfz': takes its value in the next argument; accepted: -f FILE"]),
        ("-xL", ["argument 1 '-xL': needs its value in the same argument; accepted: -L=N"]),
        ("-xL0", ["argument 1 '-xL0': value '0': less than 1; '-L' accepts an integer from 1 to 9"]),
        (
            "-xzf ../a",
            [
                "argument 2 '../a': not a possible file name: contains the component '..'; '-f' accepts the name of a file"
            ]
        ),
    ])
    func isRefusedWithPlaceAndReason(list: String, expected: [String]) throws {
        #expect(try refusals(list) == expected)
    }

    @Test(arguments: ["--xz", "-x-z", "-xé", "xzf a", "-x=z", "-xz=1"])
    func isRefused(list: String) throws {
        #expect(try refusals(list) != [])
    }

    @Test func withoutTheKeyNothingIsTakenApart() throws {
        let program = try Sample.program(rules: ["{flag: -x}", "{flag: -z}"])
        #expect(program.refusals(["-xz"]).count == 1)
        #expect(program.refusals(["-x", "-z"]) == [])
    }

    /// Each command says for itself.
    @Test func ofACommand() throws {
        let program = try Sample.program(rules: [
            "{command: a, arguments: {cluster: true, rules: [{flag: -x}, {flag: -y}]}}",
            "{command: b, arguments: [{flag: -x}, {flag: -y}]}",
        ])
        #expect(program.refusals(["a", "-xy"]) == [])
        #expect(program.refusals(["b", "-xy"]) != [])
    }

    @Test func aLongClusterIsReadOnce() throws {
        let cluster = "-" + String(repeating: "v", count: 100_000)
        #expect(try refusals(cluster).count == 1)
        #expect(try refusals(cluster + "q").count == 1)
    }
}
