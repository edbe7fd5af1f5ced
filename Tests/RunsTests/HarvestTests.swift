import CLinux
import Kernel
import Programs
import Testing

@testable import Runs

/// Real work directories, with what a hostile program could leave in them.
@Suite(.enabled(if: isRoot(), "a work directory is a file system of its own, which needs root"))
struct HarvestTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try FileSystem.makeDirectory(scratch("out"), mode: 0o755)
    }

    private func workspace() throws -> Workspace { try Workspace(bytes: 4 << 20, owner: 70_000) }

    private func put(_ name: String, _ text: String, in workspace: borrowing Workspace, mode: UInt32 = 0o600) throws {
        try FileSystem.createFile(name, Array(text.utf8), mode: mode, at: workspace.root.raw)
    }

    /// - Parameter results: rules; they apply to every end unless they say something else.
    private func harvest(
        _ results: String, from workspace: borrowing Workspace, state: RunState = .complete, cause: Cause = .exit,
        reserved: Set<FileIdentity> = []
    ) throws -> Harvest.Outcome {
        let rules = results.contains("when:") ? results : results.replacing("}", with: ", when: any}")
        let program = try RunSample.program("results: \(rules)")
        let output = try FileSystem.open(scratch("out"), [.read, .directory])
        let quiet = try EventCounter()
        var harvest = Harvest(
            program: program, limits: program.limits.defaults, state: state, cause: cause, reserved: reserved,
            stopRequests: quiet.descriptor.raw)
        return try harvest.collect(from: workspace, into: output.raw)
    }

    private var written: [String] { scratch.everything.filter { $0.hasPrefix("out/") }.map { String($0.dropFirst(4)) } }

    @Test func resultsAreCopiedWithTheirDigest() throws {
        let work = try workspace()
        try put("a.txt", "abc", in: work)
        try put("tool", "#!", in: work, mode: 0o755)
        try put("other.dat", "no rule names it", in: work)
        try FileSystem.makeDirectory("sub", mode: 0o700, at: work.root.raw)
        try put("sub/b.txt", "", in: work)
        let outcome = try harvest("[{path: \"**/*.txt\"}, {path: tool}]", from: work)
        #expect(outcome.files.map(\.path) == ["a.txt", "sub/b.txt", "tool"])
        #expect(outcome.files.first?.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(outcome.files.map(\.size) == [3, 0, 2])
        #expect(outcome.refused == [] && outcome.missing == [])
        #expect(written == ["a.txt", "sub", "sub/b.txt", "tool"])
        #expect(try FileSystem.text(of: scratch("out/a.txt")) == "abc")
        #expect(try FileStatus(path: scratch("out/a.txt")).mode == 0o644)
        #expect(
            try FileStatus(path: scratch("out/tool")).mode == 0o755, "never more than that, whatever the program set")
    }

    @Test func theStateDecides() throws {
        let work = try workspace()
        try put("a.sol", "x", in: work)
        try put("a.log", "x", in: work)
        let rules = "[{path: \"*.sol\", when: [complete], required: true}, {path: \"*.log\", when: any}]"
        #expect(try harvest(rules, from: work, state: .killed, cause: .wallTime).files.map(\.path) == ["a.log"])
        #expect(try harvest(rules, from: work, state: .killed, cause: .wallTime).missing == [])
        #expect(try harvest(rules, from: work).files.map(\.path) == ["a.log", "a.sol"])
    }

    @Test func whatIsNotAFileIsRefusedByName() throws {
        let work = try workspace()
        let root = work.root.raw
        try FileSystem.createFile(scratch("secret"), Array("secret".utf8))
        _ = sys_symlinkat(scratch("secret"), root, "link.txt")
        _ = sys_symlinkat("/etc", root, "etc")
        _ = sys_symlinkat("nothing", root, "dangling.txt")
        _ = sys_mknodat(root, "fifo.txt", UInt32(S_IFIFO | 0o600), 0)
        _ = sys_mknodat(root, "socket.txt", UInt32(S_IFSOCK | 0o600), 0)
        let outcome = try harvest("[{path: \"**/*.txt\"}, {path: \"etc/**\"}]", from: work)
        #expect(outcome.files == [])
        #expect(written == [])
        let reasons = Dictionary(
            uniqueKeysWithValues: outcome.refused.map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return (String(parts[0]), String(parts[1].dropFirst()))
            })
        #expect(reasons["'link.txt'"] == "too many levels of symbolic links (ELOOP)")
        #expect(reasons["'dangling.txt'"] == "too many levels of symbolic links (ELOOP)")
        #expect(reasons["'fifo.txt'"] == "it is a fifo, not a regular file")
        #expect(reasons["'socket.txt'"] == "no such device or address (ENXIO)")
    }

    /// Everybody may make the device 0:0, the whiteout of overlayfs; where there is no Landlock, a program can.
    @Test func devicesAreRefusedLikeTheRest() throws {
        let work = try workspace()
        try put("a.txt", "abc", in: work)
        let made = sys_mknodat(work.root.raw, "device.txt", UInt32(S_IFCHR | 0o600), 0)
        try #require(made == 0)
        let outcome = try harvest("[{path: \"*.txt\"}]", from: work)
        #expect(outcome.files.map(\.path) == ["a.txt"])
        #expect(outcome.refused == ["'device.txt': permission denied (EACCES)"], "the file system is nodev")
    }

    @Test func namesAreMadeHarmless() throws {
        let work = try workspace()
        try put("bell\u{7}\u{1b}[2J.txt", "x", in: work)
        try put("-rf.txt", "x", in: work)
        let outcome = try harvest("[{path: \"*.txt\"}]", from: work)
        #expect(
            outcome.refused == [
                "'-rf.txt': its name starts with '-', a program would take it for an option",
                "'bell??[2J.txt': its name contains the control character U+0007",
            ])
        #expect(printable("a\u{9b}b\u{202e}c\u{7f}d\u{e9}") == "a?b?c?d\u{e9}")
    }

    @Test func hiddenFilesAreNothingSpecial() throws {
        let work = try workspace()
        try put(".hidden.txt", "x", in: work)
        try FileSystem.makeDirectory(".cache", mode: 0o700, at: work.root.raw)
        try put(".cache/deep.txt", "x", in: work)
        #expect(try harvest("[{path: \"*.txt\"}]", from: work).files.map(\.path) == [".hidden.txt"])
        #expect(try harvest("[{path: \"**\"}]", from: work).files.map(\.path) == [".cache/deep.txt", ".hidden.txt"])
    }

    @Test func untouchedInputsAreNoResults() throws {
        try FileSystem.createFile(scratch("in"), Array("input".utf8))
        var work = try workspace()
        for name in ["kept.txt", "grown.txt", "dir/kept.txt"] {
            try work.stage(InputFile(source: scratch("in"), name: name, size: 5))
        }
        let grown = try FileSystem.openBeneath(work.root.raw, "grown.txt", [.write, .append])
        try FileSystem.write(Array("!".utf8), to: grown.raw, named: "grown.txt")
        let outcome = try harvest("[{path: \"**/*.txt\"}]", from: work)
        #expect(outcome.files.map(\.path) == ["grown.txt"])
        let owners = try ["kept.txt", "dir", "dir/kept.txt"].map {
            try FileStatus(path: $0, at: work.root.raw).owner.uid
        }
        #expect(owners == [70_000, 70_000, 70_000])
    }

    @Test func inputsThatDoNotFitAreRefused() throws {
        let source = try FileSystem.open(scratch("large"), [.write, .create])
        try FileSystem.truncate(source.raw, to: 8 << 20)
        var work = try workspace()
        let input = InputFile(source: scratch("large"), name: "large", size: 8 << 20)
        let refused: String
        do {
            try work.stage(input)
            refused = "nothing"
        } catch { refused = "\(error)" }
        #expect(
            refused
                == "input 'large': no space left on device (ENOSPC); the work directory holds what limit 'disk' allows")
    }

    @Test func sizesAndCountsAreBounded() throws {
        let work = try workspace()
        for name in ["a.txt", "b.txt", "c.txt"] { try put(name, "1234", in: work) }
        try put("big.dat", "123456", in: work)
        let outcome = try harvest(
            "[{path: \"*.txt\", max_count: 2}, {path: \"*.dat\", max_size: 5, required: true}]", from: work)
        #expect(outcome.files.map(\.path) == ["a.txt", "b.txt"])
        #expect(outcome.refused == ["'big.dat': 6 bytes is more than 5 bytes", "'c.txt': there are more than 2"])
        #expect(outcome.missing == ["*.dat"])
    }

    @Test func sparseFilesStaySparse() throws {
        let work = try workspace()
        let file = try FileSystem.open("sparse.bin", [.write, .create], at: work.root.raw)
        try FileSystem.truncate(file.raw, to: 3 << 20)
        try FileSystem.write(Array("data".utf8), to: file.raw, at: 1 << 20)
        let outcome = try harvest("[{path: sparse.bin}]", from: work)
        let copy = try FileStatus(path: scratch("out/sparse.bin"))
        #expect(copy.size == 3 << 20 && copy.allocatedBytes < 1 << 20)
        let whole = try FileSystem.contents(of: scratch("out/sparse.bin"))
        #expect(whole[(1 << 20)..<(1 << 20) + 4].elementsEqual("data".utf8))
        #expect(outcome.files.first?.size == 3 << 20)
        // What sha256sum says of the whole file, holes and all.
        #expect(outcome.files.first?.sha256 == "7cc767d7366034ad15f7a0b9fb74f3833f32a32c2ae9f75f242d03b74624b594")
    }

    @Test func deepTreesEnd() throws {
        let work = try workspace()
        var path = "d"
        for level in 1...40 {
            try FileSystem.makeDirectory(path, mode: 0o700, at: work.root.raw)
            try put("\(path)/\(level).txt", "x", in: work)
            path += "/d"
        }
        let outcome = try harvest("[{path: \"**/*.txt\", max_count: 100}]", from: work)
        #expect(outcome.files.count == Harvest.maxDepth - 1)
        #expect(!outcome.refused.isEmpty)
    }

    @Test func invalidNamesAreNotSilent() throws {
        let work = try workspace()
        let name: [CChar] = [-1, 0x2e, 0x74, 0x78, 0x74, 0]
        let root = work.root.raw
        let made = name.withUnsafeBufferPointer {
            sys_openat(root, $0.baseAddress, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        }
        try #require(made >= 0)
        _ = sys_close(Int32(made))
        let outcome = try harvest("[{path: \"*\"}]", from: work)
        #expect(outcome.files == [])
        #expect(outcome.refused == ["a file in '.' whose name is not UTF-8"])
    }

    @Test func oldResultsAreReplacedWhole() throws {
        try FileSystem.createFile(scratch("out/a.txt"), Array("the old and longer one".utf8))
        let work = try workspace()
        try put("a.txt", "new", in: work)
        _ = try harvest("[{path: a.txt}]", from: work)
        #expect(try FileSystem.text(of: scratch("out/a.txt")) == "new")
        #expect(written == ["a.txt"], "no temporary name is left")
    }

    @Test func linksInTheOutputDirectoryAreNotFollowed() throws {
        try FileSystem.makeDirectory(scratch("elsewhere"), mode: 0o755)
        _ = sys_symlinkat("../elsewhere", FileSystem.here, scratch("out/sub"))
        _ = sys_symlinkat("../elsewhere/target.txt", FileSystem.here, scratch("out/a.txt"))
        let work = try workspace()
        try FileSystem.makeDirectory("sub", mode: 0o700, at: work.root.raw)
        try FileSystem.makeDirectory("sub/deeper", mode: 0o700, at: work.root.raw)
        try put("sub/deeper/b.txt", "b", in: work)
        try put("a.txt", "a", in: work)
        let outcome = try harvest("[{path: \"**\"}]", from: work)
        #expect(outcome.files.map(\.path) == ["a.txt"])
        let beginning = "'sub/deeper/b.txt': cannot be written to the output directory: "
        #expect(outcome.refused.count == 1 && outcome.refused.first?.hasPrefix(beginning) == true)
        #expect(!outcome.isIncomplete, "the program chose the name")
        #expect(
            try FileStatus(path: scratch("out/a.txt"), following: false).kind == .file, "the link itself is replaced")
        #expect(scratch.everything.filter { $0.hasPrefix("elsewhere/") } == [])
        #expect(!written.contains { $0.contains(".jrun-") })
    }

    @Test func inputsAndDirectoriesAreNotReplaced() throws {
        try FileSystem.createFile(scratch("out/model.txt"), Array("the user's".utf8))
        try FileSystem.makeDirectory(scratch("out/taken.txt"), mode: 0o755)
        let work = try workspace()
        try put("model.txt", "the program's", in: work)
        try put("taken.txt", "x", in: work)
        let reserved = Set([FileIdentity(try FileStatus(path: scratch("out/model.txt")))])
        let outcome = try harvest("[{path: \"*.txt\"}]", from: work, reserved: reserved)
        #expect(
            outcome.refused == [
                "'model.txt': it would replace the input of that name",
                "'taken.txt': there is a directory of that name in the output directory",
            ])
        #expect(try FileSystem.text(of: scratch("out/model.txt")) == "the user's")
    }

    /// One file under many names costs the program nothing, and holes cost it nothing either.
    @Test func whatCostsNothingInsideCostsNothingOutside() throws {
        let work = try workspace()
        try put("a.txt", "abc", in: work)
        let root = "/proc/self/fd/\(work.root.raw)"
        try linkFile("\(root)/a.txt", at: "\(root)/b.txt")
        for name in ["x.dat", "y.dat"] {
            let file = try FileSystem.open(name, [.write, .create], at: work.root.raw)
            try FileSystem.truncate(file.raw, to: 600 << 20)
        }
        let outcome = try harvest("[{path: \"*.txt\"}, {path: \"*.dat\", max_size: 1GiB}]", from: work)
        #expect(outcome.files.map(\.path) == ["a.txt", "x.dat"])
        #expect(
            outcome.refused == [
                "'b.txt': it is the same file as another result (a hard link)",
                "'y.dat': the results together are larger than limit 'disk' allows",
            ])
    }

    @Test func aRequestToStopEndsTheHarvest() throws {
        let work = try workspace()
        try put("a.txt", "abc", in: work)
        let program = try RunSample.program("results: [{path: a.txt, when: any, required: true}]")
        let output = try FileSystem.open(scratch("out"), [.read, .directory])
        let request = try EventCounter()
        var one: UInt64 = 1
        _ = sys_write(request.descriptor.raw, &one, 8)
        var harvest = Harvest(
            program: program, limits: program.limits.defaults, state: .complete, cause: .exit, reserved: [],
            stopRequests: request.descriptor.raw)
        let outcome = try harvest.collect(from: work, into: output.raw)
        #expect(outcome.isIncomplete && outcome.missing == ["a.txt"])
        #expect(outcome.refused == ["'a.txt': jrun was asked to stop"])
        #expect(written == [], "neither the file nor its temporary name")
    }

    @Test func whatCannotBeWrittenIsOurs() throws {
        let work = try workspace()
        try put("big.bin", String(repeating: "x", count: 1 << 20), in: work)
        let program = try RunSample.program("results: [{path: big.bin, when: any}]")
        let full = try Workspace(bytes: 64 << 10, owner: 0)
        let quiet = try EventCounter()
        var harvest = Harvest(
            program: program, limits: program.limits.defaults, state: .complete, cause: .exit, reserved: [],
            stopRequests: quiet.descriptor.raw)
        let outcome = try harvest.collect(from: work, into: full.root.raw)
        #expect(outcome.isIncomplete)
        let reason = "cannot be written to the output directory: no space left on device (ENOSPC)"
        #expect(outcome.refused == ["'big.bin': \(reason)"])
        let left = try FileSystem.names(in: full.root.raw)
        #expect(left.isEmpty)
    }

    @Test func keepingTakesEveryRegularFile() throws {
        let work = try workspace()
        try put("a.txt", "a", in: work)
        _ = sys_mknodat(work.root.raw, "fifo", UInt32(S_IFIFO | 0o600), 0)
        _ = sys_symlinkat("/etc/passwd", work.root.raw, "link")
        let program = try RunSample.program()
        let output = try FileSystem.open(scratch("out"), [.read, .directory])
        let quiet = try EventCounter()
        var harvest = Harvest(
            program: program, limits: program.limits.defaults, state: .complete, cause: .exit, reserved: [],
            stopRequests: quiet.descriptor.raw)
        try harvest.copyEverything(from: work, into: output.raw)
        #expect(written == ["a.txt"])
    }
}
