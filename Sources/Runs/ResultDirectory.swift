import CLinux
import Kernel

/// Where results go. They come in the order of their paths, so the next one mostly goes where the last one went: that
/// directory stays open.
final class ResultDirectory {
    private let root: Int32
    /// Whom results are given to; nil leaves them to whoever writes them.
    private let owner: (uid: UInt32, gid: UInt32)?
    /// Nobody looks here before everything is there, and nothing was here before.
    private let isPrivate: Bool
    /// Files that no result may replace.
    private let reserved: Set<FileIdentity>
    /// The last result's, and its path.
    private var parent: OwnedFD
    private var parentPath: Substring = ""
    private let temporary = ".jrun-\(RunID())"

    /// - Parameter root: an open directory, which stays the caller's.
    init(_ root: Int32, givesAway: Bool, isPrivate: Bool, reserved: Set<FileIdentity>) throws(KernelError) {
        self.root = root
        self.isPrivate = isPrivate
        self.reserved = reserved
        let owner = try FileStatus(of: root).owner
        let isOurs = owner.uid == UInt32(sys_geteuid()) && owner.gid == UInt32(sys_getegid())
        self.owner = givesAway && !isOurs ? owner : nil
        parent = try FileSystem.openBeneath(root, ".", [.read, .directory])
    }

    /// Makes the result under a temporary name and renames it, so that a reader sees the whole result or none. Where
    /// there are no readers it has its name from the beginning.
    func publish<Outcome>(_ path: String, mode: UInt32, _ fill: (Int32) throws -> Outcome) throws -> Outcome {
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        try enter(slash.map { path[..<$0] } ?? "")
        let name = slash.map { String(decoding: path.utf8[path.utf8.index(after: $0)...], as: UTF8.self) } ?? path
        let place = parent.raw
        if !isPrivate { try checkReplaceable(name) }
        let first = isPrivate ? name : temporary
        let target = try FileSystem.openBeneath(place, first, [.write, .create, .exclusive], mode: 0o600)
        var isPublished = false
        defer { if !isPublished { try? FileSystem.removeFile(first, at: place) } }
        let outcome = try fill(target.raw)
        try FileSystem.changeMode(target.raw, to: mode)
        if let owner { try FileSystem.changeOwner(target.raw, to: owner.uid, group: owner.gid) }
        if !isPrivate { try FileSystem.rename(first, to: name, from: place, at: place) }
        isPublished = true
        return outcome
    }

    /// One component after the other, each opened without following a link before the next is made: a link in the
    /// output directory leads nowhere (mkdirat of a longer path would follow it).
    private func enter(_ path: Substring) throws {
        // Byte by byte, as the file system does: two names that look alike are two.
        if path.utf8.elementsEqual(parentPath.utf8) { return }
        var directory = try FileSystem.openBeneath(root, ".", [.read, .directory])
        for name in path.pathComponents {
            try FileSystem.makeDirectory(name, mode: 0o755, at: directory.raw, orFindIt: true)
            directory = try FileSystem.openBeneath(directory.raw, name, [.read, .directory])
        }
        parent = directory
        parentPath = path
    }

    private func checkReplaceable(_ name: String) throws {
        guard let status = try? FileStatus(path: name, at: parent.raw, following: false) else { return }
        if reserved.contains(FileIdentity(status)) {
            throw Harvest.Refused(reason: "it would replace the input of that name")
        }
        if status.kind == .directory {
            throw Harvest.Refused(reason: "there is a directory of that name in the output directory")
        }
    }
}
