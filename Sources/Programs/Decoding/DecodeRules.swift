extension ProgramDecoder {
    // MARK: Inputs and results

    func inputRules(_ node: YAMLNode) -> [InputItem] {
        (read.list(node, "inputs") ?? []).compactMap { item in
            guard case .mapping(let entries) = item.content, entries.contains(where: { $0.key == "one_of" }) else {
                return inputRule(item, isMember: false).map { .rule($0) }
            }
            return inputChoice(item)
        }
    }

    private func inputChoice(_ node: YAMLNode) -> InputItem? {
        let what = "inputs.one_of"
        guard let fields = Fields(node, what: what, keys: ["one_of", "required", "help"], findings: findings),
            let list = fields.node("one_of"), let items = read.list(list, what)
        else { return nil }
        if items.count < 2 { findings.add(list.mark, "\(what): a choice needs at least two rules") }
        let required = fields.node("required").flatMap { read.bool($0, "required") } ?? true
        let help = fields.node("help").flatMap { read.prose($0, "help") }
        let rules = items.compactMap { inputRule($0, isMember: true) }
        return rules.isEmpty ? nil : .oneOf(rules, required: required, help: help)
    }

    private func inputRule(_ node: YAMLNode, isMember: Bool) -> InputRule? {
        let keys = ["path"] + (isMember ? [] : ["required"]) + ["max_size", "max_count", "max_total", "type", "help"]
        let what = isMember ? "inputs.one_of" : "inputs"
        guard let fields = Fields(node, what: what, keys: keys, findings: findings) else { return nil }
        let path = fields.required("path", in: what).flatMap { read.glob($0, "path") }
        let size = fields.required("max_size", in: what).flatMap { read.size($0, "max_size") }
        let total = fields.node("max_total").flatMap { read.size($0, "max_total") }
        let types = fields.node("type").map(contentTypes) ?? []
        let rule = (
            required: isMember ? false : fields.node("required").flatMap { read.bool($0, "required") } ?? false,
            count: fields.node("max_count").flatMap { read.integer($0, "max_count", in: 1...100_000) },
            help: fields.node("help").flatMap { read.prose($0, "help") }
        )
        guard let path, let size else { return nil }
        return InputRule(
            path: path, required: rule.required, maxSize: size,
            maxCount: rule.count.map(Int.init) ?? (path.isPlain ? 1 : 1000), maxTotal: total, types: types,
            help: rule.help)
    }

    /// One kind of content or a list of them, each once.
    private func contentTypes(_ node: YAMLNode) -> [ContentType] {
        var types: [ContentType] = []
        for name in read.textOrTexts(node, "type") {
            guard let type = ContentType(word: name.text) else {
                let item = YAMLNode(mark: name.mark, content: .scalar(name.text, isPlain: false))
                read.reportUnknown(item, "type", among: ContentType.words)
                continue
            }
            if types.contains(type) {
                findings.add(name.mark, "type: \(quoted(name.text)) is there already")
            } else {
                types.append(type)
            }
        }
        return types
    }

    func resultRules(_ node: YAMLNode) -> [ResultRule] {
        (read.list(node, "results") ?? []).compactMap(resultRule)
    }

    private func resultRule(_ node: YAMLNode) -> ResultRule? {
        let keys = ["path", "when", "required", "max_size", "excess", "max_count", "help"]
        guard let fields = Fields(node, what: "results", keys: keys, findings: findings) else { return nil }
        let path = fields.required("path", in: "results").flatMap { read.glob($0, "path") }
        let when = fields.required("when", in: "results").flatMap(condition)
        let size = fields.node("max_size").flatMap { read.size($0, "max_size") }
        let excess = fields.node("excess").flatMap { read.word($0, "results.excess", ResultRule.Excess.self) }
        let count = fields.node("max_count").flatMap { read.integer($0, "max_count", in: 1...1_000_000) }
        let required = fields.node("required").flatMap { read.bool($0, "required") }
        let help = fields.node("help").flatMap { read.prose($0, "help") }
        guard let path, let when else { return nil }
        return ResultRule(
            path: path, when: when, required: required ?? false, maxSize: size, excess: excess ?? .refuse,
            maxCount: count.map(Int.init) ?? 1000, help: help)
    }

    /// `any`, or one or several names of final states and causes.
    private func condition(_ node: YAMLNode) -> ResultRule.Condition? {
        if case .scalar("any", _) = node.content { return .any }
        var states = Set<RunState>()
        var causes = Set<Cause>()
        let finalStates = RunState.allCases.filter(\.isFinal)
        let names = read.textOrTexts(node, "when")
        for name in names {
            if let state = finalStates.first(where: { $0.rawValue == name.text }) {
                states.insert(state)
            } else if let cause = Cause(rawValue: name.text) {
                causes.insert(cause)
            } else {
                let item = YAMLNode(mark: name.mark, content: .scalar(name.text, isPlain: false))
                let words = finalStates.map(\.rawValue) + Cause.allCases.map(\.rawValue)
                read.reportUnknown(item, "when", among: ["any"] + words)
            }
        }
        return names.isEmpty ? nil : .only(states: states, causes: causes)
    }

    // MARK: Environment

    func environmentRules(_ node: YAMLNode) -> EnvironmentRules {
        let fields = Fields(node, what: "environment", keys: ["set", "accept"], findings: findings)
        return EnvironmentRules(
            set: fields?.node("set").map(environmentValues) ?? [:],
            accept: fields?.node("accept").map(acceptedVariables) ?? [])
    }

    private func environmentValues(_ node: YAMLNode) -> [String: String] {
        guard case .mapping(let entries) = node.content else {
            findings.add(node.mark, "environment.set: expected a mapping NAME: VALUE, found \(node.kind)")
            return [:]
        }
        var values: [String: String] = [:]
        for entry in entries {
            if let reason = reasonAgainstVariable(entry.key) {
                findings.add(entry.keyMark, "environment.set: \(quoted(entry.key)): \(reason)")
            }
            values[entry.key] = read.text(entry.value, "environment.set.\(entry.key)")
        }
        return values
    }

    private func acceptedVariables(_ node: YAMLNode) -> [EnvironmentRules.Accepted] {
        var names = Set<String>()
        return (read.list(node, "environment.accept") ?? []).compactMap { item in
            let what = "environment.accept"
            guard let fields = Fields(item, what: what, keys: ["name", "value"], findings: findings) else { return nil }
            let value = fields.required("value", in: what).flatMap(valueRule)
            let name = fields.required("name", in: what).flatMap { node in
                read.checked(node, what) { name in
                    if !names.insert(name).inserted { return "accepted twice" }
                    return reasonAgainstVariable(name) ?? reasonAgainstAccepting(name)
                }
            }
            guard let name, let value else { return nil }
            return EnvironmentRules.Accepted(name: name, value: value)
        }
    }

    // MARK: Limits

    func limitRules(_ node: YAMLNode) -> LimitRules? {
        let names = LimitName.allCases.map(\.rawValue)
        guard let fields = Fields(node, what: "limits", keys: names, findings: findings) else { return nil }
        var rules: [LimitName: LimitRule] = [:]
        for name in LimitName.allCases {
            let isOptional = isAbstract || name.hasOwnDefault
            let node = isOptional ? fields.node(name.rawValue) : fields.required(name.rawValue, in: "limits")
            rules[name] = node.flatMap { limitRule($0, name) }
        }
        let none = LimitRule(default: 1, max: 1)
        return LimitRules { name in
            switch name {
            case .file_size: rules[.file_size] ?? rules[.disk] ?? none
            case .temporary: rules[.temporary] ?? LimitRules.defaultTemporary
            case .cpus: rules[.cpus] ?? LimitRules.defaultCPUs
            case .io: rules[.io] ?? LimitRules.defaultIO
            default: rules[name] ?? none
            }
        }
    }

    private func limitRule(_ node: YAMLNode, _ name: LimitName) -> LimitRule? {
        func value(_ node: YAMLNode, _ what: String) -> Int64? {
            read.quantity(node, what) { text throws(QuantityError) in try name.parse(text) }
        }
        guard case .mapping = node.content else {
            return value(node, name.rawValue).map { LimitRule(default: $0, max: $0) }
        }
        let what = "limits.\(name.rawValue)"
        guard let fields = Fields(node, what: what, keys: ["default", "max"], findings: findings) else { return nil }
        let ordinary = fields.required("default", in: what).flatMap { value($0, "\(what).default") }
        let most = fields.required("max", in: what).flatMap { value($0, "\(what).max") }
        guard let ordinary, let most else { return nil }
        if ordinary > most {
            findings.add(
                fields.keyMark("default"),
                "\(what): the default \(name.format(ordinary)) is above the max \(name.format(most))")
        }
        return LimitRule(default: ordinary, max: most)
    }
}

