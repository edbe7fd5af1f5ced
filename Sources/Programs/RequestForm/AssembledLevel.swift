/// Why one value of the object form cannot be written as arguments.
struct AssemblyError: Error {
    var path: JSONPath
    var reason: String
}

/// What one list of rules is given, in the order of the rules.
struct AssembledLevel {
    /// What one use of a rule is written as.
    struct Piece {
        var leaf: Int
        var words: [String]
        var isPositional: Bool
        var path: JSONPath
    }

    let grammar: GrammarIndex
    let keys: FormKeys
    let files: RequestedFiles
    private(set) var pieces: [Piece] = []
    /// How many pieces stand before the place of the separator's rule.
    private(set) var piecesBeforeSeparator = 0

    init(grammar: GrammarIndex, keys: FormKeys, files: RequestedFiles) {
        self.grammar = grammar
        self.keys = keys
        self.files = files
    }

    /// - Parameters:
    ///   - leaf: The rule's number among all rules of the list.
    ///   - value: `nil` when the request does not name it.
    mutating func add(
        _ entry: FormKeys.Entry, _ leaf: Int, _ value: JSONValue?, at path: JSONPath
    ) throws(AssemblyError) {
        defer { if leaf < keys.entriesBeforeSeparator { piecesBeforeSeparator = pieces.count } }
        guard let value else {
            // The next positional would slip into its place.
            if entry.isNeeded { throw AssemblyError(path: path, reason: "is required") }
            return entry.isImplied ? try add(entry.rule, leaf, times: entry.rule.minCount, at: path) : ()
        }
        switch entry.rule.kind {
        case .flag, .literal: try add(entry.rule, leaf, times: count(value, entry.rule, path), at: path)
        case .option(_, let valueRule, _):
            for (text, path) in try texts(value, valueRule, entry.rule, path) {
                let words = try written(text, entry.rule, leaf, path)
                try append(Piece(leaf: leaf, words: words, isPositional: false, path: path))
            }
        case .positional(_, let valueRule):
            for (text, path) in try texts(value, valueRule, entry.rule, path) {
                try append(Piece(leaf: leaf, words: [text], isPositional: true, path: path))
            }
        }
    }

    // MARK: Values

    private mutating func add(
        _ rule: ArgumentRule, _ leaf: Int, times count: Int, at path: JSONPath
    ) throws(AssemblyError) {
        for _ in 0..<count {
            try append(Piece(leaf: leaf, words: [rule.names[0]], isPositional: rule.isPositional, path: path))
        }
    }

    /// A count of a few bytes must not become a list of any length.
    private mutating func append(_ piece: Piece) throws(AssemblyError) {
        guard pieces.count < ArgumentMatcher.maxArguments else {
            throw AssemblyError(
                path: piece.path, reason: "at most \(ArgumentMatcher.maxArguments) arguments are accepted")
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
        _ text: String, _ rule: ArgumentRule, _ leaf: Int, _ path: JSONPath
    ) throws(AssemblyError) -> [String] {
        if rule.takes(.separate, as: rule.names[0]) { return [rule.names[0], text] }
        let arguments = [OptionForm.equals, .attached].flatMap { form in
            rule.names(taking: form).prefix(1).map { form == .equals ? "\($0)=\(text)" : $0 + text }
        }
        for argument in arguments {
            let isRead = grammar.readings(argument).contains { reading in
                if case .inline(leaf, let value) = reading { isSame(value, text) } else { false }
            }
            if isRead { return [argument] }
        }
        throw AssemblyError(
            path: path,
            reason: "\(quoted(text)) cannot be written behind '\(rule.names[0])': it would be read as something else"
        )
    }
}
