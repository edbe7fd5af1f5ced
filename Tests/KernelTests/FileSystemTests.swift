import CLinux
import Testing

@testable import Kernel

/// The text of the error that `body` throws; nil when it throws none.
func refusal(_ body: () throws(KernelError) -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        return "\(error)"
    }
}

@Suite struct OpenTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func slashesAreThoseOfTheKernel() {
        #expect("/a//b/".pathComponents == ["a", "b"] && "".pathComponents == [])
        #expect("d/\u{338}x".pathComponents.map { Array($0.utf8) } == [Array("d".utf8), Array("\u{338}x".utf8)])
    }

    @Test func errorsNameTheObjectAndTheReason() throws {
        #expect(
            refusal { () throws(KernelError) in _ = try FileSystem.open("/nonexistent", .read) }
                == "open '/nonexistent': no such file or directory (ENOENT)")
        let file = scratch("file")
        try FileSystem.createFile(file, [])
        #expect(
            refusal { () throws(KernelError) in _ = try FileSystem.open("\(file)/x", .read) }
                == "open '\(file)/x': not a directory (ENOTDIR)")
        #expect(
            refusal { () throws(KernelError) in _ = try FileSystem.open(file, [.write, .create, .exclusive]) }
                == "open '\(file)': file exists (EEXIST)")
        #expect(
            refusal { () throws(KernelError) in _ = try FileSystem.open(scratch.path, .write) }
                == "open '\(scratch.path)': is a directory (EISDIR)")
        #expect(
            refusal { () throws(KernelError) in try FileSystem.removeFile(scratch("none")) }
                == "remove '\(scratch("none"))': no such file or directory (ENOENT)")
        #expect(
            refusal { () throws(KernelError) in try FileSystem.makeDirectory(file, mode: 0o700) }
                == "create directory '\(file)': file exists (EEXIST)")
        #expect(
            refusal { () throws(KernelError) in _ = try FileStatus(path: scratch("none")) }
                == "look at '\(scratch("none"))': no such file or directory (ENOENT)")
        #expect(
            refusal { () throws(KernelError) in try FileSystem.rename(scratch("none"), to: file) }
                == "rename '\(scratch("none"))' to '\(file)': no such file or directory (ENOENT)")
    }

    @Test func errorNumbersHaveNames() {
        #expect(describe(errno: EPERM) == "operation not permitted (EPERM)")
        #expect(describe(errno: EIO) == "input/output error (EIO)")
        #expect(describe(errno: ENOSPC) == "no space left on device (ENOSPC)")
        #expect(describe(errno: ELOOP) == "too many levels of symbolic links (ELOOP)")
        #expect(describe(errno: 4000) == "unknown error 4000 (errno 4000)")
        #expect(
            "\(KernelError("fly to 'the moon'", errno: EOPNOTSUPP))"
                == "fly to 'the moon': operation not supported (EOPNOTSUPP)")
    }

    /// Every number that code decides on is one that a user can be told by name.
    @Test(arguments: [
        EPERM, ENOENT, ESRCH, EINTR, EIO, ENXIO, ENOEXEC, EBADF, EAGAIN, ENOMEM, EACCES, EBUSY, EEXIST, EXDEV, ENOTDIR,
        EISDIR,
        EINVAL, EMFILE, EFBIG, ENOSPC, EROFS, EPIPE, ENAMETOOLONG, ENOSYS, ENOTEMPTY, ELOOP, EOPNOTSUPP, EDQUOT,
    ])
    func noErrorIsOnlyANumber(number: Int32) { #expect(!describe(errno: number).contains("errno")) }

    @Test func descriptorsAreCloseOnExec() throws {
        let file = try FileSystem.open(scratch("file"), [.write, .create])
        let beneath = try FileSystem.open(scratch.path, [.read, .directory])
        let same = try FileSystem.openBeneath(beneath.raw, "file", .read)
        let pipe = try makePipe()
        let memory = try sealedMemfd(named: "test", [1])
        let counter = try EventCounter()
        let flags = [file.raw, beneath.raw, same.raw, pipe.reader, pipe.writer, memory.raw, counter.descriptor.raw]
            .map { sys_fcntl($0, 1, 0) }  // F_GETFD
        #expect(flags.allSatisfy { $0 == Int(FD_CLOEXEC) })
        _ = sys_close(pipe.reader)
        _ = sys_close(pipe.writer)
    }

    @Test func ownedDescriptorsAreClosed() throws {
        #expect(scratch.openDescriptors == 0)
        do {
            let first = try FileSystem.open(scratch("a"), [.write, .create])
            let second = try FileSystem.open(scratch("b"), [.write, .create])
            #expect(scratch.openDescriptors == 2, "the detector sees what is open")
            _ = (first.raw, second.raw)
        }
        #expect(scratch.openDescriptors == 0)
        // Given up, it is the caller's to close: a planted leak is seen.
        let raw = try FileSystem.open(scratch("a"), .read).release()
        #expect(scratch.openDescriptors == 1)
        _ = sys_close(raw)
        #expect(scratch.openDescriptors == 0)
    }

    @Test func failuresLeaveNoDescriptor() throws {
        try FileSystem.createFile(scratch("file"), [UInt8](repeating: 1, count: 100))
        #expect(throws: KernelError.self) { try FileSystem.contents(of: scratch("file"), limit: 99) }
        #expect(throws: KernelError.self) { _ = try FileSystem.open(scratch("file"), [.read, .directory]) }
        #expect(scratch.openDescriptors == 0)
    }
}

