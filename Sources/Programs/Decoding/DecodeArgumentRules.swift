/// Reading single argument rules.
extension ProgramDecoder {
    func argumentRule(_ node: YAMLNode, _ kind: String) -> ArgumentRule? {
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
            return .option(names, value: value, forms: stated ?? OptionForm.standard(for: names))
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

    func plainText(_ text: String) -> String? {
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

    func help(_ fields: Fields) -> String? {
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
