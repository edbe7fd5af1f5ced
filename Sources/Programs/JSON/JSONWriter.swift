/// What can be written as JSON by `JSONWriter`.
public protocol JSONWritable {
    func write(to json: inout JSONWriter)
}

/// JSON straight into bytes, the same bytes that JSONEncoder makes with `sortedKeys`, `withoutEscapingSlashes` and, if asked,
/// `prettyPrinted`. A JSONEncoder spends most of its time on finding out at run time what a type is made of; each file and
/// answer on the way of a run would pay for it. Whoever writes an object names its members in the order of their keys: a
/// test compares the bytes.
public struct JSONWriter {
    public private(set) var bytes: [UInt8] = []
    private let isPretty: Bool
    private var depth = 0
    /// Nothing is in the innermost object or list yet.
    private var isEmpty = true

    public init(pretty: Bool = false) {
        isPretty = pretty
        bytes.reserveCapacity(4096)
    }

    public static func bytes(of value: some JSONWritable, pretty: Bool = false) -> [UInt8] {
        var json = JSONWriter(pretty: pretty)
        value.write(to: &json)
        return json.bytes
    }

    // MARK: Objects and lists

    public mutating func object(_ members: (inout JSONWriter) -> Void) {
        open(UInt8(ascii: "{"))
        members(&self)
        close(UInt8(ascii: "}"))
    }

    public mutating func member(_ key: StaticString, _ value: some JSONWritable) {
        next()
        write(quoted: key)
        value.write(to: &self)
    }

    /// A key in the source, which has nothing to escape.
    private mutating func write(quoted key: StaticString) {
        bytes.append(quote)
        bytes.append(contentsOf: UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount))
        bytes.append(quote)
        separate()
    }

    /// Left out when there is no value.
    public mutating func member(_ key: StaticString, _ value: (some JSONWritable)?) {
        if let value { member(key, value) }
    }

    /// A member whose key is data.
    public mutating func member(named key: String, _ value: some JSONWritable) {
        next()
        write(key)
        separate()
        value.write(to: &self)
    }

    public mutating func list(_ items: some Sequence<some JSONWritable>) {
        open(UInt8(ascii: "["))
        for item in items {
            next()
            item.write(to: &self)
        }
        close(UInt8(ascii: "]"))
    }

    /// By number: the iterator of a generic array is a type that has to be looked up at run time.
    mutating func list<Item: JSONWritable>(of items: [Item]) {
        open(UInt8(ascii: "["))
        for index in 0..<items.count {
            next()
            items[index].write(to: &self)
        }
        close(UInt8(ascii: "]"))
    }

    /// Texts by names that are data, for the same reason not by way of `Dictionary`'s own.
    public mutating func member(_ key: StaticString, _ texts: [String: String]) {
        var names: [String] = []
        for (name, _) in texts { names.append(name) }
        names.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        next()
        write(quoted: key)
        open(UInt8(ascii: "{"))
        for name in names { if let text = texts[name] { member(named: name, text) } }
        close(UInt8(ascii: "}"))
    }

    private mutating func open(_ byte: UInt8) {
        bytes.append(byte)
        depth += 1
        isEmpty = true
        if isPretty { bytes.append(newline) }
    }

    private mutating func close(_ byte: UInt8) {
        depth -= 1
        isEmpty = false
        if isPretty {
            bytes.append(newline)
            indent()
        }
        bytes.append(byte)
    }

    /// Before each member and item.
    private mutating func next() {
        if !isEmpty {
            bytes.append(UInt8(ascii: ","))
            if isPretty { bytes.append(newline) }
        }
        isEmpty = false
        if isPretty { indent() }
    }

    private mutating func separate() {
        if isPretty { bytes.append(space) }
        bytes.append(UInt8(ascii: ":"))
        if isPretty { bytes.append(space) }
    }

    private mutating func indent() { bytes.append(contentsOf: repeatElement(space, count: 2 * depth)) }

    // MARK: Values

    mutating func write(literal: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    mutating func write(digits number: some BinaryInteger) { bytes.append(contentsOf: String(number).utf8) }

    mutating func write(_ text: String) {
        bytes.append(quote)
        var text = text
        text.withUTF8 { text in
            // Most texts have nothing to escape.
            if text.contains(where: { needsEscape($0) }) {
                for byte in text { append(escaping: byte) }
            } else {
                bytes.append(contentsOf: text)
            }
        }
        bytes.append(quote)
    }

    private mutating func append(escaping byte: UInt8) {
        guard needsEscape(byte) else { return bytes.append(byte) }
        bytes.append(backslash)
        switch byte {
        case quote, backslash: bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0a: bytes.append(UInt8(ascii: "n"))
        case 0x0c: bytes.append(UInt8(ascii: "f"))
        case 0x0d: bytes.append(UInt8(ascii: "r"))
        default:
            bytes.append(contentsOf: "u00\(byte < 0x10 ? "0" : "1")".utf8)
            bytes.append(contentsOf: String(byte & 0x0f, radix: 16).utf8)
        }
    }
}

private let quote = UInt8(ascii: "\""), backslash = UInt8(ascii: "\\"), newline = UInt8(ascii: "\n")
private let space = UInt8(ascii: " ")

/// Source: RFC 8259, section 7.
private func needsEscape(_ byte: UInt8) -> Bool { byte < 0x20 || byte == quote || byte == backslash }

extension String: JSONWritable {
    public func write(to json: inout JSONWriter) { json.write(self) }
}

extension Bool: JSONWritable {
    public func write(to json: inout JSONWriter) { json.write(literal: self ? "true" : "false") }
}

extension Int: JSONWritable { public func write(to json: inout JSONWriter) { json.write(digits: self) } }
extension Int32: JSONWritable { public func write(to json: inout JSONWriter) { json.write(digits: self) } }
extension Int64: JSONWritable { public func write(to json: inout JSONWriter) { json.write(digits: self) } }
extension UInt32: JSONWritable { public func write(to json: inout JSONWriter) { json.write(digits: self) } }
extension UInt64: JSONWritable { public func write(to json: inout JSONWriter) { json.write(digits: self) } }

extension Array: JSONWritable where Element: JSONWritable {
    public func write(to json: inout JSONWriter) { json.list(of: self) }
}

/// Keys are data, and stay as they are.
extension Dictionary: JSONWritable where Key == String, Value: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            for (key, value) in sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                json.member(named: key, value)
            }
        }
    }
}
