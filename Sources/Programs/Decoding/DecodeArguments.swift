extension ProgramDecoder {
    private static let kinds = ["flag", "option", "argument", "literal", "separator", "one_of", "command"]
    /// Most rules of one list; matching takes time and room in proportion to it.
    private static let maxRules = 500

    func argumentGrammar(_ node: YAMLNode) -> ArgumentGrammar {
        let items = read.list(node, "arguments") ?? []
        guard items.count <= Self.maxRules else {
            findings.add(node.mark, "arguments: more than \(Self.maxRules) rules in one list")
            return .empty
        }
        var names = GrammarNames(findings: findings)
        let decoded = items.map { item in
            let decoded = argumentItems(item)
            for part in decoded { names.add(part, at: item.mark) }
            return decoded
        }
        // A rule that could not be read may be the one that is referred to.
        if !isAbstract, !decoded.contains(where: \.isEmpty) { names.checkReferences() }
        return ArgumentGrammar(decoded.flatMap { $0 })
    }

    /// Nothing when the rule cannot be read; several commands when they are written as one choice.
    private func argumentItems(_ node: YAMLNode) -> [ArgumentItem] {
        guard let kind = kind(of: node, among: Self.kinds) else { return [] }
        switch kind {
        case "one_of": return oneOf(node)
        case "command": return [command(node)].compactMap { $0 }
        case "separator":
            let fields = Fields(node, what: "separator", keys: ["separator", "help"], findings: findings)
            guard let value = fields?.node("separator") else { return [] }
            if read.bool(value, "separator") == false { findings.add(value.mark, "separator: expected true") }
            return [.separator(help: fields.flatMap(help))]
        default: return argumentRule(node, kind).map { [.rule($0)] } ?? []
        }
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

    // MARK: Composite items

    private func oneOf(_ node: YAMLNode) -> [ArgumentItem] {
        guard let fields = Fields(node, what: "one_of", keys: ["one_of", "required", "help"], findings: findings),
            let list = fields.node("one_of"), let items = read.list(list, "one_of")
        else { return [] }
        if items.isEmpty { findings.add(list.mark, "one_of: the list is empty") }
        let required = fields.node("required").flatMap { read.bool($0, "required") } ?? true
        if items.contains(where: isCommand) {
            if !required { findings.add(fields.keyMark("required"), "one_of: a command is always required") }
            return items.compactMap { kind(of: $0, among: ["command"]) == nil ? nil : command($0) }
        }
        let members = items.compactMap { item in
            kind(of: item, among: ["flag", "option", "argument", "literal"]).flatMap { argumentRule(item, $0) }
        }
        return members.isEmpty ? [] : [.oneOf(members.map { .rule($0) }, required: required, help: help(fields))]
    }

    /// Commands exclude each other anyway, so a choice among them is the same as the commands themselves.
    private func isCommand(_ node: YAMLNode) -> Bool {
        guard case .mapping(let entries) = node.content else { return false }
        return entries.contains { $0.key == "command" }
    }

    private func command(_ node: YAMLNode) -> ArgumentItem? {
        guard let fields = Fields(node, what: "command", keys: ["command", "arguments", "help"], findings: findings),
            let name = fields.node("command").flatMap({ node in
                read.checked(node, "command") { plainText($0) ?? (looksLikeOption($0) ? "starts with '-'" : nil) }
            })
        else { return nil }
        let grammar = fields.node("arguments").map(argumentGrammar) ?? .empty
        return .command(CommandRule(name: name, arguments: grammar, help: help(fields)))
    }

    // MARK: Single rules

    private func argumentRule(_ node: YAMLNode, _ kind: String) -> ArgumentRule? {
        let valued = kind == "option" || kind == "argument"
        let keys =
            [kind] + (valued ? ["value"] : []) + (kind == "option" ? ["form"] : [])
            + ["required", "repeat", "requires", "conflicts", "help"]
        guard let fields = Fields(node, what: kind, keys: keys, findings: findings) else { return nil }
        let value = valued ? fields.required("value", in: kind).flatMap(valueRule) : nil
        let counts = counts(fields, kind)
        guard let ruleKind = ruleKind(fields, kind, value) else { return nil }
        return ArgumentRule(
            kind: ruleKind, minCount: counts.lowerBound, maxCount: counts.upperBound,
            requires: fields.node("requires").map { references($0, "requires") } ?? [],
            conflicts: fields.node("conflicts").map { references($0, "conflicts") } ?? [],
            help: help(fields))
    }

    private func ruleKind(_ fields: Fields, _ kind: String, _ value: ValueRule?) -> ArgumentRule.Kind? {
        guard let node = fields.node(kind) else { return nil }
        switch kind {
        case "flag":
            let names = optionNames(node, kind, allowsBare: false)
            return names.isEmpty ? nil : .flag(names)
        case "option":
            let stated = fields.node("form").map(forms)
            let isBare = stated?.contains(.separate) == false
            let names = optionNames(node, kind, allowsBare: isBare)
            guard let value, !names.isEmpty else { return nil }
            let isLong = names.contains { $0.hasPrefix("--") }
            return .option(names, value: value, forms: stated ?? (isLong ? [.separate, .equals] : [.separate]))
        case "argument":
            let name = read.checked(node, kind, plainText)
            guard let name, let value else { return nil }
            return .positional(name, value: value)
        default:
            return read.checked(node, kind, plainText).map { .literal($0) }
        }
    }

    private func optionNames(_ node: YAMLNode, _ what: String, allowsBare: Bool) -> [String] {
        read.textOrTexts(node, what).compactMap { name, mark in
            guard let reason = reasonAgainstOption(name, allowsBare: allowsBare) else { return name }
            findings.add(mark, "\(what): \(quoted(name)): \(reason)")
            return nil
        }
    }

    private func reasonAgainstOption(_ name: String, allowsBare: Bool) -> String? {
        if let reason = plainText(name) { return reason }
        if !name.utf8.allSatisfy({ (33...126).contains($0) }) { return "only printable ASCII characters are possible" }
        if name == "--" { return "write {separator: true} for it" }
        if name.utf8.contains(UInt8(ascii: "=")) { return "a name has no '='; form: [equals] is what accepts one" }
        let isDashed = (name.hasPrefix("-") || name.hasPrefix("+")) && name.utf8.count > 1
        return isDashed || allowsBare ? nil : "a name starts with '-' or '+'"
    }

    private func plainText(_ text: String) -> String? {
        if text.isEmpty { return "cannot be empty" }
        if text.utf8.count > 256 { return "longer than 256 bytes" }
        return text.unicodeScalars.contains(where: isControl) ? "contains a control character" : nil
    }

    private func forms(_ node: YAMLNode) -> Set<OptionForm> {
        if case .scalar = node.content {
            return Set([read.word(node, "form", OptionForm.self)].compactMap { $0 })
        }
        let items = read.list(node, "form") ?? []
        if items.isEmpty { findings.add(node.mark, "form: the list is empty") }
        return Set(items.compactMap { read.word($0, "form", OptionForm.self) })
    }

    private func references(_ node: YAMLNode, _ what: String) -> [String] {
        read.textOrTexts(node, what).map(\.text)
    }

    private func help(_ fields: Fields) -> String? {
        fields.node("help").flatMap { read.prose($0, "help") }
    }

    // MARK: Counts

    private func counts(_ fields: Fields, _ kind: String) -> ClosedRange<Int> {
        let range: ClosedRange<Int64> = 0...Int64(ArgumentMatcher.maxArguments)
        var least: Int64?
        var most: Int64?
        if let node = fields.node("repeat") {
            if case .mapping = node.content {
                let bounds = Fields(node, what: "repeat", keys: ["min", "max"], findings: findings)
                least = bounds?.node("min").flatMap { read.integer($0, "repeat.min", in: range) }
                most = bounds?.required("max", in: "repeat").flatMap { read.integer($0, "repeat.max", in: range) }
            } else {
                most = read.integer(node, "repeat", in: range)
            }
        }
        let isRequired = fields.node("required").flatMap { read.bool($0, "required") }
        if isRequired == false, let least, least > 0 {
            findings.add(fields.keyMark("required"), "required: false contradicts repeat.min: \(least)")
        }
        let byKind: Int64 = kind == "argument" || kind == "literal" ? 1 : 0
        let minimum = max(least ?? (isRequired.map { $0 ? 1 : 0 } ?? byKind), isRequired == true ? 1 : 0)
        guard let most else { return Int(minimum)...Int(max(minimum, 1)) }
        if most < max(minimum, 1) {
            findings.add(fields.keyMark("repeat"), "repeat: max \(most) is less than min or 1")
        }
        return Int(minimum)...Int(max(minimum, most, 1))
    }
}
