/// The SHA-256 of an image's file, which is what the image is called in the store.
public struct ImageDigest: Sendable, Hashable, CustomStringConvertible {
    /// 64 lower-case digits.
    public let hex: String

    public init?(hex: some StringProtocol) {
        guard hex.utf8.count == 64,
            hex.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.hex = String(hex)
    }

    /// `sha256:HEX`
    public init?(_ text: some StringProtocol) {
        guard text.hasPrefix("sha256:") else { return nil }
        self.init(hex: text.dropFirst(7))
    }

    /// `sha256:HEX`
    public var description: String { "sha256:\(hex)" }
}

extension ImageDigest: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let digest = ImageDigest(text) else { throw ImageError("'\(text)' is no digest: sha256:HEX is one") }
        self = digest
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Which image somebody means: `NAME` is what the name stands for now, `NAME@sha256:HEX` one image for good.
public struct ImageReference: Sendable, Hashable, CustomStringConvertible {
    public let name: String
    public let digest: ImageDigest?

    /// - Throws: when the text is neither form.
    public init(_ text: String) throws(ImageError) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        name = String(parts[0])
        if let reason = reasonAgainstImageName(name) { throw ImageError("image '\(printable(text))': \(reason)") }
        guard parts.count == 2 else {
            digest = nil
            return
        }
        guard let digest = ImageDigest(parts[1]) else {
            throw ImageError("image '\(printable(text))': behind '@' stands sha256: and 64 hexadecimal digits")
        }
        self.digest = digest
    }

    public var description: String { digest.map { "\(name)@\($0)" } ?? name }
}

/// Why a text cannot be the name of an image; nil when it can.
public func reasonAgainstImageName(_ name: String) -> String? {
    let isFirst = { (byte: UInt8) in (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte) }
    guard let first = name.utf8.first, isFirst(first), name.utf8.count <= 64,
        name.utf8.allSatisfy({ isFirst($0) || ".-_".utf8.contains($0) })
    else {
        return "a name is 1 to 64 of a-z, 0-9, '.', '_' and '-', and begins with a letter or a digit"
    }
    return nil
}

/// The text with everything that a terminal would obey made visible.
public func printable(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { shown, scalar in
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069:
            shown += "\\u{\(String(scalar.value, radix: 16))}"
        default: shown.unicodeScalars.append(scalar)
        }
    }
}
