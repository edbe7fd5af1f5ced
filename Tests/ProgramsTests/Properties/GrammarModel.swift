/// An argument grammar as the tests know it, written as YAML for the reader under test.
struct GrammarModel {
    var items: [ItemModel]
    var isFixed = false
    var clusters = false

    var yaml: String {
        let list = "[" + items.map(\.yaml).joined(separator: ",\n    ") + "]"
        guard isFixed || clusters else { return list }
        return "{rules: \(list)\(isFixed ? ", order: fixed" : "")\(clusters ? ", cluster: true" : "")}"
    }

    /// All rules in the order of the file, without those of commands.
    var rules: [RuleModel] { items.flatMap(\.rules) }

    var commands: [(name: String, grammar: GrammarModel)] {
        items.compactMap { if case .command(let name, let grammar) = $0 { (name, grammar) } else { nil } }
    }

    var hasSeparator: Bool { items.contains { if case .separator = $0 { true } else { false } } }
}

indirect enum ItemModel {
    case rule(RuleModel)
    case oneOf([ItemModel], required: Bool)
    case allOf([ItemModel])
    case command(String, GrammarModel)
    case separator

    var yaml: String {
        switch self {
        case .rule(let rule): rule.yaml
        case .oneOf(let members, let required):
            "{one_of: [\(members.map(\.yaml).joined(separator: ", "))]\(required ? "" : ", required: false")}"
        case .allOf(let parts): "{all_of: [\(parts.map(\.yaml).joined(separator: ", "))]}"
        case .command(let name, let grammar):
            grammar.items.isEmpty ? "{command: \(name)}" : "{command: \(name), arguments: \(grammar.yaml)}"
        case .separator: "{separator: true}"
        }
    }

    var rules: [RuleModel] {
        switch self {
        case .rule(let rule): [rule]
        case .oneOf(let members, _), .allOf(let members): members.flatMap(\.rules)
        case .command, .separator: []
        }
    }
}

struct RuleModel {
    enum Kind {
        case flag([String])
        case option([String], ValueModel, forms: Set<Form>, isFormWritten: Bool)
        case argument(String, ValueModel)
        case literal(String)
    }

    enum Form: String, CaseIterable {
        case separate, equals, attached
    }

    /// Its number among all rules of its list.
    var number: Int
    var kind: Kind
    var min: Int
    var max: Int
    /// How `min` and `max` are written: `required` and `repeat`, or nothing where they are the defaults.
    var counts: String
    var requires: [String] = []
    var conflicts: [String] = []

    var names: [String] {
        switch kind {
        case .flag(let names), .option(let names, _, _, _): names
        case .argument(let name, _): [name]
        case .literal(let text): [text]
        }
    }

    var value: ValueModel? {
        switch kind {
        case .option(_, let value, _, _), .argument(_, let value): value
        case .flag, .literal: nil
        }
    }

    var isPositional: Bool {
        switch kind {
        case .flag, .option: false
        case .argument, .literal: true
        }
    }

    var yaml: String {
        var keys: [String]
        switch kind {
        case .flag(let names): keys = ["flag: \(Self.list(names))"]
        case .option(let names, let value, let forms, let isFormWritten):
            keys = ["option: \(Self.list(names))", "value: \(value.yaml)"]
            let written = Form.allCases.filter(forms.contains).map(\.rawValue)
            if isFormWritten { keys.append("form: [\(written.joined(separator: ", "))]") }
        case .argument(let name, let value): keys = ["argument: \(name)", "value: \(value.yaml)"]
        case .literal(let text): keys = ["literal: \(quotedForYAML(text))"]
        }
        if !counts.isEmpty { keys.append(counts) }
        if !requires.isEmpty { keys.append("requires: \(Self.list(requires))") }
        if !conflicts.isEmpty { keys.append("conflicts: \(Self.list(conflicts))") }
        return "{" + keys.joined(separator: ", ") + "}"
    }

    private static func list(_ texts: [String]) -> String {
        texts.count == 1 ? quotedForYAML(texts[0]) : "[\(texts.map(quotedForYAML).joined(separator: ", "))]"
    }
}