/// What `openBeneath` is for: paths of a hostile program's making.
@Suite struct OpenBeneathTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try FileSystem.makeDirectories(scratch("root/inner"), mode: 0o700)
        try FileSystem.createFile(scratch("outside"), Array("secret".utf8))
        try FileSystem.createFile(scratch("root/inner/file"), Array("fine".utf8))
    }

    /// The error number; nil when it could be opened.
    private func errorNumber(opening path: String, _ flags: FileSystem.OpenFlags = .read) throws -> Int32? {
        let root = try FileSystem.open(scratch("root"), [.read, .directory])
        do throws(KernelError) {
            _ = try FileSystem.openBeneath(root.raw, path, flags)
            return nil
        } catch {
            return error.errno
        }
    }

    private func link(_ name: String, to target: String) throws {
        let result = sys_symlinkat(target, FileSystem.here, scratch("root/\(name)"))
        try #require(result == 0)
    }

    @Test func ordinaryPathsAreOpened() throws {
        let root = try FileSystem.open(scratch("root"), [.read, .directory])
        let file = try FileSystem.openBeneath(root.raw, "inner/file", .read)
        let text = try FileSystem.contents(of: file.raw, named: "file", limit: 10)
        #expect(text == Array("fine".utf8))
        #expect(try errorNumber(opening: ".", [.read, .directory]) == nil)
        #expect(try errorNumber(opening: "inner/new", [.write, .create, .exclusive]) == nil)
        #expect(try errorNumber(opening: "inner/../inner/file") == nil, "inside is inside")
    }

    @Test(arguments: ["..", "../outside", "inner/../../outside", "/etc/passwd", "/"])
    func pathsThatLeaveAreRefused(path: String) throws {
        #expect(try errorNumber(opening: path) == EXDEV)
    }

    @Test func linksAreRefusedWhereverTheyLead() throws {
        try link("up", to: "../outside")
        try link("absolute", to: scratch("outside"))
        try link("harmless", to: "inner/file")
        try link("directory", to: "inner")
        try link("dangling", to: "nothing")
        for path in ["up", "absolute", "harmless", "directory/file", "dangling"] {
            #expect(try errorNumber(opening: path) == ELOOP, "\(path)")
        }
        #expect(try errorNumber(opening: "dangling", [.write, .create]) == ELOOP, "nothing is created through a link")
        #expect(throws: KernelError.self) { try FileStatus(path: scratch("root/nothing")) }
    }

    @Test func magicLinksAndOtherMountsAreRefused() throws {
        let proc = try FileSystem.open("/proc/self", [.read, .directory])
        let magic = refusal { () throws(KernelError) in _ = try FileSystem.openBeneath(proc.raw, "exe", .read) }
        #expect(magic == "open 'exe': too many levels of symbolic links (ELOOP)")
        let host = try FileSystem.open("/", [.read, .directory])
        let mount = refusal { () throws(KernelError) in _ = try FileSystem.openBeneath(host.raw, "proc/version", .read)
        }
        #expect(mount == "open 'proc/version': invalid cross-device link (EXDEV)")
    }

    /// A FIFO that nobody writes to would hold open(2) for ever.
    @Test(.timeLimit(.minutes(20)))
    func fifosDoNotHoldTheCaller() throws {
        let made = sys_mknodat(FileSystem.here, scratch("root/fifo"), UInt32(S_IFIFO | 0o600), 0)
        try #require(made == 0)
        let root = try FileSystem.open(scratch("root"), [.read, .directory])
        let fifo = try FileSystem.openBeneath(root.raw, "fifo", .read)
        let kind = try FileStatus(of: fifo.raw).kind
        #expect(kind == .fifo)
        // While a reader is there, a writer would find one.
        #expect(try errorNumber(opening: "fifo", .write) == nil)
    }

    @Test(.timeLimit(.minutes(20)))
    func fifosWithoutReaderRefuseTheWriter() throws {
        let made = sys_mknodat(FileSystem.here, scratch("root/fifo"), UInt32(S_IFIFO | 0o600), 0)
        try #require(made == 0)
        #expect(try errorNumber(opening: "fifo", .write) == ENXIO)
    }
}

