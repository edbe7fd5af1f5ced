/// Goes along an argument list as far as it is written, and says what may come next.
///
/// The matcher judges whole lists. Here the list is unfinished and may be wrong: what cannot be understood is passed
/// over, and what is offered is what each rule by itself, the groups it is in, and the rules it excludes still allow.
struct CompletionWalk {
    private struct Leaf {
        var rule: ArgumentRule
        var help: String?
        /// The `one_of` around it, from the outside in, and which member of each it belongs to.
        var path: [(group: Int, member: Int)]
        var count = 0
    }

    private let grammar: ArgumentGrammar
    private var leaves: [Leaf] = []
    private var commands: [CommandRule] = []
    private var hasSeparator = false
    /// The member that each `one_of` was decided for, by group.
    private var chosen: [Int?] = []
    /// The option whose value comes next.
    private var pending: Int?
    private var onlyPositionals = false
    /// Positional rules before this one have had their turn; with a fixed order, all rules.
    private var turn = 0

    init(_ grammar: ArgumentGrammar) {
        self.grammar = grammar
        for item in grammar.items { add(item, path: [], help: nil) }
    }

    private mutating func add(_ item: ArgumentItem, path: [(group: Int, member: Int)], help: String?) {
        switch item {
        case .rule(let rule): leaves.append(Leaf(rule: rule, help: rule.help ?? help, path: path))
        case .oneOf(let members, _, let help):
            let group = chosen.count
            chosen.append(nil)
            for (number, member) in members.enumerated() { add(member, path: path + [(group, number)], help: help) }
        case .allOf(let members, let help): for member in members { add(member, path: path, help: help) }
        case .command(let command): commands.append(command)
        case .separator: hasSeparator = true
        }
    }

    // MARK: What is written

    /// Takes the next argument; answers the command that it names, behind which another grammar holds.
    mutating func read(_ text: String) -> CommandRule? {
        if pending != nil {
            pending = nil
        } else if !onlyPositionals, text == "--", hasSeparator {
            onlyPositionals = true
        } else if !onlyPositionals, readOption(text) {
            return nil
        } else if !commands.isEmpty, !onlyPositionals {
            return commands.first { isSame($0.name, text) }
        } else if let leaf = leaves.indices.first(where: { $0 >= turn && takes($0, text) }) {
            use(leaf)
            turn = leaf
        }
        return nil
    }

    private mutating func use(_ leaf: Int) {
        leaves[leaf].count += 1
        for (group, member) in leaves[leaf].path where chosen[group] == nil { chosen[group] = member }
        if grammar.order == .fixed { turn = max(turn, leaf) }
    }

    private mutating func readOption(_ text: String) -> Bool {
        if let leaf = leaf(named: text) {
            use(leaf)
            if case .option(_, _, let forms) = leaves[leaf].rule.kind, forms.contains(.separate) { pending = leaf }
            return true
        }
        if let (leaf, _) = inlineValue(text) {
            use(leaf)
            return true
        }
        return grammar.clusters && readCluster(text)
    }

    private mutating func readCluster(_ text: String) -> Bool {
        let letters = text.unicodeScalars.dropFirst()
        guard text.utf8.first == UInt8(ascii: "-"), letters.count > 1 else { return false }
        let hits = letters.map { leaf(named: "-\($0)") }
        guard hits.allSatisfy({ $0 != nil }) else { return false }
        for case let leaf? in hits {
            use(leaf)
            if case .option = leaves[leaf].rule.kind { pending = leaf }
        }
        return true
    }

    /// The flag or option of this name: with a fixed order, the next one.
    private func leaf(named text: String) -> Int? {
        let hits = leaves.indices.filter { leaf in
            !leaves[leaf].rule.isPositional && leaves[leaf].rule.names.contains { isSame($0, text) }
        }
        return hits.first { $0 >= turn || grammar.order == .free } ?? hits.first
    }

