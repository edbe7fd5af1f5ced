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

    func accepts(_ list: [String]) -> Bool {
        guard let reading = OptionReader(grammar).read(list) else { return false }
        guard !grammar.commands.isEmpty else { return selections.contains { fits(reading.uses, $0) } }
        guard let position = reading.command,
            let command = grammar.commands.first(where: { sameBytes($0.name, list[position]) }),
            let inner = ReferenceMatcher(command.grammar)
        else { return false }
        return selections.contains { fits(reading.uses, $0) } && inner.accepts(Array(list[(position + 1)...]))
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

    private func fits(_ uses: [OptionReader.Use], _ selection: Selection) -> Bool {
        if grammar.isFixed { return fixed(uses[...], selection.rules[...], used: [], selection) }
        var counts: [Int: Int] = [:]
        for case .option(let rule, _) in uses { counts[rule, default: 0] += 1 }
        for rule in grammar.rules where !rule.isPositional {
            let count = counts[rule.number] ?? 0
            let isSelected = selection.rules.contains { $0.number == rule.number }
            guard isSelected ? count >= rule.min && count <= rule.max : count == 0 else { return false }
        }
        let texts = uses.compactMap { if case .positional = $0 { $0 } else { nil } }
        return divided(
            texts[...], selection.rules.filter(\.isPositional)[...], used: Set(counts.keys), selection)
    }

    /// Whether the positionals can be divided among the rules in their order, in any way at all.
    private func divided(
        _ texts: ArraySlice<OptionReader.Use>, _ rules: ArraySlice<RuleModel>, used: Set<Int>, _ selection: Selection
    ) -> Bool {
        guard let rule = rules.first else { return texts.isEmpty && isWhole(used, selection) }
        for count in 0...texts.count where count <= rule.max {
            if count > 0, !takes(rule, texts[texts.startIndex + count - 1]) { break }
            guard count >= rule.min else { continue }
            let now = count > 0 ? used.union([rule.number]) : used
            if divided(texts.dropFirst(count), rules.dropFirst(), used: now, selection) { return true }
        }
        return false
    }

    /// The same with flags and options in their places.
    private func fixed(
        _ uses: ArraySlice<OptionReader.Use>, _ rules: ArraySlice<RuleModel>, used: Set<Int>, _ selection: Selection
    ) -> Bool {
        divided(uses, rules, used: used, selection)
    }

    private func takes(_ rule: RuleModel, _ use: OptionReader.Use) -> Bool {
        switch (use, rule.kind) {
        case (.option(let number, _), _): number == rule.number
        case (.positional(let text), .argument(_, let value)): value.accepts(text)
        case (.positional(let text), .literal(let literal)): sameBytes(text, literal)
        case (.positional, _): false
        }
    }

    private func isWhole(_ used: Set<Int>, _ selection: Selection) -> Bool {
        guard selection.needs.allSatisfy({ !used.isDisjoint(with: $0) }) else { return false }
        let names = Set(grammar.rules.filter { used.contains($0.number) }.flatMap(\.names).map { Array($0.utf8) })
        return grammar.rules.filter { used.contains($0.number) }.allSatisfy { rule in
            rule.requires.allSatisfy { names.contains(Array($0.utf8)) }
                && rule.conflicts.allSatisfy { !names.contains(Array($0.utf8)) }
        }
    }
}

func sameBytes(_ a: String, _ b: String) -> Bool { Array(a.utf8) == Array(b.utf8) }
