/// In a free order: divides the positional arguments among the positional rules, when the flags and options have been
/// taken out. A flag that was used decides for its member of `one_of`, and then the other members take nothing.
struct PositionalMatch: Taking {
    let level: Level
    let arguments: [String]
    let files: RequestedFiles

    private var count: Int { level.positionals.count }
    private var grammar: GrammarIndex { level.grammar }

    struct Outcome {
        /// Position in the argument list, and the rule that takes it.
        var assigned: [(position: Int, leaf: Int)] = []
        /// Positions that no rule takes.
        var left: [Int] = []
        /// Sentences about what is not there.
        var missing: [String] = []
    }

    /// A division in which every rule is satisfied, or `nil` if there is none.
    func solve() -> Outcome? {
        Division(grammar, count: count, taker: self).takes(endingAt: count).map { takes in
            Outcome(assigned: takes.map { (level.positionals[$0.place], $0.leaf) })
        }
    }

    // MARK: Taking

    func hasPlace(_ leaf: Int) -> Bool { level.rule(leaf).isPositional }

    func isUsed(_ leaves: Range<Int>) -> Bool { level.isUsed(leaves) }

    func isSeparator(at place: Int) -> Bool { false }

    func length(of leaf: Int, at place: Int, behindSeparator: Bool) -> Int {
        place < count && accepts(leaf, place) ? 1 : 0
    }

    private func accepts(_ leaf: Int, _ place: Int) -> Bool {
        let position = level.positionals[place]
        let text = arguments[position]
        switch level.grammar.leaves[leaf].kind {
        case .literal(let literal): return isSame(literal, text)
        case .positional(_, let value):
            // That one rule names it does not make it a free text for another.
            if level.isDashed(text, at: position), !value.namesDashed(text) { return false }
            var named: [NamedFile] = []
            return value.reasonToRefuse(text, files: &named) == nil && !named.contains(where: files.isMissing)
        case .flag, .option: return false
        }
    }

    // MARK: When there is no division

    /// The division by counts alone that a reader would make: each rule takes what it may, leaving the later ones
    /// what they must have. Checking its values then gives the reasons for the refusal.
    func bestEffort() -> Outcome {
        var outcome = Outcome()
        divide(0, later: 0, &outcome)
        outcome.left = (outcome.assigned.count..<count).map { level.positionals[$0] }
        return outcome
    }

    private func divide(_ node: Int, later: Int, _ outcome: inout Outcome) {
        let children = grammar.nodes[node].children
        switch grammar.nodes[node].kind {
        case .rule(let leaf): if hasPlace(leaf) { share(leaf, later: later, &outcome) }
        case .separator: break
        case .allOf:
            var behind = children.reduce(0) { $0 + minimum($1) }
            for child in children {
                behind -= minimum(child)
                divide(child, later: later + behind, &outcome)
            }
        case .oneOf:
            let used = children.filter { isUsed(grammar.nodes[$0].leaves) }
            for member in used { divide(member, later: later, &outcome) }
            if used.isEmpty { chooseMember(children, later: later, &outcome) }
        }
    }

    /// The first member that accepts what comes next, otherwise the first that accepts anything. That a member is
    /// not complete is only said of one that has got something.
    private func chooseMember(_ members: [Int], later: Int, _ outcome: inout Outcome) {
        let next = outcome.assigned.count
        let candidates = members.compactMap { member in firstPlace(member).map { (member, leaf: $0) } }
        let chosen = candidates.first { next < count && accepts($0.leaf, next) } ?? candidates.first
        guard let chosen else { return }
        var attempt = outcome
        divide(chosen.0, later: later, &attempt)
        if attempt.assigned.count > next { outcome = attempt }
    }

    private func firstPlace(_ member: Int) -> Int? { grammar.nodes[member].leaves.first(where: hasPlace) }

    private func share(_ leaf: Int, later: Int, _ outcome: inout Outcome) {
        let rule = level.rule(leaf)
        let next = outcome.assigned.count
        let taken = max(0, min(rule.maxCount, count - next - later))
        let share = min(max(taken, rule.minCount), count - next)
        outcome.assigned += (next..<(next + share)).map { (level.positionals[$0], leaf) }
        if share < rule.minCount { outcome.missing.append(rule.missing(rule.minCount)) }
    }

    /// The fewest positionals that a node takes.
    private func minimum(_ node: Int) -> Int {
        let children = grammar.nodes[node].children
        switch grammar.nodes[node].kind {
        case .rule(let leaf): return hasPlace(leaf) ? level.rule(leaf).minCount : 0
        case .separator: return 0
        case .allOf: return children.reduce(0) { $0 + minimum($1) }
        case .oneOf(let required):
            let used = children.filter { isUsed(grammar.nodes[$0].leaves) }
            if !used.isEmpty { return used.reduce(0) { $0 + minimum($1) } }
            return required ? children.filter { firstPlace($0) != nil }.map { max(1, minimum($0)) }.min() ?? 0 : 0
        }
    }
}

extension ArgumentRule {
    /// `'MODEL' (the name of an input file) is required`
    func missing(_ least: Int) -> String {
        let accepted = isPositional ? value.map { " (\($0.summary))" } ?? "" : ""
        let often = least == 1 ? "" : " \(least) times"
        return "\(quoted(usage))\(accepted) is required\(often)"
    }
}
