import CLinux
import Images
import Kernel
import Programs

/// The tree that an image is made of, while it is put together. The one place that writes into it: every entry of every
/// source passes here and is judged here.
///
/// Directories above an entry are found with RESOLVE_IN_ROOT: a link that an earlier entry made cannot lead out.
final class Staging {
    let root: OwnedFD
    let limits: Recipe.Limits
    var dropped = DroppedList()
    private var entries = 0
    private var bytes: Int64 = 0
    /// Of the names of all entries and of what links lead to: they are held in memory.
    private var nameBytes = 0
    static let mostNameBytes = 256 << 20
    /// What this tar or layer has written, and whether it is a directory.
    private var written: [[UInt8]: Bool] = [:]
    /// The directories above these.
    private var above: Set<[UInt8]> = []

    /// - Parameter path: an empty directory.
    init(path: String, limits: Recipe.Limits) throws(KernelError) {
        root = try FileSystem.open(path, [.read, .directory, .noFollow])
        self.limits = limits
        try FileSystem.changeMode(root.raw, to: 0o755)
    }

    /// The next tar or layer: what it writes replaces what is there.
    func beginLayer() {
        written = [:]
        above = []
    }

    func hasWritten(_ path: [String]) -> Bool { written[key(path)] != nil }

    private func key(_ path: [String]) -> [UInt8] { Array(path.joined(separator: "/").utf8) }

    // MARK: Adding

    /// - Throws: `ImageError` for what has no place in an image, with the path.
    func add(_ entry: SourceEntry, content: ContentReader = { _ in [] }) throws {
        let path = try components(of: entry.name)
        try count(path)
        guard let name = path.last else {
            guard entry.kind == .directory else { throw ImageError("the source's root is no directory") }
            return
        }
        guard !isSpecial(entry.kind) else { return try special(entry.kind, path) }
        try refuseTwice(path, isDirectory: entry.kind == .directory)
        if case .link(let target) = entry.kind {
            try checkTarget(target, of: path)
            nameBytes += target.count
        }
        let parent = try self.parent(of: path)
        do {
            switch entry.kind {
            case .directory: try makeDirectory(name, in: parent.raw, mode: mode(of: entry, path))
            case .file(let size):
                try clear(name, in: parent.raw)
                try makeFile(name, in: parent.raw, mode: mode(of: entry, path), size: size, path, content)
            case .link(let target):
                try clear(name, in: parent.raw)
                let text = String(decoding: target, as: UTF8.self)
                try check(sys_symlinkat(text, parent.raw, name), "make the link '\(name)'")
            case .hardLink(let target): try makeHardLink(name, in: parent.raw, path, to: target)
            case .device, .fifo, .socket: break
            }
        } catch let error as KernelError { throw ImageError("\(quoted(path.joined(separator: "/"))): \(error)") }
    }

    private func isSpecial(_ kind: SourceEntry.Kind) -> Bool { [.device, .fifo, .socket].contains(kind) }

    func count(_ path: [String]) throws(ImageError) {
        entries += 1
        guard entries <= limits.entries else {
            throw ImageError(
                "\(shown(path)): the source has more than \(limits.entries) entries; the recipe's limits.entries allows more"
            )
        }
        nameBytes += path.reduce(0) { $0 + $1.utf8.count + 1 }
        guard nameBytes <= Self.mostNameBytes else {
            throw ImageError(
                "\(shown(path)): the paths of the source's entries have more than \(Self.mostNameBytes) bytes together")
        }
    }

    private func special(_ kind: SourceEntry.Kind, _ path: [String]) throws(ImageError) {
        guard kind == .device else {
            throw ImageError("\(shown(path)): a \(kind == .fifo ? "FIFO" : "socket") has no place in an image")
        }
        guard path.first == "dev", path.count > 1 else {
            throw ImageError("\(shown(path)): a device node has no place in an image")
        }
        dropped.add(path.joined(separator: "/"), "device node")
    }

    private func refuseTwice(_ path: [String], isDirectory: Bool) throws(ImageError) {
        let key = key(path)
        if let wasDirectory = written[key], !(wasDirectory && isDirectory) {
            throw ImageError("\(shown(path)): the name comes twice")
        }
        written[key] = isDirectory
        var rest = path.dropLast()
        while !rest.isEmpty, above.insert(self.key(Array(rest))).inserted { rest = rest.dropLast() }
    }

    /// Read and write by its owner always, as root may anyway; never what would raise privileges.
    private func mode(of entry: SourceEntry, _ path: [String]) -> UInt32 {
        for (bit, what) in [(0o4000, "setuid bit"), (0o2000, "setgid bit"), (0o1000, "sticky bit")]
            as [(UInt32, String)]
        where entry.mode & bit != 0 && !isLeftOut(path) {
            dropped.add(path.joined(separator: "/"), what)
        }
        for name in entry.attributes where !isLeftOut(path) {
            let what = name == "security.capability" ? "file capabilities" : "extended attribute \(printable(name))"
            dropped.add(path.joined(separator: "/"), what)
        }
        return entry.mode & 0o777 | (entry.kind == .directory ? 0o700 : 0o400)
    }

    private func shown(_ path: [String]) -> String { quoted(path.joined(separator: "/")) }

    // MARK: The tree

