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
        // A shared lock against the sweep, which must not see a directory that is not locked yet.
        let runs = parent.raw
        _ = try lock(runs, shared: true, waiting: true)
        defer { unlock(runs) }
        try FileSystem.makeDirectory(id.description, mode: 0o700, at: parent.raw)
        let directory = try FileSystem.open(id.description, [.read, .directory], at: parent.raw)
        _ = try lock(directory.raw)
        return RunDirectory(id: id, parent: parent, directory: directory, path: "\(node.runsDirectory)/\(id)")
    }

    func createFile(_ name: String, _ flags: FileSystem.OpenFlags = [.readWrite, .create, .exclusive]) throws -> OwnedFD
    {
        try FileSystem.open(name, flags, mode: 0o600, at: directory.raw)
    }

    func write(_ name: String, _ bytes: some Collection<UInt8>) throws {
        try FileSystem.createFile(name, bytes, at: directory.raw)
    }

    func remove() throws {
        try RunDirectory.remove(id.description, directory: directory.raw, from: parent.raw)
    }

    private static func remove(_ name: String, directory: Int32, from parent: Int32) throws {
        for entry in try FileSystem.names(in: directory) {
            try FileSystem.removeFile(String(decoding: entry, as: UTF8.self), at: directory)
        }
        try FileSystem.removeDirectory(name, at: parent)
    }

    /// Removes what runs left whose launcher and jrun-init died at once (power loss, two kills): directories without a
    /// report that nobody holds locked, and their cgroups. Returns their ids.
    static func sweep(_ node: Node, cgroups: CgroupTree?) throws -> [String] {
        guard let parent = try? FileSystem.open(node.runsDirectory, [.read, .directory]) else { return [] }
        let runs = parent.raw
        let names = try FileSystem.names(in: runs).map { String(decoding: $0, as: UTF8.self) }
        guard try !names.isEmpty && lock(runs) else { return [] }
        defer { unlock(runs) }
        return try names.filter { try RunID($0) != nil && removeIfAbandoned($0, from: runs, cgroups) }
    }

    private static func removeIfAbandoned(_ name: String, from parent: Int32, _ cgroups: CgroupTree?) throws -> Bool {
        guard let directory = try? FileSystem.open(name, [.read, .directory], at: parent),
            (try? FileStatus(path: "report.json", at: directory.raw)) == nil, try lock(directory.raw)
        else { return false }
        if let runs = try cgroups?.openRuns(), let leaf = try? FileSystem.open(name, [.read, .directory], at: runs.raw)
        {
            try CgroupLeaf.killAndRemove(name, directory: leaf.raw, from: runs.raw)
        }
        try remove(name, directory: directory.raw, from: parent)
        return true
    }
}
