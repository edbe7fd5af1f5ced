/// One file, directory or link of an image.
public struct ListingEntry: Sendable, Equatable, Encodable {
    public enum Kind: String, Sendable, Encodable {
        case file = "f"
        case directory = "d"
        case link = "l"
    }

    public var kind: Kind
    /// Nine permission bits.
    public var mode: UInt32
    /// Of a file; of a link, the length of its target; 0 of a directory.
    public var size: Int64
    /// Of a file.
    public var sha256: String?
    /// Without a slash at either end.
    public var path: String
    /// Of a link.
    public var target: String?

    public init(
        kind: Kind, mode: UInt32, size: Int64 = 0, sha256: String? = nil, path: String, target: String? = nil
    ) {
        self.kind = kind
        self.mode = mode
        self.size = size
        self.sha256 = sha256
        self.path = path
        self.target = target
    }

    /// Byte by byte: two texts that a reader cannot tell apart are two names.
    public static func == (a: Self, b: Self) -> Bool {
        a.kind == b.kind && a.mode == b.mode && a.size == b.size && a.sha256 == b.sha256
            && a.path.utf8.elementsEqual(b.path.utf8) && Array((a.target ?? "").utf8) == Array((b.target ?? "").utf8)
    }

    /// `TYPE MODE SIZE SHA256-or-- PATH[ -> TARGET]`, names escaped.
    var line: String {
        let octal = String(mode, radix: 8)
        let padded = String(repeating: "0", count: max(0, 4 - octal.utf8.count)) + octal
        let end = target.map { " -> \(escaped($0))" } ?? ""
        return "\(kind.rawValue) \(padded) \(size) \(sha256 ?? "-") \(escaped(path))\(end)"
    }

    init?(line: Substring) {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 5 || words.count == 7 && words[5] == "->", let kind = Kind(rawValue: String(words[0])),
            let mode = UInt32(words[1], radix: 8), let size = Int64(words[2]), let path = unescaped(words[4])
        else { return nil }
        self.init(kind: kind, mode: mode, size: size, sha256: words[3] == "-" ? nil : String(words[3]), path: path)
        if words.count == 7 {
            guard let target = unescaped(words[6]) else { return nil }
            self.target = target
        }
    }
}

/// Everything in an image, sorted by the bytes of the paths.
public struct ImageListing: Sendable, Equatable {
    public private(set) var entries: [ListingEntry]

    public init(_ entries: [ListingEntry]) {
        self.entries = entries.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    public var contentBytes: Int64 { entries.reduce(0) { $0 + ($1.kind == .file ? $1.size : 0) } }

    public var bytes: [UInt8] { entries.flatMap { Array("\($0.line)\n".utf8) } }

    /// - Throws: with the line's number.
    public init(bytes: [UInt8]) throws(ImageError) {
        entries = []
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        for (number, line) in lines.enumerated() {
            guard let entry = ListingEntry(line: line) else {
                throw ImageError("line \(number + 1) of the listing is damaged")
            }
            entries.append(entry)
        }
    }
}

/// Blanks, control characters and backslashes as `\xHH`, so that a name is one word of a line.
private func escaped(_ name: String) -> String {
    name.unicodeScalars.reduce(into: "") { text, scalar in
        if scalar.value <= 0x20 || scalar.value == 0x7F || scalar == "\\" {
            text += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        } else {
            text.unicodeScalars.append(scalar)
        }
    }
}

private func unescaped(_ word: Substring) -> String? {
    var bytes: [UInt8] = [], rest = word.utf8[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "\\") else {
            bytes.append(byte)
            continue
        }
        guard rest.popFirst() == UInt8(ascii: "x"), rest.count >= 2,
            let value = UInt8(String(Substring(rest.prefix(2))), radix: 16)
        else { return nil }
        bytes.append(value)
        rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
}