@Suite struct ContentsTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func filesAreReadWhole() throws {
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try FileSystem.createFile(scratch("file"), bytes)
        #expect(try FileSystem.contents(of: scratch("file")) == bytes)
        #expect(try FileSystem.contents(of: scratch("file"), limit: bytes.count) == bytes)
        #expect(
            refusal { () throws(KernelError) in _ = try FileSystem.contents(of: scratch("file"), limit: bytes.count - 1)
            }
                == "read '\(scratch("file"))': file too large (EFBIG)")
        let file = try FileSystem.open(scratch("file"), .read)
        let piece = try FileSystem.read(file.raw, from: 199_990, upTo: 100)
        let first = try FileSystem.read(file.raw, upTo: 3)
        #expect(piece == Array(bytes[199_990...]))
        #expect(first == Array(bytes[..<3]), "reading at an offset leaves the position alone")
    }

    @Test func filesOfProcHaveNoSize() throws {
        #expect(try FileSystem.text(of: "/proc/self/status").contains("Name:"))
    }

    @Test func fullDevicesSayWhich() throws {
        let refused = refusal { () throws(KernelError) in try FileSystem.write("x", toPath: "/dev/full") }
        #expect(refused == "write '/dev/full': no space left on device (ENOSPC)")
    }

    @Test func writesAtAnOffset() throws {
        let file = try FileSystem.open(scratch("file"), [.readWrite, .create])
        try FileSystem.write(Array("end".utf8), to: file.raw, at: 5)
        try FileSystem.write(Array("begin".utf8), to: file.raw, at: 0)
        #expect(try FileSystem.text(of: scratch("file")) == "beginend")
    }

    @Test func directoriesAreMadeWithTheirParents() throws {
        try FileSystem.makeDirectories(scratch("a/b/c"), mode: 0o750)
        try FileSystem.makeDirectories(scratch("a/b/c"), mode: 0o750)
        #expect(try FileStatus(path: scratch("a/b/c")).kind == .directory)
        try FileSystem.makeDirectory(scratch("a"), mode: 0o700, orFindIt: true)
        try FileSystem.createFile(scratch("file"), [])
        #expect(
            refusal { () throws(KernelError) in try FileSystem.makeDirectories(scratch("file/x"), mode: 0o700) }
                == "create directory '\(scratch("file/x"))': not a directory (ENOTDIR)")
        try FileSystem.removeDirectory(scratch("a/b/c"))
        #expect(
            refusal { () throws(KernelError) in try FileSystem.removeDirectory(scratch("a")) }
                == "remove directory '\(scratch("a"))': directory not empty (ENOTEMPTY)")
    }

    @Test func namesAreListedAsTheKernelHasThem() throws {
        try FileSystem.makeDirectory(scratch("list"), mode: 0o700)
        let directory = try FileSystem.open(scratch("list"), [.read, .directory])
        let raw = directory.raw
        #expect(try FileSystem.names(in: raw) == [])
        // More than one buffer of getdents64 holds, and names that a careless reader would lose.
        let long = (0..<1500).map { "file with a rather long name, number \($0)" }
        let odd = [".hidden", "...", "new\nline", "ünïcödé", String(repeating: "n", count: 255)]
        for name in long + odd { try FileSystem.createFile(name, [], at: raw) }
        let invalid: [CChar] = [-1, 0x61, 0]
        let made = invalid.withUnsafeBufferPointer {
            sys_openat(raw, $0.baseAddress, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        }
        if made >= 0 { _ = sys_close(Int32(made)) }
        var expected = Set((long + odd).map { Array($0.utf8) })
        if made >= 0 { expected.insert([0xff, 0x61]) }
        let names = try FileSystem.names(in: raw)
        #expect(names.count == expected.count && Set(names) == expected)
        #expect(try FileSystem.names(in: raw).count == names.count, "a second look begins at the front")
        let few = try FileSystem.names(in: raw, limit: 10)
        #expect(few.count >= 10, "it stops when there are enough")
        #expect(few.count <= 10)
    }

    @Test func statusTellsWhatAFileIs() throws {
        try FileSystem.createFile(scratch("file"), [1, 2, 3], mode: 0o640)
        _ = sys_symlinkat("file", FileSystem.here, scratch("link"))
        _ = sys_mknodat(FileSystem.here, scratch("fifo"), UInt32(S_IFIFO | 0o600), 0)
        let file = try FileStatus(path: scratch("file"))
        #expect(file.kind == .file && file.size == 3 && file.mode == 0o640 && file.links == 1)
        #expect(file.modifiedNanoseconds > 1_600_000_000_000_000_000)
        #expect(try FileStatus(path: scratch("link")).kind == .file)
        #expect(try FileStatus(path: scratch("link"), following: false).kind == .link)
        #expect(try FileStatus(path: scratch("fifo")).kind == .fifo)
        #expect(try FileStatus(path: scratch.path).kind == .directory)
        #expect(try FileStatus(path: "/dev/null").kind == .characterDevice)
        #expect(FileSystem.isExecutable("/bin/sh") && !FileSystem.isExecutable(scratch("file")))
    }

    @Test func renamingReplaces() throws {
        try FileSystem.createFile(scratch("old"), Array("old".utf8))
        try FileSystem.createFile(scratch("new"), Array("new".utf8))
        try FileSystem.rename(scratch("new"), to: scratch("old"))
        #expect(try FileSystem.text(of: scratch("old")) == "new")
        #expect(throws: KernelError.self) { try FileStatus(path: scratch("new")) }
    }
}

