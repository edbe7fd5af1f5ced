/// Puts an argument list together from the `arguments` of a request: a list as it is, an object in the order of the
/// rules.
///
/// It decides only how something is written. Whether it is allowed is decided by the grammar, which checks the list
/// afterwards; what would be read there as something else than the object says is refused here.
struct ArgumentAssembly {
    private(set) var arguments: [String] = []
    private(set) var violations: [Violation] = []

    mutating func add(_ value: JSONValue, _ grammar: ArgumentGrammar, at path: JSONPath) {
        switch value {
        case .array(let items): addList(items, at: path)
        case .object(let members): addObject(members, grammar, at: path)
        default: refuse(path, "expected a list of texts or an object, found \(value.kind)")
        }
    }

    private mutating func addList(_ items: [JSONValue], at path: JSONPath) {
        for (number, item) in items.enumerated() {
            if case .string(let text) = item {
                arguments.append(text)
            } else {
                refuse(path.index(number), "expected a text, found \(item.kind)")
            }
        }
    }

    // MARK: Objects

    private mutating func addObject(_ members: [JSONValue.Member], _ grammar: ArgumentGrammar, at path: JSONPath) {
        let keys = FormKeys(grammar)
        var values: [ExactText: JSONValue] = [:]
        for member in members { values[ExactText(member.key)] = member.value }
        let known = keys.names
        let knownSet = Set(known.map(ExactText.init))
        for member in members where !knownSet.contains(ExactText(member.key)) {
            let names = violations.count < ArgumentMatcher.maxSuggestions ? known : []
            refuse(
                path.key(member.key),
                names.isEmpty && !known.isEmpty ? "not known here" : unknownKey(member.key, among: names))
        }
        var level = AssembledLevel(grammar: grammar.index, keys: keys)
        for (leaf, entry) in keys.entries.enumerated() {
            do {
                try level.add(entry, leaf, values[ExactText(entry.key)], at: path.key(entry.key))
            } catch { refuse(error.path, error.reason) }
        }
        do { arguments += try level.words(order: grammar.order) } catch { refuse(error.path, error.reason) }
        addCommand(values, keys, at: path)
    }

    private mutating func addCommand(_ values: [ExactText: JSONValue], _ keys: FormKeys, at path: JSONPath) {
        guard !keys.commands.isEmpty else { return }
        let own = values[ExactText(FormKeys.commandArguments)]
        let ownPath = path.key(FormKeys.commandArguments)
        guard let value = values[ExactText(FormKeys.command)] else {
            if own != nil { refuse(ownPath, "belongs to a command; the key '\(FormKeys.command)' is missing") }
            return
        }
        guard case .string(let name) = value else {
            return refuse(path.key(FormKeys.command), "expected the name of a command, found \(value.kind)")
        }
        arguments.append(name)
        // An unknown one is refused by the grammar, which knows what to suggest.
        guard let command = keys.commands.first(where: { isSame($0.name, name) }) else { return }
        add(own ?? .object([]), command.arguments, at: ownPath)
    }

    private mutating func refuse(_ path: JSONPath, _ message: @autoclosure () -> String) {
        guard violations.count <= Violations.maxCount else { return }
        violations.append(Violation(rule: "arguments", place: "\(path)", message: message()))
    }
}

/// Why one value of the object form cannot be written as arguments.
struct AssemblyError: Error {
    var path: JSONPath
    var reason: String
}

/// What one list of rules is given, in the order of the rules.
struct AssembledLevel {
    private enum Piece {
        case option([String])
        case positional(String, JSONPath)
    }

    let grammar: GrammarIndex
    let keys: FormKeys
    private var pieces: [Piece] = []

    init(grammar: GrammarIndex, keys: FormKeys) {
        self.grammar = grammar
        self.keys = keys
    }

    /// - Parameters:
    ///   - leaf: The rule's number among all rules of the list.
    ///   - value: `nil` when the request does not name it.
    mutating func add(
        _ entry: FormKeys.Entry, _ leaf: Int, _ value: JSONValue?, at path: JSONPath
    ) throws(AssemblyError) {
        guard let value else {
            // The next positional would slip into its place.
            if entry.isNeeded { throw AssemblyError(path: path, reason: "is required") }
            return entry.isImplied ? try add(entry.rule, times: entry.rule.minCount, at: path) : ()
        }
        switch entry.rule.kind {
        case .flag, .literal: try add(entry.rule, times: count(value, entry.rule, path), at: path)
        case .option(let names, let valueRule, let forms):
            for (text, path) in try texts(value, valueRule, entry.rule, path) {
                try append(.option(written(text, names[0], forms, leaf, path)), path)
            }
        case .positional(_, let valueRule):
            for (text, path) in try texts(value, valueRule, entry.rule, path) {
                try append(.positional(text, path), path)
            }
        }
    }

