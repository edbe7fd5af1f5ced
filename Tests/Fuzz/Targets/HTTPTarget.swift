import ControlAPI

@testable import jrund

extension FuzzTarget {
    /// What a request says beside its body, each part behind a NUL: query, path, Range, If-None-Match, a number.
    static let http = FuzzTarget("http", maxBytes: 2048) { bytes in
        var parts = parts(bytes)
        while parts.count < 5 { parts.append("") }
        try checkQuery(parts[0])
        if let path = try? percentDecoded(parts[1][...], in: "the path") {
            try promise(!path.utf8.contains(0), "NUL in a path")
            try promise(path.utf8.count <= parts[1].utf8.count, "decoded, a path has grown")
        }
        try checkRange(parts[2])
        _ = entityTags(parts[3], match: "0123")
        if let number = wholeNumber(parts[4]) { try promise(number >= 0, "\(number)") }
    }

    private static func checkQuery(_ text: String) throws {
        let names = ["offset", "follow", "wait"]
        guard let query = try? Query(text, known: names) else { return }
        for name in names {
            try promise(query[name].map { !$0.utf8.contains(0) } ?? true, "NUL in a query")
            _ = try? query.bool(name, default: true)
            if let number = try? query.number(name, in: 0...600) {
                try promise((0...600).contains(number), "\(number)")
            }
        }
    }

    private static func checkRange(_ header: String) throws {
        for size in [0, 1, 1000, Int64.max] {
            guard let range = try? ByteRange.parse(header, size: size) else { continue }
            try promise(
                range.lowerBound >= 0 && range.upperBound <= size && !range.isEmpty, "\(range) of \(size) bytes")
        }
    }

    /// `jrund.yaml`. All errors have a place, and what is accepted is what the daemon can be run with.
    static let configuration = FuzzTarget("configuration") { bytes in
        let defaults = Configuration(
            defaultsOf: Machine(
                memoryBytes: 16 << 30, cpus: 4, runtimeDirectory: "/run/jrun", shippedPrograms: ["/usr/share"]))
        switch ConfigurationDecoder.parse(bytes, fileName: "fuzz", defaults: defaults) {
        case .failure(let errors):
            try promise(!errors.errors.isEmpty, "refused without a reason")
            try promise(errors.errors.allSatisfy { $0.line > 0 && $0.column > 0 }, "an error has no place")
        case .success(let configuration):
            try promise((8...65_536).contains(configuration.connections), "\(configuration.connections) connections")
            try promise(configuration.socket.utf8.first == UInt8(ascii: "/"), "socket '\(configuration.socket)'")
            try promise(configuration.capacity.runs > 0 && configuration.quota.runs > 0, "no runs at all")
        }
    }
}
