import Testing

@testable import Programs

/// How rules are named in messages.
@Suite struct WordingTests {
    /// A value in the same argument must not look like two arguments.
    @Test(arguments: [
        ("form: attached, value: {choice: [m, pthread]}", "-l{m|pthread}"),
        ("form: equals, value: {choice: [a, b]}", "-l={a|b}"),
        ("form: [attached, equals], value: {choice: [a, b]}", "-l={a|b}"),
        ("form: [attached, separate], value: {choice: [a, b]}", "-l a|b"),
        ("form: attached, value: {choice: [a]}", "-la"),
        ("form: attached, value: {choice: [a, b, c, d, e]}", "-lWORD"),
        ("form: attached, value: {list: {of: {choice: [a, b]}}}", "-l{a|b},…"),
        ("form: attached, value: {string: {pattern: \"a|b\"}}", "-lTEXT"),
    ])
    func valuesInTheSameArgumentHaveBraces(option: String, usage: String) throws {
        let program = try Sample.program(rules: ["{option: -l, \(option), required: true}"])
        #expect(program.refusals([]) == ["end of arguments: '\(usage)' is required"])
    }

    @Test(arguments: [
        ("{all_of: [{flag: -a}, {flag: -b, required: true}]}", "-b …"),
        ("{all_of: [{flag: -a}, {flag: -b}]}", "-a …"),
        ("{all_of: [{flag: -a}]}", "-a"),
        ("{all_of: [{flag: -a}, {argument: A, value: {date: true}}]}", "A …"),
        ("{all_of: [{flag: -a}, {one_of: [{flag: -c}, {all_of: [{flag: -d}, {flag: -e}]}]}]}", "(-c, -d …) …"),
    ])
    func groupsAreNamedByOneRule(member: String, name: String) throws {
        for order in ["free", "fixed"] {
            let rules = "arguments: {order: \(order), rules: [{one_of: [\(member), {flag: -z}]}]}"
            let program = try Sample.program(Sample.file(rules))
            #expect(program.refusals([]) == ["end of arguments: one of '\(name)', '-z' is required"])
        }
    }

    /// Said only where nothing else could be meant.
    @Test(arguments: [
        ("-a -a -a out", ["argument 3 '-a': may be given at most 2 times"]),
        ("-a -a -b 1 -b 2 out", ["argument 5 '-b': may be given at most once"]),
        ("-b 1 -a out", ["argument 3 '-a': stands at the wrong place; accepted here: -c, -d, -c, OUT"]),
        ("-a -b 1 -a out", ["argument 4 '-a': stands at the wrong place; accepted here: -c, -d, -c, OUT"]),
        // It has another place.
        ("-c -c out", []),
        ("-c -c -c out", ["argument 3 '-c': stands at the wrong place; accepted here: OUT"]),
    ])
    func oneTooManyInAFixedOrder(list: String, refusals: [String]) throws {
        let program = try Sample.program(
            Sample.file(
                """
                arguments:
                  order: fixed
                  rules:
                    - {flag: -a, repeat: 2}
                    - {option: -b, value: {integer: {}}}
                    - {flag: -c}
                    - {flag: -d}
                    - {flag: -c}
                    - {argument: OUT, value: {string: {}}}
                """))
        #expect(program.refusals(words(list)) == refusals)
    }
}
