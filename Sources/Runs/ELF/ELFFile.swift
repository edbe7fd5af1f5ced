import Kernel

/// Why a file is not an ELF file whose libraries can be found, in one sentence.
public struct ELFError: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String
}

/// What the loader looks at in an ELF file: 64 bits, little-endian. Source: elf(5).
///
/// The file may be hostile: everything is bounded, and nothing is read but what its place says.
public struct ELFFile: Sendable, Equatable {
    /// `EM_…`
    public var machine: UInt16
    /// PT_INTERP: the loader. Nil in a static executable, and in most libraries.
    public var interpreter: String?
    /// DT_NEEDED, in their order.
    public var needed: [String] = []
    /// DT_RPATH and DT_RUNPATH, taken apart at `:`; `$ORIGIN` is still in them.
    public var rpath: [String] = []
    public var runpath: [String] = []

    static let maxSegments = 1024
    static let maxDynamicEntries = 8192
    static let maxNameBytes = 4096

    /// - Parameters:
    ///   - name: for the error.
    ///   - size: bytes in the file.
    ///   - read: up to so many bytes at an offset; fewer at the end.
    public init(named name: String, size: Int64, read: @escaping (Int64, Int) throws(KernelError) -> [UInt8])
        throws(ELFError)
    {
        do throws(ELFError) {
            let reader = ELFReader(size: size, read: read)
            let header = try reader.bytes(at: 0, count: 64, what: "its header")
            guard header.starts(with: [0x7f, 0x45, 0x4c, 0x46]) else {
                throw ELFError("does not begin like an ELF file")
            }
            guard header[4] == 2, header[5] == 1 else { throw ELFError("is not 64-bit little-endian") }
            machine = header.number(at: 18)
            let segments = try reader.segments(header)
            interpreter = try reader.interpreter(segments)
            let dynamic = try reader.dynamic(segments)
            needed = try dynamic.needed.map { offset throws(ELFError) in try reader.name(offset, dynamic, segments) }
            rpath = try reader.paths(dynamic.rpath, dynamic, segments)
            runpath = try reader.paths(dynamic.runpath, dynamic, segments)
        } catch {
            throw ELFError(description: "'\(name)' \(error.description)")
        }
    }

    public init(path: String) throws(ELFError) {
        let file = try Self.open(path)
        let raw = file.raw
        try self.init(named: path, size: try Self.size(of: raw, path)) { offset, count throws(KernelError) in
            try FileSystem.read(raw, from: offset, upTo: count)
        }
    }

    private static func open(_ path: String) throws(ELFError) -> OwnedFD {
        do { return try FileSystem.open(path, [.read, .nonBlocking]) } catch {
            throw ELFError("'\(path)': \(describe(errno: error.errno))")
        }
    }

    private static func size(of file: Int32, _ path: String) throws(ELFError) -> Int64 {
        guard let status = try? FileStatus(of: file), status.kind == .file else {
            throw ELFError("'\(path)' is no regular file")
        }
        return status.size
    }
}

extension ELFError {
    init(_ description: String) { self.description = description }
}

/// One program header.
private struct Segment {
    var type: UInt32
    var offset: UInt64
    var address: UInt64
    var size: UInt64
}

/// The dynamic section, as offsets into its string table.
private struct Dynamic {
    var needed: [UInt64] = []
    var rpath: UInt64?
    var runpath: UInt64?
    var strings: UInt64 = 0
    var stringsSize: UInt64 = 0
}

private struct ELFReader {
    let size: Int64
    let read: (Int64, Int) throws(KernelError) -> [UInt8]

    func bytes(at offset: UInt64, count: Int, what: String) throws(ELFError) -> [UInt8] {
        guard let start = Int64(exactly: offset), start <= size, Int64(count) <= size - start else {
            throw ELFError("is damaged: \(what) lies outside the file")
        }
        do {
            let bytes = try read(start, count)
            if bytes.count == count { return bytes }
        } catch { throw ELFError("cannot be read: \(error)") }
        throw ELFError("is damaged: \(what) is cut off")
    }

