// The kernel's wide interfaces: allowed for ordinary programs they would put most of the kernel's code within reach.

package let kernelAttacks: [Attack] = [
    Attack(
        "keyring-user", .kernel, "add_key(2) to the user's keyring, which all processes of a uid share (keyrings(7)).",
        probe: "keyctl-add user", stoppedBy: [.seccomp, .keyring], control: .user),
    Attack(
        "keyring-session", .kernel, "add_key(2) to the session's keyring (session-keyring(7)).",
        probe: "keyctl-add session", stoppedBy: [.seccomp, .keyring], control: .user),
    Attack(
        "keyring-process", .kernel, "add_key(2): keys are kernel memory and a favourite for exploits (CVE-2016-0728).",
        probe: "keyctl-add process", stoppedBy: [.seccomp], control: .user),
    Attack(
        "bpf-map", .kernel, "bpf(2): a map in kernel memory.", probe: "bpf", stoppedBy: [.seccomp, .capabilities]),
    Attack(
        "bpf-program", .kernel, "bpf(2): a program for the verifier (CVE-2020-8835, CVE-2021-3490).",
        probe: "bpf-program", stoppedBy: [.seccomp, .capabilities]),
    Attack(
        "perf", .kernel, "perf_event_open(2): counters that betray addresses and others' work (CVE-2013-2094).",
        probe: "perf", stoppedBy: [.seccomp]),
    Attack(
        "userfaultfd", .kernel,
        "userfaultfd(2): the kernel is made to wait in the middle of a copy (userfaultfd(2), notes on unprivileged use).",
        probe: "userfaultfd", stoppedBy: [.seccomp], control: .user,
        unavailable: [Lack("ENOSYS", "the kernel has no userfaultfd (CONFIG_USERFAULTFD)")]),
    Attack(
        "io-uring", .kernel, "io_uring_setup(2): calls that no seccomp filter sees (io_uring(7); CVE-2022-29582).",
        probe: "io_uring", stoppedBy: [.seccomp], control: .user),
    Attack(
        "aio", .kernel, "io_setup(2): its contexts are counted for the whole machine (fs.aio-max-nr).", probe: "aio",
        stoppedBy: [.seccomp], control: .user,
        unavailable: [Lack("ENOSYS", "the kernel has no AIO (CONFIG_AIO)")]),
    Attack(
        "modify-ldt", .kernel, "modify_ldt(2): segments of one's own (CVE-2015-5157).", probe: "syscall 154 0 0 0",
        stoppedBy: [.seccomp], control: .user,
        unavailable: [Lack("ENOSYS", "the kernel has no modify_ldt (CONFIG_MODIFY_LDT_SYSCALL)")]),
    Attack(
        "kernel-log", .kernel, "syslog(2): the kernel's messages and the addresses in them.",
        probe: "syscall syslog 10 0 0", stoppedBy: [.seccomp, .capabilities]),
    Attack(
        "fanotify", .kernel, "fanotify_init(2): told of everybody's file accesses.",
        probe: "syscall fanotify_init 0 0", stoppedBy: [.seccomp, .capabilities]),
    Attack(
        "inotify-host", .kernel, "inotify_add_watch(2) on a directory shared with the node: what everybody executes.",
        probe: "notify inotify /usr/bin", stoppedBy: [.seccomp], control: .user),
    Attack(
        "dnotify-host", .kernel,
        "fcntl(F_NOTIFY) on a directory shared with the node: when anybody executes something.",
        probe: "notify dnotify /usr/bin", stoppedBy: [.seccomp], control: .user,
        unavailable: [Lack("EINVAL", "the kernel has no dnotify (CONFIG_DNOTIFY)")]),
    Attack(
        "personality", .kernel, "personality(ADDR_NO_RANDOMIZE) for what is executed next (personality(2)).",
        probe: "personality", stoppedBy: [.seccomp], control: .user),
    Attack(
        "read-implies-exec", .kernel, "personality(READ_IMPLIES_EXEC): every readable page may be executed.",
        probe: "personality 0x0400000", stoppedBy: [.seccomp], control: .user),
    Attack(
        "x32", .kernel,
        "System calls with the x32 bit, other numbers to a filter that forgot them (seccomp(2), notes).",
        probe: "syscallx32 getpid", stoppedBy: [.seccomp], control: .user,
        unavailable: [Lack("ENOSYS", "the kernel has no x32 (CONFIG_X86_X32_ABI)")]),
    Attack(
        "i386", .kernel, "System calls by int 0x80, whose numbers mean other calls (seccomp(2), notes).",
        probe: "syscall32 20", stoppedBy: [.seccomp], control: .user,
        unavailable: [Lack("SIGSEGV", "the kernel has no i386 entry (CONFIG_IA32_EMULATION)")]),
    Attack(
        "seccomp-replace", .kernel, "A second filter that allows everything: filters only add up (seccomp(2)).",
        probe: "seccomp-replace", stoppedBy: [.seccomp], control: .user),
    Attack(
        "seccomp-suspend", .kernel, "PTRACE_O_SUSPEND_SECCOMP switches a filter off (ptrace(2)).",
        probe: "seccomp-suspend", stoppedBy: [.seccomp, .capabilities],
        unavailable: [Lack("EINVAL", "the kernel has no PTRACE_O_SUSPEND_SECCOMP (CONFIG_CHECKPOINT_RESTORE)")]),
    Attack(
        "landlock-widen", .kernel,
        "A second Landlock domain that allows everything: domains only add up (landlock(7)).",
        probe: "landlock-widen {public}", stoppedBy: [.mountView, .landlock], control: .user, success: .secret,
        props: [.publicFile],
        unavailable: [
            Lack("ENOSYS", "the kernel has no Landlock"), Lack("EOPNOTSUPP", "Landlock is switched off at boot"),
        ]),
]
