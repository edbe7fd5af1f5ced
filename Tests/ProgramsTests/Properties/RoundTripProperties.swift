import Testing

@testable import Programs

@Suite struct RoundTripProperties {
    /// Parse, print, parse: the same program, and printed again the same text.
    @Test(arguments: 0..<PropertyRun.parts) func whatIsPrintedIsReadAsTheSame(part: Int) throws {
        let property = "printed grammars"
        var cases = 0, number = 0, failures = 0
        while cases < PropertyRun.cases(property), failures < 5 {
            number += 1
            var dice = PropertyRun.dice(property, part: part, case: number)
            guard let sample = try ArgumentCase(RandomGrammar.make(&dice)) else { continue }
            cases += 1
            let text = sample.program.yaml()
            let again = ProgramFile.parse(Array(text.utf8), fileName: "printed")
            if case .success(let program) = again, program == sample.program, sameBytes(program.yaml(), text) {
                continue
            }
            failures += 1
            PropertyRun.fail(property, part: part, case: number, "\(sample.grammar.yaml)\nprinted:\n\(text)\n\(again)")
        }
        PropertyRun.count(property, cases)
    }
}
