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
        /// In bytes, at the start; absent of what was added. A directory counts as nothing.
        public var was: Int64?
    }

    /// Sorted by path, as `image` is.
    public var work: [Change] = []
    /// Absent where the root cannot be changed.
    public var image: [Change]?
    /// False when there were more changes, or directories that lie deeper, than are looked at; when a name is no text; or
    /// when the image, or what was changed of it, could not be opened.
    public var complete = true

    /// A program can make more names, and longer ones, than anybody wants to read.
    static let most = 10_000
    static let mostBytes = 1 << 20
    /// Names that are looked at, changed or not: what the end of a run may wait for.
    static let mostLooked = 100_000
    /// Of the names in one directory, which are held at once.
    static let mostNameBytes = 4 << 20
    static let deepest = 64
}

extension RunChanges {
    /// Compares a work directory with the inputs that were put into it.
    mutating func add(workDirectory workspace: borrowing Workspace) {
        var walk = WorkWalk(workspace.staged)
        walk.enter(workspace.root.raw)
        // What was not come to may be there still.
        if walk.list.isComplete {
            for (path, (_, input)) in walk.inputs where !walk.seen.contains(path) {
                walk.list.note(.removed(path, "file", was: input.size))
            }
        }
        work = walk.list.sorted
        complete = complete && walk.list.isComplete
    }

    /// - Parameters:
    ///   - upper: what the run changed, as overlayfs writes it.
    ///   - lower: the image.
    mutating func add(layer upper: Int32, over lower: Int32) {
        var walk = LayerWalk()
        walk.enter(upper, over: lower)
        image = walk.list.sorted
        complete = complete && walk.list.isComplete
    }
}

extension RunChanges.Change {
    /// The size of a directory says nothing to anybody.
    private static func size(_ status: FileStatus) -> Int64 { status.kind == .directory ? 0 : status.size }

    static func added(_ path: String, _ status: FileStatus) -> Self {
        Self(change: .added, path: path, type: status.kind.rawValue, size: size(status))
    }

    static func changed(_ path: String, _ status: FileStatus, was: Int64) -> Self {
        Self(change: .changed, path: path, type: status.kind.rawValue, size: size(status), was: was)
    }

    static func changed(_ path: String, _ status: FileStatus, _ old: FileStatus) -> Self {
        changed(path, status, was: size(old))
    }

    static func removed(_ path: String, _ type: String, was: Int64) -> Self {
        Self(change: .removed, path: path, type: type, was: was)
    }

    static func removed(_ path: String, _ old: FileStatus) -> Self {
        removed(path, old.kind.rawValue, was: size(old))
    }
}

/// What is told, and how much of it: a program makes the trees that are looked at, and has no say in how long that takes.
struct ChangeList {
    private var changes: [RunChanges.Change] = []
    private(set) var isComplete = true
    private var looked = 0
    private var pathBytes = 0

    var sorted: [RunChanges.Change] { changes.sorted { $0.path < $1.path } }

    /// Nothing more is told.
    var isFull: Bool { changes.count >= RunChanges.most || pathBytes >= RunChanges.mostBytes }

    mutating func note(_ change: RunChanges.Change) {
        guard !isFull else { return leaveOut() }
        changes.append(change)
        pathBytes += change.path.utf8.count
    }

    mutating func leaveOut() { isComplete = false }

    /// Names of all levels on the way are held at once.
    mutating func names(in directory: Int32) -> [String] {
        let left = RunChanges.mostLooked - looked
        guard left > 0, !isFull, (try? FileSystem.rewind(directory)) != nil,
            var few = try? FileSystem.nextNames(in: directory)
        else {
            leaveOut()
            return []
        }
        var names: [String] = [], bytes = 0
        while !few.isEmpty {
            looked += few.count
            for name in few {
                guard let name = String(validating: name, as: UTF8.self) else {
                    leaveOut()
                    continue
                }
                names.append(name)
                bytes += name.utf8.count
            }
            guard looked < RunChanges.mostLooked, bytes < RunChanges.mostNameBytes,
                let next = try? FileSystem.nextNames(in: directory)
            else {
                leaveOut()
                break
            }
            few = next
        }
        return names
    }
}
