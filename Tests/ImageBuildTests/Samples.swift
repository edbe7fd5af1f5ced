import CZlib
import Images
import Kernel

@testable import ImageBuild

/// A directory of its own for each test, gone with it.
final class Scratch {
    let path: String

    init() throws {
        path = "/tmp/jrun-build-\(randomBytes(8).map { String($0, radix: 16) }.joined())"
        try FileSystem.makeDirectory(path, mode: 0o700)
    }

    deinit {
        guard let directory = try? FileSystem.open(path, [.read, .directory]) else { return }
        try? FileSystem.removeHostileContents(of: directory.raw)
        try? FileSystem.removeDirectory(path)
    }

    @discardableResult func file(_ name: String, _ bytes: [UInt8], mode: UInt32 = 0o644) throws -> String {
        if let slash = name.lastIndex(of: "/") {
            try FileSystem.makeDirectories("\(path)/\(name[..<slash])", mode: 0o755)
        }
        try FileSystem.createFile("\(path)/\(name)", bytes, mode: mode)
        return "\(path)/\(name)"
    }

    func staging(bytes: Int64 = 1 << 20, entries: Int = 1000) throws -> Staging {
        let tree = "\(path)/tree-\(randomBytes(4).map { String($0, radix: 16) }.joined())"
        try FileSystem.makeDirectory(tree, mode: 0o700)
        var limits = Recipe.Limits()
        limits.bytes = bytes
        limits.entries = entries
        return try Staging(path: tree, limits: limits)
    }
}

/// One entry of a tar that is written by hand, so that it may be anything.
struct TarSample {
    var name: String
    var type: Character = "0"
    var content = ""
    var target = ""
    var mode: UInt32 = 0o644
    var pax: [(String, String)] = []
    /// Instead of the content's.
    var size: Int?

    static func directory(_ name: String, mode: UInt32 = 0o755) -> TarSample {
        TarSample(name: name, type: "5", mode: mode)
    }
    static func link(_ name: String, _ target: String) -> TarSample { TarSample(name: name, type: "2", target: target) }
    static func hard(_ name: String, _ target: String) -> TarSample { TarSample(name: name, type: "1", target: target) }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        if !pax.isEmpty {
            var records = ""
            for (key, value) in pax {
                let rest = " \(key)=\(value)\n"
                var length = rest.utf8.count + 1
                while "\(length)\(rest)".utf8.count != length { length += 1 }
                records += "\(length)\(rest)"
            }
            bytes += TarSample(name: "pax", type: "x", content: records).bytes
        }
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ at: Int) { block.replaceSubrange(at..<at + text.utf8.count, with: text.utf8) }
        func octal(_ value: Int, _ digits: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        put(name, 0)
        put(octal(Int(mode), 7), 100)
        put(octal(size ?? content.utf8.count, 11), 124)
        put("        ", 148)
        put(String(type), 156)
        put(target, 157)
        put("ustar\u{0}00", 257)
        put(octal(block.reduce(0) { $0 + Int($1) }, 6) + "\u{0}", 148)
        let data = Array(content.utf8)
        return bytes + block + data + [UInt8](repeating: 0, count: (512 - data.count % 512) % 512)
    }
}

func tar(_ entries: [TarSample]) -> [UInt8] { entries.flatMap(\.bytes) + [UInt8](repeating: 0, count: 1024) }

/// Bytes in pieces of a size.
final class Pieces: ByteSource {
    private var rest: ArraySlice<UInt8>
    private let size: Int

    init(_ bytes: [UInt8], size: Int = 100_000) {
        rest = bytes[...]
        self.size = size
    }

    func read(upTo count: Int) throws -> [UInt8] {
        let piece = Array(rest.prefix(min(count, size)))
        rest = rest.dropFirst(piece.count)
        return piece
    }
}

/// As gzip packs it.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    deflateInit2_(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&stream) }
    var input = bytes
    return [UInt8](unsafeUninitializedCapacity: bytes.count + 1024) { buffer, initialized in
        input.withUnsafeMutableBufferPointer { source in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(source.count)
            stream.next_out = buffer.baseAddress
            stream.avail_out = UInt32(buffer.count)
            deflate(&stream, Z_FINISH)
        }
        initialized = buffer.count - Int(stream.avail_out)
    }
}

extension Staging {
    /// What is in the tree when it is finished, as lines of the listing without digests, and without what is always there.
    func lines(remove: [String] = []) throws -> [String] {
        let always: Set = ["etc", "etc/passwd", "etc/group", "etc/nsswitch.conf"]
        return try finish(remove: remove).entries.filter { !always.contains($0.path) }.map { entry in
            "\(entry.kind.rawValue) \(String(entry.mode, radix: 8)) \(entry.path)"
                + (entry.target.map { " -> \($0)" } ?? "")
        }
    }
}
