import CLinux
import Kernel

/// What a run has changed since its start: in its work directory, and in its image where that is writable.
public struct RunChanges: Sendable, Equatable, Codable {
    public struct Change: Sendable, Equatable, Codable {
        public enum Kind: String, Sendable, Codable { case added, changed, removed }

        public var change: Kind
        /// Relative to the work directory; in an image, to its root.
        public var path: String
        /// `file`, `directory`, `link`, …; of what was removed, what it was.
        public var type: String
        /// In bytes, now; absent of what was removed.
        public var size: Int64?
        /// In bytes, at the start; absent of what was added.
        public var was: Int64?
    }

    /// Sorted by path, as `image` is.
    public var work: [Change] = []
    /// Absent where the root cannot be changed.
    public var image: [Change]?
    /// False when there were more changes, or directories that lie deeper, than are looked at.
    public var complete = true

    /// A program can make more names, and longer ones, than anybody wants to read.
    static let most = 10_000
    static let mostBytes = 1 << 20
    static let deepest = 64
}

extension RunChanges {
    /// Compares a work directory with the inputs that were put into it.
    mutating func add(workDirectory workspace: borrowing Workspace) {
        let inputs = Dictionary(
            workspace.staged.compactMap { inode, input in input.name.map { ($0, (inode, input)) } }
        ) { first, _ in first }
        let parents = Set(inputs.keys.flatMap { name in name.indices.filter { name[$0] == "/" }.map { name[..<$0] } })
        var seen: Set<String> = []
        var walk = Walk { path, status, _ in
            guard let (inode, input) = inputs[path] else {
                return parents.contains(path[...]) && status.kind == .directory ? nil : .added(path, status)
            }
            seen.insert(path)
            let isSame =
                status.inode == inode && status.size == input.size
                && status.modifiedNanoseconds == input.modifiedNanoseconds
            return isSame ? nil : .changed(path, status, was: input.size)
        }
        walk.enter(workspace.root.raw)
        work = walk.changes
        // What was not come to may be there still.
        if walk.isComplete {
            work += inputs.filter { !seen.contains($0.key) }.map { .removed($0.key, "file", was: $0.value.1.size) }
        } else {
            complete = false
        }
        work.sort { $0.path < $1.path }
    }

    /// - Parameters:
    ///   - upper: what the run changed, as overlayfs writes it: a removed name is a character device, a directory that
    ///     stands for another one says so. Source: filesystems/overlayfs.rst, "whiteouts and opaque directories"
    ///   - lower: the image; -1 when that has gone, and then everything counts as added.
    mutating func add(layer upper: Int32, over lower: Int32) {
        func before(_ path: String) -> FileStatus? {
            guard let file = try? FileSystem.openBeneath(lower, path, .pathOnly) else { return nil }
            return try? FileStatus(of: file.raw)
        }
        var hidden: [Change] = []
        var walk = Walk { path, status, file in
            let old = before(path)
            if status.kind == .characterDevice {
                return old.map { .removed(path, $0.kind.rawValue, was: $0.size) }
            }
            guard let old else { return .added(path, status) }
            guard status.kind == .directory, old.kind == .directory else {
                return .changed(path, status, was: old.size)
            }
            if isOpaque(file) { hidden += hiddenNames(of: path, upper: file, lower: lower) }
            return nil
        }
        walk.enter(upper)
        image = (walk.changes + hidden).sorted { $0.path < $1.path }
        complete = complete && walk.isComplete
    }
}

extension RunChanges.Change {
    /// The size of a directory says nothing to anybody.
    private static func size(_ status: FileStatus) -> Int64 { status.kind == .directory ? 0 : status.size }

    fileprivate static func added(_ path: String, _ status: FileStatus) -> Self {
        Self(change: .added, path: path, type: status.kind.rawValue, size: size(status))
    }

    fileprivate static func changed(_ path: String, _ status: FileStatus, was: Int64) -> Self {
        Self(change: .changed, path: path, type: status.kind.rawValue, size: size(status), was: was)
    }

    fileprivate static func removed(_ path: String, _ type: String, was: Int64) -> Self {
        Self(change: .removed, path: path, type: type, was: type == "directory" ? 0 : was)
    }
}

/// Of a directory that was removed and made again, what is not in it any more.
private func hiddenNames(of path: String, upper: Int32, lower: Int32) -> [RunChanges.Change] {
    guard let directory = try? FileSystem.openBeneath(lower, path, [.read, .directory]),
        let old = try? FileSystem.names(in: directory.raw), let new = try? FileSystem.names(in: upper)
    else { return [] }
    return Set(old).subtracting(new).compactMap { bytes in
        guard let name = String(validating: bytes, as: UTF8.self),
            let status = try? FileStatus(path: name, at: directory.raw, following: false)
        else { return nil }
        return .removed("\(path)/\(name)", status.kind.rawValue, was: status.size)
    }
}

private func isOpaque(_ directory: Int32) -> Bool {
    var value = CChar(0)
    return sys_fgetxattr(directory, "trusted.overlay.opaque", &value, 1) == 1 && value == 0x79  // "y"
}

/// Goes through a tree that a program has made and may be changing: nothing on the way is followed, and there is an end.
private struct Walk {
    /// What is to be said of an entry; its descriptor is -1 unless it is a directory.
    let judge: (_ path: String, _ status: FileStatus, _ directory: Int32) -> RunChanges.Change?
    private(set) var changes: [RunChanges.Change] = []
    private(set) var isComplete = true
    private var looked = 0
    private var pathBytes = 0

    /// Names that are looked at, changed or not.
    private static let most = 200_000

    init(_ judge: @escaping (String, FileStatus, Int32) -> RunChanges.Change?) { self.judge = judge }

    mutating func enter(_ directory: Int32, path: String = "", depth: Int = RunChanges.deepest) {
        // Names of all levels on the way are held at once.
        guard let names = try? FileSystem.names(in: directory, limit: Walk.most - looked) else {
            isComplete = false
            return
        }
        looked += names.count
        if looked >= Walk.most { isComplete = false }
        for bytes in names {
            guard changes.count < RunChanges.most, pathBytes < RunChanges.mostBytes,
                let name = String(validating: bytes, as: UTF8.self)
            else {
                isComplete = false
                continue
            }
            // One that has just gone is no loss.
            guard let status = try? FileStatus(path: name, at: directory, following: false) else { continue }
            look(at: name, status, in: directory, path: path.isEmpty ? name : "\(path)/\(name)", depth)
        }
    }

    private mutating func note(_ change: RunChanges.Change?) {
        guard let change else { return }
        changes.append(change)
        pathBytes += change.path.utf8.count
    }

    private mutating func look(
        at name: String, _ status: FileStatus, in directory: Int32, path: String, _ depth: Int
    ) {
        guard status.kind == .directory else {
            note(judge(path, status, -1))
            return
        }
        guard let child = try? FileSystem.openBeneath(directory, name, [.read, .directory]) else {
            isComplete = false
            return
        }
        note(judge(path, status, child.raw))
        if depth > 0 { enter(child.raw, path: path, depth: depth - 1) } else { isComplete = false }
    }
}