    func segments(_ header: [UInt8]) throws(ELFError) -> [Segment] {
        let offset: UInt64 = header.number(at: 32)
        let entry: UInt16 = header.number(at: 54), count: UInt16 = header.number(at: 56)
        if count == 0 { return [] }
        guard entry == 56, count <= ELFFile.maxSegments else {
            throw ELFError("is damaged: its program headers are odd")
        }
        let table = try bytes(at: offset, count: Int(count) * 56, what: "the table of program headers")
        return (0..<Int(count)).map { index in
            let at = index * 56
            return Segment(
                type: table.number(at: at), offset: table.number(at: at + 8), address: table.number(at: at + 16),
                size: table.number(at: at + 32))
        }
    }

    // PT_INTERP
    func interpreter(_ segments: [Segment]) throws(ELFError) -> String? {
        guard let segment = segments.first(where: { $0.type == 3 }) else { return nil }
        guard (2...UInt64(ELFFile.maxNameBytes)).contains(segment.size) else {
            throw ELFError("is damaged: the name of its loader is empty or too long")
        }
        let bytes = try bytes(at: segment.offset, count: Int(segment.size), what: "the name of its loader")
        return try text(bytes.prefix { $0 != 0 })
    }

    // PT_DYNAMIC; DT_NULL, DT_NEEDED, DT_STRTAB, DT_STRSZ, DT_RPATH, DT_RUNPATH
    func dynamic(_ segments: [Segment]) throws(ELFError) -> Dynamic {
        var dynamic = Dynamic()
        guard let segment = segments.first(where: { $0.type == 2 }) else { return dynamic }
        let count = Int(min(segment.size / 16, UInt64(ELFFile.maxDynamicEntries)))
        let table = try bytes(at: segment.offset, count: count * 16, what: "the dynamic section")
        entries: for at in stride(from: 0, to: table.count, by: 16) {
            let value: UInt64 = table.number(at: at + 8)
            switch table.number(at: at) as UInt64 {
            case 0: break entries
            case 1: dynamic.needed.append(value)
            case 5: dynamic.strings = value
            case 10: dynamic.stringsSize = value
            case 15: dynamic.rpath = value
            case 29: dynamic.runpath = value
            default: break
            }
        }
        return dynamic
    }

    func name(_ offset: UInt64, _ dynamic: Dynamic, _ segments: [Segment]) throws(ELFError) -> String {
        guard offset < dynamic.stringsSize else { throw ELFError("is damaged: a name lies outside its string table") }
        let (address, overflow) = dynamic.strings.addingReportingOverflow(offset)
        // PT_LOAD
        let segment = segments.first {
            $0.type == 1 && !overflow && address >= $0.address && address - $0.address < $0.size
        }
        guard let segment else { throw ELFError("is damaged: its string table is in no segment") }
        let inside = address - segment.address
        let (start, tooFar) = segment.offset.addingReportingOverflow(inside)
        let room = min(UInt64(ELFFile.maxNameBytes), segment.size - inside, dynamic.stringsSize - offset)
        guard !tooFar else { throw ELFError("is damaged: a segment lies outside the file") }
        let bytes = try bytes(at: start, count: Int(room), what: "the string table")
        guard let end = bytes.firstIndex(of: 0), end > 0 else { throw ELFError("is damaged: a name has no end") }
        return try text(bytes[..<end])
    }

    func paths(_ offset: UInt64?, _ dynamic: Dynamic, _ segments: [Segment]) throws(ELFError) -> [String] {
        guard let offset else { return [] }
        return try name(offset, dynamic, segments).split(separator: ":").map(String.init)
    }

    private func text(_ bytes: some Collection<UInt8>) throws(ELFError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self), bytes.allSatisfy({ $0 >= 32 && $0 != 127 }) else {
            throw ELFError("is damaged: a name is not readable text")
        }
        return text
    }
}

extension [UInt8] {
    /// Little-endian.
    fileprivate func number<Number: FixedWidthInteger>(at offset: Int) -> Number {
        (0..<(Number.bitWidth / 8)).reduce(0) { $0 | Number(truncatingIfNeeded: self[offset + $1]) << (8 * $1) }
    }
}