    /// The directory above, made with those above it where it is missing.
    private func parent(of path: [String]) throws -> OwnedFD {
        let above = path.dropLast()
        let wrong = ImageError("\(shown(path)): what is above it is a link that leads nowhere, or no directory")
        if let there = try? open(above) { return there }
        for end in above.indices {
            guard let directory = try? open(above[..<end]) else { throw wrong }
            let made = sys_mkdirat(directory.raw, above[end], 0o755)
            if made == Int(-EEXIST) { continue }
            try check(made, "create directory '\(above[...end].joined(separator: "/"))'")
            let fresh = try FileSystem.openBeneath(directory.raw, above[end], [.read, .directory])
            try FileSystem.changeMode(fresh.raw, to: 0o755)
            try count(Array(above[...end]))
        }
        guard let parent = try? open(above) else { throw wrong }
        return parent
    }

    private func open(_ path: ArraySlice<String>) throws(KernelError) -> OwnedFD {
        let text = path.isEmpty ? "." : path.joined(separator: "/")
        return try FileSystem.openInRoot(root.raw, text, [.read, .directory])
    }

    private func makeDirectory(_ name: String, in parent: Int32, mode: UInt32) throws(KernelError) {
        if let status = try? FileStatus(path: name, at: parent, following: false), status.kind != .directory {
            try FileSystem.removeFile(name, at: parent)
        }
        try FileSystem.makeDirectory(name, mode: 0o700, at: parent, orFindIt: true)
        let directory = try FileSystem.openBeneath(parent, name, [.read, .directory])
        try FileSystem.changeMode(directory.raw, to: mode)
    }

    private func makeFile(
        _ name: String, in parent: Int32, mode: UInt32, size: Int64, _ path: [String], _ content: ContentReader
    ) throws {
        try count(bytes: size, of: path)
        let file = try FileSystem.openBeneath(parent, name, [.write, .create, .exclusive])
        var rest = size
        while rest > 0 {
            let chunk = try content(Int(min(rest, 1 << 20)))
            guard !chunk.isEmpty else { throw ImageError("\(shown(path)): the file ends \(rest) bytes too early") }
            try FileSystem.write(chunk, to: file.raw, named: name)
            rest -= Int64(chunk.count)
        }
        try FileSystem.changeMode(file.raw, to: mode)
    }

    private func count(bytes size: Int64, of path: [String]) throws(ImageError) {
        guard size <= limits.bytes - bytes else {
            throw ImageError(
                "\(shown(path)): the source has more than \(limits.bytes) bytes; the recipe's limits.size allows more")
        }
        bytes += size
    }

    private func makeHardLink(_ name: String, in parent: Int32, _ path: [String], to target: [UInt8]) throws {
        let other = try components(of: target)
        let wrong = ImageError("\(shown(path)): the hard link to \(shown(other)) leads to no file of this tree")
        guard let otherName = other.last, let place = try? open(other.dropLast()),
            let status = try? FileStatus(path: otherName, at: place.raw, following: false),
            status.kind == .file || status.kind == .link
        else { throw wrong }
        // The file itself, under another way to its name.
        if let here = try? FileStatus(path: name, at: parent, following: false), here.inode == status.inode { return }
        // Each name is read once more, and a file of its own where the image is exported.
        try count(bytes: status.size, of: path)
        try clear(name, in: parent)
        try check(sys_linkat(place.raw, otherName, parent, name, 0), "link '\(name)'")
    }

    // MARK: Removing

    /// Makes room for a new entry.
    private func clear(_ name: String, in parent: Int32) throws(KernelError) {
        guard let status = try? FileStatus(path: name, at: parent, following: false) else { return }
        guard status.kind == .directory else { return try FileSystem.removeFile(name, at: parent) }
        let directory = try FileSystem.openBeneath(parent, name, [.read, .directory])
        try FileSystem.removeHostileContents(of: directory.raw)
        try FileSystem.removeDirectory(name, at: parent)
    }

    /// Takes out a path with all beneath; no link on the way is followed.
    ///
    /// - Returns: whether it was there.
    @discardableResult func remove(_ path: [String]) throws(KernelError) -> Bool {
        guard let name = path.last else { return false }
        let above = path.dropLast().joined(separator: "/")
        guard let parent = try? FileSystem.openBeneath(root.raw, above.isEmpty ? "." : above, [.read, .directory]),
            (try? FileStatus(path: name, at: parent.raw, following: false)) != nil
        else { return false }
        try clear(name, in: parent.raw)
        return true
    }

    /// Takes out what a lower layer has beneath a directory and this one has not written.
    func removeLower(beneath path: [String]) throws {
        guard let directory = try? open(path[...]) else { return }
        for bytes in try FileSystem.names(in: directory.raw) {
            let name = String(decoding: bytes, as: UTF8.self), child = path + [name]
            // A directory above something that was written need have no entry of its own.
            if written[key(child)] == true || above.contains(key(child)) {
                try removeLower(beneath: child)
            } else if written[key(child)] == nil {
                try clear(name, in: directory.raw)
            }
        }
    }

    /// Takes out an entry of a lower layer; the directories above may be links, which stay inside the root.
    func removeLower(_ path: [String]) throws {
        guard let name = path.last, !hasWritten(path), let parent = try? open(path.dropLast()) else { return }
        try clear(name, in: parent.raw)
    }
}

/// Directories that every run has for itself.
private let leftOut: Set<String> = ["proc", "sys", "dev", "tmp", "run", "work"]

func isLeftOut(_ path: [String]) -> Bool { path.first.map { leftOut.contains($0) } ?? false }

var leftOutDirectories: [String] { leftOut.sorted() }
