import FoundationEssentials
import Testing

/// What a 64-bit ELF file says of itself. Source: elf(5).
private struct ELF {
    struct Segment {
        var type: UInt32
        var isWritable: Bool
        var isExecutable: Bool
    }

    private let bytes: [UInt8]

    init?(_ bytes: [UInt8]) {
        // Magic, 64 bits, little-endian.
        guard bytes.count >= 64, bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]) else { return nil }
        self.bytes = bytes
    }

    private func number<T: FixedWidthInteger>(_ at: Int, as type: T.Type) -> T {
        guard at >= 0, at + MemoryLayout<T>.size <= bytes.count else { return 0 }
        return bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: type)) }
    }

    private func offset(_ at: Int) -> Int { Int(number(at, as: UInt64.self)) }

    var segments: [Segment] {
        (0..<Int(number(56, as: UInt16.self))).map { index in
            let at = offset(32) + index * Int(number(54, as: UInt16.self))
            let flags = number(at + 4, as: UInt32.self)
            return Segment(type: number(at, as: UInt32.self), isWritable: flags & 2 != 0, isExecutable: flags & 1 != 0)
        }
    }

    /// The names that `nm -u` and `nm -D -u` print.
    var undefinedSymbols: [String] {
        let table = offset(40), size = Int(number(58, as: UInt16.self)), count = Int(number(60, as: UInt16.self))
        let symbolTable: UInt32 = 2, dynamicSymbols: UInt32 = 11
        return (0..<count).map { table + $0 * size }
            .filter { [symbolTable, dynamicSymbols].contains(number($0 + 4, as: UInt32.self)) }
            .flatMap { section in
                let names = offset(table + Int(number(section + 40, as: UInt32.self)) * size + 24)
                return stride(from: offset(section + 24), to: offset(section + 24) + offset(section + 32), by: 24)
                    .filter { number($0 + 6, as: UInt16.self) == 0 }
                    .map { names + Int(number($0, as: UInt32.self)) }
                    .map { String(decoding: bytes[min($0, bytes.count)...].prefix { $0 != 0 }, as: UTF8.self) }
            }
            .filter { !$0.isEmpty }
    }
}

private let interpreter: UInt32 = 3, dynamic: UInt32 = 2, stack: UInt32 = 0x6474_e551, loaded: UInt32 = 1

/// Pid 1 of every run: small, and with nothing in it that we did not put there.
@Suite struct InitBinaryTests {
    private static let path =
        (ProcessInfo.processInfo.environment["JRUN_DIST"] ?? "\(Repository.root)/.build/dist")
        + "/libexec/jrun/jrun-init"

    private func bytes(_ path: String) throws -> [UInt8] {
        Array(try #require(FileManager.default.contents(atPath: path), "'\(path)' is not there: make build"))
    }

    @Test func itIsSmall() throws {
        let size = try bytes(Self.path).count
        #expect(size < 256 << 10, "jrun-init has \(size) bytes")
        #expect(size > 1 << 10)
    }

    @Test func itNeedsNobody() throws {
        let elf = try #require(ELF(try bytes(Self.path)))
        #expect(elf.undefinedSymbols == [])
        #expect(!elf.segments.contains { $0.type == interpreter }, "it asks for a loader")
        #expect(!elf.segments.contains { $0.type == dynamic }, "it is linked dynamically")
    }

    @Test func nothingInItIsWritableAndExecutable() throws {
        let segments = try #require(ELF(try bytes(Self.path))).segments
        #expect(segments.contains { $0.type == loaded && $0.isExecutable })
        #expect(!segments.contains { $0.type == loaded && $0.isWritable && $0.isExecutable })
        #expect(!segments.contains { $0.type == stack && $0.isExecutable })
    }

    /// The same look at a program that is not like that, so that an empty answer means something.
    @Test func theReaderSeesWhatItLooksFor() throws {
        let elf = try #require(ELF(try bytes("/bin/sh")))
        #expect(elf.segments.contains { $0.type == interpreter } && elf.segments.contains { $0.type == dynamic })
        #expect(elf.undefinedSymbols.contains("execve"))
        #expect(ELF(Array("#!/bin/sh\n".utf8)) == nil)
    }
}
