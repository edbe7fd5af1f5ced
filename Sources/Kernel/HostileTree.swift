import CLinux

extension FileSystem {
    /// Removes everything in a directory that hostile hands have filled and that nobody changes any more: names of any
    /// bytes, and directories of any depth. What lies deep is moved to the top instead of being followed down, so neither
    /// the stack nor the number of open descriptors depends on it.
    public static func removeHostileContents(of directory: Int32) throws(KernelError) {
        var moved = 0
        while try removeLevel(of: directory, top: directory, depth: 32, &moved) {}
    }

    /// - Returns: whether something was moved to the top.
    private static func removeLevel(
        of directory: Int32, top: Int32, depth: Int, _ moved: inout Int
    ) throws(KernelError) -> Bool {
        let before = moved
        for name in try names(in: directory).map({ $0 + [0] }) {
            let result = withName(name) { sys_unlinkat(directory, $0, 0) }
            if result >= 0 { continue }
            guard result == Int(-EISDIR) else { throw KernelError("remove a file", errno: Int32(-result)) }
            if withName(name, { sys_unlinkat(directory, $0, AT_REMOVEDIR) }) >= 0 { continue }
            if depth == 0 {
                try lift(name, from: directory, to: top, &moved)
                continue
            }
            let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
            let child = try checkFD(withName(name) { sys_openat(directory, $0, flags, 0) }, "open a directory")
            _ = try removeLevel(of: child.raw, top: top, depth: depth - 1, &moved)
            try check(withName(name) { sys_unlinkat(directory, $0, AT_REMOVEDIR) }, "remove a directory")
        }
        return moved > before
    }

    private static func lift(
        _ name: [UInt8], from directory: Int32, to top: Int32, _ moved: inout Int
    ) throws(KernelError) {
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

    private static func withName(_ name: [UInt8], _ body: (UnsafePointer<CChar>) -> Int) -> Int {
        name.withUnsafeBytes { body($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
    }
}
