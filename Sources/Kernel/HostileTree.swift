import CLinux

extension FileSystem {
    /// Removes everything in a directory that hostile hands have filled and that nobody changes any more: names of any
    /// bytes, directories of any depth, and any number of names. What cannot be removed is left, and the rest goes.
    ///
    /// - Throws: the first error, when all has been tried.
    public static func removeHostileContents(of directory: Int32) throws(KernelError) {
        var removal = HostileRemoval(top: directory)
        removal.empty(directory, depth: 32)
        if let failure = removal.failure { throw failure }
    }
}

/// What lies deep is moved to the top instead of being followed down, and a directory is read a buffer at a time: neither
/// the stack, nor the number of open descriptors, nor the memory depends on what the program made.
private struct HostileRemoval {
    let top: Int32
    private var moved = 0
    private(set) var failure: KernelError?

    init(top: Int32) { self.top = top }

    /// Until a pass finds nothing more that it can remove: what is moved to the top comes up in the next.
    mutating func empty(_ directory: Int32, depth: Int) {
        // In a sticky directory only the owner may remove what is not theirs, and root without CAP_FOWNER is nobody else.
        // Source: inode(7), S_ISVTX
        _ = sys_fchown(directory, 0, 0)
        while pass(directory, depth) {}
    }

    /// - Returns: whether anything went.
    private mutating func pass(_ directory: Int32, _ depth: Int) -> Bool {
        var hasRemoved = false
        do throws(KernelError) {
            try check(sys_lseek(directory, 0, SEEK_SET), "rewind a directory")
            while true {
                let names = try FileSystem.nextNames(in: directory)
                if names.isEmpty { return hasRemoved }
                for name in names {
                    do throws(KernelError) {
                        try remove(name + [0], from: directory, depth)
                        hasRemoved = true
                    } catch { failure = failure ?? error }
                }
            }
        } catch {
            failure = failure ?? error
            return false
        }
    }

    private mutating func remove(_ name: [UInt8], from directory: Int32, _ depth: Int) throws(KernelError) {
        let result = withName(name) { sys_unlinkat(directory, $0, 0) }
        if result >= 0 { return }
        guard result == Int(-EISDIR) else { throw KernelError("remove a file", errno: Int32(-result)) }
        if withName(name, { sys_unlinkat(directory, $0, AT_REMOVEDIR) }) >= 0 { return }
        if depth == 0 { return try lift(name, from: directory) }
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let child = try checkFD(withName(name) { sys_openat(directory, $0, flags, 0) }, "open a directory")
        empty(child.raw, depth: depth - 1)
        try check(withName(name) { sys_unlinkat(directory, $0, AT_REMOVEDIR) }, "remove a directory")
    }

    private mutating func lift(_ name: [UInt8], from directory: Int32) throws(KernelError) {
        while true {
            moved += 1
            // The program may have such a name there already.
            let result = withName(name) {
                sys_renameat2(directory, $0, top, ".lifted-\(moved)", UInt32(RENAME_NOREPLACE))
            }
            if result == Int(-EEXIST) { continue }
            try check(result, "move a directory")
            return
        }
    }

    private func withName(_ name: [UInt8], _ body: (UnsafePointer<CChar>) -> Int) -> Int {
        name.withUnsafeBytes { body($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
    }
}
