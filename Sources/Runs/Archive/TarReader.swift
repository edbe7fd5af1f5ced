import Programs

// Theory of operation. An archive comes from whoever uploads it and is read by a daemon that is root, so it is read here:
// a few hundred lines that know three kinds of entries instead of a library that knows forty formats. The reader has no
// descriptors and writes nothing; it is fed bytes as they arrive, in pieces of any size, and says what it finds. What it
// remembers is bounded: one block, one extended header, and the names so far.

/// Why a tar archive is not taken, in one sentence that names the place.
public struct TarError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable {
        /// Not an archive, or one with something in it that is not taken.
        case malformed
        /// More entries or bytes than are allowed.
        case tooLarge
    }

    public var kind: Kind
    public var description: String

    init(_ description: String, kind: Kind = .malformed) {
        self.kind = kind
        self.description = description
    }
}

/// Reads ustar, pax, GNU and old (v7) archives of regular files and directories; everything else in one is an error.
/// Sources: POSIX.1-2017 pax, "ustar Interchange Format" and "pax Header Block"; the GNU tar manual, "Basic Tar Format".
public struct TarReader: Sendable {
    public enum Event: Sendable, Equatable {
        /// Behind it come its bytes, exactly `size` of them, and its end.
        case file(name: String, size: Int64, isExecutable: Bool)
        case data(ArraySlice<UInt8>)
        case endOfFile
    }

    /// Entries, directories and global headers included.
    public static let maxEntries = 100_000
    /// All names together, bytes: they are remembered, to find the same name twice.
    static let maxNameBytes = 16 << 20
    /// An extended header or a long name, bytes.
    static let maxExtendedBytes = 64 << 10
    private static let blockBytes = 512

    private enum State: Sendable {
        case header
        case data(left: Int64, padding: Int)
        case extended(TarHeader.Extension, left: Int, padding: Int)
        case padding(left: Int)
        /// Behind the two blocks of zeros.
        case end
        case failed(TarError)
    }

    private var state = State.header
    private var block: [UInt8] = []
    private var hasZeroBlock = false
    private var pending = TarHeader.Extensions()
    private var extended: [UInt8] = []
    private var names: Set<[UInt8]> = []
    private var nameBytes = 0
    private var entries = 0
    private var bytesLeft: Int64
    private var offset: Int64 = 0

    /// - Parameter maxBytes: of all files together.
    public init(maxBytes: Int64 = .max) { bytesLeft = maxBytes }

    /// Takes the next bytes of the archive.
    ///
    /// - Throws: `TarError`, and what `sink` throws; after that every further call throws.
    public mutating func feed(_ bytes: [UInt8], _ sink: (Event) throws -> Void) throws { try feed(bytes[...], sink) }

    public mutating func feed(_ bytes: ArraySlice<UInt8>, _ sink: (Event) throws -> Void) throws {
        if case .failed(let error) = state { throw error }
        var rest = bytes
        do {
            while !rest.isEmpty { try step(&rest, sink) }
        } catch let error as TarError {
            let placed = TarError("tar archive, byte \(offset): \(error.description)", kind: error.kind)
            state = .failed(placed)
            throw placed
        } catch {
            state = .failed(TarError("tar archive: given up at byte \(offset)"))
            throw error
        }
    }

    /// To be called when there are no more bytes.
    public func finish() throws {
        switch state {
        case .end: return
        case .failed(let error): throw error
        default:
            throw TarError(
                offset == 0 && block.isEmpty
                    ? "tar archive: it is empty"
                    : "tar archive: cut short behind byte \(offset + Int64(block.count + extended.count)); "
                        + "an archive ends with two blocks of zeros")
        }
    }

    // MARK: One step

    private mutating func step(_ rest: inout ArraySlice<UInt8>, _ sink: (Event) throws -> Void) throws {
        switch state {
        case .header:
            block += take(&rest, TarReader.blockBytes - block.count)
            if block.count == TarReader.blockBytes {
                try header(sink)
                block.removeAll(keepingCapacity: true)
                offset += Int64(TarReader.blockBytes)
            }
        case .data(let left, let padding):
            let piece = take(&rest, Int(clamping: left))
            offset += Int64(piece.count)
            try sink(.data(piece))
            try data(left: left - Int64(piece.count), padding: padding, sink)
        case .extended(let kind, let left, let padding):
            let piece = take(&rest, left)
            extended += piece
            guard piece.count == left else {
                state = .extended(kind, left: left - piece.count, padding: padding)
                return
            }
            // What is wrong with it is said of its beginning, in whatever pieces it came.
            try pending.take(kind, extended)
            offset += Int64(extended.count)
            extended = []
            state = skipping(padding)
        case .padding(let left):
            let count = take(&rest, left).count
            offset += Int64(count)
            state = skipping(left - count)
        case .end:
            // Whole records are written, so more zeros may follow.
            guard take(&rest, rest.count).allSatisfy({ $0 == 0 }) else {
                throw TarError("something follows the end of the archive")
            }
        case .failed(let error): throw error
        }
    }

