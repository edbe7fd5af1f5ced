import CLinux
import Kernel

// The work directory on disk: `runs/ID/disk`, a project of its own with the run's uid as its number, bounded by a project
// quota. Nobody else has that uid while the run's lock on it is held, so everything here happens under that lock: a
// quota that is taken away later could be another run's.

/// Where the work directories of a node's runs are.
public enum WorkDirectoryPlace: String, Sendable, CaseIterable {
    case memory, disk

    public func isPossible(on node: Node) -> Bool {
        self == .memory || WorkOnDisk.isPossible(beneath: node.stateDirectory)
    }

    /// Why it is not, and what comes of it; nil where it is possible.
    public func problem(on node: Node, bestEffort: Bool) -> String? {
        if isPossible(on: node) { return nil }
        return "'disk' cannot be held: '\(node.stateDirectory)' has no project quotas; "
            + (bestEffort ? "runs work in memory" : "every run is refused")
    }
}

enum WorkOnDisk {
    static let name = "disk"

    /// Whether work directories can be kept beneath `directory`, or the nearest one above that exists.
    static func isPossible(beneath directory: String) -> Bool {
        var path = directory
        while !FileSystem.exists(path), let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            path = String(path[..<slash])
        }
        guard let existing = try? FileSystem.open(path, [.read, .directory]) else { return false }
        return ProjectQuota.isEnforced(at: existing.raw)
    }

    static func missing(in directory: String) -> String {
        "work directories cannot be on disk: '\(directory)' is not on a file system that enforces project quotas; mount it "
            + "with prjquota (ext4 made with -O quota,project; xfs), or keep work directories in memory"
    }

    /// Makes the work directory of a run in its directory.
    ///
    /// - Returns: the same as a detached mount.
    static func make(
        in run: Int32, bytes: Int64, inodes: Int64, owner: UInt32, on node: Node
    ) throws -> OwnedFD {
        // Of a launch that was cut short.
        try removeAbandoned(from: run, node)
        try FileSystem.makeDirectory(name, mode: 0o700, at: run)
        let work = try FileSystem.open(name, [.read, .directory], at: run)
        try ProjectQuota.limit(owner, bytes: bytes, inodes: inodes, at: work.raw)
        try ProjectQuota.assign(owner, to: work.raw)
        try FileSystem.changeOwner(work.raw, to: owner)
        return try Mounts.clone(directory: work.raw)
    }

    /// Removes it with everything that the program left there, and its quota. One that is not there is none to remove.
    static func remove(from run: Int32) throws {
        guard let work = try? FileSystem.open(name, [.read, .directory, .noFollow], at: run) else { return }
        let project = ProjectQuota.id(of: work.raw)
        try FileSystem.removeHostileContents(of: work.raw)
        try FileSystem.removeDirectory(name, at: run)
        if project != 0 { try ProjectQuota.limit(project, bytes: 0, inodes: 0, at: run) }
    }

    /// The same for a run that was abandoned, whose uid another run may have by now.
    static func removeAbandoned(from run: Int32, _ node: Node) throws {
        guard let work = try? FileSystem.open(name, [.read, .directory, .noFollow], at: run) else { return }
        let project = ProjectQuota.id(of: work.raw)
        // Whoever has the uid now has set a bound of their own.
        let slot = project == 0 ? nil : try? UIDSlot.take(from: project...project, in: node.uidsDirectory)
        try FileSystem.removeHostileContents(of: work.raw)
        try FileSystem.removeDirectory(name, at: run)
        if slot != nil { try ProjectQuota.limit(project, bytes: 0, inodes: 0, at: run) }
    }
}
