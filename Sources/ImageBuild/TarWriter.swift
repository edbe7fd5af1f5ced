import Crypto
import Images
import Kernel

/// Writes a tar of an image: root's, all times 1. Source: POSIX pax.
struct TarWriter: ~Copyable {
    private let file: OwnedFD
    private let path: String
    private var hash = SHA256()
    private(set) var size: Int64 = 0

    init(path: String) throws(KernelError) {
        file = try FileSystem.open(path, [.write, .create, .exclusive], mode: 0o644)
        self.path = path
    }

    mutating func add(_ entry: ListingEntry) throws(KernelError) {
        let name = entry.kind == .directory ? "\(entry.path)/" : entry.path, target = entry.target ?? ""
        var records: [UInt8] = []
        if !Self.fits(name) { records += Self.record("path", name) }
        if !Self.fits(target) { records += Self.record("linkpath", target) }
        let size = entry.kind == .file ? entry.size : 0
        if size >= 1 << 33 { records += Self.record("size", String(size)) }
        if !records.isEmpty {
            try write(Self.header("pax", "", mode: 0o644, size: Int64(records.count), type: "x"))
            try writeContent(records)
        }
        let type =
            switch entry.kind {
            case .file: "0"
            case .directory: "5"
            case .link: "2"
            }
        try write(
            Self.header(
                Self.fits(name) ? name : "long", Self.fits(target) ? target : "long", mode: entry.mode,
                size: size < 1 << 33 ? size : 0, type: type))
    }

    /// Of the entry that was added last.
    mutating func writeContent(of file: Int32) throws(KernelError) {
        var offset: Int64 = 0
        while true {
            let chunk = try FileSystem.read(file, from: offset, upTo: 1 << 20)
            if chunk.isEmpty { break }
            try write(chunk)
            offset += Int64(chunk.count)
        }
        try pad(offset)
    }

    /// - Returns: digest and size of the archive.
    consuming func finish() throws(KernelError) -> (digest: ImageDigest, size: Int64) {
        try write([UInt8](repeating: 0, count: 1024))
        return (ImageDigest(hash.finalize()), size)
    }

    private mutating func writeContent(_ bytes: [UInt8]) throws(KernelError) {
        try write(bytes)
        try pad(Int64(bytes.count))
    }

    private mutating func pad(_ count: Int64) throws(KernelError) {
        try write([UInt8](repeating: 0, count: Int((512 - count % 512) % 512)))
    }

    private mutating func write(_ bytes: [UInt8]) throws(KernelError) {
        hash.update(data: bytes)
        size += Int64(bytes.count)
        try FileSystem.write(bytes, to: file.raw, named: path)
    }

    private static func fits(_ text: String) -> Bool { text.utf8.count <= 100 && text.utf8.allSatisfy { $0 < 128 } }

    /// `LENGTH KEY=VALUE` and a line feed; the length counts its own digits.
    private static func record(_ key: String, _ value: String) -> [UInt8] {
        let rest = " \(key)=\(value)\n"
        var length = rest.utf8.count
        while String(length).utf8.count + rest.utf8.count != length {
            length = String(length).utf8.count + rest.utf8.count
        }
        return Array("\(length)\(rest)".utf8)
    }

    private static func header(_ name: String, _ target: String, mode: UInt32, size: Int64, type: String) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ at: Int) { block.replaceSubrange(at..<at + text.utf8.count, with: text.utf8) }
        func octal(_ number: Int64, _ at: Int, digits: Int) {
            let text = String(number, radix: 8)
            put(String(repeating: "0", count: digits - text.utf8.count) + text, at)
        }
        put(name, 0)
        octal(Int64(mode), 100, digits: 7)
        octal(0, 108, digits: 7)
        octal(0, 116, digits: 7)
        octal(size, 124, digits: 11)
        octal(1, 136, digits: 11)
        put("        ", 148)
        put(type, 156)
        put(target, 157)
        put("ustar\u{0}00", 257)
        octal(block.reduce(0) { $0 + Int64($1) }, 148, digits: 6)
        block[154] = 0
        return block
    }
}
