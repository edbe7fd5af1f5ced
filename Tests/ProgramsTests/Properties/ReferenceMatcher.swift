// A second opinion about argument lists, written from the text of docs/program-file.md: it tries every choice of every
// `one_of` and every division of the positionals, one after the other. Slow, and nothing of the module under test is
// used.

struct ReferenceMatcher {
    let grammar: GrammarModel
    private let selections: [Selection]

    /// One way to decide every `one_of`: which rules may be used, and of which sets at least one must be.
    struct Selection {
        var rules: [RuleModel] = []
        var needs: [[Int]] = []
    }

    /// More ways than this are not tried: `nil`.
    private static let maxSelections = 64

    init?(_ grammar: GrammarModel) {
        self.grammar = grammar
        selections = Self.selections(of: grammar.items)
        for command in grammar.commands where ReferenceMatcher(command.grammar) == nil { return nil }
        if selections.count > Self.maxSelections { return nil }
    }

    /// What the divisions of a list among the rules come to.
    struct Verdict {
        /// Some division keeps every `requires` and `conflicts`.
        var holds = false
        /// Some division is right but for `requires` or `conflicts`. Where both are true, the page leaves open which
        /// division counts, and either answer is right.
        var fails = false
    }

    func accepts(_ list: [String]) -> Bool { verdict(list).holds }

    func verdict(_ list: [String]) -> Verdict {
        guard let reading = OptionReader(grammar).read(list) else { return Verdict() }
        let outer = verdict(reading.uses)
        guard !grammar.commands.isEmpty else { return outer }
        guard let position = reading.command,
            let command = grammar.commands.first(where: { sameBytes($0.name, list[position]) }),
            let inner = ReferenceMatcher(command.grammar)?.verdict(Array(list[(position + 1)...]))
        else { return Verdict() }
        let isDivided = (outer.holds || outer.fails) && (inner.holds || inner.fails)
        return Verdict(holds: outer.holds && inner.holds, fails: isDivided && (outer.fails || inner.fails))
    }

    private func verdict(_ uses: [OptionReader.Use]) -> Verdict {
        Verdict(
            holds: selections.contains { fits(uses, $0, relationsHold: true) },
            fails: selections.contains { fits(uses, $0, relationsHold: false) })
    }

    // MARK: Every choice

    private static func selections(of items: [ItemModel]) -> [Selection] {
        items.reduce([Selection()]) { before, item in
            guard before.count <= maxSelections else { return before }
            let choices = choices(of: item)
            return before.flatMap { one in
                choices.map { Selection(rules: one.rules + $0.rules, needs: one.needs + $0.needs) }
            }
        }
    }

    private static func choices(of item: ItemModel) -> [Selection] {
        switch item {
        case .rule(let rule): return [Selection(rules: [rule])]
        case .oneOf(let members, let required):
            // The member that is chosen is used.
            let used = members.flatMap(choices).map { choice in
                Selection(rules: choice.rules, needs: choice.needs + [choice.rules.map(\.number)])
            }
            return required ? used : used + [Selection()]
        case .allOf(let parts): return selections(of: parts)
        case .command, .separator: return [Selection()]
        }
    }

    // MARK: One choice

    private func fits(_ uses: [OptionReader.Use], _ selection: Selection, relationsHold: Bool) -> Bool {
        let isRight = { (used: Set<Int>) in isWhole(used, selection) && self.relationsHold(used) == relationsHold }
        if grammar.isFixed { return fixed(uses, selection.rules, then: isRight) }
        var counts: [Int: Int] = [:]
        for case .option(let rule, _) in uses { counts[rule, default: 0] += 1 }
        for rule in grammar.rules where !rule.isPositional {
            let count = counts[rule.number] ?? 0
            let isSelected = selection.rules.contains { $0.number == rule.number }
            guard isSelected ? count >= rule.min && count <= rule.max : count == 0 else { return false }
        }
        let texts = uses.compactMap { if case .positional = $0 { $0 } else { nil } }
        return divided(
            texts[...], selection.rules.filter(\.isPositional)[...], used: Set(counts.keys), then: isRight)
    }

    /// Whether the positionals can be divided among the rules in their order, in any way at all.
    private func divided(
        _ texts: ArraySlice<OptionReader.Use>, _ rules: ArraySlice<RuleModel>, used: Set<Int>,
        then isRight: (Set<Int>) -> Bool
    ) -> Bool {
        guard let rule = rules.first else {
            return texts.isEmpty && isRight(used)
        }
        for count in 0...texts.count where count <= rule.max {
            if count > 0, !takes(rule, texts[texts.startIndex + count - 1]) { break }
            guard count >= rule.min else { continue }
            let now = count > 0 ? used.union([rule.number]) : used
            if divided(texts.dropFirst(count), rules.dropFirst(), used: now, then: isRight) { return true }
        }
        return false
    }

    /// The same with flags and options in their places, and the separator in its own.
    private func fixed(
        _ uses: [OptionReader.Use], _ rules: [RuleModel], then isRight: (Set<Int>) -> Bool
    ) -> Bool {
        let separator = uses.firstIndex { if case .separator = $0 { true } else { false } }
        guard let separator else { return divided(uses[...], rules[...], used: [], then: isRight) }
        let rulesBefore = grammar.items.prefix { if case .separator = $0 { false } else { true } }.flatMap(\.rules)
        let numbers = Set(rulesBefore.map(\.number))
        let before = rules.filter { numbers.contains($0.number) }
        let behind = rules.filter { !numbers.contains($0.number) }
        return divided(uses[..<separator], before[...], used: []) { used in
            divided(uses[(separator + 1)...], behind[...], used: used, then: isRight)
        }
    }

    private func takes(_ rule: RuleModel, _ use: OptionReader.Use) -> Bool {
        switch (use, rule.kind) {
        case (.option(let number, _), _): number == rule.number
        case (.positional(let text, let isDashed), .argument(_, let value)):
            value.accepts(text) && (!isDashed || value.namesWhatItTakes)
        case (.positional(let text, _), .literal(let literal)): sameBytes(text, literal)
        case (.positional, _), (.separator, _): false
        }
    }

    private func isWhole(_ used: Set<Int>, _ selection: Selection) -> Bool {
        selection.needs.allSatisfy { !used.isDisjoint(with: $0) }
    }

    private func relationsHold(_ used: Set<Int>) -> Bool {
        let rules = grammar.rules.filter { used.contains($0.number) }
        let names = Set(rules.flatMap(\.names).map { Array($0.utf8) })
        return rules.allSatisfy { rule in
            rule.requires.allSatisfy { names.contains(Array($0.utf8)) }
                && rule.conflicts.allSatisfy { !names.contains(Array($0.utf8)) }
        }
    }
}

extension ValueModel {
    /// Whether a text with a dash in front can be one of its values without looking like an option.
    var namesWhatItTakes: Bool {
        switch self {
        case .choice, .integer, .decimal: true
        default: false
        }
    }
}

func sameBytes(_ a: String, _ b: String) -> Bool { Array(a.utf8) == Array(b.utf8) }
