extension ProgramDecoder {
    private static let valueKinds = [
        "integer", "decimal", "choice", "string", "file", "duration", "size", "date", "list",
    ]

    /// `{KIND: DETAILS}`
    func valueRule(_ node: YAMLNode) -> ValueRule? {
        guard let fields = Fields(node, what: "value", keys: Self.valueKinds, findings: findings) else { return nil }
        let given = Self.valueKinds.compactMap { kind in fields.node(kind).map { (kind, $0) } }
        guard given.count == 1 else {
            // An unknown key has been reported already.
            if case .mapping(let entries) = node.content, given.count > 1 || entries.isEmpty {
                findings.add(node.mark, "value: expected exactly one of \(Self.valueKinds.joined(separator: ", "))")
            }
            return nil
        }
        let (kind, details) = given[0]
        return switch kind {
        case "integer": integerRule(details)
        case "decimal": decimalRule(details)
        case "choice": choiceRule(details)
        case "string": stringRule(details)
        case "file": fileRule(details)
        case "duration":
            quantityRule(details, .duration, read.duration).map { .duration($0, units: units(details, of: .duration)) }
        case "size": quantityRule(details, .size, read.size).map { .size($0, units: units(details, of: .size)) }
        case "date": read.bool(details, "date").flatMap { isDate in dateRule(details, isDate) }
        default: listRule(details)
        }
    }

    private func dateRule(_ node: YAMLNode, _ isDate: Bool) -> ValueRule? {
        if !isDate { findings.add(node.mark, "date: expected true") }
        return isDate ? .date : nil
    }

    // MARK: Numbers

    private func integerRule(_ node: YAMLNode) -> ValueRule? {
        bounds(node, "integer") { read.integer($0, $1, in: .min ... .max) }
            .flatMap { range(node, $0 ?? .min, $1 ?? .max, "integer") }
            .map { .integer($0, units: units(node, "integer")) }
    }

    private func decimalRule(_ node: YAMLNode) -> ValueRule? {
        guard let (min, max) = bounds(node, "decimal", read.decimal) else { return nil }
        if let min, let max, min > max { findings.add(node.mark, "decimal: min is above max") }
        return .decimal(min: min, max: max, units: units(node, "decimal"))
    }

    private func units(_ node: YAMLNode, of kind: QuantityKind) -> [String] {
        units(node, kind.name) { unit in
            if kind.factor(of: unit) != nil { return nil }
            let known = kind.units.filter { !$0.isEmpty }
            return "no unit of a \(kind.name)\(suggestion(for: unit, among: known, else: ";")) "
                + "known: \(known.joined(separator: ", "))"
        }
    }

    private func units(_ node: YAMLNode, _ what: String, _ reason: ((String) -> String?)? = nil) -> [String] {
        guard case .mapping(let entries) = node.content,
            let list = entries.first(where: { $0.key == "units" })?.value,
            let items = read.list(list, "\(what).units")
        else { return [] }
        if !(1...ValueRule.maxUnits).contains(items.count) {
            findings.add(list.mark, "\(what).units: expected 1 to \(ValueRule.maxUnits) units, found \(items.count)")
        }
        var units: [String] = []
        for item in items {
            guard let unit = read.checked(item, "\(what).units", { reason?($0) ?? reasonAgainstUnit($0, of: what) })
            else { continue }
            if units.contains(where: { isSame($0, unit) }) {
                findings.add(item.mark, "\(what).units: \(quoted(unit)) is given twice")
            }
            units.append(unit)
        }
        return units
    }

    /// Where the number ends must be plain to see.
    private func reasonAgainstUnit(_ unit: String, of what: String) -> String? {
        if unit.utf8.count > 16 { return "longer than 16 bytes" }
        if unit.unicodeScalars.contains(where: isControl) { return "contains a control character" }
        let bytes = Array(unit.utf8)
        guard let first = bytes.first else { return nil }
        func isDigit(_ index: Int) -> Bool { index < bytes.count && (48...57).contains(bytes[index]) }
        if isDigit(0) || "+-.".utf8.contains(first) { return "a unit cannot begin with a digit, '.', '+' or '-'" }
        let isSigned = bytes.count > 1 && "+-".utf8.contains(bytes[1])
        if what == "decimal", "eE".utf8.contains(first), isDigit(isSigned ? 2 : 1) {
            return "would be read as an exponent"
        }
        return nil
    }

    private func quantityRule(
        _ node: YAMLNode, _ kind: QuantityKind, _ parse: (YAMLNode, String) -> Int64?
    ) -> ClosedRange<Int64>? {
        bounds(node, kind.name, parse).flatMap { range(node, $0 ?? 1, $1 ?? .max, kind.name) }
    }

