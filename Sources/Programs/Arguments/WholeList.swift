// What can only be said when all arguments have been looked at.

extension ArgumentMatcher {
    /// Counts, `one_of`, `requires` and `conflicts`.
    mutating func checkWholeList(_ level: Level) {
        check(0, level)
        checkReferences(level)
    }

    /// A rule counts as part of the list where nothing leaves it open: not inside a member of `one_of` that was not
    /// used. That positionals are missing is found where they are divided.
    private mutating func check(_ node: Int, _ level: Level) {
        guard !isHopeless else { return }
        let children = level.grammar.nodes[node].children
        switch level.grammar.nodes[node].kind {
        case .separator: break
        case .rule(let leaf):
            let rule = level.rule(leaf)
            guard !rule.isPositional, level.counts[leaf] < rule.minCount else { return }
            refuseMissing(rule.missing(rule.minCount), level)
        case .allOf: for child in children { check(child, level) }
        case .oneOf(let required):
            let used = children.compactMap { child in
                level.firstUse(level.grammar.nodes[child].leaves).map { (member: child, position: $0) }
            }
            if used.count > 1 { refuseSecond(of: children, used, level) }
            if used.isEmpty, required { refuseMissing("one of \(usages(children, level)) is required", level) }
            for (member, _) in used { check(member, level) }
        }
    }

    private mutating func refuseSecond(of members: [Int], _ used: [(member: Int, position: Int)], _ level: Level) {
        let used = used.sorted { $0.position < $1.position }
        let first = "argument \(used[0].position + 1) is \(quoted(arguments[used[0].position]))"
        refuse("only one of \(usages(members, level)) can be used, and \(first)", at: used[1].position)
    }

    private func usages(_ members: [Int], _ level: Level) -> String {
        shortList(members.map { quoted(level.grammar.usage($0)) })
    }

    /// - Note: In a free order as in a fixed one.
    mutating func checkReferences(_ level: Level) {
        for (leaf, rule) in level.grammar.leaves.enumerated() where level.counts[leaf] > 0 && !isHopeless {
            let name = quoted(rule.names[0])
            for needed in level.grammar.requires[leaf] where level.firstUse(needed.leaves) == nil {
                refuse("\(name) requires \(quoted(needed.name)), which is missing", at: level.firstUses[leaf])
            }
            for other in level.grammar.conflicts[leaf] {
                guard let position = level.firstUse(other.leaves) else { continue }
                refuse(
                    "\(name) and \(quoted(other.name)) cannot be used together",
                    at: max(position, level.firstUses[leaf]))
            }
        }
    }
}
