import Kernel
import Programs
import Testing

@testable import Runs

/// What a file is, and that the copy that the program gets is what was accepted.
@Suite struct InputContentTests {
    private let scratch: Scratch
    private let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0]

    init() throws { scratch = try Scratch() }

    @Test func filesAreLookedAtAsFarAsNeeded() throws {
        let text = [UInt8](repeating: 0x61, count: 1 << 20)
        try FileSystem.createFile(scratch("png"), png)
        try FileSystem.createFile(scratch("text"), text)
        try FileSystem.createFile(scratch("almost"), text + [0])
        try FileSystem.createFile(scratch("hdf5"), text.prefix(8192) + [0x89] + Array("HDF\r\n\u{1A}\n".utf8))
        #expect(try contentFacts(of: scratch("png"), lookingFor: [.png]).types == [.png])
        #expect(try contentFacts(of: scratch("text"), lookingFor: [.text]).types == [.text, .asciiText])
        #expect(
            try contentFacts(of: scratch("almost"), lookingFor: [.text]).textFault
                == "byte 1048577 is the control character U+0000")
        #expect(try contentFacts(of: scratch("hdf5"), lookingFor: [.hdf5]).types == [.hdf5])
        #expect(throws: KernelError.self) { try contentFacts(of: scratch("nothing"), lookingFor: [.png]) }
    }

    /// Root puts them there, whom no quota binds.
    @Test(.enabled(if: isRoot(), "a work directory is a file system of its own, which needs root"))
    func inputsOnDiskKeepToTheLimit() throws {
        try FileSystem.createFile(scratch("a"), [UInt8](repeating: 1, count: 60))
        let place = try Mounts.temporaryFileSystem(bytes: 1 << 20, inodes: 100, owner: 70_000)
        var work = try Workspace(onDisk: place, bytes: 100, owner: 70_000)
        try work.stage(InputFile(source: scratch("a"), name: "a", size: 60))
        let refused: String
        do {
            try work.stage(InputFile(source: scratch("a"), name: "b", size: 60))
            refused = "nothing"
        } catch { refused = "\(error)" }
        #expect(
            refused.hasPrefix("input 'b': no space left on device (ENOSPC); the work directory holds what limit 'disk'")
        )
    }

    /// Between the check and the start, the requester can write anything into the file.
    @Test(.enabled(if: isRoot(), "a work directory is a file system of its own, which needs root"))
    func theCopyIsLookedAtAgain() throws {
        try FileSystem.createFile(scratch("a.png"), png)
        var work = try Workspace(bytes: 1 << 20, owner: 70_000)
        try work.stage(InputFile(source: scratch("a.png"), name: "a.png", size: 9), as: [.png])
        try FileSystem.createFile(scratch("a.png"), Array("not a png".utf8))
        let refused: String
        do {
            try work.stage(InputFile(source: scratch("a.png"), name: "b.png", size: 9), as: [.gif, .png])
            refused = "nothing"
        } catch { refused = "\(error)" }
        #expect(
            refused
                == "input '\(scratch("a.png"))' has changed since it was looked at: its content is not one of gif, png")
        try work.stage(InputFile(source: scratch("a.png"), name: "c.png", size: 9))
    }
}
