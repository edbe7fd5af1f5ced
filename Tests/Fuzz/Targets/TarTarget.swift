@testable import Runs

extension FuzzTarget {
    /// An archive behind one byte that says in which pieces it arrives. The pieces make no difference, and nothing comes
    /// out but plain names and the bytes that went in.
    static let tar = FuzzTarget("tar", maxBytes: 16384) { bytes in
        guard let first = bytes.first else { return }
        let archive = Array(bytes.dropFirst())
        let whole = try read(archive, pieces: .max), inPieces = try read(archive, pieces: Int(first) * 7 + 1)
        try promise(whole == inPieces, "in pieces of \(Int(first) * 7 + 1) bytes it is another archive")
    }

    private struct Files: Equatable {
        var names: [String] = []
        var bytes: [UInt8] = []
        var error: TarError?
    }

    private static func read(_ archive: [UInt8], pieces: Int) throws -> Files {
        var files = Files(), missing: Int64?
        var reader = TarReader(maxBytes: 1 << 20)
        do {
            var rest = archive[...]
            while !rest.isEmpty {
                try reader.feed(rest.prefix(pieces)) { event in
                    switch event {
                    case .file(let name, let size, _):
                        try promise(missing == nil && size >= 0, "a file begins in another one")
                        try promise(name.utf8.first != UInt8(ascii: "/") && !name.utf8.contains(0), "name '\(name)'")
                        try promise(
                            !name.utf8.split(separator: UInt8(ascii: "/")).contains { $0.elementsEqual("..".utf8) },
                            "name '\(name)' leads out")
                        files.names.append(name)
                        missing = size
                    case .data(let data):
                        try promise(missing ?? -1 >= data.count && !data.isEmpty, "more bytes than the file has")
                        files.bytes += data
                        missing = missing.map { $0 - Int64(data.count) }
                    case .endOfFile:
                        try promise(missing == 0, "a file ends too soon")
                        missing = nil
                    }
                }
                rest = rest.dropFirst(pieces)
            }
            try reader.finish()
            try promise(missing == nil, "the last file has no end")
        } catch let error as TarError { files.error = error }
        try promise(files.bytes.count <= archive.count, "more bytes than the archive has")
        try promise(Set(files.names).count == files.names.count, "one name twice")
        return files
    }
}
