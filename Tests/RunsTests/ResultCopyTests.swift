import CLinux
import Crypto
import Kernel
import Testing

@testable import Runs

/// What is copied is what is digested, whatever its size and its holes; and it goes where its path says.
@Suite struct ResultCopyTests {
    private let scratch: Scratch
    private let buffer = HarvestBuffer()

    init() throws { scratch = try Scratch() }

    private func digest(of bytes: [UInt8]) -> String { hex(SHA256.hash(data: bytes)) }

    private func copy(_ name: String, size: Int64? = nil) throws -> (digest: String, copied: [UInt8]) {
        let file = try FileSystem.open(scratch(name), .read), status = try FileStatus(of: file.raw)
        let target = try FileSystem.open(scratch("copy"), [.write, .create, .truncate])
        let work = ResultCopy(
            file: file.raw, size: size ?? status.size, hasHoles: status.allocatedBytes < status.size, stopRequests: -1)
        let digest = try work.digest(copyingTo: target.raw, buffer.bytes)
        let looked = try work.digest(copyingTo: nil, buffer.bytes)
        #expect(digest == looked, "with and without a copy")
        return (digest, try FileSystem.contents(of: scratch("copy"), limit: 1 << 26))
    }

    @Test(arguments: [0, 1, 4096, ResultCopy.pieceBytes, ResultCopy.pieceBytes + 1, Int(ResultCopy.largeBytes) + 4097])
    func bytesAndDigestAgree(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 12) }
        try FileSystem.createFile(scratch("file"), bytes)
        let (found, copied) = try copy("file")
        #expect(found == digest(of: bytes))
        // Not in the expectation itself: it would print every byte of both.
        let isSame = copied == bytes
        #expect(isSame)
    }

    /// Two names that are one to the eye, and a slash that is none to Swift.
    @Test(arguments: [("\u{e9}/a", "e\u{301}/a"), ("d/\u{338}x", "d/x")])
    func namesThatLookAlikeAreTwo(_ one: String, _ other: String) throws {
        try FileSystem.makeDirectories(scratch("out"), mode: 0o755)
        let out = try FileSystem.open(scratch("out"), [.read, .directory])
        let results = try ResultDirectory(out.raw, givesAway: false, isPrivate: false, reserved: [])
        for path in [one, other] {
            try results.publish(path, mode: 0o644) { try FileSystem.write(Array(path.utf8), to: $0, named: path) }
        }
        for path in [one, other] {
            let bytes = try FileSystem.contents(of: "\(scratch("out"))/\(path)")
            #expect(bytes == Array(path.utf8))
        }
    }

    @Test func aLargeFileIsCutWhereItsRuleSays() throws {
        let bytes = [UInt8](repeating: 7, count: Int(ResultCopy.largeBytes) + 100)
        try FileSystem.createFile(scratch("file"), bytes)
        let size = Int(ResultCopy.largeBytes) + 1
        let (found, copied) = try copy("file", size: Int64(size))
        #expect(found == digest(of: Array(bytes[..<size])))
        #expect(copied.count == size)
    }

    @Test(arguments: [1 << 20, Int(ResultCopy.largeBytes) + (1 << 20)])
    func holesStayHoles(size: Int) throws {
        let file = try FileSystem.open(scratch("file"), [.write, .create])
        try FileSystem.write([1, 2, 3], to: file.raw, at: 0)
        try FileSystem.write([4, 5, 6], to: file.raw, at: Int64(size / 2))
        try FileSystem.truncate(file.raw, to: Int64(size))
        let (found, copied) = try copy("file")
        var bytes = [UInt8](repeating: 0, count: size)
        bytes.replaceSubrange(0..<3, with: [1, 2, 3])
        bytes.replaceSubrange(size / 2..<size / 2 + 3, with: [4, 5, 6])
        #expect(found == digest(of: bytes))
        let isSame = copied == bytes
        #expect(isSame)
        #expect(try FileStatus(path: scratch("copy")).allocatedBytes <= 64 << 10)
    }

    @Test func aCopyThatFailsIsAFailure() throws {
        try FileSystem.createFile(scratch("file"), [UInt8](repeating: 1, count: Int(ResultCopy.largeBytes)))
        let file = try FileSystem.open(scratch("file"), .read)
        let work = ResultCopy(file: file.raw, size: ResultCopy.largeBytes, hasHoles: false, stopRequests: -1)
        // Not open for writing.
        #expect(throws: KernelError.self) { try work.digest(copyingTo: file.raw, buffer.bytes) }
    }

    @Test(arguments: [false, true])
    func eachResultGoesWhereItsPathSays(isPrivate: Bool) throws {
        try FileSystem.makeDirectory(scratch("out"), mode: 0o755)
        let root = try FileSystem.open(scratch("out"), [.read, .directory])
        let results = try ResultDirectory(root.raw, givesAway: true, isPrivate: isPrivate, reserved: [])
        let paths = ["a/b/x", "a/b/y", "a/x", "b/x", "x", "a/b/z"]
        for path in paths {
            try results.publish(path, mode: 0o755) {
                try FileSystem.write(path.utf8, to: $0, named: path)
            }
        }
        for path in paths { #expect(try FileSystem.text(of: scratch("out/\(path)")) == path) }
        #expect(try FileStatus(path: scratch("out/a/b/z")).mode == 0o755)
        let files = scratch.everything.filter { $0.hasPrefix("out/") }
        #expect(files.count == paths.count + 3, "and nothing under another name: \(files)")
    }

    /// What is half done is not left behind.
    @Test(arguments: [false, true])
    func aResultThatFailsIsNotThere(isPrivate: Bool) throws {
        try FileSystem.makeDirectory(scratch("out"), mode: 0o755)
        let root = try FileSystem.open(scratch("out"), [.read, .directory])
        let results = try ResultDirectory(root.raw, givesAway: true, isPrivate: isPrivate, reserved: [])
        #expect(throws: Harvest.NotWritten.self) {
            try results.publish("x", mode: 0o644) { _ in throw Harvest.NotWritten(reason: "for the test") }
        }
        #expect(scratch.everything.filter { $0.hasPrefix("out/") } == [])
    }
}
