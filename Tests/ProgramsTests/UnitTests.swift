import Testing

@testable import Programs

/// Numbers with a unit behind them.
@Suite struct UnitTests {
    @Test(arguments: [
        (
            "{integer: {min: 1, max: 100, units: [px, \"%\"]}}", ["1px", "50%", "100%"],
            ["50", "0%", "101px", "50 %", "50p", "px", "%", "5.5%", "+5%", "05%", "50%%", "50pX", "0x5px"]
        ),
        ("{integer: {min: -5, units: [\"\", K, k]}}", ["5", "-5", "7K", "-1k"], ["-6", "-6K", "5M", "5kk", "K"]),
        (
            "{decimal: {min: 0.5, max: 10, units: [em, e, \"\"]}}", ["1.5em", "1e", "1e1", "1e0em", "2.5", "1e-0e"],
            ["0.4em", "11e", "1.em", ".5em", "1e2em", "1ex", "1.5 em", "infem", "1e+em"]
        ),
        ("{list: {of: {integer: {max: 9, units: [s, m]}}}}", ["1s,2m"], ["1s,2", "1s,10m", "1s,2h"]),
    ])
    func numbersWithUnits(value: String, accepted: [String], refused: [String]) throws {
        let program = try Sample.program(rules: ["{option: -n, value: \(value)}"])
        for text in accepted { #expect(program.refusals(["-n", text]) == [], "\(text)") }
        for text in refused { #expect(program.refusals(["-n", text]) != [], "\(text)") }
    }

    @Test func theReasonNamesTheUnits() throws {
        let program = try Sample.program(rules: [
            "{option: -a, value: {integer: {min: 1, max: 100, units: [px, pct]}}}",
            "{option: -b, value: {decimal: {units: [em, \"\"]}}}",
        ])
        #expect(
            program.refusals(words("-a 5 -b 5in")) == [
                "argument 2 '5': has no unit; '-a' accepts an integer from 1 to 100, directly followed by one of px, pct",
                "argument 4 '5in': 'in' is not one of its units; '-b' accepts a decimal number, alone or directly "
                    + "followed by em",
            ])
        #expect(
            program.refusals(words("-a 5pcx")) == [
                "argument 2 '5pcx': 'pcx' is not one of its units; did you mean 'pct'?; '-a' accepts an integer from 1 "
                    + "to 100, directly followed by one of px, pct"
            ])
    }

    @Test func negativeNumbersMayBePositionals() throws {
        let program = try Sample.program(rules: ["{argument: N, value: {integer: {units: [px]}}}"])
        #expect(program.refusals(["-5px"]) == [])
        #expect(program.refusals(["-px"]) != [])
        #expect(program.refusals(["-5"]) != [])
    }
}
