import CLinux

/// Files by descriptor. Paths are relative to a directory descriptor; `FileSystem.here` stands for absolute paths and
/// the current directory.
public enum FileSystem {
    public static let here: Int32 = AT_FDCWD

    public struct OpenFlags: OptionSet, Sendable {
        public let rawValue: Int32
        public init(rawValue: Int32) { self.rawValue = rawValue }
        public static let read = OpenFlags(rawValue: O_RDONLY)
        public static let write = OpenFlags(rawValue: O_WRONLY)
        public static let readWrite = OpenFlags(rawValue: O_RDWR)
        public static let create = OpenFlags(rawValue: O_CREAT)
        public static let exclusive = OpenFlags(rawValue: O_EXCL)
        public static let truncate = OpenFlags(rawValue: O_TRUNC)
        public static let directory = OpenFlags(rawValue: O_DIRECTORY)
        public static let pathOnly = OpenFlags(rawValue: O_PATH)
        public static let noFollow = OpenFlags(rawValue: O_NOFOLLOW)
        public static let nonBlocking = OpenFlags(rawValue: O_NONBLOCK)
        public static let append = OpenFlags(rawValue: O_APPEND)
    }

    /// Opens close-on-exec.
    public static func open(
        _ path: String, _ flags: OpenFlags, mode: UInt32 = 0o600, at directory: Int32 = here
    ) throws(KernelError) -> OwnedFD {
        try checkFD(sys_openat(directory, path, flags.rawValue | O_CLOEXEC, mode), "open '\(path)'")
    }

    /// Opens a path that hostile hands may have made: nothing on the way may be a link, and the result stays beneath
    /// `directory`. Non-blocking, so that a FIFO cannot hold the caller. Source: openat2(2).
    public static func openBeneath(
        _ directory: Int32, _ path: String, _ flags: OpenFlags, mode: UInt32 = 0o600
    ) throws(KernelError) -> OwnedFD {
        var how = k_open_how(
            flags: UInt64(flags.rawValue | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY),
            mode: flags.contains(.create) ? UInt64(mode) : 0,
            resolve: UInt64(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV))
        if flags.contains(.pathOnly) { how.flags &= ~UInt64(O_NONBLOCK | O_NOCTTY) }
        return try checkFD(sys_openat2(directory, path, &how), "open '\(path)'")
    }

    /// - Parameter orFindIt: a directory that is there already is no error.
    public static func makeDirectory(
        _ path: String, mode: UInt32, at directory: Int32 = here, orFindIt: Bool = false
    ) throws(KernelError) {
        let result = sys_mkdirat(directory, path, mode)
        if orFindIt && result == Int(-EEXIST) { return }
        try check(result, "create directory '\(path)'")
    }

    /// Creates the directory and its parents where they are missing.
    public static func makeDirectories(_ path: String, mode: UInt32) throws(KernelError) {
        let result = sys_mkdirat(here, path, mode)
        if result >= 0 || result == Int(-EEXIST) { return }
        if result == Int(-ENOENT), let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try makeDirectories(String(path[..<slash]), mode: mode)
            return try makeDirectories(path, mode: mode)
        }
        try check(result, "create directory '\(path)'")
    }

    /// Readable and writable by its owner. Source: mkfifo(3).
    public static func makeFIFO(_ path: String, at directory: Int32 = here) throws(KernelError) {
        try check(sys_mknodat(directory, path, UInt32(S_IFIFO) | 0o600, 0), "create FIFO '\(path)'")
    }

    public static func removeFile(_ path: String, at directory: Int32 = here) throws(KernelError) {
        try check(sys_unlinkat(directory, path, 0), "remove '\(path)'")
    }

    public static func removeDirectory(_ path: String, at directory: Int32 = here) throws(KernelError) {
        try check(sys_unlinkat(directory, path, AT_REMOVEDIR), "remove directory '\(path)'")
    }

    public static func changeOwner(_ file: Int32, to uid: UInt32, group: UInt32? = nil) throws(KernelError) {
        try check(sys_fchown(file, uid, group ?? uid), "change the owner of a file to \(uid)")
    }

    public static func changeMode(_ file: Int32, to mode: UInt32) throws(KernelError) {
        try check(sys_fchmod(file, mode), "change the mode of a file")
    }

    /// May this process execute it? Source: access(2).
    public static func isExecutable(_ path: String) -> Bool { sys_faccessat(here, path, 1) == 0 }

    /// May this process read it? Source: access(2).
    public static func isReadable(_ path: String) -> Bool { sys_faccessat(here, path, 4) == 0 }

    /// Free bytes and whether any inode is free.
    public static func freeBytes(_ file: Int32) throws(KernelError) -> (bytes: UInt64, total: UInt64, inodes: UInt64) {
        var s = k_statfs()
        try check(sys_fstatfs(file, &s), "ask for free space")
        return (s.f_bavail * UInt64(s.f_bsize), s.f_blocks * UInt64(s.f_bsize), s.f_ffree)
    }
}

