import CLinux
import Testing

@testable import Kernel

/// A directory plays the cgroup file system, as far as files of text can.
@Suite struct CgroupTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try FileSystem.makeDirectories(scratch("jrun/runs"), mode: 0o755)
        try FileSystem.makeDirectories(scratch("jrun/init"), mode: 0o755)
    }

    private func put(_ name: String, _ text: String) throws {
        try FileSystem.createFile(scratch(name), Array(text.utf8))
    }

    @Test func availableControllersAreWords() throws {
        try put("cgroup.controllers", "cpuset cpu io memory hugetlb pids\n")
        #expect(
            CgroupTree.availableControllers(at: scratch.path) == ["cpuset", "cpu", "io", "memory", "hugetlb", "pids"])
        try put("cgroup.controllers", "\n")
        #expect(CgroupTree.availableControllers(at: scratch.path) == [])
        #expect(CgroupTree.availableControllers(at: scratch("nowhere")) == [])
    }

    @Test func aTreeThatIsThereIsFound() throws {
        try put("jrun/runs/cgroup.subtree_control", "memory pids\n")
        let tree = try CgroupTree(preparing: scratch("jrun"))
        #expect(tree.controllers == ["memory", "pids"])
        let initDirectory = try tree.openInit(), runs = try tree.openRuns()
        let kinds = try [FileStatus(of: initDirectory.raw).kind, FileStatus(of: runs.raw).kind]
        #expect(kinds == [.directory, .directory])
    }

    @Test func aTreeWithoutControlFilesHasNoControllers() throws {
        #expect(try CgroupTree(preparing: scratch("jrun")).controllers == [])
    }

    @Test func runsAreRestrictedToCPUs() throws {
        let tree = try CgroupTree(preparing: scratch("jrun"))
        #expect(tree.runsCPUs == nil && tree.availableCPUs == nil)
        try put("jrun/cpuset.cpus.effective", "0-3\n")
        try put("jrun/runs/cpuset.cpus", "")
        #expect(tree.runsCPUs == nil && tree.availableCPUs == CPUList("0-3"))
        try tree.restrictRuns(to: CPUList("1,2"))
        #expect(tree.runsCPUs == CPUList("1-2"))
        try tree.restrictRuns(to: nil)
        #expect(try FileSystem.text(of: scratch("jrun/runs/cpuset.cpus")).hasPrefix("\n"))
    }

    @Test(arguments: [("0", "0"), ("2-7", "2-7"), ("7,0,4-6", "0,4-7"), ("1,1,2", "1-2"), ("3-3", "3")])
    func listsOfCPUs(text: String, shortest: String) throws {
        #expect(try #require(CPUList(text)).description == shortest)
    }

    @Test(arguments: ["", ",", "1,", "-", "1-", "-1", "2-1", "a", "1-2-3", " 1", "+1", "8192", "99999999999999999999"])
    func notListsOfCPUs(text: String) { #expect(CPUList(text) == nil) }

    @Test func aMissingTreeIsMade() throws {
        _ = try CgroupTree(preparing: scratch("new"))
        let kinds = try ["new/init", "new/runs"].map { try FileStatus(path: scratch($0)).kind }
        #expect(kinds == [.directory, .directory])
    }

    /// Another jrun may be half done with the same tree, or a controller may have come later.
    @Test func whatIsNotPassedDownYetIsPassedDown() throws {
        try put("jrun/runs/cgroup.controllers", "memory\n")
        for level in ["", "jrun/", "jrun/runs/"] { try put("\(level)cgroup.subtree_control", "") }
        _ = try CgroupTree(preparing: scratch("jrun"))
        for level in ["", "jrun/", "jrun/runs/"] {
            #expect(try FileSystem.text(of: scratch("\(level)cgroup.subtree_control")).hasPrefix("+"), "\(level)")
        }
    }

    /// What systemd delegates has a process in its root; a process of another pid namespace is shown as 0.
    @Test func processesInTheRootMoveIntoALeaf() throws {
        try put("jrun/cgroup.procs", "4711\n0\n")
        try put("jrun/runs/cgroup.controllers", "memory\n")
        try FileSystem.makeDirectories(scratch("jrun/daemon"), mode: 0o755)
        try put("jrun/daemon/cgroup.procs", "")
        _ = try CgroupTree(preparing: scratch("jrun"))
        #expect(try FileSystem.text(of: scratch("jrun/daemon/cgroup.procs")) == "4711")
    }

    @Test func aRootWithoutProcessesNeedsNoLeaf() throws {
        _ = try CgroupTree(preparing: scratch("new"))
        #expect(throws: KernelError.self) { _ = try FileStatus(path: scratch("new/daemon")) }
    }

    @Test func whatTheLevelAboveHasPassedDownIsLeftAlone() throws {
        try put("jrun/cgroup.controllers", "memory\n")
        try put("jrun/runs/cgroup.controllers", "memory\n")
        for level in ["", "jrun/", "jrun/runs/"] { try put("\(level)cgroup.subtree_control", "") }
        _ = try CgroupTree(preparing: scratch("jrun"))
        #expect(try FileSystem.text(of: scratch("cgroup.subtree_control")).contains("memory") == false)
        #expect(try FileSystem.text(of: scratch("jrun/cgroup.subtree_control")).hasPrefix("+"))
    }

    @Test func leavesReadTheirControlFiles() throws {
        let runs = try FileSystem.open(scratch("jrun/runs"), [.read, .directory])
        let leaf = try CgroupLeaf(creating: "run", in: runs.raw)
        try put("jrun/runs/run/memory.peak", "1048576\n")
        try put("jrun/runs/run/memory.max", "max\n")
        try put("jrun/runs/run/cpu.stat", "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\nnr_periods\nodd 1 2\n")
        let numbers = [leaf.number("memory.peak"), leaf.number("memory.max"), leaf.number("memory.none")]
        #expect(numbers == [1_048_576, nil, nil])
        let keys = ["usage_usec", "user_usec", "usage", "nr_periods", "odd"].map { leaf.number($0, in: "cpu.stat") }
        #expect(keys == [1500, 1000, nil, nil, nil])
        let absent = leaf.number("usage_usec", in: "io.stat"), text = leaf.text("memory.max")
        #expect(absent == nil && text == "max\n")
        try leaf.set("memory.max", "4096")
        let changed = leaf.number("memory.max")
        #expect(changed == 4096)
        let missing = refusal { () throws(KernelError) in try leaf.set("pids.max", "1") }
        #expect(missing == "open 'pids.max': no such file or directory (ENOENT)", "a control file is never created")
    }

    @Test func leavesAreNeverReused() throws {
        let runs = try FileSystem.open(scratch("jrun/runs"), [.read, .directory])
        let raw = runs.raw
        let leaf = try CgroupLeaf(creating: "run", in: raw)
        let again = refusal { () throws(KernelError) in _ = try CgroupLeaf(creating: "run", in: raw) }
        #expect(again == "create directory 'run': file exists (EEXIST)")
        try leaf.remove(from: raw)
        #expect(try FileSystem.names(in: raw).isEmpty)
    }

    /// The real one, where it is mounted; everything else in this suite needs no kernel.
    @Test func theMountPointHoldsTheTree() throws {
        let path = try #require(try CgroupTree.mountPoint(), "cgroup v2 is not mounted on this machine")
        #expect(try FileStatus(path: "\(path)/cgroup.controllers").kind == .file)
    }
}

