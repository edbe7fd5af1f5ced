import ControlAPI

/// The query of a request: every name once, and only names that the route knows.
struct Query: Sendable, Equatable {
    private var values: [String: String] = [:]

    init(_ text: String?, known: [String]) throws(Problem) {
        for item in (text ?? "").split(separator: "&", omittingEmptySubsequences: true) {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try percentDecoded(parts[0], in: "the query")
            guard known.contains(name) else {
                let names = known.isEmpty ? "there are none here" : "known: \(known.joined(separator: ", "))"
                throw Problem(.malformed, "query parameter '\(name)' is not known here; \(names)")
            }
            let value = parts.count == 2 ? try percentDecoded(parts[1], in: "the query") : ""
            guard values.updateValue(value, forKey: name) == nil else {
                throw Problem(.malformed, "query parameter '\(name)' is given twice")
            }
        }
    }

    subscript(name: String) -> String? { values[name] }

    func bool(_ name: String, default value: Bool) throws(Problem) -> Bool {
        switch values[name] {
        case nil: return value
        case "true": return true
        case "false": return false
        case let text?: throw Problem(.malformed, "query parameter '\(name)' is '\(text)'; it can be true or false")
        }
    }

    func number(_ name: String, in range: ClosedRange<Int64>) throws(Problem) -> Int64? {
        guard let text = values[name] else { return nil }
        guard let number = wholeNumber(text), range.contains(number) else {
            let bound =
                range.upperBound == .max ? "from \(range.lowerBound) up" : "\(range.lowerBound) to \(range.upperBound)"
            throw Problem(.malformed, "query parameter '\(name)' is '\(text)'; it can be a whole number \(bound)")
        }
        return number
    }
}

/// Digits and nothing else: `Int64` would also take a sign.
func wholeNumber(_ text: some StringProtocol) -> Int64? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int64(text)
}

/// Decodes `%XX` once. Source: RFC 3986, section 2.1.
///
/// - Parameter place: for the problem: `the path`, `the query`.
func percentDecoded(_ text: Substring, in place: String) throws(Problem) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            bytes.append(byte)
            continue
        }
        guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue) else {
            throw Problem(.malformed, "\(place) has a '%' without two hexadecimal digits behind it")
        }
        bytes.append(high << 4 | low)
    }
    guard !bytes.contains(0) else { throw Problem(.malformed, "\(place) contains the character NUL") }
    guard let decoded = String(validating: bytes, as: UTF8.self) else {
        throw Problem(.malformed, "\(place) is not valid UTF-8")
    }
    return decoded
}

private func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 48
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - 87
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - 55
    default: nil
    }
}
