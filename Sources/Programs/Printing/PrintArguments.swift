extension ArgumentGrammar {
    var printed: PrintedNode {
        let rules = PrintedNode.rules(items.map(\.printed))
        if order == .free, !clusters { return rules }
        return .mapping(
            (order == .free ? [] : [("order", .word(order.rawValue))]) + (clusters ? [("cluster", .word("true"))] : [])
                + [("rules", rules)])
    }
}

extension ArgumentItem {
    fileprivate var printed: PrintedNode {
        switch self {
        case .rule(let rule): return .mapping(rule.entries)
        case .oneOf(let members, let required, let help):
            return .mapping(
                [("one_of", .list(members.map(\.printed)))] + (required ? [] : [("required", .word("false"))])
                    + optional("help", help.map { .text($0) }))
        case .allOf(let members, let help):
            return .mapping([("all_of", .list(members.map(\.printed)))] + optional("help", help.map { .text($0) }))
        case .command(let command):
            return .mapping(
                [("command", .text(command.name))] + optional("help", command.help.map { .text($0) })
                    + (command.arguments == .empty ? [] : [("arguments", command.arguments.printed)]))
        case .separator(let help):
            return .mapping([("separator", .word("true"))] + optional("help", help.map { .text($0) }))
        }
    }
}

extension ArgumentRule {
    fileprivate var entries: [PrintedNode.Entry] {
        kindEntries + counts + (requires.isEmpty ? [] : [("requires", .texts(requires))])
            + (conflicts.isEmpty ? [] : [("conflicts", .texts(conflicts))]) + optional("help", help.map { .text($0) })
    }

    private var kindEntries: [PrintedNode.Entry] {
        switch kind {
        case .flag(let names): [("flag", oneOrList(names))]
        case .option(let names, let value, let forms):
            [("option", oneOrList(names)), ("value", value.printed)] + form(forms, names)
        case .positional(let name, let value): [("argument", .text(name)), ("value", value.printed)]
        case .literal(let text): [("literal", .text(text))]
        }
    }

    private func oneOrList(_ names: [String]) -> PrintedNode {
        names.count == 1 ? .text(names[0]) : .texts(names)
    }

    private func form(_ forms: Set<OptionForm>, _ names: [String]) -> [PrintedNode.Entry] {
        if forms == OptionForm.standard(for: names) { return [] }
        return [("form", .list(OptionForm.allCases.filter(forms.contains).map { .word($0.rawValue) }))]
    }

    /// `required` for whether, `repeat` for how often.
    private var counts: [PrintedNode.Entry] {
        let usual = isPositional ? 1 : 0
        switch (minCount, maxCount) {
        case (usual, 1): return []
        case (_, 1): return [("required", .word(minCount == 0 ? "false" : "true"))]
        case (usual, _): return [("repeat", .word("\(maxCount)"))]
        default: return [("repeat", .mapping([("min", .word("\(minCount)")), ("max", .word("\(maxCount)"))]))]
        }
    }
}

extension OptionForm {
    /// How an option of these names is written when its rule does not say it.
    static func standard(for names: [String]) -> Set<OptionForm> {
        names.contains { $0.hasPrefix("--") } ? [.separate, .equals] : [.separate]
    }
}

// MARK: Values

extension ValueRule {
    var printed: PrintedNode {
        switch self {
        case .integer(let range, let units):
            let bounds = bounds(
                range.lowerBound == .min ? nil : "\(range.lowerBound)",
                range.upperBound == .max ? nil : "\(range.upperBound)")
            return kind("integer", bounds + unitEntry(units))
        case .decimal(let min, let max, let units):
            return kind("decimal", bounds(min.map(exactDecimal), max.map(exactDecimal)) + unitEntry(units))
        case .choice(let texts): return .mapping([("choice", .texts(texts))])
        case .string(let pattern, let maxBytes):
            let most = maxBytes == Self.defaultMaxBytes ? nil : PrintedNode.word("\(maxBytes)")
            return kind("string", optional("pattern", pattern.map { .text($0.source) }) + optional("max", most))
        case .file(let direction, .any): return .mapping([("file", .word(direction.rawValue))])
        case .file(let direction, let names):
            let globs = optional("pattern", globs(names.patterns)) + optional("except", globs(names.exceptions))
            return kind("file", [("direction", .word(direction.rawValue))] + globs)
        case .duration(let range, let units):
            return kind("duration", quantityBounds(range, exactDuration) + unitEntry(units))
        case .size(let range, let units): return kind("size", quantityBounds(range, exactSize) + unitEntry(units))
        case .date: return .mapping([("date", .word("true"))])
        case .list(let separator, let element, let count): return list(separator, element, count)
        }
    }

    private func kind(_ name: String, _ details: [PrintedNode.Entry]) -> PrintedNode {
        .mapping([(name, .mapping(details))])
    }

    private func bounds(_ min: String?, _ max: String?) -> [PrintedNode.Entry] {
        optional("min", min.map { .word($0) }) + optional("max", max.map { .word($0) })
    }

    private func quantityBounds(_ range: ClosedRange<Int64>, _ exact: (Int64) -> String) -> [PrintedNode.Entry] {
        bounds(
            range.lowerBound == 1 ? nil : exact(range.lowerBound),
            range.upperBound == .max ? nil : exact(range.upperBound))
    }

    private func globs(_ globs: [Glob]) -> PrintedNode? {
        globs.count > 1 ? .texts(globs.map(\.source)) : globs.first.map { .text($0.source) }
    }

    private func unitEntry(_ units: [String]) -> [PrintedNode.Entry] {
        units.isEmpty ? [] : [("units", .texts(units))]
    }

    private func list(_ separator: String, _ element: ValueRule, _ count: ClosedRange<Int>) -> PrintedNode {
        kind(
            "list",
            (separator == "," ? [] : [("separator", .text(separator))]) + [("of", element.printed)]
                + bounds(
                    count.lowerBound == 1 ? nil : "\(count.lowerBound)",
                    count.upperBound == 1000 ? nil : "\(count.upperBound)"))
    }
}

/// The shortest text that is read as the same number.
private func exactDecimal(_ value: Double) -> String {
    Int64(exactly: value).map { String($0) } ?? "\(value)"
}
