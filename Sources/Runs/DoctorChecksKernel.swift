import CLinux
import Kernel

/// The system calls and namespaces that a launch is made of, each tried.
struct KernelChecks {
    let isRoot: Bool
    let rootless: RootlessPlace?

    func systemCalls(mounts: MountTable) -> [Diagnosis] {
        let release = Doctor.text("/proc/sys/kernel/osrelease") ?? "unknown"
        return [.ok("kernel", "Linux \(release)"), pidfd(), openat2(), closeRange(), memfd(), keyring(), openTree()]
            + detachedMounts() + [procSubset(), KernelChecks.rootMount(mounts)]
    }

    /// A feature that a launch cannot do without: what the kernel answered to `probe`.
    func needed(
        _ name: String, found: String, use: String, cure: String, _ probe: () throws(KernelError) -> Void
    ) -> Diagnosis {
        do {
            try probe()
            return .ok(name, found)
        } catch { return KernelChecks.judge(name, error, use: use, cure: cure, isRoot: isRoot) }
    }

    /// - Parameter cure: for a kernel that does not know the call.
    static func judge(_ name: String, _ error: KernelError, use: String, cure: String, isRoot: Bool) -> Diagnosis {
        guard error.errno == EPERM || error.errno == EACCES else {
            return .missing(name, "\(error)", cost: "no run can start: \(use)", cure: cure)
        }
        // Whether the kernel has it cannot be said without root; the line about root says what is missing.
        if !isRoot {
            return .unknown(name, "\(error)")
        }
        return .missing(
            name, "\(error)", cost: "no run can start: \(use)",
            cure:
                "the host forbids it to this container or service: docker run --privileged …, or run jrun on the host itself"
        )
    }

    private func pidfd() -> Diagnosis {
        needed("pidfd", found: "pidfd_open works", use: "processes are watched by descriptor", cure: Doctor.boot("5.3"))
        {
            () throws(KernelError) in
            _ = try checkFD(sys_pidfd_open(Int32(sys_getpid()), 0), "pidfd_open")
        }
    }

    private func openat2() -> Diagnosis {
        needed(
            "openat2", found: "resolves without links", use: "the program's files are opened by it",
            cure: Doctor.boot("5.6")
        ) { () throws(KernelError) in
            var how = k_open_how(flags: UInt64(O_PATH | O_CLOEXEC), mode: 0, resolve: UInt64(RESOLVE_NO_SYMLINKS))
            _ = try checkFD(sys_openat2(FileSystem.here, "/", &how), "openat2")
        }
    }

    private func closeRange() -> Diagnosis {
        needed(
            "close_range", found: "works", use: "jrun-init closes all other descriptors with it",
            cure: Doctor.boot("5.9")
        ) { () throws(KernelError) in
            // No descriptor has this number: fs.nr_open ends below it.
            try check(sys_close_range(0x7fff_ffff, 0x7fff_ffff, 0), "close_range")
        }
    }

    private func memfd() -> Diagnosis {
        let forbidden = Doctor.text("/proc/sys/vm/memfd_noexec") == "2"
        return needed(
            "sealed memfd", found: "seals hold", use: "the launch plan is in one",
            cure: forbidden ? "sysctl -w vm.memfd_noexec=1" : "boot a kernel with CONFIG_MEMFD_CREATE=y"
        ) { () throws(KernelError) in
            let file = try sealedMemfd(named: "jrun-doctor", [0])
            if sys_pwrite(file.raw, [1], 1, 0) != Int(-EPERM) { throw KernelError("seal a memory file", errno: EINVAL) }
        }
    }

    private func keyring() -> Diagnosis {
        needed(
            "keyrings", found: "every run gets one of its own", use: "the program joins a keyring of its own",
            cure: "boot a kernel with CONFIG_KEYS=y"
        ) { () throws(KernelError) in
            // KEYCTL_GET_KEYRING_ID of KEY_SPEC_SESSION_KEYRING, without making one. Source: keyctl(2).
            let result = sys_keyctl(0, UnsafePointer(bitPattern: -3))
            if [Int(-ENOSYS), Int(-EPERM)].contains(result) { try check(result, "keyctl") }
        }
    }

