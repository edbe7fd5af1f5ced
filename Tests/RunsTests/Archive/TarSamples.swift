import FoundationEssentials
import Glibc
import Testing

@testable import Runs

/// A file of an archive, as it went in or came out.
struct TarFile: Equatable, CustomStringConvertible {
    var name: String
    var content: [UInt8]
    var isExecutable = false

    var description: String { "\(name) (\(content.count) bytes\(isExecutable ? ", executable" : ""))" }
}

/// Reads a whole archive in pieces of one size.
func readTar(_ bytes: [UInt8], pieces: Int = .max, maxBytes: Int64 = .max) throws -> [TarFile] {
    var reader = TarReader(maxBytes: maxBytes)
    var collector = TarCollector()
    var rest = bytes[...]
    while !rest.isEmpty {
        try reader.feed(rest.prefix(pieces)) { try collector.take($0) }
        rest = rest.dropFirst(pieces)
    }
    try reader.finish()
    #expect(collector.isBetweenFiles)
    return collector.files
}

/// Puts files together, and insists on the order of events.
struct TarCollector {
    var files: [TarFile] = []
    private var missing: Int64?

    struct Disorder: Error {}

    var isBetweenFiles: Bool { missing == nil }

    mutating func take(_ event: TarReader.Event) throws {
        switch event {
        case .file(let name, let size, let isExecutable):
            guard missing == nil, size >= 0 else { throw Disorder() }
            files.append(TarFile(name: name, content: [], isExecutable: isExecutable))
            missing = size
        case .data(let bytes):
            guard let left = missing, !bytes.isEmpty, left >= bytes.count else { throw Disorder() }
            files[files.count - 1].content += bytes
            missing = left - Int64(bytes.count)
        case .endOfFile:
            guard missing == 0 else { throw Disorder() }
            missing = nil
        }
    }
}

func writeTar(_ files: [TarFile], modified: Int64 = 0) -> [UInt8] {
    files.flatMap { file in
        let size = Int64(file.content.count)
        return TarWriter.header(name: file.name, size: size, modified: modified, isExecutable: file.isExecutable)
            + file.content + TarWriter.padding(behind: size)
    } + TarWriter.end
}

/// A header made field by field, so that any of them can be wrong.
struct RawHeader {
    var name = Array("file".utf8)
    var mode = Array("0000644".utf8)
    var size = Array("00000000000".utf8)
    var type = UInt8(ascii: "0")
    var link: [UInt8] = []
    var magic = Array("ustar\u{0}00".utf8)
    var prefix: [UInt8] = []
    var checksum: [UInt8]?

    init(_ name: String = "file", size: Int = 0, type: Character = "0") {
        self.name = Array(name.utf8)
        self.size = Array(String(size, radix: 8).utf8)
        self.type = type.asciiValue ?? 0
    }

    var block: [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: [UInt8], _ at: Int) { block.replaceSubrange(at..<(at + bytes.count), with: bytes) }
        put(name, 0)
        put(mode, 100)
        put(size, 124)
        put(Array(repeating: 32, count: 8), 148)
        put([type], 156)
        put(link, 157)
        put(magic, 257)
        put(prefix, 345)
        put(checksum ?? Array(String(block.reduce(0) { $0 + Int($1) }, radix: 8).utf8) + [0], 148)
        return block
    }

    /// The header and its content, filled up to whole blocks.
    func entry(_ content: [UInt8] = []) -> [UInt8] {
        block + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }
}

/// An extended header with these records.
func paxHeader(_ records: [(String, String)], type: Character = "x") -> [UInt8] {
    let bytes = records.flatMap { key, value in
        let rest = " \(key)=\(value)\n".utf8.count
        let length = (1...9).map { $0 + rest }.first { String($0).utf8.count + rest == $0 } ?? 0
        return Array("\(length) \(key)=\(value)\n".utf8)
    }
    return RawHeader("PaxHeaders/x", size: bytes.count, type: type).entry(bytes)
}

/// A command of the shell, and what it wrote.
func shell(_ command: String) throws -> [UInt8] {
    let pipe = try #require(popen(command, "r"))
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { output += buffer[..<count] }
    try #require(pclose(pipe) == 0, "\(command) failed")
    return output
}
