/// Reading lists of argument rules and what is composed of rules; single rules are read in DecodeArgumentRules.swift.
extension ProgramDecoder {
    private static let kinds = ["flag", "option", "argument", "literal", "separator", "one_of", "command"]
    private static let memberKinds = ["flag", "option", "argument", "literal", "all_of"]
    private static let partKinds = ["flag", "option", "argument", "literal", "one_of"]
    /// Most rules of one list, those inside `one_of` and `all_of` among them; matching takes time and room in
    /// proportion to it.
    private static let maxRules = 500
    /// Most `one_of` and `all_of` inside each other.
    private static let maxNesting = 8

    /// The list alone, or a mapping that says more about it.
    func argumentGrammar(_ node: YAMLNode) -> ArgumentGrammar {
        guard case .mapping = node.content else { return argumentList(node, order: .free, clusters: false) }
        guard
            let fields = Fields(node, what: "arguments", keys: ["rules", "order", "cluster"], findings: findings),
            let rules = fields.required("rules", in: "arguments")
        else { return .empty }
        let order = fields.node("order").flatMap { read.word($0, "order", ArgumentGrammar.Order.self) } ?? .free
        let clusters = fields.node("cluster").flatMap { read.bool($0, "cluster") } ?? false
        if clusters, order == .fixed {
            findings.add(
                fields.keyMark("cluster"),
                "cluster: not possible with order: fixed, where every flag has a place of its own")
        }
        return argumentList(rules, order: order, clusters: clusters)
    }

    private func argumentList(_ node: YAMLNode, order: ArgumentGrammar.Order, clusters: Bool) -> ArgumentGrammar {
        let items = read.list(node, "arguments") ?? []
        guard items.count <= Self.maxRules else {
            findings.add(node.mark, "arguments: more than \(Self.maxRules) rules in one list")
            return .empty
        }
        var names = GrammarNames(order: order, findings: findings)
        let decoded = items.flatMap { argumentItems($0, &names) }
        if names.ruleCount > Self.maxRules {
            findings.add(node.mark, "arguments: more than \(Self.maxRules) rules in one list")
            return .empty
        }
        if !isAbstract { names.checkReferences() }
        return ArgumentGrammar(decoded, order: order, clusters: clusters)
    }

    /// Nothing when the rule cannot be read; several commands when they are written as one choice.
    private func argumentItems(_ node: YAMLNode, _ names: inout GrammarNames) -> [ArgumentItem] {
        let kind = kind(of: node, among: Self.kinds)
        let items =
            switch kind {
            case nil: [ArgumentItem]()
            case "one_of": oneOf(node, &names, depth: 1)
            case "command": command(node, &names)
            case "separator": separator(node, &names)
            case let kind?: rule(node, kind, &names)
            }
        if items.isEmpty { names.isIncomplete = true }
        return items
    }

    private func rule(_ node: YAMLNode, _ kind: String, _ names: inout GrammarNames) -> [ArgumentItem] {
        guard names.ruleCount <= Self.maxRules, let rule = argumentRule(node, kind) else { return [] }
        names.add(rule, at: node.mark)
        return [.rule(rule)]
    }

    private func separator(_ node: YAMLNode, _ names: inout GrammarNames) -> [ArgumentItem] {
        let fields = Fields(node, what: "separator", keys: ["separator", "help"], findings: findings)
        guard let fields, let value = fields.node("separator") else { return [] }
        if read.bool(value, "separator") == false { findings.add(value.mark, "separator: expected true") }
        names.addSeparator(at: node.mark)
        return [.separator(help: help(fields))]
    }

    /// Which of the keys that say what a rule is stands in it.
    private func kind(of node: YAMLNode, among kinds: [String]) -> String? {
        guard case .mapping(let entries) = node.content else {
            findings.add(node.mark, "arguments: expected a rule such as {flag: --name}, found \(node.kind)")
            return nil
        }
        let given = entries.map(\.key).filter(kinds.contains)
        if given.count == 1 { return given[0] }
        let keys = entries.map(\.key)
        let hint = keys.compactMap { key in
            nearest(to: key, among: kinds).map { " (did you mean '\($0)' for '\(key)'?)" }
        }
        findings.add(
            node.mark,
            "arguments: a rule has exactly one of the keys \(kinds.joined(separator: ", "))\(given.isEmpty ? hint.first ?? "" : "")"
        )
        return nil
    }

    // MARK: What is composed of rules

    private func oneOf(_ node: YAMLNode, _ names: inout GrammarNames, depth: Int) -> [ArgumentItem] {
        guard let fields = Fields(node, what: "one_of", keys: ["one_of", "required", "help"], findings: findings),
            let items = members(fields, "one_of", depth)
        else { return [] }
        let required = fields.node("required").flatMap { read.bool($0, "required") } ?? true
        if depth == 1, items.contains(where: isCommand) {
            if !required { findings.add(fields.keyMark("required"), "one_of: a command is always required") }
            return items.flatMap { kind(of: $0, among: ["command"]) == nil ? [] : command($0, &names) }
        }
        let scope = names.openChoice()
        let members = items.flatMap { item in
            defer { names.closeMember(scope) }
            return member(item, among: Self.memberKinds, &names, depth: depth)
        }
        names.closeChoice(scope)
        return members.isEmpty ? [] : [.oneOf(members, required: required, help: help(fields))]
    }

    private func allOf(_ node: YAMLNode, _ names: inout GrammarNames, depth: Int) -> [ArgumentItem] {
        guard let fields = Fields(node, what: "all_of", keys: ["all_of", "help"], findings: findings),
            let items = members(fields, "all_of", depth)
        else { return [] }
        let parts = items.flatMap { member($0, among: Self.partKinds, &names, depth: depth) }
        return parts.isEmpty ? [] : [.allOf(parts, help: help(fields))]
    }

    private func members(_ fields: Fields, _ what: String, _ depth: Int) -> [YAMLNode]? {
        guard let list = fields.node(what), let items = read.list(list, what) else { return nil }
        if items.isEmpty { findings.add(list.mark, "\(what): the list is empty") }
        guard depth <= Self.maxNesting else {
            findings.add(fields.mark, "\(what): nested deeper than \(Self.maxNesting) levels of one_of and all_of")
            return nil
        }
        return items
    }

    private func member(
        _ node: YAMLNode, among kinds: [String], _ names: inout GrammarNames, depth: Int
    ) -> [ArgumentItem] {
        let items =
            switch kind(of: node, among: kinds) {
            case nil: [ArgumentItem]()
            case "all_of": allOf(node, &names, depth: depth + 1)
            case "one_of": oneOf(node, &names, depth: depth + 1)
            case let kind?: rule(node, kind, &names)
            }
        if items.isEmpty { names.isIncomplete = true }
        return items
    }

    /// Commands exclude each other anyway, so a choice among them is the same as the commands themselves.
    private func isCommand(_ node: YAMLNode) -> Bool {
        guard case .mapping(let entries) = node.content else { return false }
        return entries.contains { $0.key == "command" }
    }

    private func command(_ node: YAMLNode, _ names: inout GrammarNames) -> [ArgumentItem] {
        guard let fields = Fields(node, what: "command", keys: ["command", "arguments", "help"], findings: findings),
            let name = fields.node("command").flatMap({ node in
                read.checked(node, "command") { plainText($0) ?? (looksLikeOption($0) ? "starts with '-'" : nil) }
            })
        else { return [] }
        names.addCommand(name, at: node.mark)
        let grammar = fields.node("arguments").map(argumentGrammar) ?? .empty
        return [.command(CommandRule(name: name, arguments: grammar, help: help(fields)))]
    }
}
