/// How two values of the same key become one.
private indirect enum Joining {
    /// The own value counts.
    case replace
    /// Key by key; a key that is not named here is replaced.
    case keys([String: Joining])
    /// A list of rules: one with the same name takes the other's place, every new one follows behind.
    case rules
    /// The same, perhaps as `{rules: …, order: …, cluster: …}`.
    case arguments

    static let program = Joining.keys([
        "environment": .keys(["set": .keys([:]), "accept": .rules]),
        "limits": .keys([:]), "stop": .keys([:]), "suspend": .keys([:]),
        "security": .keys(["files": .keys([:])]),
        "arguments": .arguments, "inputs": .rules, "results": .rules,
    ])
    static let command = Joining.keys(["arguments": .arguments])
}

/// Merges the tree of a program file with that of the file it extends.
struct Merge {
    let findings: Findings

    /// Keys that say something about their own file only.
    private static let ownKeys: Set = ["program", "extends", "abstract"]

    func program(_ own: YAMLNode, onto base: YAMLNode) -> YAMLNode {
        guard case .mapping(let entries) = base.content else { return own }
        let inherited = entries.filter { !Self.ownKeys.contains($0.key) }
        return join(own, YAMLNode(mark: base.mark, content: .mapping(inherited)), .program, "a program file")
    }

    private func join(_ own: YAMLNode, _ base: YAMLNode, _ joining: Joining, _ what: String) -> YAMLNode {
        switch joining {
        case .replace: return own
        case .keys(let inner): return keys(own, base, inner, what)
        case .rules: return rules(own, base, what)
        case .arguments:
            if case .sequence = own.content, case .sequence = base.content { return rules(own, base, what) }
            return keys(ruleMapping(own), ruleMapping(base), ["rules": .rules], what)
        }
    }

    /// What cannot be merged is an error of the decoder's if it is the own value; the other would never be seen again.
    private func report(_ base: YAMLNode, _ what: String, _ expected: String) {
        findings.add(base.mark, "\(what): expected \(expected), found \(base.kind)")
    }

    // MARK: Mappings

    private func keys(
        _ own: YAMLNode, _ base: YAMLNode, _ joinings: [String: Joining], _ what: String
    ) -> YAMLNode {
        guard case .mapping(var entries) = base.content else {
            report(base, what, "a mapping")
            return own
        }
        guard case .mapping(let ownEntries) = own.content else { return own }
        let places = Dictionary(
            entries.enumerated().map { (ExactText($1.key), $0) }, uniquingKeysWith: { first, _ in first })
        for var entry in ownEntries {
            guard let place = places[ExactText(entry.key)] else {
                entries.append(entry)
                continue
            }
            entry.value = join(entry.value, entries[place].value, joinings[entry.key] ?? .replace, entry.key)
            entries[place] = entry
        }
        return YAMLNode(mark: own.mark, content: .mapping(entries), isFlow: own.isFlow)
    }

    /// A list of argument rules as the mapping that it is short for.
    private func ruleMapping(_ node: YAMLNode) -> YAMLNode {
        guard case .sequence = node.content else { return node }
        let rules = YAMLNode.Entry(key: "rules", keyMark: node.mark, value: node)
        return YAMLNode(mark: node.mark, content: .mapping([rules]))
    }

    // MARK: Lists

    private func rules(_ own: YAMLNode, _ base: YAMLNode, _ what: String) -> YAMLNode {
        guard case .sequence(let inherited) = base.content else {
            report(base, what, "a list")
            return own
        }
        guard case .sequence(let ownItems) = own.content else { return own }
        var items = inherited.flatMap(\.plainCommands)
        // Literals may stand in a list twice: the first of the same name takes the first's place, and so on.
        var places: [ExactText: [Int]] = [:]
        for (place, item) in items.enumerated().reversed() {
            if let name = item.ruleName { places[ExactText(name), default: []].append(place) }
        }
        for item in ownItems.flatMap(\.plainCommands) {
            guard let name = item.ruleName, let place = places[ExactText(name)]?.popLast() else {
                items.append(item)
                continue
            }
            let isCommand = item.entry("command") != nil && items[place].entry("command") != nil
            items[place] = join(item, items[place], isCommand ? .command : .replace, "command")
        }
        return YAMLNode(mark: own.mark, content: .sequence(items))
    }
}

extension YAMLNode {
    /// The commands of a choice that says nothing else; otherwise the node itself.
    fileprivate var plainCommands: [YAMLNode] {
        guard case .mapping(let entries) = content, entries.count == 1 else { return [self] }
        return choiceOfCommands
    }

    /// By which name a rule of `arguments`, `inputs`, `results` or `environment.accept` is replaced: the first in it.
    fileprivate var ruleName: String? {
        guard case .mapping(let entries) = content else { return nil }
        for entry in entries {
            switch entry.key {
            case "flag", "option", "argument", "literal", "command", "path", "name": return entry.value.firstText
            case "separator": return "--"
            case "one_of", "all_of":
                guard case .sequence(let items) = entry.value.content else { return nil }
                return items.first?.ruleName
            default: continue
            }
        }
        return nil
    }

    private var firstText: String? {
        switch content {
        case .scalar(let text, _): return text
        case .sequence(let items):
            guard case .scalar(let text, _) = items.first?.content else { return nil }
            return text
        case .mapping: return nil
        }
    }
}