    // MARK: Values

    private mutating func add(_ rule: ArgumentRule, times count: Int, at path: JSONPath) throws(AssemblyError) {
        for _ in 0..<count {
            switch rule.kind {
            case .flag(let names): try append(.option([names[0]]), path)
            case .literal(let text): try append(.positional(text, path), path)
            case .option, .positional: break
            }
        }
    }

    /// A count of a few bytes must not become a list of any length.
    private mutating func append(_ piece: Piece, _ path: JSONPath) throws(AssemblyError) {
        guard pieces.count < ArgumentMatcher.maxArguments else {
            throw AssemblyError(path: path, reason: "at most \(ArgumentMatcher.maxArguments) arguments are accepted")
        }
        pieces.append(piece)
    }

    private func count(_ value: JSONValue, _ rule: ArgumentRule, _ path: JSONPath) throws(AssemblyError) -> Int {
        switch value {
        case .bool(true): return 1
        case .bool(false): throw AssemblyError(path: path, reason: "what is not used is left out")
        case .number(let text) where rule.maxCount > 1:
            guard let count = Int(text), (1...ArgumentMatcher.maxArguments).contains(count) else {
                throw AssemblyError(path: path, reason: "expected true, or a count from 1 to \(rule.maxCount)")
            }
            return count
        default:
            let counts = rule.maxCount > 1 ? ", or a count from 1 to \(rule.maxCount)" : ""
            throw AssemblyError(path: path, reason: "expected true\(counts), found \(value.kind)")
        }
    }

    private func texts(
        _ value: JSONValue, _ valueRule: ValueRule, _ rule: ArgumentRule, _ path: JSONPath
    ) throws(AssemblyError) -> [(String, JSONPath)] {
        guard rule.maxCount > 1 else { return [(try text(value, valueRule, path), path)] }
        guard case .array(let items) = value else {
            throw AssemblyError(
                path: path, reason: "may be repeated: expected a list of values, found \(value.kind)")
        }
        if items.isEmpty { throw AssemblyError(path: path, reason: "what is not used is left out") }
        var texts: [(String, JSONPath)] = []
        for (number, item) in items.enumerated() {
            let place = path.index(number)
            texts.append((try text(item, valueRule, place), place))
        }
        return texts
    }

    private func text(_ value: JSONValue, _ rule: ValueRule, _ path: JSONPath) throws(AssemblyError) -> String {
        do { return try rule.text(of: value) } catch { throw AssemblyError(path: path, reason: error.reason) }
    }

    /// In the first form that the grammar reads as this rule and this value.
    private func written(
        _ text: String, _ name: String, _ forms: Set<OptionForm>, _ leaf: Int, _ path: JSONPath
    ) throws(AssemblyError) -> [String] {
        if forms.contains(.separate) { return [name, text] }
        for form in [OptionForm.equals, .attached] where forms.contains(form) {
            let argument = form == .equals ? "\(name)=\(text)" : name + text
            if case .inline(leaf, let value) = grammar.hit(argument), isSame(value, text) { return [argument] }
        }
        throw AssemblyError(
            path: path, reason: "\(quoted(text)) cannot be written behind '\(name)': it would be read as something else"
        )
    }

    // MARK: The list

    /// Flags and options stay where their rules stand, unless something has to stand behind `--`.
    func words(order: ArgumentGrammar.Order) throws(AssemblyError) -> [String] {
        guard let first = pieces.firstIndex(where: needsSeparator) else { return pieces.flatMap(words) }
        if !keys.hasSeparator, case .positional(let text, let path) = pieces[first] {
            throw AssemblyError(path: path, reason: "\(quoted(text)) would be taken for an option")
        }
        guard order == .free else {
            return pieces[..<first].flatMap(words) + ["--"] + pieces[first...].flatMap(words)
        }
        let options = pieces.filter { if case .option = $0 { true } else { false } }
        let positionals = pieces.filter { if case .option = $0 { false } else { true } }
        let start = positionals.firstIndex(where: needsSeparator) ?? 0
        return options.flatMap(words) + positionals[..<start].flatMap(words) + ["--"]
            + positionals[start...].flatMap(words)
    }

    private func words(_ piece: Piece) -> [String] {
        switch piece {
        case .option(let words): words
        case .positional(let text, _): [text]
        }
    }

    private func needsSeparator(_ piece: Piece) -> Bool {
        guard case .positional(let text, _) = piece else { return false }
        return grammar.hit(text) != nil || looksLikeOption(text) && !grammar.allowsDashedPositional(text)
    }
}
