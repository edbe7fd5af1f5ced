/// A JSON value as it was written: keys keep their order, numbers keep their text.
///
/// A number that passed through a `Double` would reach a program changed: 9007199254740993 would lose its last digit.
public indirect enum JSONValue: Sendable, Equatable {
    /// One key of an object.
    public struct Member: Sendable, Equatable {
        public var key: String
        public var value: JSONValue

        public init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    case null
    case bool(Bool)
    /// The text of a JSON number.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// What it is, for error messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool(let value): String(value)
        case .number(let text): text.utf8.count <= 40 ? "the number \(text)" : "a number"
        case .string(let text): quoted(text)
        case .array: "a list"
        case .object: "an object"
        }
    }

    /// The value of a key; keys are compared byte by byte.
    subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { isSame($0.key, key) }?.value
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int64) { self = .number(String(value)) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }

    static func integer(_ value: some BinaryInteger) -> JSONValue { .number(String(value)) }
    static func strings(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }

    /// The object with more keys behind its own.
    func adding(_ members: JSONValue) -> JSONValue {
        guard case .object(let own) = self, case .object(let more) = members else { return self }
        return .object(own + more)
    }
}

/// A place in a JSON document: `$.inputs['a.mod'].text`. Source: RFC 9535, 2.1.
struct JSONPath: Sendable, Equatable, CustomStringConvertible {
    private(set) var description: String

    /// The whole document, or a place that was written down.
    init(_ description: String = "$") { self.description = description }

    func key(_ key: String) -> JSONPath {
        var path = self
        let isName =
            !key.isEmpty
            && key.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
            }
        path.description += isName && !(key.first?.isASCIIDigit ?? true) ? ".\(key)" : "[\(quoted(key))]"
        return path
    }

    func index(_ index: Int) -> JSONPath {
        var path = self
        path.description += "[\(index)]"
        return path
    }
}
