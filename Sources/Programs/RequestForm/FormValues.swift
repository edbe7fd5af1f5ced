extension ValueRule {
    /// The text that a JSON value stands for: exactly what is written, a number as its digits.
    ///
    /// Whether the text is such a value is for the check to say; here only the kinds of JSON count.
    func text(of value: JSONValue) throws(FormError) -> String {
        switch (self, value) {
        case (.list(let separator, let element, _), .array(let items)):
            return try joined(items, separator, element)
        case (.list, _): throw FormError(reason: "expected a list of values, found \(value.kind)")
        case (_, .string(let text)): return text
        case (_, .number(let text)) where takesNumber: return text
        default:
            throw FormError(reason: "expected a text\(takesNumber ? " or a number" : ""), found \(value.kind)")
        }
    }

    /// Whether a number without a unit can be such a value.
    var takesNumber: Bool {
        switch self {
        case .integer(_, let units), .decimal(_, _, let units), .size(_, let units):
            units.isEmpty || units.contains("")
        case .choice, .string, .file, .duration, .date, .list: false
        }
    }

    private func joined(_ items: [JSONValue], _ separator: String, _ element: ValueRule) throws(FormError) -> String {
        var texts: [String] = []
        for (number, item) in items.enumerated() {
            let text: String
            do { text = try element.text(of: item) } catch {
                throw FormError(reason: "element \(number + 1): \(error.reason)")
            }
            if let byte = separator.utf8.first, text.utf8.contains(byte) {
                throw FormError(reason: "element \(number + 1) \(quoted(text)): contains the separator '\(separator)'")
            }
            texts.append(text)
        }
        if texts == [""] { throw FormError(reason: "a list of one empty text cannot be told from an empty list") }
        return texts.joined(separator: separator)
    }
}