/// What statx(2) says of a file.
public struct FileStatus: Sendable {
    public enum Kind: String, Sendable {
        case file, directory, link, fifo, socket, unknown
        case characterDevice = "character device"
        case blockDevice = "block device"
    }
    public var kind: Kind
    public var mode: UInt32
    public var size: Int64
    public var allocatedBytes: Int64
    public var device: UInt64
    public var inode: UInt64
    /// Since 1970.
    public var modifiedNanoseconds: Int64
    public var owner: (uid: UInt32, gid: UInt32)
    public var links: UInt32

    public init(of file: Int32) throws(KernelError) {
        try self.init(path: "", at: file, flags: AT_EMPTY_PATH)
    }

    /// Follows a link at the end of `path` unless `following` is false.
    public init(path: String, at directory: Int32 = FileSystem.here, following: Bool = true) throws(KernelError) {
        try self.init(path: path, at: directory, flags: following ? 0 : AT_SYMLINK_NOFOLLOW)
    }

    private init(path: String, at directory: Int32, flags: Int32) throws(KernelError) {
        var s = k_statx()
        try check(sys_statx(directory, path, flags, UInt32(STATX_BASIC_STATS), &s), "look at '\(path)'")
        switch Int32(s.stx_mode) & S_IFMT {
        case S_IFREG: kind = .file
        case S_IFDIR: kind = .directory
        case S_IFLNK: kind = .link
        case S_IFIFO: kind = .fifo
        case S_IFSOCK: kind = .socket
        case S_IFCHR: kind = .characterDevice
        case S_IFBLK: kind = .blockDevice
        default: kind = .unknown
        }
        mode = UInt32(s.stx_mode) & 0o7777
        size = Int64(s.stx_size)
        allocatedBytes = Int64(s.stx_blocks) * 512
        device = UInt64(s.stx_dev_major) << 32 | UInt64(s.stx_dev_minor)
        inode = s.stx_ino
        modifiedNanoseconds = s.stx_mtime.tv_sec * 1_000_000_000 + Int64(s.stx_mtime.tv_nsec)
        owner = (s.stx_uid, s.stx_gid)
        links = s.stx_nlink
    }
}

extension FileSystem {
    /// Atomic: whoever opens `new` sees the old file or this one.
    public static func rename(
        _ old: String, to new: String, from: Int32 = here, at directory: Int32 = here
    ) throws(KernelError) {
        try check(sys_renameat(from, old, directory, new), "rename '\(old)' to '\(new)'")
    }
}

extension FileSystem {
    /// Opens a path as if `root` were `/`: links on the way are followed, and none leads out. A link at the end is not
    /// followed with `.noFollow`. Source: openat2(2), RESOLVE_IN_ROOT.
    public static func openInRoot(
        _ root: Int32, _ path: String, _ flags: OpenFlags, mode: UInt32 = 0o600
    ) throws(KernelError) -> OwnedFD {
        var how = k_open_how(
            flags: UInt64(flags.rawValue | O_CLOEXEC), mode: flags.contains(.create) ? UInt64(mode) : 0,
            resolve: UInt64(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV))
        return try checkFD(sys_openat2(root, path, &how), "open '\(path)'")
    }
}
