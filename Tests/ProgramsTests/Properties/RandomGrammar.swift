/// Makes grammars over the whole language of `arguments`.
struct RandomGrammar {
    private var dice: Dice
    private var number = 0
    /// Names in use, so that none is used twice in one list.
    private var taken: Set<String> = []
    private let isCommand: Bool

    private init(_ dice: Dice, isCommand: Bool) {
        self.dice = dice
        self.isCommand = isCommand
    }

    static func make(_ dice: inout Dice, isCommand: Bool = false) -> GrammarModel {
        var maker = RandomGrammar(dice, isCommand: isCommand)
        let grammar = maker.grammar()
        dice = maker.dice
        return grammar
    }

    private mutating func grammar() -> GrammarModel {
        let mode = dice.number(below: 4)
        var grammar = GrammarModel(items: [], isFixed: mode == 1, clusters: mode == 2)
        let hasCommands = !isCommand && dice.once(in: 6)
        for _ in 0..<dice.number(0...4) { grammar.items.append(item(depth: 2, withoutPositionals: hasCommands)) }
        addRelations(&grammar)
        if hasCommands {
            for name in ["run", "list"].prefix(dice.number(1...2)) {
                grammar.items.append(.command(name, Self.make(&dice, isCommand: true)))
            }
        } else if dice.once(in: 4) {
            grammar.items.insert(.separator, at: dice.number(0...grammar.items.count))
        }
        return grammar
    }

    private mutating func item(depth: Int, withoutPositionals: Bool) -> ItemModel {
        guard depth > 0, dice.once(in: 3) else { return .rule(rule(withoutPositionals)) }
        let members = (0..<dice.number(1...3)).map { _ -> ItemModel in
            guard dice.once(in: 3) else { return .rule(rule(withoutPositionals)) }
            let parts = (0..<dice.number(1...3)).map { _ in
                item(depth: depth - 1, withoutPositionals: withoutPositionals)
            }
            return .allOf(parts)
        }
        return .oneOf(members, required: !dice.once(in: 2))
    }

    // MARK: Rules

    private mutating func rule(_ withoutPositionals: Bool) -> RuleModel {
        let kind: RuleModel.Kind
        switch dice.number(below: withoutPositionals ? 5 : 8) {
        case 0, 1: kind = .flag(optionNames())
        case 2, 3, 4: kind = option()
        case 5, 6: kind = .argument(newName(["A", "B", "C", "D", "E", "F"]), .random(&dice))
        default: kind = .literal(newName(["a", "fast", "-l", "5", "x=y", "in.a"]))
        }
        let isPositional = if case .argument = kind { true } else if case .literal = kind { true } else { false }
        let (counts, min, max) = counts(byDefault: isPositional ? 1 : 0)
        defer { number += 1 }
        return RuleModel(number: number, kind: kind, min: min, max: max, counts: counts)
    }

    private mutating func option() -> RuleModel.Kind {
        if dice.once(in: 8) {
            let name = newName(["if", "of", "bs"])
            let form: RuleModel.Form = dice.once(in: 3) ? .attached : .equals
            return .option([name], .random(&dice), forms: [form], isFormWritten: true)
        }
        let names = optionNames()
        if dice.once(in: 2) {
            let isLong = names.contains { $0.hasPrefix("--") }
            return .option(
                names, .random(&dice), forms: isLong ? [.separate, .equals] : [.separate], isFormWritten: false)
        }
        let forms = dice.pick(
            [[.separate], [.equals], [.attached], [.separate, .attached], [.separate, .equals, .attached]]
                as [Set<RuleModel.Form>])
        return .option(names, .random(&dice), forms: forms, isFormWritten: true)
    }

    private mutating func optionNames() -> [String] {
        (0..<(dice.once(in: 4) ? 2 : 1)).map { _ in
            newName(["-a", "-b", "-c", "-o", "-x", "--all", "--out", "-ab", "-O2", "+w", "-o-", "--a", "-lm"])
        }
    }

    private mutating func newName(_ names: [String]) -> String {
        let free = names.filter { !taken.contains($0) }
        let name = free.isEmpty ? "\(names[0])\(taken.count)" : dice.pick(free)
        taken.insert(name)
        return name
    }

    private mutating func counts(byDefault least: Int) -> (String, Int, Int) {
        let low = dice.number(0...2), high = Swift.max(1, low + dice.number(0...2))
        return dice.pick([
            ("", least, 1), ("", least, 1), ("required: true", 1, 1), ("required: false", 0, 1),
            ("repeat: \(high)", least, high), ("required: true, repeat: \(high)", 1, high),
            ("required: false, repeat: \(high)", 0, high), ("repeat: {min: \(low), max: \(high)}", low, high),
            ("repeat: {max: \(high)}", least, high),
        ])
    }

    // MARK: Relations

    private mutating func addRelations(_ grammar: inout GrammarModel) {
        let names = grammar.rules.flatMap(\.names)
        guard names.count > 1 else { return }
        grammar.items = grammar.items.map { relating($0, names) }
    }

    private mutating func relating(_ item: ItemModel, _ names: [String]) -> ItemModel {
        switch item {
        case .rule(var rule):
            let others = names.filter { !rule.names.contains($0) }
            if !others.isEmpty, dice.once(in: 10) { rule.requires = [dice.pick(others)] }
            if !others.isEmpty, dice.once(in: 10) { rule.conflicts = [dice.pick(others)] }
            return .rule(rule)
        case .oneOf(let members, let required): return .oneOf(members.map { relating($0, names) }, required: required)
        case .allOf(let parts): return .allOf(parts.map { relating($0, names) })
        case .command, .separator: return item
        }
    }
}