@Suite struct MountTests {
    @Test(.enabled(if: isRoot(), "making a file system needs root"))
    func temporaryFileSystemsAreAsLargeAsTheyShould() throws {
        let mount = try Mounts.temporaryFileSystem(bytes: 1 << 20, inodes: 8, owner: 12345)
        let root = try Mounts.openRoot(of: mount.raw)
        let directory = root.raw
        let status = try FileStatus(of: directory)
        #expect(status.kind == .directory && status.mode == 0o700)
        #expect(status.owner == (12345, 12345))
        let space = try FileSystem.freeBytes(directory)
        #expect(space.total == 1 << 20 && space.bytes <= 1 << 20 && space.inodes <= 8)

        let file = try FileSystem.open("file", [.write, .create], at: directory)
        let full = refusal { () throws(KernelError) in
            try FileSystem.write([UInt8](repeating: 1, count: 2 << 20), to: file.raw, named: "file")
        }
        #expect(full == "write 'file': no space left on device (ENOSPC)")
        try FileSystem.changeOwner(file.raw, to: 54321)
        try FileSystem.changeMode(file.raw, to: 0o4711)
        let changed = try FileStatus(of: file.raw)
        #expect(changed.owner == (54321, 54321) && changed.mode == 0o4711)

        var made = 0
        while made < 100, (try? FileSystem.createFile("f\(made)", [], at: directory)) != nil { made += 1 }
        #expect(made < 8, "inodes are bounded, too")
    }

    @Test(.enabled(if: isRoot(), "cloning a mount needs root"))
    func clonesAreDetached() throws {
        let clone = try Mounts.clone("/usr")
        let root = try Mounts.openRoot(of: clone.raw)
        let original = try FileStatus(path: "/usr"), copy = try FileStatus(of: root.raw)
        #expect(copy.inode == original.inode && copy.device == original.device)
        #expect(
            refusal { () throws(KernelError) in _ = try Mounts.clone("/nonexistent") }
                == "clone the mount at '/nonexistent': no such file or directory (ENOENT)")
    }
}
