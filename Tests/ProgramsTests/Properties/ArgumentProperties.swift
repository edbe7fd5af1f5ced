import Testing

@testable import Programs

@Suite struct ArgumentProperties {
    @Test func thereAreEnoughCases() {
        #expect(PropertyRun.plan.values.reduce(0, +) >= 100_000)
    }

    /// What is written from a grammar is accepted by it; what is changed afterwards is accepted exactly if the
    /// reference, which reads the page in the most obvious way, accepts it too.
    @Test(arguments: 0..<PropertyRun.parts) func listsAreAcceptedAsThePageSays(part: Int) throws {
        let property = "argument lists"
        var tally = Tally(), failures = 0, number = 0
        while tally.lists < PropertyRun.cases(property), failures < 5 {
            number += 1
            var dice = PropertyRun.dice(property, part: part, case: number)
            do {
                guard let sample = try ArgumentCase(RandomGrammar.make(&dice)) else { continue }
                if let failure = Self.failure(sample, &dice, &tally) {
                    failures += 1
                    PropertyRun.fail(property, part: part, case: number, failure)
                }
            } catch {
                failures += 1
                PropertyRun.fail(
                    property, part: part, case: number, "a grammar that follows the page is refused: \(error)")
            }
        }
        PropertyRun.count(property, tally.lists)
        if PropertyRun.isSample { return }
        // Neither side may win by saying always the same.
        #expect(tally.written * 3 > tally.lists / 2, "\(tally)")
        #expect(tally.writtenAccepted * 10 > tally.written * 8, "\(tally)")
        #expect(tally.refused * 5 > tally.lists && tally.mutatedAccepted * 50 > tally.lists, "\(tally)")
    }

    private struct Tally {
        var lists = 0, written = 0, writtenAccepted = 0, refused = 0, mutatedAccepted = 0
    }

    private static func failure(_ sample: ArgumentCase, _ dice: inout Dice, _ tally: inout Tally) -> String? {
        let writer = ListWriter(grammar: sample.grammar), mutation = ListMutation(sample.grammar)
        for _ in 0..<10 {
            let written = writer.accepted(&dice)
            if let written {
                tally.lists += 1
                tally.written += 1
                if let failure = sample.disagreement(on: written) { return failure }
                if sample.reference.accepts(written) { tally.writtenAccepted += 1 }
            }
            var list = written ?? []
            for _ in 0..<2 {
                list = mutation.mutated(list, &dice)
                tally.lists += 1
                if let failure = sample.disagreement(on: list) { return failure }
                if sample.reference.accepts(list) { tally.mutatedAccepted += 1 } else { tally.refused += 1 }
            }
        }
        return nil
    }
}
