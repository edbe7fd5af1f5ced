import Testing

@testable import Programs

private let kinds = "flag, option, argument, literal"

private let wrong: [(line: String, errors: [String])] = [
    ("arguments: x", ["4:12: arguments: expected a list, found 'x'"]),
    ("arguments: {order: fixed}", ["4:12: arguments: the required key 'rules' is missing"]),
    (
        "arguments: {rules: [], ordre: fixed}",
        ["4:24: key 'ordre' is not known here; did you mean 'order'? allowed: rules, order, cluster"]
    ),
    (
        "arguments: {rules: [], order: fixd}",
        ["4:31: order: 'fixd' is not possible here; did you mean 'fixed'? allowed: free, fixed"]
    ),
    ("arguments: {rules: [], cluster: yes}", ["4:33: cluster: expected true or false, found 'yes'"]),
    (
        "arguments: {rules: [], order: fixed, cluster: true}",
        ["4:38: cluster: not possible with order: fixed, where every flag has a place of its own"]
    ),
    (
        "arguments: {rules: [{command: a}, {flag: -x}], order: fixed}",
        ["4:35: arguments: with order: fixed, commands stand last; nothing behind them could ever match"]
    ),
    (
        "arguments: [{all_of: [{flag: -x}]}]",
        ["4:13: arguments: a rule has exactly one of the keys \(kinds), separator, one_of, command"]
    ),
    (
        "arguments: [{one_of: [{all: [{flag: -x}]}]}]",
        ["4:23: arguments: a rule has exactly one of the keys \(kinds), all_of"]
    ),
    (
        "arguments: [{one_of: [{al_of: [{flag: -x}]}]}]",
        ["4:23: arguments: a rule has exactly one of the keys \(kinds), all_of (did you mean 'all_of' for 'al_of'?)"]
    ),
    (
        "arguments: [{one_of: [{one_of: [{flag: -x}]}]}]",
        ["4:23: arguments: a rule has exactly one of the keys \(kinds), all_of"]
    ),
    (
        "arguments: [{one_of: [{all_of: [{all_of: [{flag: -x}]}]}]}]",
        ["4:33: arguments: a rule has exactly one of the keys \(kinds), one_of"]
    ),
    ("arguments: [{one_of: [{all_of: []}]}]", ["4:32: all_of: the list is empty"]),
    (
        "arguments: [{one_of: [{all_of: [{flag: -x}], required: true}]}]",
        ["4:46: key 'required' is not known here; allowed: all_of, help"]
    ),
    (
        "arguments: [{one_of: [{all_of: [{flag: -x}]}, {all_of: [{flag: -x}]}]}]",
        ["4:57: arguments: '-x' is described twice; what members of a one_of share stands once, beside the one_of"]
    ),
    (
        "arguments: [{one_of: [{all_of: [{flag: -x}]}]}, {flag: -x}]",
        ["4:49: arguments: '-x' is described twice"]
    ),
    (
        "arguments: [{one_of: [{argument: A, value: {date: true}}]}, {argument: A, value: {date: true}}]",
        ["4:61: arguments: 'A' is described twice"]
    ),
    (
        "arguments: [{one_of: [{all_of: [{flag: -x, requires: --lnog}, {flag: --long}]}]}]",
        ["4:33: arguments: no rule of this list is called '--lnog'; did you mean '--long'?"]
    ),
    (
        "arguments: [{option: -x, value: {integer: {units: []}}}]",
        ["4:51: integer.units: expected 1 to 32 units, found 0"]
    ),
    (
        "arguments: [{option: -x, value: {integer: {units: [a, a, 1a, .a, -a, aaaaaaaaaaaaaaaaa]}}}]",
        [
            "4:55: integer.units: 'a' is given twice",
            "4:58: integer.units: '1a': a unit cannot begin with a digit, '.', '+' or '-'",
            "4:62: integer.units: '.a': a unit cannot begin with a digit, '.', '+' or '-'",
            "4:66: integer.units: '-a': a unit cannot begin with a digit, '.', '+' or '-'",
            "4:70: integer.units: 'aaaaaaaaaaaaaaaaa': longer than 16 bytes",
        ]
    ),
    (
        "arguments: [{option: -x, value: {decimal: {units: [e, em, e3, E-3m]}}}]",
        [
            "4:59: decimal.units: 'e3': would be read as an exponent",
            "4:63: decimal.units: 'E-3m': would be read as an exponent",
        ]
    ),
    (
        "arguments: [{option: -x, value: {size: {units: [a, k, \"\", K, K]}}}]",
        [
            "4:49: size.units: 'a': no unit of a size; known: B, kB, KB, MB, GB, TB, KiB, MiB, GiB, TiB, K, M, G, T",
            "4:52: size.units: 'k': no unit of a size; known: B, kB, KB, MB, GB, TB, KiB, MiB, GiB, TiB, K, M, G, T",
            "4:62: size.units: 'K' is given twice",
        ]
    ),
    (
        "arguments: [{option: -x, value: {duration: {units: [s, min, \"\"]}}}]",
        [
            "4:56: duration.units: 'min': no unit of a duration; known: ms, s, m, h, d",
            "4:61: duration.units: '': no unit of a duration; known: ms, s, m, h, d",
        ]
    ),
    (
        "arguments: [{option: -x, value: {size: {units: []}}}]",
        ["4:48: size.units: expected 1 to 32 units, found 0"]
    ),
    (
        "arguments: [{flag: -x, help: once, or twice}]",
        [
            "4:36: key 'or twice' is not known here; if it is the rest of the text before it: a text with a comma "
                + "needs quotes; allowed: flag, required, repeat, requires, conflicts, help"
        ]
    ),
    (
        "arguments: [{flag: -x, help: once, or: twice}]",
        ["4:36: key 'or' is not known here; allowed: flag, required, repeat, requires, conflicts, help"]
    ),
    (
        "arguments:\n  - flag: -x\n    or twice:",
        ["6:5: key 'or twice' is not known here; allowed: flag, required, repeat, requires, conflicts, help"]
    ),
]