    /// The option with a value in the same word, and what stands before the value.
    private func inlineValue(_ text: String) -> (leaf: Int, prefix: String)? {
        var best: (leaf: Int, prefix: String)?
        for (number, leaf) in leaves.enumerated() {
            let heads = leaf.rule.names(taking: .equals).map { "\($0)=" } + leaf.rule.names(taking: .attached)
            for head in heads where text.utf8.starts(with: head.utf8) {
                if head.utf8.count > best?.prefix.utf8.count ?? -1 { best = (number, head) }
            }
        }
        return best
    }

    private func takes(_ leaf: Int, _ text: String) -> Bool {
        guard leaves[leaf].rule.isPositional, isAllowed(leaf) else { return false }
        switch leaves[leaf].rule.kind {
        case .literal(let literal): return isSame(literal, text)
        case .positional(_, let value):
            var files: [NamedFile] = []
            return value.reasonToRefuse(text, files: &files) == nil
        case .flag, .option: return false
        }
    }

    // MARK: What may come

    private func isAllowed(_ leaf: Int) -> Bool {
        let one = leaves[leaf]
        guard one.count < one.rule.maxCount else { return false }
        guard one.path.allSatisfy({ chosen[$0.group] == nil || chosen[$0.group] == $0.member }) else { return false }
        return !leaves.contains { other in
            other.count > 0
                && (excludes(other.rule, one.rule) || excludes(one.rule, other.rule))
        }
    }

    private func excludes(_ one: ArgumentRule, _ other: ArgumentRule) -> Bool {
        one.conflicts.contains { name in other.names.contains { isSame($0, name) } }
    }

    /// The rules that the next argument may belong to. One that is required holds back those behind it.
    private var open: [Int] {
        var open: [Int] = []
        var isHeldBack = false
        for leaf in leaves.indices where isAllowed(leaf) {
            let one = leaves[leaf]
            if !one.rule.isPositional, grammar.order == .free {
                open.append(leaf)
            } else if leaf >= turn, !isHeldBack {
                open.append(leaf)
                isHeldBack = one.path.isEmpty && one.count < one.rule.minCount
            }
        }
        return open
    }

    /// Those that begin otherwise than `word` are among them.
    func candidates(for word: String, _ values: CompletionValues) -> [CompletionCandidate] {
        if let pending, let value = leaves[pending].rule.value { return values.candidates(of: value, typed: word) }
        var found: [CompletionCandidate] = []
        for leaf in open where !onlyPositionals || leaves[leaf].rule.isPositional {
            found += candidates(of: leaf, for: word, values)
        }
        if onlyPositionals { return found }
        if let (leaf, prefix) = inlineValue(word), isAllowed(leaf), let value = leaves[leaf].rule.value {
            let typed = String(decoding: word.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
            found += values.candidates(of: value, typed: typed, prefix: prefix)
        }
        found += commands.map { CompletionCandidate($0.name, help: $0.help) }
        if hasSeparator { found.append(CompletionCandidate("--", help: "what stands behind it is no option")) }
        return found
    }

    private func candidates(of leaf: Int, for word: String, _ values: CompletionValues) -> [CompletionCandidate] {
        let help = leaves[leaf].help
        switch leaves[leaf].rule.kind {
        case .flag(let names): return names.map { CompletionCandidate($0, help: help) }
        case .literal(let text): return [CompletionCandidate(text, help: help)]
        case .positional(_, let value): return values.candidates(of: value, typed: word)
        case .option(let names, let value, let forms):
            let help = help ?? value.summary
            if forms.contains(.separate) { return names.map { CompletionCandidate($0, help: help) } }
            let rule = leaves[leaf].rule
            let heads = rule.names(taking: .equals).map { "\($0)=" } + rule.names(taking: .attached)
            return heads.map { CompletionCandidate($0, help: help, isOpen: true) }
        }
    }
}
