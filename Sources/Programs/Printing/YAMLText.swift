/// A text as a YAML scalar that every reader of YAML takes for exactly this text: plain where that is possible, otherwise
/// in quotes.
///
/// - Parameter inFlow: within `[…]` or `{…}`, where more characters have a meaning.
func yamlText(_ text: String, inFlow: Bool) -> String {
    if isPlain(text, inFlow: inFlow) { return text }
    let needsEscape = text.unicodeScalars.contains { !isShownAsIs($0) }
    let hasEscapable = text.utf8.contains { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\"") }
    // A pattern reads better without each of its backslashes doubled.
    if hasEscapable, !needsEscape, !text.utf8.contains(UInt8(ascii: "'")) { return "'\(text)'" }
    var quoted = "\""
    for scalar in text.unicodeScalars { appendEscaped(scalar, to: &quoted) }
    return quoted + "\""
}

// MARK: Plain

private func isPlain(_ text: String, inFlow: Bool) -> Bool {
    guard let first = text.utf8.first, let last = text.utf8.last else { return false }
    let space = UInt8(ascii: " ")
    if first == space || last == space || last == UInt8(ascii: ":") { return false }
    if !text.unicodeScalars.allSatisfy(isShownAsIs) || hasMeaning(text) { return false }
    let second = text.utf8.dropFirst().first
    // A dash is the mark of a list's item before a space, and at the end; three of them begin a document.
    if first == UInt8(ascii: "-"), second == nil || second == space || text.utf8.starts(with: "---".utf8) {
        return false
    }
    if "?:,[]{}#&*!|>'\"%@`".utf8.contains(first) || text.utf8.starts(with: "...".utf8) { return false }
    if inFlow, text.utf8.contains(where: { ",[]{}:".utf8.contains($0) }) { return false }
    return !zip(text.utf8, text.utf8.dropFirst()).contains { a, b in
        a == UInt8(ascii: ":") && b == space || a == space && b == UInt8(ascii: "#")
    }
}

/// Whether some reader of YAML (1.1 or 1.2) would take the plain text for a number, a date, a truth value or nothing.
private func hasMeaning(_ text: String) -> Bool {
    let words: Set = ["~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "=", "<<"]
    let infinities: Set = [".inf", "+.inf", "-.inf", ".nan"]
    if text.utf8.count <= 5, words.contains(text.lowercased()) || infinities.contains(text.lowercased()) { return true }
    func isDigit(_ byte: UInt8?) -> Bool { byte.map { (48...57).contains($0) } ?? false }
    let bytes = Array(text.utf8.prefix(2))
    let begins = isDigit(bytes.first) || "+-.".utf8.contains(bytes[0]) && (isDigit(bytes.last) || bytes.last == 46)
    return begins && text.utf8.allSatisfy { "0123456789abcdefABCDEFxXoO_.:+-TtZz ".utf8.contains($0) }
}

// MARK: Quoted

/// Letters, marks, digits, punctuation, symbols and the ASCII space; everything else is hard to see.
private func isShownAsIs(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return (32...126).contains(scalar.value) }
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator:
        return false
    default: return true
    }
}

private func appendEscaped(_ scalar: Unicode.Scalar, to text: inout String) {
    switch scalar {
    case "\"", "\\": text += "\\\(scalar)"
    case "\n": text += "\\n"
    case "\t": text += "\\t"
    default:
        guard !isShownAsIs(scalar) else { return text.unicodeScalars.append(scalar) }
        let digits = String(scalar.value, radix: 16)
        let (letter, width) = scalar.value <= 0xFF ? ("x", 2) : scalar.value <= 0xFFFF ? ("u", 4) : ("U", 8)
        text += "\\\(letter)" + String(repeating: "0", count: width - digits.count) + digits
    }
}
