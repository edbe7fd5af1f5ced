/// The keys by which the object form of arguments knows the rules of one list, in the order of the rules.
struct FormKeys: Sendable {
    struct Entry: Sendable, Equatable {
        var key: String
        var rule: ArgumentRule
        /// Stands outside of `one_of`, where what is required is always required.
        var isAlone: Bool

        /// Must be there and leaves no choice, so that a request need not name it.
        var isImplied: Bool {
            switch rule.kind {
            case .flag, .literal: isAlone && rule.minCount > 0
            case .option, .positional: false
            }
        }

        /// Must be there, with a value that only the request knows.
        var isNeeded: Bool { isAlone && rule.minCount > 0 && !isImplied }
    }

    static let command = "command"
    static let commandArguments = "arguments"

    private(set) var entries: [Entry] = []
    private(set) var commands: [CommandRule] = []
    private(set) var hasSeparator = false
    /// How many rules stand before the separator.
    private(set) var entriesBeforeSeparator = 0
    private var taken = Set<ExactText>()
    private var positions: [ExactText: Int] = [:]

    init(_ grammar: ArgumentGrammar) {
        let hasCommands = grammar.items.contains { if case .command = $0 { true } else { false } }
        if hasCommands { taken = [ExactText(Self.command), ExactText(Self.commandArguments)] }
        for item in grammar.items { add(item, isAlone: true) }
    }

    subscript(key: String) -> Entry? { positions[ExactText(key)].map { entries[$0] } }

    /// All that may be given, in the order of the rules.
    var names: [String] { entries.map(\.key) + (commands.isEmpty ? [] : [Self.command, Self.commandArguments]) }

    /// The entries that `requires` and `conflicts` mean by a name.
    func entries(named name: String) -> [Entry] {
        entries.filter { $0.rule.names.contains { isSame($0, name) } }
    }

    private mutating func add(_ item: ArgumentItem, isAlone: Bool) {
        switch item {
        case .rule(let rule):
            let key = unused(rule.names[0])
            positions[ExactText(key)] = entries.count
            entries.append(Entry(key: key, rule: rule, isAlone: isAlone))
        case .oneOf(let members, _, _), .allOf(let members, _):
            for member in members { add(member, isAlone: false) }
        case .command(let command): commands.append(command)
        case .separator:
            hasSeparator = true
            entriesBeforeSeparator = entries.count
        }
    }

    /// Two literals may have the same text, as in `find A -o B -o C`; in a fixed order, two options the same name.
    private mutating func unused(_ name: String) -> String {
        var key = name
        var number = 2
        while !taken.insert(ExactText(key)).inserted {
            key = "\(name)#\(number)"
            number += 1
        }
        return key
    }
}