@Suite struct HostileTreeTests {
    /// Deeper than descriptors and stack would reach, with names that are no UTF-8 and one that the removal itself uses.
    @Test func everythingIsRemoved() throws {
        let scratch = try Scratch()
        let top = try FileSystem.open(scratch.path, [.read, .directory])
        try FileSystem.makeDirectory(".lifted-1", mode: 0o700, at: top.raw)
        var directory = try top.duplicate()
        for level in 0..<3000 {
            let name = level == 7 ? "d\u{7f}" : "d"
            try FileSystem.makeDirectory(name, mode: 0o700, at: directory.raw)
            try FileSystem.createFile("file", [1], at: directory.raw)
            directory = try FileSystem.open(name, [.read, .directory], at: directory.raw)
        }
        let strange: [CChar] = [-1, -2, 0x2a, 0]
        for name in [strange, [-1, 0]] {
            #expect(name.withUnsafeBufferPointer { sys_mkdirat(directory.raw, $0.baseAddress!, 0o700) } == 0)
        }
        let target = strange.withUnsafeBufferPointer { sys_openat(directory.raw, $0.baseAddress!, O_RDONLY, 0) }
        #expect(target >= 0 && "x".withCString { sys_mkdirat(Int32(target), $0, 0o700) } == 0)
        _ = sys_close(Int32(target))
        try FileSystem.removeHostileContents(of: top.raw)
        #expect(try FileSystem.names(in: top.raw).isEmpty)
    }
}
