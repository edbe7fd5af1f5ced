/// The schemas of `arguments`: a list of texts, or an object with a key for each rule.
///
/// In the object form a key that is there is a rule that is used, so what excludes each other and what belongs together
/// can be said with `required` alone.
struct ArgumentSchema {
    private let grammar: ArgumentGrammar
    private let keys: FormKeys

    init(_ grammar: ArgumentGrammar) {
        self.grammar = grammar
        keys = FormKeys(grammar)
    }

    /// One argument: a value behind a name and `=`.
    private static let maxArgument = ValueRule.maxBytes + 257

    var schema: JSONValue {
        let isEmpty = grammar.items.isEmpty
        let list: JSONValue = [
            "title": "as a list", "type": "array",
            "maxItems": .integer(isEmpty ? 0 : ArgumentMatcher.maxArguments),
            "items": ["type": "string", "maxLength": .integer(Self.maxArgument)],
        ]
        return ["oneOf": [object, list]]
    }

    private var object: JSONValue {
        var properties = keys.entries.map { JSONValue.Member($0.key, property($0.rule)) }
        var required = keys.entries.filter(\.isNeeded).map(\.key)
        if !keys.commands.isEmpty {
            properties.append(JSONValue.Member(FormKeys.command, ["enum": .strings(keys.commands.map(\.name))]))
            properties.append(JSONValue.Member(FormKeys.commandArguments, true))
            required.append(FormKeys.command)
        }
        var members: [JSONValue.Member] = [
            JSONValue.Member("title", "as an object"), JSONValue.Member("type", "object"),
            JSONValue.Member("properties", .object(properties)), JSONValue.Member("additionalProperties", false),
        ]
        if !required.isEmpty { members.append(JSONValue.Member("required", .strings(required))) }
        let dependent = keys.entries.compactMap(requires)
        if !dependent.isEmpty { members.append(JSONValue.Member("dependentRequired", .object(dependent))) }
        let conditions = groups() + keys.entries.flatMap(conflicts) + commandConditions
        if !conditions.isEmpty { members.append(JSONValue.Member("allOf", .array(conditions))) }
        return .object(members)
    }

    // MARK: One rule

    private func property(_ rule: ArgumentRule) -> JSONValue {
        switch rule.kind {
        case .flag, .literal: return Self.described(Self.uses(rule), rule.help)
        case .option(_, let value, _), .positional(_, let value):
            guard rule.maxCount > 1 else { return Self.described(value.schema, rule.help) }
            let list: JSONValue = [
                "type": "array", "minItems": .integer(max(1, rule.minCount)), "maxItems": .integer(rule.maxCount),
                "items": value.schema,
            ]
            return Self.described(list, rule.help)
        }
    }

    /// The author's words come before ours.
    private static func described(_ schema: JSONValue, _ help: String?) -> JSONValue {
        guard let help, case .object(let members) = schema else { return schema }
        var text = help
        if case .string(let ours)? = schema["description"] { text += "\n\(ours)" }
        return (["description": .string(text)] as JSONValue)
            .adding(.object(members.filter { $0.key != "description" }))
    }

    /// `true`, or how often.
    private static func uses(_ rule: ArgumentRule) -> JSONValue {
        guard rule.maxCount > 1 else { return ["const": true] }
        let count: JSONValue = [
            "type": "integer", "minimum": .integer(max(1, rule.minCount)), "maximum": .integer(rule.maxCount),
        ]
        return rule.minCount > 1 ? count : ["anyOf": [["const": true], count]]
    }

    // MARK: Rules about rules

    /// What is filled in need not be in the request, so nothing can be said about it here.
    private func requires(_ entry: FormKeys.Entry) -> JSONValue.Member? {
        let needed = entry.rule.requires.compactMap { name -> String? in
            let meant = keys.entries(named: name)
            return meant.count == 1 && !meant[0].isImplied ? meant[0].key : nil
        }
        return needed.isEmpty ? nil : JSONValue.Member(entry.key, .strings(needed))
    }

    private func conflicts(_ entry: FormKeys.Entry) -> [JSONValue] {
        entry.rule.conflicts.flatMap { keys.entries(named: $0) }
            .map { ["not": ["required": .strings([entry.key, $0.key])]] }
    }

    private func groups() -> [JSONValue] {
        var leaf = 0
        return grammar.items.flatMap { item in
            let group = Group(item, keys, &leaf)
            return group.conditions + group.conditionsInside
        }
    }

    /// What stands behind a command is the command's own.
    private var commandConditions: [JSONValue] {
        guard !keys.commands.isEmpty else { return [] }
        let each: [JSONValue] = keys.commands.map { command in
            let own = ArgumentSchema(command.arguments)
            let behind: JSONValue = ["properties": [FormKeys.commandArguments: own.schema]]
            return [
                "if": [
                    "required": .strings([FormKeys.command]),
                    "properties": [FormKeys.command: ["const": .string(command.name)]],
                ],
                "then": own.canBeEmpty
                    ? behind : behind.adding(["required": .strings([FormKeys.commandArguments])]),
            ]
        }
        return each + [["dependentRequired": [FormKeys.commandArguments: .strings([FormKeys.command])]]]
    }

    /// Whether leaving `arguments` out can be right.
    var canBeEmpty: Bool {
        keys.commands.isEmpty && !keys.entries.contains(where: \.isNeeded)
            && !grammar.items.contains { if case .oneOf(_, true, _) = $0 { true } else { false } }
    }
}

/// A part of a grammar as the keys that show its use, and what must hold for them.
private struct Group {
    /// Holds for an object that uses the part.
    private(set) var isUsed: JSONValue = false
    /// What always must hold.
    private(set) var conditions: [JSONValue] = []
    /// Keys that must be there when the part around it is used.
    private var needed: [String] = []
    private var leaves: [String] = []
    /// What must hold as well when the part around it is used.
    private(set) var conditionsInside: [JSONValue] = []

    /// - Parameter leaf: The number of the next rule among all rules of the list.
    init(_ item: ArgumentItem, _ keys: FormKeys, _ leaf: inout Int) {
        switch item {
        case .rule(let rule):
            leaves = [keys.entries[leaf].key]
            isUsed = ["required": .strings(leaves)]
            if rule.minCount > 0 { needed = leaves }
            leaf += 1
        case .oneOf(let members, let required, _):
            let groups = members.map { Group($0, keys, &leaf) }
            leaves = groups.flatMap(\.leaves)
            isUsed = Self.any(leaves)
            conditions = groups.flatMap(\.conditions)
            let uses = groups.map(\.isUsed)
            conditions.append(["oneOf": .array(uses + [["not": isUsed]])])
            if required { conditionsInside = [isUsed] }
        case .allOf(let members, _):
            let groups = members.map { Group($0, keys, &leaf) }
            leaves = groups.flatMap(\.leaves)
            isUsed = Self.any(leaves)
            conditions = groups.flatMap(\.conditions)
            let needed = groups.flatMap(\.needed)
            let inside = groups.flatMap(\.conditionsInside)
            let then: [JSONValue] = (needed.isEmpty ? [] : [["required": .strings(needed)]]) + inside
            if !then.isEmpty { conditions.append(["if": isUsed, "then": Self.all(then)]) }
        case .command, .separator: break
        }
    }

    private static func any(_ keys: [String]) -> JSONValue {
        keys.count == 1 ? ["required": .strings(keys)] : ["anyOf": .array(keys.map { ["required": [.string($0)]] })]
    }

    private static func all(_ conditions: [JSONValue]) -> JSONValue {
        conditions.count == 1 ? conditions[0] : ["allOf": .array(conditions)]
    }
}
