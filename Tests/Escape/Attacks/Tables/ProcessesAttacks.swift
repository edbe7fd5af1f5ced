// Other processes: the run's pid 1, which is jrun-init, and one of the node that has the very uid of the attacker.

package let processAttacks: [Attack] = [
    Attack(
        "ptrace-init", .processes, "PTRACE_SEIZE of pid 1 (ptrace(2)).", probe: "ptrace 1",
        stoppedBy: [.seccomp, .uid],
        control: .privateRoot),
    Attack(
        "ptrace-host", .processes, "PTRACE_SEIZE of a process of the same user on the node.", probe: "ptrace {victim}",
        stoppedBy: [.pidNamespace, .seccomp], control: .user, props: [.victim]),
    Attack(
        "vm-read-init", .processes, "process_vm_readv(2) from pid 1.", probe: "vm-read 1 0x400000",
        stoppedBy: [.seccomp, .uid], control: .privateRoot),
    Attack(
        "vm-read-host", .processes, "process_vm_readv(2) of a secret in the memory of a process of the node.",
        probe: "vm-read {victim} {address}", stoppedBy: [.pidNamespace, .seccomp], control: .user, success: .secret,
        props: [.keeper]),
    Attack(
        "vm-write-host", .processes, "process_vm_writev(2) into a process of the node.",
        probe: "vm-write {victim} {address}", stoppedBy: [.pidNamespace, .seccomp], control: .user, props: [.keeper]),
    Attack(
        "mem-init", .processes, "/proc/1/mem, the memory of pid 1 as a file (proc(5)).", probe: "mem-read 1 0x400000",
        stoppedBy: [.procOptions, .uid], control: .privateRoot),
    Attack(
        "mem-host", .processes, "/proc/PID/mem of a process of the node.", probe: "mem-read {victim} {address}",
        stoppedBy: [.pidNamespace], control: .user, success: .secret, props: [.keeper]),
    Attack(
        "pidfd-getfd-init", .processes, "pidfd_getfd(2): a copy of a descriptor of pid 1 (Linux 5.6).",
        probe: "pidfd-getfd 1 0", stoppedBy: [.seccomp, .uid], control: .privateRoot),
    Attack(
        "pidfd-getfd-host", .processes, "pidfd_getfd(2): a copy of a descriptor of a process of the node.",
        probe: "pidfd-getfd {victim} 0", stoppedBy: [.pidNamespace, .seccomp], control: .user, props: [.victim]),
    Attack(
        "kcmp-init", .processes, "kcmp(2) orders kernel addresses of pid 1's objects.", probe: "kcmp 1",
        stoppedBy: [.seccomp, .uid], control: .privateRoot,
        unavailable: [Lack("ENOSYS", "the kernel has no kcmp (CONFIG_KCMP)")]),
    Attack(
        "move-pages-host", .processes, "move_pages(2) tells where the memory of a process lies, and moves it.",
        probe: "pages move {victim}", stoppedBy: [.pidNamespace, .seccomp], control: .user, props: [.victim],
        unavailable: [Lack("ENOSYS", "the kernel has no NUMA (CONFIG_NUMA)")]),
    Attack(
        "migrate-pages-host", .processes, "migrate_pages(2) moves all memory of a process to another node.",
        probe: "pages migrate {victim}", stoppedBy: [.pidNamespace, .seccomp], control: .user, props: [.victim],
        unavailable: [Lack("ENOSYS", "the kernel has no NUMA (CONFIG_NUMA)")]),
    Attack(
        "read-init-executable", .processes, "/proc/1/exe: the runtime's own binary, the first step of CVE-2019-5736.",
        probe: "read-device /proc/1/exe", stoppedBy: [.procOptions, .uid], control: .privateRoot),
    Attack(
        "overwrite-executable", .processes,
        "CVE-2019-5736: a descriptor of a root-owned executable is opened again to write once it is no longer busy.",
        probe: "exec {tool} overwrite-exe", stoppedBy: [.uid, .mountView, .landlock],
        success: .harm("the executable on the node") { try $0.hasChanged("tool") }, props: [.toolCopy]),
]
