import Images

@testable import ImageBuild

/// Bytes as a source of an image gives them: in pieces of a size.
private final class FuzzSource: ByteSource {
    private var rest: ArraySlice<UInt8>
    private let size: Int

    init(_ bytes: ArraySlice<UInt8>, pieces: Int) {
        rest = bytes
        size = pieces
    }

    func read(upTo count: Int) throws -> [UInt8] {
        let piece = Array(rest.prefix(min(count, size)))
        rest = rest.dropFirst(piece.count)
        return piece
    }
}

extension FuzzTarget {
    /// A layer or a tar that becomes an image, behind one byte that says in which pieces it comes. The pieces make no
    /// difference, and what the letters of names and targets are judged by lets nothing out.
    static let imageTar = FuzzTarget("image-tar", maxBytes: 16384) { bytes in
        guard let first = bytes.first else { return }
        let archive = bytes.dropFirst()
        let whole = try Tree(archive, pieces: .max), inPieces = try Tree(archive, pieces: Int(first) * 7 + 1)
        try promise(whole == inPieces, "in pieces of \(Int(first) * 7 + 1) bytes it is another archive")
    }

    private struct Tree: Equatable {
        var entries: [SourceEntry] = []
        var bytes: [UInt8] = []
        var error: ImageError?

        init(_ archive: ArraySlice<UInt8>, pieces: Int) throws {
            let reader = TarReader(FuzzSource(archive, pieces: pieces))
            do {
                while let entry = try reader.next() {
                    entries.append(entry)
                    try judge(entry)
                    // Every other one is passed over unread.
                    guard case .file(let size) = entry.kind, entries.count % 2 == 0 else { continue }
                    var missing = size
                    while case let piece = try reader.content(upTo: 700), !piece.isEmpty {
                        bytes += piece
                        missing -= Int64(piece.count)
                    }
                    try promise(missing == 0, "a file of \(size) bytes lacks \(missing)")
                }
            } catch let error as ImageError { self.error = error }
            try promise(bytes.count <= archive.count, "more bytes than the archive has")
            try promise(
                error.map { !$0.description.utf8.contains { $0 < 32 } } ?? true, "an error that moves a terminal")
        }

        private func judge(_ entry: SourceEntry) throws {
            try promise(entry.attributes.allSatisfy { $0.utf8.count <= 255 }, "an attribute with a long name")
            if case .file(let size) = entry.kind { try promise(size >= 0, "a file of \(size) bytes") }
            let path = try components(of: entry.name)
            for part in path {
                let isPlain = !part.isEmpty && part != "." && part != ".." && part.utf8.count <= 255
                try promise(isPlain && !part.utf8.contains { $0 < 32 || $0 == 0x2f || $0 == 127 }, "the name '\(part)'")
            }
            guard case .link(let target) = entry.kind else { return }
            try checkTarget(target, of: path)
            try promise(!leavesRoot(target, from: path), "the link '\(String(decoding: target, as: UTF8.self))'")
        }

        /// The same question, asked by counting.
        private func leavesRoot(_ target: [UInt8], from path: [String]) -> Bool {
            var depth = target.first == 0x2f ? 0 : path.count - 1
            for part in target.split(separator: 0x2f) where !part.elementsEqual(".".utf8) {
                depth += part.elementsEqual("..".utf8) ? -1 : 1
                if depth < 0 { return true }
            }
            return false
        }
    }

    /// What is packed, behind one byte that says in which pieces it comes. The pieces make no difference, and it ends.
    static let gunzip = FuzzTarget("gunzip", maxBytes: 8192) { bytes in
        guard let first = bytes.first else { return }
        let packed = bytes.dropFirst()
        let whole = try unpack(packed, pieces: .max, upTo: 1 << 16)
        let inPieces = try unpack(packed, pieces: Int(first) * 3 + 1, upTo: Int(first) * 5 + 1)
        // What comes out just before the data is found to be damaged is nobody's.
        try promise(whole.error != nil || whole.bytes == inPieces.bytes, "in pieces it is another content")
        // Data that is cut short may be damaged as well.
        try promise(
            (whole.error == nil) == (inPieces.error == nil),
            "in pieces: \(inPieces.error ?? "none"), not \(whole.error ?? "none")")
        // Deflate packs 258 bytes into two bits at the best. Source: zlib, "zlib_tech"
        try promise(whole.bytes.count <= packed.count * 1032, "\(whole.bytes.count) bytes of \(packed.count)")
    }

    private static func unpack(
        _ packed: ArraySlice<UInt8>, pieces: Int, upTo count: Int
    ) throws -> (bytes: [UInt8], error: String?) {
        let source = try Gunzip(FuzzSource(packed, pieces: pieces), name: "fuzz")
        var bytes: [UInt8] = []
        do {
            while case let piece = try source.read(upTo: count), !piece.isEmpty {
                try promise(piece.count <= count, "\(piece.count) bytes, not \(count)")
                bytes += piece
            }
        } catch let error as ImageError { return (bytes, error.description) }
        try promise(try source.read(upTo: count).isEmpty, "bytes behind the end")
        return (bytes, nil)
    }
}