/// Why a text cannot be a variable's name, or `nil`.
private func reasonAgainstVariable(_ name: String) -> String? {
    let isPossible = name.utf8.enumerated().allSatisfy { offset, byte in
        (65...90).contains(byte) || (97...122).contains(byte) || byte == 95 || (offset > 0 && (48...57).contains(byte))
    }
    guard isPossible, !name.isEmpty, name.utf8.count <= 256 else {
        return "a name is letters, digits and '_', the first not a digit"
    }
    return nil
}

/// Variables by which the loader, the C library or a shell runs code of the requester's choosing: an author may set
/// them, a request may not.
private func reasonAgainstAccepting(_ name: String) -> String? {
    let names: Set = [
        "GLIBC_TUNABLES", "GCONV_PATH", "LOCPATH", "NLSPATH", "MALLOC_TRACE", "HOSTALIASES", "RESOLV_HOST_CONF",
        "BASH_ENV", "ENV", "SHELLOPTS", "BASHOPTS", "PS4", "IFS", "PATH", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP",
        "PERL5LIB", "PERL5OPT", "PERLLIB", "RUBYLIB", "RUBYOPT", "NODE_OPTIONS", "JAVA_TOOL_OPTIONS", "TMPDIR",
    ]
    guard names.contains(name) || name.hasPrefix("LD_") || name.hasPrefix("BASH_FUNC_") else { return nil }
    return "can make the program run other code, so a request may not give it; 'set' may"
}