    private func bounds<Number>(
        _ node: YAMLNode, _ what: String, _ parse: (YAMLNode, String) -> Number?
    ) -> (Number?, Number?)? {
        let keys = ["min", "max", "units"]
        guard let fields = Fields(node, what: what, keys: keys, findings: findings) else { return nil }
        return (
            fields.node("min").flatMap { parse($0, "\(what).min") },
            fields.node("max").flatMap { parse($0, "\(what).max") }
        )
    }

    private func range<Number>(
        _ node: YAMLNode, _ min: Number, _ max: Number, _ what: String
    ) -> ClosedRange<Number>? {
        guard min <= max else {
            findings.add(node.mark, "\(what): min is above max")
            return nil
        }
        return min...max
    }

    // MARK: Texts

    private func choiceRule(_ node: YAMLNode) -> ValueRule? {
        guard let items = read.list(node, "choice") else { return nil }
        var texts: [String] = []
        var seen = Set<String>()
        for item in items {
            guard let text = read.text(item, "choice") else { continue }
            if !seen.insert(text).inserted { findings.add(item.mark, "choice: \(quoted(text)) is given twice") }
            texts.append(text)
        }
        if items.isEmpty { findings.add(node.mark, "choice: the list is empty") }
        return texts.isEmpty ? nil : .choice(texts)
    }

    private func stringRule(_ node: YAMLNode) -> ValueRule? {
        guard let fields = Fields(node, what: "string", keys: ["pattern", "max"], findings: findings) else {
            return nil
        }
        let most = fields.node("max").flatMap { read.integer($0, "string.max", in: 1...Int64(ValueRule.maxBytes)) }
        return .string(
            pattern: fields.node("pattern").flatMap(pattern), maxBytes: most.map(Int.init) ?? ValueRule.defaultMaxBytes)
    }

    private func pattern(_ node: YAMLNode) -> Pattern? {
        guard let text = read.text(node, "pattern"), findings.canSpendStates else { return nil }
        do {
            let pattern = try Pattern(text)
            findings.spend(states: pattern.stateCount, at: node.mark)
            return pattern
        } catch {
            findings.add(node.mark, "pattern: \(quoted(text)): \(error.description)")
            return nil
        }
    }

    private func fileRule(_ node: YAMLNode) -> ValueRule? {
        guard case .mapping = node.content else {
            return read.word(node, "file", FileDirection.self).map { .file($0) }
        }
        guard let fields = Fields(node, what: "file", keys: ["direction", "pattern", "except"], findings: findings)
        else {
            return nil
        }
        let names = NameFilter(
            patterns: fields.node("pattern").map { globs($0, "file.pattern") } ?? [],
            exceptions: fields.node("except").map { globs($0, "file.except") } ?? [])
        return fields.required("direction", in: "file")
            .flatMap { read.word($0, "file.direction", FileDirection.self) }
            .map { .file($0, names: names) }
    }

    /// One glob or several.
    private func globs(_ node: YAMLNode, _ what: String) -> [Glob] {
        guard case .sequence(let items) = node.content else { return read.glob(node, what).map { [$0] } ?? [] }
        if !(1...NameFilter.maxGlobs).contains(items.count) {
            findings.add(node.mark, "\(what): expected 1 to \(NameFilter.maxGlobs) globs, found \(items.count)")
        }
        return items.compactMap { read.glob($0, what) }
    }

    private func listRule(_ node: YAMLNode) -> ValueRule? {
        let keys = ["separator", "of", "min", "max"]
        guard let fields = Fields(node, what: "list", keys: keys, findings: findings) else { return nil }
        let separator = fields.node("separator").flatMap { node in
            read.checked(node, "list.separator") {
                $0.utf8.count == 1 && $0.utf8.first! > 32 && $0.utf8.first! < 127 ? nil : "expected one ASCII character"
            }
        }
        let element = fields.required("of", in: "list").flatMap(elementRule)
        let least = fields.node("min").flatMap { read.integer($0, "list.min", in: 0...10_000) } ?? 1
        let most = fields.node("max").flatMap { read.integer($0, "list.max", in: 1...10_000) } ?? 1000
        guard let element, let count = range(node, Int(least), Int(most), "list") else { return nil }
        return .list(separator: separator ?? ",", of: element, count: count)
    }

    private func elementRule(_ node: YAMLNode) -> ValueRule? {
        let rule = valueRule(node)
        if case .list = rule {
            findings.add(node.mark, "list: a list cannot hold lists")
            return nil
        }
        return rule
    }
}
