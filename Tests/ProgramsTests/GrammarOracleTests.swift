import Testing

@testable import Programs

@Suite struct GrammarOracleTests {
    /// Random grammars and lists: the same lists are accepted as by trying everything, and every refusal has a place.
    @Test(arguments: ArgumentGrammar.Order.allCases)
    func matchingIsTryingEverything(order: ArgumentGrammar.Order) {
        var generator = GrammarGenerator(seed: 7)
        var accepted = 0
        for _ in 0..<PropertyRun.scaled(500) {
            let grammar = generator.grammar(order)
            for _ in 0..<20 {
                let arguments = generator.arguments()
                var matcher = ArgumentMatcher(arguments: arguments, inputs: [])
                matcher.match(grammar)
                let violations = matcher.violations
                let expected = GrammarOracle(grammar: grammar, arguments: arguments).accepts
                accepted += expected ? 1 : 0
                guard violations.isEmpty != expected else { continue }
                Issue.record("\(arguments) \(expected ? "is" : "is not") accepted by \(grammar.items): \(violations)")
                return
            }
        }
        #expect(PropertyRun.isSample || accepted > 500, "too few of the lists were accepted to say anything")
    }

    @Test(arguments: ArgumentGrammar.Order.allCases)
    func everyRefusalNamesAnArgumentOrTheEnd(order: ArgumentGrammar.Order) {
        var generator = GrammarGenerator(seed: 11)
        for _ in 0..<PropertyRun.scaled(500) {
            let grammar = generator.grammar(order)
            let arguments = generator.arguments()
            var matcher = ArgumentMatcher(arguments: arguments, inputs: [])
            matcher.match(grammar)
            for violation in matcher.violations {
                let position = violation.position ?? 0
                let place =
                    position > arguments.count
                    ? "end of arguments" : "argument \(position) '\(arguments[position - 1])'"
                #expect((1...(arguments.count + 1)).contains(position))
                #expect(violation.place == place)
            }
            #expect(matcher.violations.map { $0.position ?? 0 } == matcher.violations.map { $0.position ?? 0 }.sorted())
        }
    }

    /// The division itself: every argument but the separator belongs to one rule, and every rule that is used keeps
    /// its counts.
    @Test func takesCoverTheListWithinTheirCounts() {
        var generator = GrammarGenerator(seed: 13)
        var divided = 0
        for _ in 0..<PropertyRun.scaled(500) {
            let grammar = generator.grammar(.fixed).index
            for _ in 0..<20 {
                let arguments = generator.arguments()
                let attempt = FixedAttempt.best(
                    grammar, arguments, files: RequestedFiles(inputs: []), from: 0, checksValues: true)
                guard let end = attempt.end else { continue }
                let takes = attempt.division.takes(endingAt: end) ?? []
                let places = takes.flatMap { Array($0.place..<($0.place + $0.length)) }
                let separators = arguments.indices.filter { !places.contains($0) }
                #expect(places == places.sorted() && Set(places).count == places.count)
                #expect(separators.count <= 1 && separators.allSatisfy { arguments[$0] == "--" })
                for (leaf, uses) in Dictionary(grouping: takes, by: \.leaf) {
                    let rule = grammar.leaves[leaf]
                    #expect((max(1, rule.minCount)...rule.maxCount).contains(uses.count))
                }
                divided += takes.isEmpty ? 0 : 1
            }
        }
        #expect(PropertyRun.isSample || divided > 200, "too few lists were divided to say anything")
    }
}