    private func openTree() -> Diagnosis {
        needed(
            "open_tree", found: "clones '/usr'", use: "the run's view of '/usr' is made with it",
            cure: Doctor.boot("5.2")
        ) { () throws(KernelError) in _ = try Mounts.clone("/usr") }
    }

    /// On a tmpfs that is attached nowhere and goes with its descriptor.
    private func detachedMounts() -> [Diagnosis] {
        let fsopen = "fsopen"
        let mount: OwnedFD
        do { mount = try Mounts.temporaryFileSystem(bytes: 1 << 20, inodes: 16, owner: rootless?.ownID ?? 0) } catch {
            let use = "the work directory is made with it"
            return [KernelChecks.judge(fsopen, error, use: use, cure: Doctor.boot("5.4"), isRoot: isRoot)]
        }
        let raw = mount.raw
        let nodes: Diagnosis =
            rootless != nil
            ? .ok("device nodes", "the node's own are shown")
            : needed(
                "device nodes", found: "/dev/null can be made and opened", use: "the run's /dev is made of them",
                cure: "run jrun outside of user namespaces (rootless containers), on the host itself"
            ) { () throws(KernelError) in
                try check(sys_mknodat(raw, "null", UInt32(S_IFCHR | 0o600), 1 << 8 | 3), "make a device node")
                // A container may allow the node and forbid its use. This mount is nodev, so the host's own is opened.
                _ = try FileSystem.open("/dev/null", .readWrite)
            }
        let attributes = needed(
            "mount_setattr", found: "makes mounts read-only", use: "what the run sees is made read-only with it",
            cure: Doctor.boot("5.12")
        ) { () throws(KernelError) in
            let bits = UInt64(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
            var attributes = k_mount_attr(attr_set: bits, attr_clr: 0, propagation: 0, userns_fd: 0)
            try check(sys_mount_setattr(raw, "", UInt32(AT_EMPTY_PATH | AT_RECURSIVE), &attributes), "mount_setattr")
        }
        return [.ok(fsopen, "makes a tmpfs"), attributes, nodes]
    }

    private func procSubset() -> Diagnosis {
        needed(
            "private /proc", found: "subset=pid and hidepid=ptraceable",
            use: "the run's /proc holds only its own processes",
            cure: Doctor.boot("5.8")
        ) { () throws(KernelError) in
            // Only told to the context; nothing is created from it.
            let context = try checkFD(sys_fsopen("proc", UInt32(FSOPEN_CLOEXEC)), "make a proc file system")
            for (key, value) in [("subset", "pid"), ("hidepid", "ptraceable")] {
                let result = sys_fsconfig(context.raw, UInt32(FSCONFIG_SET_STRING), key, value, 0)
                try check(result, "set '\(key)=\(value)' on a proc file system")
            }
        }
    }

    /// pivot_root needs a root that is a mount, and not the kernel's first one. Source: pivot_root(2).
    static func rootMount(_ mounts: MountTable) -> Diagnosis {
        let name = "root mount"
        switch mounts.mount(at: "/") {
        case nil:
            return .missing(
                name, "'/' is not a mount point", cost: "no run can start: pivot_root cannot leave a plain chroot",
                cure: "mount --bind DIR DIR before chroot DIR")
        case let root? where root.type == "rootfs":
            return .missing(
                name, "'/' is the kernel's rootfs", cost: "no run can start: pivot_root cannot leave it",
                cure: "move the system to a tmpfs with switch_root")
        case let root?: return .ok(name, "\(root.type), can be left by pivot_root")
        }
    }
}

extension KernelChecks {
    private static let all: [(name: String, file: String, flag: Int32, option: String)] = [
        ("mount", "mnt", CLONE_NEWNS, "CONFIG_NAMESPACES"), ("pid", "pid", CLONE_NEWPID, "CONFIG_PID_NS"),
        ("ipc", "ipc", CLONE_NEWIPC, "CONFIG_IPC_NS"), ("uts", "uts", CLONE_NEWUTS, "CONFIG_UTS_NS"),
        ("net", "net", CLONE_NEWNET, "CONFIG_NET_NS"), ("cgroup", "cgroup", CLONE_NEWCGROUP, "CONFIG_CGROUPS"),
    ]

