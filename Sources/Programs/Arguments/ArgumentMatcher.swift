/// Matches one argument list against a grammar and collects everything that is wrong with it.
///
/// `FreeOrder.swift` takes the flags and options out, in whatever order they stand; what remains are the positionals,
/// which `PositionalMatch` divides among their rules. `FixedOrder.swift` divides all arguments among all rules at
/// once. What concerns the whole list (counts, `one_of`, `requires`, `conflicts`) is in `WholeList.swift`.
struct ArgumentMatcher {
    /// Most arguments of one request, and most bytes in all of them: what `execve` takes with an 8 MiB stack, less
    /// room for the environment.
    static let maxArguments = 20_000
    static let maxTotalBytes = 1_500_000

    let arguments: [String]
    private(set) var files: RequestedFiles
    private var found: [Violation] = []

    init(arguments: [String], inputs: [String], inputsMayFollow: Bool = false) {
        self.arguments = arguments
        files = RequestedFiles(inputs: inputs, mayFollow: inputsMayFollow)
    }

    /// In the order of the arguments.
    var violations: [Violation] {
        let order = found.indices.sorted { (found[$0].position ?? 0, $0) < (found[$1].position ?? 0, $1) }
        return order.map { found[$0] }
    }

    mutating func match(_ grammar: ArgumentGrammar) {
        let total = arguments.reduce(0) { $0 + $1.utf8.count + 1 }
        guard arguments.count <= Self.maxArguments, total <= Self.maxTotalBytes else {
            let message =
                "at most \(Self.maxArguments) arguments of \(Self.maxTotalBytes) bytes altogether are accepted"
            found.append(Violation(rule: "arguments", place: "arguments", message: message))
            return
        }
        match(grammar.index, from: 0)
    }

    mutating func match(_ grammar: GrammarIndex, from start: Int) {
        switch grammar.order {
        case .free: matchFree(grammar, from: start)
        case .fixed: matchFixed(grammar, from: start)
        }
    }

    /// What stands behind a command belongs to it alone.
    mutating func matchCommand(of grammar: GrammarIndex, at position: Int) {
        let text = arguments[position]
        if let command = grammar.commands.first(where: { isSame($0.name, text) }) {
            match(command.arguments.index, from: position + 1)
            return
        }
        let names = grammar.commands.map(\.name)
        refuse(
            "not a command\(suggestion(for: text, among: names, else: ";")) commands: \(shortList(names))",
            at: position)
    }

    // MARK: Values

    /// Checks a literal or a value and notes the files in it.
    mutating func checkValue(_ text: String, of rule: ArgumentRule, at position: Int) {
        if case .literal(let literal) = rule.kind, !isSame(text, literal) {
            refuse("accepted here: \(quoted(literal))", at: position)
        }
        guard let value = rule.value else { return }
        var named: [NamedFile] = []
        if let reason = value.reasonToRefuse(text, files: &named) {
            let what = text == arguments[position] ? "" : "value \(quoted(text)): "
            refuse("\(what)\(reason); \(quoted(rule.names[0])) accepts \(value.summary)", at: position)
        }
        for file in named {
            if let reason = files.note(file) { refuse(reason, at: position) }
        }
    }

    // MARK: Words

    /// Each sentence costs time, and no more will be shown.
    var isHopeless: Bool { found.count > Violations.maxCount }

    var foundCount: Int { found.count }

    /// Something is wrong with an argument, or with the place behind the last one, where something is missing.
    mutating func refuse(_ message: String, at position: Int) {
        let place =
            position < arguments.count ? "argument \(position + 1) \(quoted(arguments[position]))" : "end of arguments"
        found.append(Violation(rule: "arguments", place: place, message: message, position: position + 1))
    }

    /// Something is missing at the end of the list, which a command may have ended.
    mutating func refuseMissing(_ message: String, _ level: Level) {
        refuse(level.end < arguments.count ? "\(message) before the command" : message, at: level.end)
    }
}

func times(_ count: Int) -> String { count == 1 ? "once" : "\(count) times" }
