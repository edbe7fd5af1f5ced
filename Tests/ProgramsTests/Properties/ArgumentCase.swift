@testable import Programs

/// A grammar, both opinions about it, and lists to ask them about.
struct ArgumentCase {
    let grammar: GrammarModel
    let program: Program
    let reference: ReferenceMatcher

    enum Refusal: Error, CustomStringConvertible {
        case notRead(String)
        var description: String { if case .notRead(let text) = self { text } else { "" } }
    }

    /// `nil` when the grammar has too many choices for the reference.
    init?(_ grammar: GrammarModel) throws(Refusal) {
        guard let reference = ReferenceMatcher(grammar) else { return nil }
        switch ProgramFile.parse(Array(Self.file(grammar).utf8), fileName: "case") {
        case .success(let program): self.program = program
        case .failure(let errors): throw .notRead("\(errors)\nin \(grammar.yaml)")
        }
        self.grammar = grammar
        self.reference = reference
    }

    private static func file(_ grammar: GrammarModel) -> String {
        Sample.file("arguments: \(grammar.yaml)\ninputs: [{path: \"**\", max_size: 1MiB}]")
    }

    private static let inputs = ValueModel.inputs.map { RequestedInput(name: $0, size: 1) }

    func refusals(_ list: [String]) -> [String] {
        switch program.check(Request(arguments: list, inputs: Self.inputs)) {
        case .success: []
        case .failure(let violations): violations.violations.map(\.description)
        }
    }

    /// Nothing when both say the same of the list; otherwise the grammar, the smallest list and what both say.
    func disagreement(on list: [String]) -> String? {
        guard differ(on: list) else { return nil }
        let least = smallest(list)
        let items = grammar.items.indices.reversed().reduce(self) { smaller, index in
            var grammar = smaller.grammar
            grammar.items.remove(at: index)
            // What is numbered or referred to elsewhere may be missing then: such a grammar is not read.
            guard let less = try? ArgumentCase(grammar), less.differ(on: least) else { return smaller }
            return less
        }
        let refusals = items.refusals(least)
        return """
            arguments: \(items.grammar.yaml)
            list: \(least) (found as \(list))
            reference: \(items.reference.accepts(least) ? "accepted" : "refused")
            matcher: \(refusals.isEmpty ? "accepted" : refusals.joined(separator: "; "))
            """
    }

    private func differ(on list: [String]) -> Bool {
        let verdict = reference.verdict(list), refusals = refusals(list)
        if verdict.holds == refusals.isEmpty { return false }
        // Of several divisions the matcher may choose one that a relation forbids, if it says so.
        let isChoice = verdict.holds && verdict.fails
        return !isChoice || !refusals.allSatisfy { $0.contains(" requires ") || $0.contains(" be used together") }
    }

    private func smallest(_ list: [String]) -> [String] {
        for index in list.indices {
            var less = list
            less.remove(at: index)
            if differ(on: less) { return smallest(less) }
        }
        return list
    }
}

/// Small changes to a list: most of them leave the language, some arrive at another list of it.
struct ListMutation {
    private let words: [String]

    init(_ grammar: GrammarModel) {
        let all = grammar.rules + grammar.commands.flatMap(\.grammar.rules)
        words =
            all.flatMap(\.names) + grammar.commands.map(\.name)
            + [
                "--", "-", "", "-5", "5", "1.5", "a", "in.a", "x=y", "é", "e\u{301}", "\u{7f}", "-ab", "-ao", "1KiB",
                "\0",
            ]
    }

    func mutated(_ list: [String], _ dice: inout Dice) -> [String] {
        var list = list
        for _ in 0..<dice.number(1...2) { change(&list, &dice) }
        return list
    }

    private func change(_ list: inout [String], _ dice: inout Dice) {
        guard !list.isEmpty else { return list.append(dice.pick(words)) }
        let place = dice.number(below: list.count)
        switch dice.number(below: 8) {
        case 0: list.remove(at: place)
        case 1: list.insert(list[place], at: dice.number(0...list.count))
        case 2: list.swapAt(place, dice.number(below: list.count))
        case 3: list.insert(dice.pick(words), at: dice.number(0...list.count))
        case 4: list[place] = dice.pick(words)
        case 5: list[place] += dice.pick(["=", "a", ",", "=a"])
        case 6: if place + 1 < list.count { list[place] += dice.pick(["", "="]) + list.remove(at: place + 1) }
        default: list[place] = edited(list[place], &dice)
        }
    }

    private func edited(_ text: String, _ dice: inout Dice) -> String {
        var scalars = Array(text.unicodeScalars)
        let place = dice.number(0...scalars.count)
        let scalar = dice.pick(["-", "=", "a", "b", "0", "9", ".", ",", "é", "\n", "/"] as [Unicode.Scalar])
        switch dice.number(below: 3) {
        case 0: scalars.insert(scalar, at: place)
        case 1 where place < scalars.count: scalars.remove(at: place)
        default: if place < scalars.count { scalars[place] = scalar }
        }
        return String(String.UnicodeScalarView(scalars))
    }
}
