/// A text as a YAML scalar that every reader of YAML takes for exactly this text: plain where that is possible, otherwise
/// in quotes.
///
/// - Parameter inFlow: within `[…]` or `{…}`, where more characters have a meaning.
public func yamlText(_ text: String, inFlow: Bool) -> String {
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
    let bytes = Array(text.utf8)
    guard let first = bytes.first, let last = bytes.last else { return false }
    let space = UInt8(ascii: " "), colon = UInt8(ascii: ":"), dash = UInt8(ascii: "-")
    if first == space || last == space || last == colon || indicators.contains(first) { return false }
    // A dash is the mark of a list's item before a space, and at the end; three of them begin a document.
    if first == dash, bytes.count == 1 || bytes[1] == space || bytes.starts(with: [dash, dash, dash]) { return false }
    if bytes.starts(with: [46, 46, 46]) { return false }
    var previous: UInt8 = 0
    for byte in bytes {
        if inFlow, flowIndicators.contains(byte) { return false }
        if previous == colon && byte == space || previous == space && byte == UInt8(ascii: "#") { return false }
        previous = byte
    }
    return text.unicodeScalars.allSatisfy(isShownAsIs) && !hasMeaning(text, bytes)
}

/// What a plain text must not begin with.
private let indicators = Set("?:,[]{}#&*!|>'\"%@`".utf8)
private let flowIndicators = Set(",[]{}:".utf8)

private let meaningfulWords: Set = [
    "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "=", "<<", ".inf", "+.inf", "-.inf", ".nan",
]

/// Whether some reader of YAML (1.1 or 1.2) would take the plain text for a number, a date, a truth value or nothing.
private func hasMeaning(_ text: String, _ bytes: [UInt8]) -> Bool {
    if bytes.count <= 5, meaningfulWords.contains(text.lowercased()) { return true }
    func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    let second = bytes.count > 1 ? bytes[1] : 0
    let begins = isDigit(bytes[0]) || signs.contains(bytes[0]) && (isDigit(second) || second == UInt8(ascii: "."))
    return begins && bytes.allSatisfy { numeric.contains($0) }
}

private let signs = Set("+-.".utf8)
private let numeric = Set("0123456789abcdefABCDEFxXoO_.:+-TtZz ".utf8)

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
