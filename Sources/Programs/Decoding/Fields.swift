/// One mapping of a program file while it is read. Keys that nobody may give are reported when it is opened, so that a
/// misspelt one can never be overlooked.
public struct Fields {
    let mark: Mark
    let findings: Findings
    private let entries: [YAMLNode.Entry]

    /// - Parameters:
    ///   - what: The mapping's name in messages, for example `limits`.
    ///   - keys: Every key that is known here.
    /// - Returns: `nil`, with a finding, when the node is not a mapping.
    public init?(_ node: YAMLNode, what: String, keys: [String], findings: Findings) {
        guard case .mapping(let entries) = node.content else {
            findings.add(
                node.mark,
                "\(what): expected a mapping with the keys \(keys.joined(separator: ", ")), found \(node.kind)")
            return nil
        }
        mark = node.mark
        self.findings = findings
        self.entries = entries
        for entry in entries where !keys.contains(entry.key) {
            // Only the errors that are shown are put into words: looking for the nearest key costs time.
            findings.add(
                entry.keyMark,
                "key \(quoted(entry.key)) is not known here\(Self.hint(for: entry, in: node, among: keys)) "
                    + "allowed: \(keys.joined(separator: ", "))")
        }
    }

    private static func hint(for entry: YAMLNode.Entry, in node: YAMLNode, among keys: [String]) -> String {
        // `{help: one, two}` is a text and a key.
        let isRest = node.isFlow && entry.value.isAbsent
        return suggestion(
            for: entry.key, among: keys,
            else: isRest ? "; if it is the rest of the text before it: a text with a comma needs quotes;" : ";")
    }

    public func node(_ key: String) -> YAMLNode? { entries.first { $0.key == key }?.value }

    func keyMark(_ key: String) -> Mark { entries.first { $0.key == key }?.keyMark ?? mark }

    /// The value of a key that must be there.
    public func required(_ key: String, in what: String) -> YAMLNode? {
        if let node = node(key) { return node }
        findings.add(mark, "\(what): the required key '\(key)' is missing")
        return nil
    }
}

/// Reading single values; each reports what it expected and what it found.
public struct ValueReader {
    let findings: Findings

    public init(findings: Findings) { self.findings = findings }

    public func text(_ node: YAMLNode, _ what: String) -> String? {
        guard case .scalar(let text, _) = node.content, !node.isAbsent else {
            findings.add(node.mark, "\(what): expected a text, found \(node.kind)")
            return nil
        }
        return text
    }

    /// A text for people: one line or several, but nothing that a terminal would obey.
    public func prose(_ node: YAMLNode, _ what: String) -> String? {
        guard let text = text(node, what) else { return nil }
        if text.unicodeScalars.contains(where: { isControl($0) && $0 != "\n" }) {
            findings.add(node.mark, "\(what): contains a control character")
            return nil
        }
        return text
    }

    func bool(_ node: YAMLNode, _ what: String) -> Bool? {
        switch node.content {
        case .scalar("true", isPlain: true): return true
        case .scalar("false", isPlain: true): return false
        default:
            findings.add(node.mark, "\(what): expected true or false, found \(node.kind)")
            return nil
        }
    }

    public func integer(_ node: YAMLNode, _ what: String, in range: ClosedRange<Int64>) -> Int64? {
        guard case .scalar(let text, isPlain: true) = node.content, let value = Int64(text) else {
            findings.add(node.mark, "\(what): expected a whole number, found \(node.kind)")
            return nil
        }
        guard range.contains(value) else {
            findings.add(node.mark, "\(what): \(value) is not between \(range.lowerBound) and \(range.upperBound)")
            return nil
        }
        return value
    }

    func decimal(_ node: YAMLNode, _ what: String) -> Double? {
        guard case .scalar(let text, isPlain: true) = node.content, let value = Double(text), value.isFinite else {
            findings.add(node.mark, "\(what): expected a number, found \(node.kind)")
            return nil
        }
        return value
    }

    /// One of a few words.
    public func word<Word: RawRepresentable & CaseIterable>(_ node: YAMLNode, _ what: String, _: Word.Type) -> Word?
    where Word.RawValue == String {
        let words = Word.allCases.map(\.rawValue)
        guard case .scalar(let text, _) = node.content, let word = Word(rawValue: text) else {
            reportUnknown(node, what, among: words)
            return nil
        }
        return word
    }

    func reportUnknown(_ node: YAMLNode, _ what: String, among words: [String]) {
        var hint = ";"
        if case .scalar(let text, _) = node.content { hint = suggestion(for: text, among: words, else: ";") }
        findings.add(
            node.mark, "\(what): \(node.kind) is not possible here\(hint) allowed: \(words.joined(separator: ", "))")
    }

    func quantity(
        _ node: YAMLNode, _ what: String, parse: (String) throws(QuantityError) -> Int64
    ) -> Int64? {
        guard let text = text(node, what) else { return nil }
        do {
            return try parse(text)
        } catch {
            findings.add(node.mark, "\(what): \(error.reason)")
            return nil
        }
    }

    public func size(_ node: YAMLNode, _ what: String) -> Int64? {
        quantity(node, what) { text throws(QuantityError) in try parseByteSize(text) }
    }

    public func duration(_ node: YAMLNode, _ what: String) -> Int64? {
        quantity(node, what) { text throws(QuantityError) in try parseDuration(text) }
    }

    public func list(_ node: YAMLNode, _ what: String) -> [YAMLNode]? {
        guard case .sequence(let items) = node.content else {
            findings.add(node.mark, "\(what): expected a list, found \(node.kind)")
            return nil
        }
        return items
    }

    public func texts(_ node: YAMLNode, _ what: String) -> [String] {
        (list(node, what) ?? []).compactMap { text($0, what) }
    }

    /// A single text, or a list of them with at least one.
    func textOrTexts(_ node: YAMLNode, _ what: String) -> [(text: String, mark: Mark)] {
        guard case .sequence(let items) = node.content else {
            return text(node, what).map { [($0, node.mark)] } ?? []
        }
        if items.isEmpty { findings.add(node.mark, "\(what): the list is empty") }
        return items.compactMap { item in text(item, what).map { ($0, item.mark) } }
    }

    func glob(_ node: YAMLNode, _ what: String) -> Glob? {
        guard let text = text(node, what), findings.canSpendStates else { return nil }
        do {
            let glob = try Glob(text)
            findings.spend(states: glob.stateCount, at: node.mark)
            return glob
        } catch {
            findings.add(node.mark, "\(what): \(quoted(text)): \(error.description)")
            return nil
        }
    }

    /// A file name in the work directory.
    func fileName(_ node: YAMLNode, _ what: String) -> String? {
        checked(node, what, checkFileName)
    }

    /// An absolute path of the node.
    public func absolutePath(_ node: YAMLNode, _ what: String) -> String? {
        checked(node, what, checkAbsolutePath)
    }

    public func checked(_ node: YAMLNode, _ what: String, _ reason: (String) -> String?) -> String? {
        guard let text = text(node, what) else { return nil }
        if let reason = reason(text) {
            findings.add(node.mark, "\(what): \(quoted(text)): \(reason)")
            return nil
        }
        return text
    }
}
