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

// File systems in a file.
extension Mounts {
    /// A detached read-only mount of the erofs on a block device, whose descriptor may be closed afterwards.
    public static func erofs(on device: String) throws(KernelError) -> OwnedFD {
        let context = try checkFD(sys_fsopen("erofs", UInt32(FSOPEN_CLOEXEC)), "make an erofs")
        try check(
            sys_fsconfig(context.raw, UInt32(FSCONFIG_SET_STRING), "source", device, 0), "name the device of an erofs")
        try check(sys_fsconfig(context.raw, UInt32(FSCONFIG_SET_FLAG), "ro", nil, 0), "set 'ro' on an erofs")
        try check(sys_fsconfig(context.raw, UInt32(FSCONFIG_CMD_CREATE), nil, nil, 0), "read the erofs on '\(device)'")
        let attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV
        return try checkFD(sys_fsmount(context.raw, UInt32(FSMOUNT_CLOEXEC), UInt32(attributes)), "mount an erofs")
    }

    /// Attaches a detached mount.
    public static func attach(_ mount: Int32, at path: String) throws(KernelError) {
        try check(
            sys_move_mount(mount, "", AT_FDCWD, path, UInt32(MOVE_MOUNT_F_EMPTY_PATH)), "attach a mount at '\(path)'")
    }

    /// Takes a mount away; who is in it stays in it.
    public static func detach(_ path: String) throws(KernelError) {
        try check(sys_umount2(path, MNT_DETACH), "detach the mount at '\(path)'")
    }

    /// Whether an open file is on an erofs.
    public static func isErofs(_ file: Int32) -> Bool {
        var statistics = k_statfs()
        return sys_fstatfs(file, &statistics) >= 0 && statistics.f_type == Int64(EROFS_SUPER_MAGIC)
    }

    /// Lets the owners of files on a detached mount be others, as the user namespace says. Source: mount_setattr(2),
    /// "ID-mapped mounts"
    public static func changeOwners(of mount: Int32, by namespace: Int32) throws(KernelError) {
        var attributes = k_mount_attr()
        attributes.attr_set = UInt64(MOUNT_ATTR_IDMAP)
        attributes.userns_fd = UInt64(namespace)
        try check(
            sys_mount_setattr(mount, "", UInt32(AT_EMPTY_PATH), &attributes), "change the owners on a mount")
    }
}