    private func take(_ rest: inout ArraySlice<UInt8>, _ count: Int) -> ArraySlice<UInt8> {
        let piece = rest.prefix(count)
        rest = rest.dropFirst(count)
        return piece
    }

    private func skipping(_ padding: Int) -> State { padding == 0 ? .header : .padding(left: padding) }

    private mutating func data(left: Int64, padding: Int, _ sink: (Event) throws -> Void) throws {
        if left > 0 {
            state = .data(left: left, padding: padding)
        } else {
            try sink(.endOfFile)
            state = skipping(padding)
        }
    }

    // MARK: Headers

    private mutating func header(_ sink: (Event) throws -> Void) throws {
        if block.allSatisfy({ $0 == 0 }) {
            guard pending.isEmpty else { throw TarError("an extended header without the entry that it is for") }
            if hasZeroBlock { state = .end }
            hasZeroBlock = true
            return
        }
        guard !hasZeroBlock else { throw TarError("a block of zeros in the middle") }
        let header = try TarHeader(block)
        if let kind = header.extension {
            try begin(kind, size: header.size)
        } else {
            try entry(header, sink)
            pending = TarHeader.Extensions()
        }
    }

    private mutating func begin(_ kind: TarHeader.Extension, size: Int64) throws {
        guard size <= TarReader.maxExtendedBytes else {
            throw TarError("an extended header of \(size) bytes; at most \(TarReader.maxExtendedBytes) are read")
        }
        // The others are at most one each for an entry.
        if kind == .global { try count() }
        guard !pending.has(kind) else { throw TarError("two extended headers of one kind for one entry") }
        let padding = TarReader.padding(behind: size)
        if size == 0 { try pending.take(kind, []) }
        state = size == 0 ? .header : .extended(kind, left: Int(size), padding: padding)
    }

    private mutating func entry(_ header: TarHeader, _ sink: (Event) throws -> Void) throws {
        try count()
        let path = pending.path ?? header.name
        let shown = "entry '\(printable(String(decoding: path.prefix(200), as: UTF8.self)))'"
        guard !pending.isSparse else { throw TarError("\(shown) is a sparse file, \(TarHeader.onlyFiles)") }
        let kind = try header.kind(of: shown)
        let size = pending.size ?? header.size
        guard let name = try TarReader.name(path, kind, shown) else { return }
        if kind == .directory {
            guard size == 0 else { throw TarError("\(shown) is a directory with content") }
            return
        }
        guard size <= bytesLeft else {
            throw TarError("\(shown) has \(size) bytes; \(bytesLeft) are left for it", kind: .tooLarge)
        }
        bytesLeft -= size
        nameBytes += path.count
        guard nameBytes <= TarReader.maxNameBytes else {
            throw TarError("names of more than \(TarReader.maxNameBytes) bytes together", kind: .tooLarge)
        }
        guard names.insert(Array(name.utf8)).inserted else { throw TarError("\(shown) is there twice") }
        try sink(.file(name: name, size: size, isExecutable: header.isExecutable))
        try data(left: size, padding: TarReader.padding(behind: size), sink)
    }

    private mutating func count() throws {
        entries += 1
        guard entries <= TarReader.maxEntries else {
            throw TarError("more than \(TarReader.maxEntries) entries", kind: .tooLarge)
        }
    }

    /// The name as the run knows it; nil for the archive's own directory.
    private static func name(_ path: [UInt8], _ kind: TarHeader.Kind, _ shown: String) throws -> String? {
        var bytes = path[...]
        while bytes.starts(with: [UInt8(ascii: "."), UInt8(ascii: "/")]) { bytes = bytes.dropFirst(2) }
        if kind == .directory {
            if bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes = bytes.dropLast() }
            if bytes.elementsEqual([UInt8(ascii: ".")]) || bytes.isEmpty && !path.isEmpty { return nil }
        }
        if let reason = checkFileName(Array(bytes)) { throw TarError("\(shown) has a name that cannot be: \(reason)") }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func padding(behind size: Int64) -> Int { Int((512 - size % 512) % 512) }
}
