/// A path and query of the control API, percent-encoded.
public struct Route: Sendable, Equatable {
    /// What stands in the request line.
    public let target: String

    /// - Parameters:
    ///   - segments: each one segment, whatever is in it.
    ///   - file: the path of a file, whose slashes stay.
    public init(_ segments: [String], file: String? = nil, query: [(name: String, value: String)] = []) {
        var target = segments.map { "/" + percentEncoded($0) }.joined()
        if let file {
            target +=
                "/"
                + file.split(separator: "/", omittingEmptySubsequences: false)
                .map { percentEncoded($0) }.joined(separator: "/")
        }
        for (index, (name, value)) in query.enumerated() {
            target += "\(index == 0 ? "?" : "&")\(percentEncoded(name))=\(percentEncoded(value))"
        }
        self.target = target
    }

    public static func run(_ id: String, _ more: String..., query: [(name: String, value: String)] = []) -> Route {
        Route(["v1", "runs", id] + more, query: query)
    }

    public static func file(_ path: String, of id: String) -> Route { Route(["v1", "runs", id, "files"], file: path) }
}

/// Everything but the unreserved characters as `%XX`. Source: RFC 3986, 2.3.
func percentEncoded(_ text: some StringProtocol) -> String {
    var encoded = ""
    for byte in text.utf8 {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e:
            encoded.unicodeScalars.append(Unicode.Scalar(byte))
        default:
            let digits = String(byte, radix: 16, uppercase: true)
            encoded += byte < 16 ? "%0\(digits)" : "%\(digits)"
        }
    }
    return encoded
}
