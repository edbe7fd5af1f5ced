/// Looks at one argument list as a whole: no name twice, no reference to nothing, no rule that hides another.
struct GrammarNames {
    /// The names of positionals before a `one_of`, and those that its members have added.
    struct Choice {
        fileprivate var before: Set<String>
        fileprivate var id: Int
    }

    let order: ArgumentGrammar.Order
    let findings: Findings
    /// Whether a rule could not be read, which may be the one that is referred to.
    var isIncomplete = false
    private(set) var ruleCount = 0
    private var options = Set<String>()
    private var positionals = Set<String>()
    /// Of the members of each open `one_of`.
    private var collected: [Set<String>] = []
    private var commands = Set<String>()
    private var hasSeparator = false
    private var firstPositional: Mark?
    private var references: [(name: String, mark: Mark)] = []

    init(order: ArgumentGrammar.Order, findings: Findings) {
        self.order = order
        self.findings = findings
    }

    mutating func add(_ rule: ArgumentRule, at mark: Mark) {
        ruleCount += 1
        checkNothingBehindCommands(at: mark)
        references += (rule.requires + rule.conflicts).map { ($0, mark) }
        switch rule.kind {
        case .flag(let names), .option(let names, _, _): addOption(names, at: mark)
        case .positional(let name, _):
            if !positionals.insert(name).inserted {
                findings.add(mark, "arguments: \(quoted(name)) is described twice")
            }
            firstPositional = firstPositional ?? mark
        case .literal(let text):
            positionals.insert(text)
            firstPositional = firstPositional ?? mark
        }
        checkCommands(at: mark)
    }

    /// In a free order nothing but its name says which rule a flag belongs to; in a fixed order its place does.
    private mutating func addOption(_ names: [String], at mark: Mark) {
        for name in names where !options.insert(name).inserted && order == .free {
            let cure = collected.isEmpty ? "" : "; what members of a one_of share stands once, beside the one_of"
            findings.add(mark, "arguments: \(quoted(name)) is described twice\(cure)")
        }
    }

    mutating func addSeparator(at mark: Mark) {
        if hasSeparator { findings.add(mark, "separator: described twice") }
        hasSeparator = true
        checkNothingBehindCommands(at: mark)
        checkCommands(at: mark)
    }

    mutating func addCommand(_ name: String, at mark: Mark) {
        if !commands.insert(name).inserted {
            findings.add(mark, "command: \(quoted(name)) is described twice")
        }
        checkCommands(at: mark)
    }

    /// A command takes everything behind it, so positionals beside commands could never be told from them.
    private mutating func checkCommands(at mark: Mark) {
        guard !commands.isEmpty, firstPositional != nil || hasSeparator else { return }
        findings.add(
            mark, "arguments: positionals, literals and a separator cannot stand beside commands; put them inside")
        firstPositional = nil
        hasSeparator = false
    }

    private func checkNothingBehindCommands(at mark: Mark) {
        guard order == .fixed, !commands.isEmpty else { return }
        findings.add(mark, "arguments: with order: fixed, commands stand last; nothing behind them could ever match")
    }

    // MARK: Choices

    /// Only one member of a choice is used, so its members may call their positionals alike.
    mutating func openChoice() -> Choice {
        collected.append([])
        return Choice(before: positionals, id: collected.count - 1)
    }

    mutating func closeMember(_ choice: Choice) {
        collected[choice.id].formUnion(positionals)
        positionals = choice.before
    }

    mutating func closeChoice(_ choice: Choice) {
        positionals.formUnion(collected.removeLast())
    }

    // MARK: References

    func checkReferences() {
        guard !isIncomplete else { return }
        let names = options.union(positionals)
        for reference in references where !names.contains(reference.name) {
            let hint = suggestion(for: reference.name, among: names.sorted())
            findings.add(reference.mark, "arguments: no rule of this list is called \(quoted(reference.name))\(hint)")
        }
    }
}
