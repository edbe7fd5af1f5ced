import Kernel

/// `runs/ID`: everything that is known of a run. Root's alone; the program's own files are on a file system of their
/// own. The directory is locked as long as somebody looks after the run.
struct RunDirectory: ~Copyable {
    let id: RunID
    /// The directory of all runs.
    let parent: OwnedFD
    let directory: OwnedFD
    let path: String

    static func create(on node: Node) throws -> RunDirectory {
        try FileSystem.makeDirectories(node.runsDirectory, mode: 0o700)
        let parent = try FileSystem.open(node.runsDirectory, [.read, .directory])
        let id = RunID()
        // Under a name that the sweep does not know until it is locked.
        let unborn = "\(execPrefix)\(id)"
        try FileSystem.makeDirectory(unborn, mode: 0o700, at: parent.raw)
        let directory = try FileSystem.open(unborn, [.read, .directory], at: parent.raw)
        _ = try lock(directory.raw)
        try FileSystem.rename(unborn, to: id.description, from: parent.raw, at: parent.raw)
        return RunDirectory(id: id, parent: parent, directory: directory, path: "\(node.runsDirectory)/\(id)")
    }

    /// Takes over one that is there.
    static func open(_ id: RunID, on node: Node) throws(KernelError) -> RunDirectory {
        let parent = try FileSystem.open(node.runsDirectory, [.read, .directory])
        let directory = try FileSystem.open(id.description, [.read, .directory, .noFollow], at: parent.raw)
        return RunDirectory(id: id, parent: parent, directory: directory, path: "\(node.runsDirectory)/\(id)")
    }

    /// A name that neither the sweep nor a monitor takes for a run.
    static let unbornPrefix = ".new-"
    /// The same of `jrun exec`, apart from a monitor's: a starting monitor knows that its own are abandoned, of these
    /// somebody may be making one just now.
    static let execPrefix = ".exec-"
    /// Of what is being removed.
    static let gonePrefix = ".gone-"
    /// Of a warm sandbox, which is nobody's yet.
    static let warmPrefix = ".warm-"

    /// Replaces the file by a whole one: a reader sees the old or the new bytes.
    func publish(_ name: String, _ bytes: [UInt8]) throws(KernelError) {
        let temporary = ".\(name).new"
        try? FileSystem.removeFile(temporary, at: directory.raw)
        try FileSystem.createFile(temporary, bytes, at: directory.raw)
        try FileSystem.rename(temporary, to: name, from: directory.raw, at: directory.raw)
    }

    func createFile(_ name: String, _ flags: FileSystem.OpenFlags = [.readWrite, .create, .exclusive]) throws -> OwnedFD
    {
        try FileSystem.open(name, flags, mode: 0o600, at: directory.raw)
    }

    func write(_ name: String, _ bytes: some Collection<UInt8>) throws {
        try FileSystem.createFile(name, bytes, at: directory.raw)
    }

    /// The FIFO that jrund commands a run by; no other run has one.
    static let controlName = "control"

    func remove() throws {
        try RunDirectory.remove(id.description, directory: directory.raw, from: parent.raw)
    }

    private static func remove(_ name: String, directory: Int32, from parent: Int32) throws {
        try FileSystem.removeContents(of: directory)
        try FileSystem.removeDirectory(name, at: parent)
    }

    /// Removes what runs left whose launcher and jrun-init died at once (power loss, two kills): directories without a
    /// report that nobody holds locked, and their cgroups. What cannot be removed now is left to the next sweep: a
    /// sweep never waits and never fails the run that happens to do it.
    static func sweep(_ node: Node, cgroups: CgroupTree?) {
        guard let parent = try? FileSystem.open(node.runsDirectory, [.read, .directory]),
            let names = try? FileSystem.names(in: parent.raw)
        else { return }
        let runs = parent.raw
        for name in names.map({ String(decoding: $0, as: UTF8.self) }) {
            if RunID(name) != nil {
                try? removeIfAbandoned(name, from: runs, node, cgroups)
            } else if name.hasPrefix(execPrefix), isOld(name, in: runs) {
                try? FileSystem.removeDirectory(name, at: runs)
            }
        }
    }

    /// A directory gets its name and its lock within microseconds; one of a minute ago never will.
    private static func isOld(_ name: String, in parent: Int32) -> Bool {
        guard let status = try? FileStatus(path: name, at: parent, following: false) else { return false }
        return Int64(realtimeNanoseconds()) - status.modifiedNanoseconds > 60_000_000_000
    }

    private static func removeIfAbandoned(
        _ name: String, from parent: Int32, _ node: Node, _ cgroups: CgroupTree?
    ) throws {
        // What jrund made, jrund looks after. There may be thousands of those, so one call has to do for each.
        if (try? FileStatus(path: "\(name)/\(controlName)", at: parent, following: false)) != nil { return }
        let directory = try FileSystem.open(name, [.read, .directory], at: parent)
        let isKept = (try? FileStatus(path: "report.json", at: directory.raw)) != nil
        // A directory that was just removed by its owner can still be locked.
        guard !isKept, try lock(directory.raw), try FileStatus(of: directory.raw).links > 0 else { return }
        if let cgroups { try removeLeaf(name, cgroups) }
        try WorkOnDisk.removeAbandoned(from: directory.raw, node)
        try remove(name, directory: directory.raw, from: parent)
    }

    private static func removeLeaf(_ name: String, _ cgroups: CgroupTree) throws {
        let runs = try cgroups.openRuns()
        guard let leaf = try? FileSystem.open(name, [.read, .directory], at: runs.raw) else { return }
        try FileSystem.write("1", toPath: "cgroup.kill", at: leaf.raw)
        try FileSystem.removeDirectory(name, at: runs.raw)
    }
}
