import CLinux

/// Project quotas: the files beneath a directory have an id of their own, and all of them together a bound on their bytes
/// and their number. Source: quotactl(2), ioctl_xfs_fsgetxattr(2)
///
/// The owner of a file may change its project id (Source: fs/ioctl.c, fileattr_set_prepare), so a bound holds only for
/// programs whose seccomp filter keeps them from FS_IOC_FSSETXATTR and FS_IOC_SETFLAGS.
public enum ProjectQuota {
    /// Whether the file system of `file` counts project quotas and holds to them.
    public static func isEnforced(at file: Int32) -> Bool {
        var state = k_fs_quota_statv()
        state.qs_version = 1
        let both = UInt16(FS_QUOTA_PDQ_ACCT | FS_QUOTA_PDQ_ENFD)
        return sys_quotactl_fd(file, command(Q_XGETQSTATV), 0, &state) >= 0 && state.qs_flags & both == both
    }

    /// Bounds what belongs to project `id`; 0 and 0 bound nothing. Bytes count in KiB.
    public static func limit(_ id: UInt32, bytes: Int64, inodes: Int64, at file: Int32) throws(KernelError) {
        var block = k_dqblk()
        block.dqb_bhardlimit = UInt64((bytes + 1023) / 1024)
        block.dqb_ihardlimit = UInt64(inodes)
        block.dqb_valid = UInt32(QIF_LIMITS)
        try check(sys_quotactl_fd(file, command(Q_SETQUOTA), id, &block), "set the quota of project \(id)")
    }

    /// Puts a directory into project `id`, with everything that is made in it from now on.
    public static func assign(_ id: UInt32, to directory: Int32) throws(KernelError) {
        var attributes = k_fsxattr()
        try check(
            sys_ioctl(directory, UInt(FS_IOC_FSGETXATTR), &attributes), "read the attributes of a directory")
        attributes.fsx_projid = id
        attributes.fsx_xflags |= UInt32(FS_XFLAG_PROJINHERIT)
        try check(
            sys_ioctl(directory, UInt(FS_IOC_FSSETXATTR), &attributes), "put a directory into project \(id)")
    }

    /// The project of a file; 0: none.
    public static func id(of file: Int32) -> UInt32 {
        var attributes = k_fsxattr()
        return sys_ioctl(file, UInt(FS_IOC_FSGETXATTR), &attributes) >= 0 ? attributes.fsx_projid : 0
    }

    private static func command(_ operation: Int32) -> UInt32 { UInt32(operation) << 8 | UInt32(PRJQUOTA) }
}
