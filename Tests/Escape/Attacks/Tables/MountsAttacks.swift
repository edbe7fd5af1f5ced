// Mounts in every old and new way. The controls have a mount namespace of their own.

private let both: [Defence] = [.seccomp, .capabilities]

package let mountAttacks: [Attack] = [
    Attack(
        "mount-tmpfs", .mounts, "mount(2) of a tmpfs over a directory that is there.", probe: "mount-old /tmp",
        stoppedBy: both, control: .privateRoot),
    Attack(
        "mount-proc", .mounts,
        "mount(2) of a fresh /proc, without the options of the one that is there (proc(5), hidepid).",
        probe: "mount-type proc /tmp", stoppedBy: both, control: .privateRoot),
    Attack(
        "mount-overlay", .mounts,
        "An overlay file system over files of one's own, the way to forged file capabilities (CVE-2021-3493, CVE-2023-0386).",
        probe: "mount-type overlay /tmp lowerdir=/usr:/tmp", stoppedBy: both, control: .privateRoot,
        unavailable: [Lack("ENODEV", "the kernel has no overlayfs")]),
    Attack(
        "mount-bind", .mounts, "A bind mount of the root over another directory, free of what hides parts of it.",
        probe: "mount-bind / /tmp", stoppedBy: both, control: .privateRoot),
    Attack(
        "mount-move", .mounts, "MS_MOVE: what hides a directory is moved away (mount(2)).",
        probe: "mount-move /proc /tmp",
        stoppedBy: both, control: .privateRoot),
    Attack(
        "remount", .mounts, "A remount without read-only, nosuid, nodev and noexec (mount(2), MS_REMOUNT).",
        probe: "remount /", stoppedBy: both, control: .privateRoot),
    Attack(
        "mount-share", .mounts, "MS_SHARED: mounts made later propagate to the copies (mount_namespaces(7)).",
        probe: "mount-share /", stoppedBy: both, control: .privateRoot),
    Attack(
        "umount", .mounts, "umount2(2) of what lies over the files beneath.", probe: "umount /proc", stoppedBy: both,
        control: .privateRoot),
    Attack(
        "fsopen", .mounts, "fsopen, fsconfig and fsmount: a file system without mount(2) (Linux 5.2; CVE-2022-0185).",
        probe: "mount-new", stoppedBy: both, control: .privateRoot),
    Attack(
        "fspick", .mounts, "fspick and fsconfig: the options of a mounted file system are changed (Linux 5.2).",
        probe: "fspick /proc", stoppedBy: both, control: .privateRoot),
    Attack(
        "open-tree", .mounts, "open_tree(OPEN_TREE_CLONE): a copy of a mount, held by a descriptor (Linux 5.2).",
        probe: "open-tree /", stoppedBy: both, control: .privateRoot),
    Attack(
        "move-mount", .mounts, "open_tree and move_mount: a bind mount without mount(2) (Linux 5.2).",
        probe: "move-mount /proc /tmp", stoppedBy: both, control: .privateRoot),
    Attack(
        "mount-setattr", .mounts, "mount_setattr: read-only is taken off a mount (Linux 5.12).",
        probe: "mount-setattr /", stoppedBy: both, control: .privateRoot),
    Attack(
        "pivot-root", .mounts, "pivot_root(2) into another root, with the old one beneath it.",
        probe: "pivot-into /tmp",
        stoppedBy: both, control: .privateRoot),
    Attack(
        "chroot", .mounts, "chroot(2): a root of one's own, with an /etc of one's own for setuid programs.",
        probe: "chroot .", stoppedBy: both),
    Attack(
        "chroot-escape", .mounts,
        "chroot, fchdir, and up past the root: chroot(2) says itself that it is no confinement.",
        probe: "chroot-escape /tmp {secret}", stoppedBy: [.seccomp, .capabilities, .mountView], control: .privateRoot,
        success: .secret, props: [.secretFile]),
]