@Suite struct ArgumentErrorTests {
    @Test(arguments: wrong)
    func isNamedWithItsPlace(line: String, errors: [String]) {
        #expect(Sample.errors(Sample.file(line)) == errors.map { "test:" + $0 })
    }

    @Test func nestingIsBounded() throws {
        func nested(_ levels: Int) -> String {
            (0..<levels).reduce("{flag: -x}") { inner, level in
                (levels - level) % 2 == 1 ? "{one_of: [\(inner)]}" : "{all_of: [\(inner)]}"
            }
        }
        #expect(Sample.errors(Sample.file("arguments: [\(nested(8))]")) == [])
        #expect(
            Sample.errors(Sample.file("arguments: [\(nested(9))]")) == [
                "test:4:93: one_of: nested deeper than 8 levels of one_of and all_of"
            ])
    }

    @Test func rulesInsideMembersCount() throws {
        func file(_ count: Int) -> String {
            let parts = (0..<count).map { "{flag: -\($0)x}" }.joined(separator: ", ")
            return Sample.file("arguments: [{one_of: [{all_of: [\(parts)]}]}]")
        }
        #expect(Sample.errors(file(500)) == [])
        #expect(Sample.errors(file(501)) == ["test:4:12: arguments: more than 500 rules in one list"])
        #expect(Sample.errors(file(3000)) == ["test:4:12: arguments: more than 500 rules in one list"])
    }

    /// A place is what tells them apart.
    @Test func aFixedOrderMayKnowANameTwice() throws {
        let program = try Sample.program(
            Sample.file("arguments: {order: fixed, rules: [{flag: -x}, {literal: a}, {flag: -x}]}"))
        for list in ["a", "-x a", "a -x", "-x a -x"] { #expect(program.refusals(words(list)) == [], "\(list)") }
    }

    /// Whoever refers to a rule that could not be read hears of that rule only.
    @Test func aRuleThatCannotBeReadIsNoMissingReference() {
        #expect(
            Sample.errors(Sample.file("arguments: [{one_of: [{all_of: [{flag: x}]}]}, {flag: -y, requires: x}]")) == [
                "test:4:40: flag: 'x': a name starts with '-' or '+'"
            ])
    }
}
