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
        (
            "{size: {min: 1KiB, max: 4MiB, units: [K, MiB, \"\"]}}", ["1K", "4096K", "4MiB", "1024", "4194304"],
            [
                "0", "1023", "4097K", "5MiB", "1.5MiB", "2.0K", "01K", "+1K", "-1K", "1M", "1KiB", "1k", "1 K", "K",
                "1KK",
            ]
        ),
        ("{size: {units: [M]}}", ["1M", "8796093022207M"], ["8796093022208M", "99999999999999999999M", "1", "0M"]),
        (
            "{duration: {min: 1s, max: 2h, units: [s, h]}}", ["1s", "7200s", "2h"],
            ["3h", "1m", "1.5h", "0s", "1000ms", "1"]
        ),
        ("{list: {of: {size: {units: [K]}}}}", ["1K,2K"], ["1K,2", "1K,2M"]),
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

    @Test func theReasonNamesTheUnitsOfASize() throws {
        let program = try Sample.program(rules: [
            "{option: -s, value: {size: {max: 1GiB, units: [M, G]}}}", "{option: -b, value: {size: {units: [\"\"]}}}",
            "{option: -t, value: {duration: {units: [\"s\"]}}}",
        ])
        let size = "'-s' accepts a size from 1 byte to 1 GiB, a whole number, directly followed by one of M, G"
        #expect(
            program.refusals(words("-s 1.5G -b 5K -t 1.5s")) == [
                "argument 2 '1.5G': not a whole number with a unit; \(size)",
                "argument 4 '5K': 'K' is not one of its units; '-b' accepts a size of at least 1 byte, a whole number",
                "argument 6 '1.5s': not a whole number with a unit; '-t' accepts a duration of at least 1 ms, a whole "
                    + "number, directly followed by s",
            ])
        #expect(program.refusals(words("-s 5")) == ["argument 2 '5': has no unit; \(size)"])
        #expect(program.refusals(words("-s 2G")) == ["argument 2 '2G': more than 1 GiB; \(size)"])
    }

    @Test func unitsOutOfBoundsAreWarnedOf() throws {
        let program = try Sample.program(rules: [
            "{option: -a, value: {size: {min: 1MiB, max: 5MiB, units: [K, M, G, \"\"]}}}",
            "{option: -b, value: {duration: {min: 61s, max: 119s, units: [m, s]}}}",
            "{option: -c, value: {duration: {min: 60s, max: 60s, units: [m]}}}",
        ])
        #expect(
            program.warnings().map(\.description) == [
                "arguments[0].value: the unit 'G' can never be given: no whole number of it is from 1 MiB to 5 MiB; leave "
                    + "it out",
                "arguments[1].value: the unit 'm' can never be given: no whole number of it is from 1 m 1 s to 1 m 59 s; "
                    + "leave it out",
            ])
    }

    @Test func negativeNumbersMayBePositionals() throws {
        let program = try Sample.program(rules: ["{argument: N, value: {integer: {units: [px]}}}"])
        #expect(program.refusals(["-5px"]) == [])
        #expect(program.refusals(["-px"]) != [])
        #expect(program.refusals(["-5"]) != [])
    }
}
