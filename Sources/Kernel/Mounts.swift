import CLinux

/// Detached mounts: made here, attached by jrun-init in the run's own namespace. Source: open_tree(2), fsopen(2).
public enum Mounts {
    /// A detached copy of the mount at `path`, with whatever is mounted below it.
    public static func clone(_ path: String) throws(KernelError) -> OwnedFD {
        try checkFD(
            sys_open_tree(AT_FDCWD, path, UInt32(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE)),
            "clone the mount at '\(path)'")
    }

    /// The same of an open directory, without what is mounted below it.
    public static func clone(directory: Int32) throws(KernelError) -> OwnedFD {
        try checkFD(
            sys_open_tree(directory, "", UInt32(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH)),
            "clone the mount of a directory")
    }

    /// A fresh tmpfs that is attached nowhere and vanishes with its last descriptor.
    public static func temporaryFileSystem(
        bytes: Int64, inodes: Int64, owner: UInt32
    ) throws(KernelError) -> OwnedFD {
        let context = try checkFD(sys_fsopen("tmpfs", UInt32(FSOPEN_CLOEXEC)), "make a tmpfs")
        let options = [
            ("source", "jrun-work"), ("size", "\(bytes)"), ("nr_inodes", "\(inodes)"), ("mode", "0700"),
            ("uid", "\(owner)"), ("gid", "\(owner)"),
        ]
        for (key, value) in options {
            try check(
                sys_fsconfig(context.raw, UInt32(FSCONFIG_SET_STRING), key, value, 0),
                "set '\(key)=\(value)' on a tmpfs")
        }
        try check(sys_fsconfig(context.raw, UInt32(FSCONFIG_CMD_CREATE), nil, nil, 0), "create a tmpfs")
        return try checkFD(
            sys_fsmount(context.raw, UInt32(FSMOUNT_CLOEXEC), UInt32(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)),
            "mount a tmpfs")
    }

    /// A readable directory descriptor for the root of a detached mount.
    public static func openRoot(of mount: Int32) throws(KernelError) -> OwnedFD {
        try checkFD(sys_openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0), "open the root of a mount")
    }
}
