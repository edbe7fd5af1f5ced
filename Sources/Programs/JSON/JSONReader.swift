/// Why bytes are not the JSON that is accepted here, with the place.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Counted from 1; columns count characters.
    public var line: Int
    public var column: Int
    public var message: String

    /// `line 3, column 14: MESSAGE`
    public var description: String { "line \(line), column \(column): \(message)" }
}

/// Reads JSON strictly. Source: RFC 8259.
///
/// What is written twice or means nothing is an error: of two equal keys, one reader takes the first and the next one
/// the last.
struct JSONReader {
    static let maxBytes = 4 << 20
    static let maxDepth = 16
    static let maxValues = 200_000

    private let bytes: [UInt8]
    private var position = 0
    private var values = 0
    private var depth = 0

    static func read(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        guard bytes.count <= maxBytes else { throw JSONError(line: 1, column: 1, message: "larger than 4 MiB") }
        var reader = JSONReader(bytes: bytes)
        if String(validating: bytes, as: UTF8.self) == nil { throw reader.error("not valid UTF-8") }
        let value = try reader.value()
        reader.skipSpace()
        guard reader.position == bytes.count else { throw reader.error("something stands behind the value") }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    // MARK: Places

    private func error(_ message: String, at place: Int? = nil) -> JSONError {
        let before = bytes[..<min(place ?? position, bytes.count)]
        let line = before.count { $0 == 0x0A } + 1
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        // Continuation bytes are no characters of their own.
        let column = before[start...].count { $0 & 0xC0 != 0x80 } + 1
        return JSONError(line: line, column: column, message: message)
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    // MARK: Values

    private mutating func value() throws(JSONError) -> JSONValue {
        skipSpace()
        values += 1
        guard values <= Self.maxValues else { throw error("more than \(Self.maxValues) values") }
        switch peek ?? 0 {
        case UInt8(ascii: "{"): return try nested { reader throws(JSONError) in .object(try reader.members()) }
        case UInt8(ascii: "["): return try nested { reader throws(JSONError) in .array(try reader.items()) }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        default: return try word()
        }
    }

    private mutating func nested(
        _ body: (inout JSONReader) throws(JSONError) -> JSONValue
    ) throws(JSONError) -> JSONValue {
        depth += 1
        guard depth <= Self.maxDepth else { throw error("nested deeper than \(Self.maxDepth)") }
        position += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func items() throws(JSONError) -> [JSONValue] {
        var items: [JSONValue] = []
        skipSpace()
        if take("]") { return items }
        while true {
            items.append(try value())
            skipSpace()
            if take("]") { return items }
            guard take(",") else { throw error("expected ',' or ']'") }
        }
    }

    private mutating func members() throws(JSONError) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        var keys = Set<ExactText>()
        skipSpace()
        if take("}") { return members }
        while true {
            skipSpace()
            let place = position
            guard peek == UInt8(ascii: "\"") else { throw error("expected a key in double quotes") }
            values += 1
            let key = try string()
            guard keys.insert(ExactText(key)).inserted else {
                throw error("key \(quoted(key)) is given twice", at: place)
            }
            skipSpace()
            guard take(":") else { throw error("expected ':' behind the key \(quoted(key))") }
            members.append(JSONValue.Member(key, try value()))
            skipSpace()
            if take("}") { return members }
            guard take(",") else { throw error("expected ',' or '}'") }
        }
    }

    private mutating func word() throws(JSONError) -> JSONValue {
        for (word, value) in [("true", JSONValue.bool(true)), ("false", .bool(false)), ("null", .null)]
        where bytes[position...].starts(with: word.utf8) {
            position += word.utf8.count
            return value
        }
        throw error(peek == nil ? "the text ends where a value is expected" : "expected a value")
    }

    // MARK: Numbers

    private mutating func number() throws(JSONError) -> String {
        let start = position
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
        }
        if let byte = peek, (48...57).contains(byte) { throw error("a number has no leading zeros") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() throws(JSONError) {
        let start = position
        while let byte = peek, (48...57).contains(byte) { position += 1 }
        guard position > start else { throw error("expected a digit") }
    }

    // MARK: Texts

    private mutating func string() throws(JSONError) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw error("a control character in a text must be written as \\u00XX")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw error("the text is not closed")
    }

    private static let escapes: [UInt8: UInt8] = [
        0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 0x08, 0x66: 0x0C, 0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09,
    ]

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        let place = position
        position += 1
        if let byte = peek, let meant = Self.escapes[byte] {
            position += 1
            text.append(meant)
            return
        }
        guard take("u") else { throw error("this escape is not known", at: place) }
        var value = try fourHex()
        if (0xD800..<0xDC00).contains(value), take("\\"), take("u") {
            let low = try fourHex()
            guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair", at: place) }
            value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(value) else { throw error("half a surrogate pair", at: place) }
        text += Array(String(Character(scalar)).utf8)
    }

    private mutating func fourHex() throws(JSONError) -> UInt32 {
        guard position + 4 <= bytes.count,
            bytes[position..<position + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw error("expected four hexadecimal digits") }
        position += 4
        return value
    }
}
