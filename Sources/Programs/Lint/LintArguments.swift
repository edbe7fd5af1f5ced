/// The rules of one argument list with their places, and what the use of one means for the others.
struct PlacedRules {
    struct Placed {
        var keyPath: String
        var rule: ArgumentRule
        /// The `one_of`s around it, outermost first, and which member of each it is in.
        var choices: [(group: Int, member: Int)]
        /// The `all_of`s around it.
        var bundles: [Int]

        /// Every argument list must use it.
        var isAlwaysUsed: Bool { choices.isEmpty && rule.minCount > 0 }
        var name: String { quoted(rule.names.first ?? "") }
    }

    private(set) var all: [Placed] = []
    private var groups = 0
    private var bundles = 0
    private var byName: [ExactText: [Int]] = [:]
    /// What an `all_of` brings with it when any of it is used.
    private var companions: [Int: [Int]] = [:]

    init(_ grammar: ArgumentGrammar, at keyPath: String) {
        for (number, item) in grammar.items.enumerated() {
            add(item, at: "\(keyPath)[\(number)]", choices: [], bundles: [])
        }
        for (number, placed) in all.enumerated() {
            for name in placed.rule.names { byName[ExactText(name), default: []].append(number) }
        }
    }

    private mutating func add(
        _ item: ArgumentItem, at keyPath: String, choices: [(group: Int, member: Int)], bundles around: [Int]
    ) {
        switch item {
        case .rule(let rule):
            all.append(Placed(keyPath: keyPath, rule: rule, choices: choices, bundles: around))
        case .oneOf(let members, _, _):
            groups += 1
            let group = groups
            for (number, member) in members.enumerated() {
                add(member, at: "\(keyPath).one_of[\(number)]", choices: choices + [(group, number)], bundles: around)
            }
        case .allOf(let members, _):
            bundles += 1
            let bundle = bundles
            for (number, member) in members.enumerated() {
                if case .rule(let rule) = member, rule.minCount > 0 {
                    companions[bundle, default: []].append(all.count)
                }
                add(member, at: "\(keyPath).all_of[\(number)]", choices: choices, bundles: around + [bundle])
            }
        case .command, .separator: break
        }
    }

    // MARK: What belongs together

    /// Everything that is used when these are: they, what they require, and what their `all_of` requires.
    func implied(by first: [Int]) -> Set<Int> {
        var found = Set<Int>()
        var pending = first
        while let next = pending.popLast() {
            guard found.insert(next).inserted else { continue }
            let placed = all[next]
            // A literal may stand in several places; which of them is meant is then open.
            for name in placed.rule.requires {
                if let rules = byName[ExactText(name)], rules.count == 1 { pending += rules }
            }
            for bundle in placed.bundles { pending += companions[bundle] ?? [] }
        }
        return found
    }

    /// Two of these rules that exclude each other.
    func contradiction(among used: Set<Int>) -> (Int, Int)? {
        var memberOfGroup: [Int: (member: Int, rule: Int)] = [:]
        for number in used.sorted() {
            for name in all[number].rule.conflicts {
                if let other = byName[ExactText(name)]?.first(where: used.contains) { return (number, other) }
            }
            for choice in all[number].choices {
                let known = memberOfGroup[choice.group]
                if let known, known.member != choice.member { return (known.rule, number) }
                memberOfGroup[choice.group] = (choice.member, number)
            }
        }
        return nil
    }
}

extension Lint {
    mutating func lintArguments(_ grammar: ArgumentGrammar, at keyPath: String) {
        let rules = PlacedRules(grammar, at: keyPath)
        lintContradictions(rules, at: keyPath)
        let hasSeparator = grammar.items.contains { if case .separator = $0 { true } else { false } }
        for placed in rules.all {
            lintValue(of: placed)
            if grammar.order == .free { lintReach(of: placed, in: grammar, hasSeparator: hasSeparator) }
        }
        if grammar.order == .free { lintHiddenLiterals(grammar, at: keyPath) }
        for case (let number, .command(let command)) in grammar.items.enumerated() {
            lintArguments(command.arguments, at: "\(keyPath)[\(number)].arguments")
        }
    }

    // MARK: Rules that exclude what they need

    private mutating func lintContradictions(_ rules: PlacedRules, at keyPath: String) {
        let always = rules.implied(by: rules.all.indices.filter { rules.all[$0].isAlwaysUsed })
        if let (one, other) = rules.contradiction(among: always) {
            let names = "\(rules.all[one].name) and \(rules.all[other].name)"
            warn(
                rules.all[one].keyPath,
                "no argument list is ever accepted: \(names) are always required and exclude each other; make one of them optional"
            )
            return
        }
        for number in rules.all.indices where !always.contains(number) {
            let used = rules.implied(by: Array(always) + [number])
            guard let pair = rules.contradiction(among: used) else { continue }
            warn(rules.all[number].keyPath, neverUsed(number, pair, rules, always))
        }
    }

    private func neverUsed(_ number: Int, _ pair: (Int, Int), _ rules: PlacedRules, _ always: Set<Int>) -> String {
        let placed = rules.all[number]
        guard pair.0 == number || pair.1 == number else {
            let names = "\(rules.all[pair.0].name) and \(rules.all[pair.1].name)"
            return "\(placed.name) can never be used: with it \(names) are needed, which exclude each other"
        }
        let other = pair.0 == number ? pair.1 : pair.0
        if other == number { return "\(placed.name) can never be used: it conflicts with itself; remove that" }
        let reason = always.contains(other) ? "is always required" : "it requires"
        return "\(placed.name) can never be used: it excludes \(rules.all[other].name), which \(reason)"
    }

    // MARK: Literals that a positional takes first

    /// The matcher gives as much as possible to the earlier rules, so an optional literal behind a positional without
    /// end that accepts its text is never counted as used.
    private mutating func lintHiddenLiterals(_ grammar: ArgumentGrammar, at keyPath: String) {
        var greedy: ArgumentRule?
        for (number, item) in grammar.items.enumerated() {
            guard case .rule(let rule) = item else {
                greedy = nil
                continue
            }
            switch rule.kind {
            case .flag, .option: continue
            case .positional: greedy = rule.maxCount >= ArgumentMatcher.maxArguments ? rule : nil
            case .literal(let text):
                var files: [NamedFile] = []
                guard rule.minCount == 0, let before = greedy,
                    before.value?.reasonToRefuse(text, files: &files) == nil
                else {
                    greedy = nil
                    continue
                }
                warn(
                    "\(keyPath)[\(number)]",
                    "\(quoted(text)) never counts as given: \(quoted(before.usage)) before it takes every argument, also this text; put the literal first, or limit 'repeat'"
                )
            }
        }
    }
}
