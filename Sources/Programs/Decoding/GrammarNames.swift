/// Looks at one argument list as a whole: no name twice, no reference to nothing, no rule that hides another.
struct GrammarNames {
    let findings: Findings
    private var options = Set<String>()
    private var positionals = Set<String>()
    private var commands = Set<String>()
    private var hasSeparator = false
    private var firstPositional: Mark?
    private var references: [(name: String, mark: Mark)] = []

    init(findings: Findings) { self.findings = findings }

    mutating func add(_ item: ArgumentItem, at mark: Mark) {
        switch item {
        case .rule(let rule): add(rule, at: mark)
        case .oneOf(let members, _, _), .allOf(let members, _): for member in members { add(member, at: mark) }
        case .command(let command):
            if !commands.insert(command.name).inserted {
                findings.add(mark, "command: \(quoted(command.name)) is described twice")
            }
        case .separator:
            if hasSeparator { findings.add(mark, "separator: described twice") }
            hasSeparator = true
        }
        checkCommands(at: mark)
    }

    private mutating func add(_ rule: ArgumentRule, at mark: Mark) {
        references += (rule.requires + rule.conflicts).map { ($0, mark) }
        switch rule.kind {
        case .flag(let names), .option(let names, _, _):
            for name in names where !options.insert(name).inserted {
                findings.add(mark, "arguments: \(quoted(name)) is described twice")
            }
        case .positional(let name, _):
            if !positionals.insert(name).inserted {
                findings.add(mark, "arguments: \(quoted(name)) is described twice")
            }
            firstPositional = firstPositional ?? mark
        case .literal(let text):
            positionals.insert(text)
            firstPositional = firstPositional ?? mark
        }
    }

    /// A command takes everything behind it, so positionals beside commands could never be told from them.
    private mutating func checkCommands(at mark: Mark) {
        guard !commands.isEmpty, firstPositional != nil || hasSeparator else { return }
        findings.add(
            mark, "arguments: positionals, literals and a separator cannot stand beside commands; put them inside")
        firstPositional = nil
        hasSeparator = false
    }

    func checkReferences() {
        let names = options.union(positionals)
        for reference in references where !names.contains(reference.name) {
            let hint = suggestion(for: reference.name, among: names.sorted())
            findings.add(reference.mark, "arguments: no rule of this list is called \(quoted(reference.name))\(hint)")
        }
    }
}
