/// The state of matching one list of rules: the program's own or that of a command.
struct Level {
    let grammar: GrammarIndex
    /// Where the list ends: behind the last argument, or at the name of a command.
    var end: Int
    /// How often each rule was used, and where first.
    private(set) var counts: [Int]
    private(set) var firstUses: [Int]
    /// In a free order: positions of the arguments that are neither flags nor options.
    var positionals: [Int] = []
    /// Where `--` stands, if it does.
    var separator: Int?

    init(grammar: GrammarIndex, end: Int) {
        self.grammar = grammar
        self.end = end
        counts = Array(repeating: 0, count: grammar.leaves.count)
        firstUses = Array(repeating: .max, count: grammar.leaves.count)
    }

    func rule(_ leaf: Int) -> ArgumentRule { grammar.leaves[leaf] }

    /// Whether an argument looks like an option, and no `--` in front of it says that it is none.
    func isDashed(_ text: String, at position: Int) -> Bool {
        looksLikeOption(text) && position < separator ?? .max
    }

    mutating func use(_ leaf: Int, at position: Int) {
        counts[leaf] += 1
        firstUses[leaf] = min(firstUses[leaf], position)
    }

    func isUsed(_ leaves: Range<Int>) -> Bool { counts[leaves].contains { $0 > 0 } }

    /// Where any of these rules was used first, or `nil` if none was.
    func firstUse(_ leaves: some Sequence<Int>) -> Int? {
        leaves.lazy.map { firstUses[$0] }.min().flatMap { $0 == .max ? nil : $0 }
    }

    /// `accepted here: --model FILE, --min, …`
    var accepted: String {
        let usages =
            grammar.leaves.map(\.usage) + (grammar.hasSeparator ? ["--"] : []) + grammar.commands.map(\.name)
        return "accepted here: " + (usages.isEmpty ? "no arguments" : shortList(usages))
    }
}

extension GrammarIndex {
    /// How a rule or what is composed of rules is written: `-f FILE`, `(-a, -b)`, `-c …`.
    func usage(_ node: Int) -> String {
        let children = nodes[node].children
        switch nodes[node].kind {
        case .rule(let leaf): return leaves[leaf].usage
        case .oneOf: return "(" + shortList(children.map(usage)) + ")"
        case .allOf: return usage(mark(of: children)) + (children.count > 1 ? " …" : "")
        case .separator: return "--"
        }
    }

    /// What a reader knows an `all_of` by: its first required rule, otherwise its first one.
    private func mark(of parts: [Int]) -> Int { parts.first { !isOptional($0) } ?? parts[0] }

    private func isOptional(_ node: Int) -> Bool {
        switch nodes[node].kind {
        case .rule(let leaf): leaves[leaf].minCount == 0
        case .oneOf(let required): !required
        case .allOf: false
        case .separator: true
        }
    }
}