    /// Each kind tried on a child that ends at once.
    func namespaces() -> [Diagnosis] {
        let plain = cloneOnce(flags: 0, cgroup: nil)
        let clone3 = needed(
            "clone3", found: "with a pidfd", use: "every run is started with it", cure: Doctor.boot("5.7")
        ) { () throws(KernelError) in try check(plain, "clone3") }
        return [clone3]
            + KernelChecks.all.map { kind in
                // Without clone3 there is nothing to try, and its own line says so.
                let answer = plain < 0 ? 0 : cloneOnce(flags: UInt64(kind.flag), cgroup: nil)
                return KernelChecks.namespace(
                    kind.name, option: kind.option, exists: FileSystem.exists("/proc/self/ns/\(kind.file)"),
                    limit: Doctor.text("/proc/sys/user/max_\(kind.file)_namespaces").flatMap { Int($0) },
                    errno: Int32(-min(answer, 0)), isRoot: isRoot)
            }
    }

    static func namespace(
        _ kind: String, option: String, exists: Bool, limit: Int?, errno: Int32, isRoot: Bool
    ) -> Diagnosis {
        let name = "\(kind) namespace"
        let cost = "no run can start: each gets its own \(kind) namespace"
        if !exists { return .missing(name, "the kernel has none", cost: cost, cure: "boot a kernel with \(option)=y") }
        if limit == 0 || errno == ENOSPC {
            let key = "user.max_\(kind == "mount" ? "mnt" : kind)_namespaces"
            return .missing(name, "\(key) is \(limit ?? 0) and used up", cost: cost, cure: "sysctl -w \(key)=65536")
        }
        if errno == 0 { return .ok(name, limit.map { "up to \($0)" } ?? "works") }
        return judge(
            name, KernelError("new \(kind) namespace", errno: errno),
            use: "each gets its own \(kind) namespace",
            cure: "boot a kernel with \(option)=y", isRoot: isRoot)
    }
}

/// Makes a child that ends at once and reaps it; the kernel's answer to clone3.
///
/// The child shares this process's memory and does nothing but end, so threads and locks cannot matter.
func cloneOnce(flags: UInt64, cgroup: Int32?) -> Int {
    var pidfd: Int32 = -1
    var arguments = k_clone_args()
    arguments.flags = UInt64(CLONE_VM | CLONE_VFORK | CLONE_PIDFD) | flags
    // No exit signal: nobody's SIGCHLD handler is to hear of it.
    if let cgroup {
        arguments.flags |= UInt64(CLONE_INTO_CGROUP)
        arguments.cgroup = UInt64(cgroup)
    }
    // While memory is shared no handler of ours may run in the child.
    var everySignal = UInt64.max, before: UInt64 = 0
    _ = sys_rt_sigprocmask(SIG_SETMASK, &everySignal, &before)
    let pid = withUnsafeMutablePointer(to: &pidfd) { place in
        arguments.pidfd = UInt64(UInt(bitPattern: place))
        return sys_clone3_vfork(&arguments, { _ in sys_exit_group(0) }, nil)
    }
    _ = sys_rt_sigprocmask(SIG_SETMASK, &before, nil)
    guard pid > 0 else { return pid }
    _ = sys_close(pidfd)
    var status: Int32 = 0
    _ = sys_wait4(Int32(pid), &status, WALL, nil)
    // A child that did not end by itself is no working clone.
    return status == 0 ? pid : Int(-EIO)
}

extension FileSystem {
    static func exists(_ path: String) -> Bool { sys_faccessat(here, path, 0) == 0 }
}
