import FoundationEssentials
import Kernel
import Testing

@testable import Runs

/// What others write is read, and what is written is read by others: GNU tar and Python's tarfile.
@Suite struct TarFormatTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    static let long = String(repeating: "d/", count: 60) + String(repeating: "n", count: 90)
    static let longComponent = String(repeating: "x", count: 200)
    /// Longer than 100 bytes, and ustar can say it in two parts.
    static let splits =
        "\(String(repeating: "p", count: 70))/\(String(repeating: "r", count: 40))/\(String(repeating: "q", count: 90))"

    /// What every format can say.
    static let plain: [TarFile] = [
        TarFile(name: "empty", content: []),
        TarFile(name: "run me", content: Array("#!/bin/sh\n".utf8), isExecutable: true),
        TarFile(name: "sub/block", content: [UInt8](repeating: 7, count: 512)),
        TarFile(name: "sub/deeper/odd", content: (0..<20_001).map { UInt8(truncatingIfNeeded: $0 &* 31) }),
    ]
    static let longNames: [TarFile] = [
        TarFile(name: long, content: [1]), TarFile(name: splits, content: [2]),
    ]
    static let pax: [TarFile] = [
        TarFile(name: longComponent, content: [3]), TarFile(name: "grün/日本.txt", content: [4, 5]),
    ]

    private func lay(_ files: [TarFile], in directory: String) throws {
        for file in files {
            let path = "\(directory)/\(file.name)"
            try FileSystem.makeDirectories(String(path[..<path.lastIndex(of: "/")!]), mode: 0o755)
            try Data(file.content).write(to: URL(filePath: path))
            if file.isExecutable { _ = try shell("chmod +x '\(path)'") }
        }
    }

    private func found(in directory: String) throws -> [TarFile] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: directory)
        return try paths.compactMap { path -> TarFile? in
            let status = try FileStatus(path: "\(directory)/\(path)")
            guard status.kind == .file else { return nil }
            let content = FileManager.default.contents(atPath: "\(directory)/\(path)").map { Array($0) } ?? []
            return TarFile(name: path, content: content, isExecutable: status.mode & 0o100 != 0)
        }.sorted { $0.name < $1.name }
    }

    private func sorted(_ files: [TarFile]) -> [TarFile] { files.sorted { $0.name < $1.name } }

    // MARK: Others write

    @Test(arguments: ["v7", "ustar", "gnu", "oldgnu", "pax"])
    func gnuTarIsRead(format: String) throws {
        let files: [TarFile] =
            switch format {
            case "v7": Self.plain
            case "ustar": Self.plain + [Self.longNames[1]]
            default: Self.plain + Self.longNames + Self.pax
            }
        try lay(files, in: scratch("in"))
        let archive = try shell("tar -C '\(scratch("in"))' --format=\(format) -cf - .")
        for pieces in [Int.max, 1, 513] {
            #expect(sorted(try readTar(archive, pieces: pieces)) == sorted(files), "\(format), pieces of \(pieces)")
        }
    }

    @Test(arguments: ["USTAR_FORMAT", "GNU_FORMAT", "PAX_FORMAT"])
    func pythonIsRead(format: String) throws {
        let files = Self.plain + (format == "USTAR_FORMAT" ? [Self.longNames[1]] : Self.longNames + Self.pax)
        try lay(files, in: scratch("in"))
        let archive = try python(
            """
            t = tarfile.open(fileobj=sys.stdout.buffer, mode='w|', format=tarfile.\(format), pax_headers={'comment': 'x'})
            os.chdir(sys.argv[1]); t.add('.'); t.close()
            """, scratch("in"))
        #expect(sorted(try readTar(archive)) == sorted(files))
    }

    // MARK: Others read

    @Test func gnuTarReadsWhatIsWritten() throws {
        let files = Self.plain + Self.longNames + Self.pax
        try Data(writeTar(files, modified: 1_000_000_000)).write(to: URL(filePath: scratch("a.tar")))
        try FileSystem.makeDirectory(scratch("out"), mode: 0o755)
        let messages = try shell("tar -C '\(scratch("out"))' -xpf '\(scratch("a.tar"))' 2>&1")
        #expect(String(decoding: messages, as: UTF8.self) == "")
        #expect(try found(in: scratch("out")) == sorted(files))
        let status = try FileStatus(path: "\(scratch("out"))/empty")
        #expect(status.modifiedNanoseconds == 1_000_000_000 * 1_000_000_000 && status.mode == 0o644)
    }

    @Test func pythonReadsWhatIsWritten() throws {
        let files = Self.plain + Self.longNames + Self.pax
        try Data(writeTar(files, modified: 77)).write(to: URL(filePath: scratch("a.tar")))
        let answer = try python(
            """
            for m in tarfile.open(sys.argv[1]):
                assert m.isreg() and (m.uid, m.gid, m.uname, m.gname, m.mtime) == (0, 0, '', '', 77), m
                sys.stdout.buffer.write(b'%s %o %d\\n' % (m.name.encode(), m.mode, m.size))
            """, scratch("a.tar"))
        let expected = files.map { "\($0.name) \($0.isExecutable ? "755" : "644") \($0.content.count)\n" }.joined()
        #expect(String(decoding: answer, as: UTF8.self) == expected)
    }

    /// The header alone: nobody writes 8 GiB for a test.
    @Test func sizesAreReadBackFromBothSides() throws {
        for size in [TarWriter.maxOctal, TarWriter.maxOctal + 1, Int64.max - 1024] {
            let header = TarWriter.header(name: "big", size: size, modified: 0)
            #expect(header.count == (size > TarWriter.maxOctal ? 1536 : 512))
            var reader = TarReader()
            var events: [TarReader.Event] = []
            try reader.feed(header) { events.append($0) }
            #expect(events == [.file(name: "big", size: size, isExecutable: false)])
            try Data(header).write(to: URL(filePath: scratch("big.tar")))
            let python = try python("print(tarfile.open(sys.argv[1]).next().size)", scratch("big.tar"))
            #expect(String(decoding: python, as: UTF8.self) == "\(size)\n")
        }
        // GNU tar writes base 256.
        let header = try shell(
            "truncate -s 9G '\(scratch("hole"))' && tar -C '\(scratch.path)' --format=gnu -cf - hole | head -c 512")
        var reader = TarReader()
        var events: [TarReader.Event] = []
        try reader.feed(header) { events.append($0) }
        #expect(events == [.file(name: "hole", size: 9 << 30, isExecutable: false)])
    }

    // MARK: Our own

    @Test func whatIsWrittenIsReadAtEverySplit() throws {
        let files = [Self.plain[1], TarFile(name: Self.splits, content: [1, 2]), Self.pax[0]]
        let archive = writeTar(files)
        for split in 0...archive.count {
            var reader = TarReader()
            var collector = TarCollector()
            try reader.feed(archive[..<split]) { try collector.take($0) }
            try reader.feed(archive[split...]) { try collector.take($0) }
            try reader.finish()
            #expect(collector.files == files, "split at \(split)")
        }
    }

    @Test func theSameFilesGiveTheSameBytes() {
        #expect(writeTar(Self.plain) == writeTar(Self.plain))
        #expect(writeTar([]) == [UInt8](repeating: 0, count: 1024))
        // Times that ustar cannot say.
        #expect(
            TarWriter.header(name: "a", size: 0, modified: -5) == TarWriter.header(name: "a", size: 0, modified: 0))
        #expect(TarWriter.header(name: "a", size: 0, modified: .max).count == 512)
    }

    /// Around the lengths at which a name needs another form, and a record another digit.
    @Test func namesOfEveryLengthComeBack() throws {
        let files = (1...1024).map { length in
            let name = (0..<length).map { $0 % 200 == 199 && $0 < length - 1 ? "/" : "n" }.joined()
            return TarFile(name: name, content: [])
        }
        #expect(try readTar(writeTar(files)) == files)
        let python = try { () -> [UInt8] in
            try Data(writeTar(files)).write(to: URL(filePath: scratch("names.tar")))
            return try self.python("for m in tarfile.open(sys.argv[1]): print(m.name)", scratch("names.tar"))
        }()
        #expect(String(decoding: python, as: UTF8.self) == files.map { "\($0.name)\n" }.joined())
    }

    private func python(_ script: String, _ argument: String) throws -> [UInt8] {
        let path = scratch("script.py")
        try "import os, sys, tarfile\n\(script)\n".write(toFile: path, atomically: true, encoding: .utf8)
        return try shell("/usr/bin/env python3 '\(path)' '\(argument)'")
    }
}
