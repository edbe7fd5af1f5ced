/// Puts an argument list together from the `arguments` of a request: a list as it is, an object in the order of the
/// rules.
///
/// It decides only how something is written. Whether it is allowed is decided by the grammar, which checks the list
/// afterwards; what would be read there as something else than the object says is refused here.
struct ArgumentAssembly {
    /// Suggestions cost time; somebody who is wrong this often needs the manual instead.
    private static let maxSuggestions = 20

    private let files: RequestedFiles
    private(set) var arguments: [String] = []
    private(set) var violations: [Violation] = []

    /// - Parameter inputs: Names of the request's input files.
    init(inputs: [String]) { files = RequestedFiles(inputs: inputs) }

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
            let names = violations.count < Self.maxSuggestions ? known : []
            refuse(
                path.key(member.key),
                names.isEmpty && !known.isEmpty ? "not known here" : unknownKey(member.key, among: names))
        }
        var level = AssembledLevel(grammar: grammar.index, keys: keys, files: files)
        let before = violations.count
        for (leaf, entry) in keys.entries.enumerated() {
            do {
                try level.add(entry, leaf, values[ExactText(entry.key)], at: path.key(entry.key))
            } catch { refuse(error.path, error.reason) }
        }
        if violations.count == before {
            do { arguments += try level.words() } catch { refuse(error.path, error.reason) }
        }
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
