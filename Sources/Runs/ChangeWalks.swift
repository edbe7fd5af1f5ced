import CLinux
import Kernel

// Both go through trees that a program has made and may be changing, by descriptor: nothing on the way is followed, and no
// path is too long.

/// Through a work directory.
struct WorkWalk {
    let inputs: [String: (inode: UInt64, input: Workspace.StagedInput)]
    /// Directories that were made for inputs.
    private let parents: Set<Substring>
    private(set) var seen: Set<String> = []
    var list = ChangeList()

    init(_ staged: [UInt64: Workspace.StagedInput]) {
        let named = staged.compactMap { inode, input in input.name.map { ($0, (inode: inode, input: input)) } }
        inputs = Dictionary(named) { first, _ in first }
        parents = Set(
            inputs.keys.flatMap { name in name.indices.filter { name[$0] == "/" }.map { name[..<$0] } })
    }

    mutating func enter(_ directory: Int32, path: String = "", depth: Int = RunChanges.deepest) {
        for name in list.names(in: directory) {
            if list.isFull { return list.leaveOut() }
            // One that has just gone is no loss.
            guard let status = try? FileStatus(path: name, at: directory, following: false) else { continue }
            let path = path.isEmpty ? name : "\(path)/\(name)"
            judge(path, status)
            guard status.kind == .directory else { continue }
            guard depth > 0, let child = openDirectory(name, in: directory) else {
                list.leaveOut()
                continue
            }
            enter(child.raw, path: path, depth: depth - 1)
        }
    }

    private mutating func judge(_ path: String, _ status: FileStatus) {
        guard let (inode, input) = inputs[path] else {
            if status.kind != .directory || !parents.contains(path[...]) { list.note(.added(path, status)) }
            return
        }
        seen.insert(path)
        let isSame =
            status.inode == inode && status.size == input.size
            && status.modifiedNanoseconds == input.modifiedNanoseconds
        if !isSame { list.note(.changed(path, status, was: input.size)) }
    }
}

/// Through the upper layer of an overlay, and beside it through the lower one. A removed name is a character device there,
/// a directory that stands for another one says so, and all in it stands for what was in that one.
///
/// Source: filesystems/overlayfs.rst, "whiteouts and opaque directories"
struct LayerWalk {
    var list = ChangeList()

    /// - Parameters:
    ///   - lower: -1 where nothing was.
    ///   - isOpaque: nothing of the lower directory shows through.
    mutating func enter(
        _ upper: Int32, over lower: Int32, isOpaque: Bool = false, path: String = "", depth: Int = RunChanges.deepest
    ) {
        let names = list.names(in: upper)
        for name in names {
            if list.isFull { return list.leaveOut() }
            guard let status = try? FileStatus(path: name, at: upper, following: false) else { continue }
            let path = path.isEmpty ? name : "\(path)/\(name)"
            let old = lower < 0 ? nil : try? FileStatus(path: name, at: lower, following: false)
            judge(path, status, old)
            guard status.kind == .directory else { continue }
            guard depth > 0, let child = openDirectory(name, in: upper) else {
                list.leaveOut()
                continue
            }
            // -1 when it was no directory.
            let before = openDirectory(name, in: old?.kind == .directory ? lower : -1)?.release() ?? -1
            defer { if before >= 0 { _ = sys_close(before) } }
            enter(
                child.raw, over: before, isOpaque: isOpaque || LayerWalk.isOpaque(child.raw), path: path,
                depth: depth - 1)
        }
        if isOpaque, lower >= 0 { noteHidden(in: lower, besides: Set(names), path) }
    }

    private mutating func judge(_ path: String, _ status: FileStatus, _ old: FileStatus?) {
        let isRemoved = status.kind == .characterDevice
        guard let old else {
            if !isRemoved { list.note(.added(path, status)) }
            return
        }
        let areDirectories = status.kind == .directory && old.kind == .directory
        if isRemoved {
            list.note(.removed(path, old))
        } else if !areDirectories || status.mode != old.mode {
            list.note(.changed(path, status, old))
        }
    }

    private mutating func noteHidden(in lower: Int32, besides shown: Set<String>, _ path: String) {
        for name in list.names(in: lower) where !shown.contains(name) {
            if list.isFull { return list.leaveOut() }
            guard let old = try? FileStatus(path: name, at: lower, following: false) else { continue }
            list.note(.removed("\(path)/\(name)", old))
        }
    }

    /// Only what overlayfs itself has written: an attribute `user.overlay.opaque` is the program's, and means nothing.
    private static func isOpaque(_ directory: Int32) -> Bool {
        var value = CChar(0)
        return sys_fgetxattr(directory, "trusted.overlay.opaque", &value, 1) == 1 && value == 0x79  // "y"
    }
}

private func openDirectory(_ name: String, in directory: Int32) -> OwnedFD? {
    try? FileSystem.openBeneath(directory, name, [.read, .directory])
}
