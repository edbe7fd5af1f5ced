import Programs

// Which system calls a program may make. The lists hold names; CSeccomp's compiler resolves them, and a name that this
// libseccomp or architecture does not know is left out, which refuses the call.

/// What is done about each system call.
public struct SeccompPolicy: Sendable, Equatable {
    /// Answered by the kernel as usual.
    public var allowed: [String]
    /// Stops the run with cause `seccomp`, the call being the evidence: no honest program makes these.
    public var forbidden: [String]
    /// Answers that depend on the call's arguments, or that the lists cannot say. They hold for calls that neither list
    /// names.
    public var rules: [Rule]
    /// Of every other call.
    public var otherwise: SeccompFile.Answer

    public struct Rule: Sendable, Equatable {
        public var call: String
        public var answer: SeccompFile.Answer
        /// All of them have to be true.
        public var comparisons: [SeccompFile.Comparison] = []
    }

    public static let standard = SeccompPolicy(allowed: standardAllowed, forbidden: standardForbidden)

    public init(
        allowed: [String], forbidden: [String], rules: [Rule] = standardRules,
        otherwise: SeccompFile.Answer = .notPermitted
    ) {
        self.allowed = allowed
        self.forbidden = forbidden
        self.rules = rules
        self.otherwise = otherwise
    }

    /// The file's answers and nothing else: what it does not name has its default.
    public init(_ file: SeccompFile) {
        self.init(allowed: [], forbidden: [], rules: [], otherwise: file.defaultAnswer)
        for entry in file.entries {
            rules += entry.names.map { Rule(call: $0, answer: entry.answer, comparisons: entry.comparisons) }
        }
        // libseccomp has no order of rules; one without a comparison makes the call's others idle.
        let whole = Set(rules.filter { $0.comparisons.isEmpty }.map(\.call))
        rules.removeAll { whole.contains($0.call) && !$0.comparisons.isEmpty }
    }

    /// Whether there are calls that end the run.
    public var ends: Bool { !forbidden.isEmpty || otherwise == .kill || rules.contains { $0.answer == .kill } }

    /// What jrun-init's child still calls when the filter holds, on its way into the program.
    static let neededToLaunch = ["execveat", "clock_gettime", "exit_group"]

    /// The first call without which no program could be started. To hand one of them to jrun-init would be worse than to
    /// refuse it: jrun-init sleeps until the program executes.
    public var missingForLaunch: String? {
        SeccompPolicy.neededToLaunch.first { call in
            !allowed.contains(call)
                && !rules.contains {
                    $0.call == call && ($0.answer == .allow || $0.answer == .log) && $0.comparisons.isEmpty
                }
        }
    }

    /// Without the calls that the node cannot bound: they get EPERM, whoever allowed them.
    public func without(_ calls: [String]) -> SeccompPolicy {
        var policy = self
        policy.allowed.removeAll { calls.contains($0) }
        policy.rules.removeAll { calls.contains($0.call) }
        policy.rules += calls.map { Rule(call: $0, answer: .notPermitted) }
        return policy
    }

    /// Memory that RLIMIT_AS does not count. Refused where that is all that bounds a run's memory.
    public static let uncountedMemory = ["memfd_create", "shmget", "semget", "msgget"]

    /// jrun-init has the program's uid where there is a single id, and then every call that the uid alone allows on pid 1
    /// is within reach. The others ask for its capabilities too (cap_safe_nice, cap_ptrace_access_check in
    /// security/commoncap.c), or do not reach a pid 1; this one would lower jrun-init's own limits.
    public var keepingInitOutOfReach: SeccompPolicy {
        var policy = self
        if let index = policy.allowed.firstIndex(of: "prlimit64") {
            policy.allowed.remove(at: index)
            policy.rules.append(Rule(call: "prlimit64", answer: .allow))
        }
        // One's own, which is pid 0. The kernel looks at the low half, a pid_t.
        let own = SeccompFile.Comparison(argument: 0, operation: .maskedEqual, value: 0xffff_ffff)
        for index in policy.rules.indices
        where policy.rules[index].call == "prlimit64" && [.allow, .log].contains(policy.rules[index].answer) {
            policy.rules[index].comparisons.removeAll { $0.argument == 0 }
            policy.rules[index].comparisons.append(own)
        }
        return policy
    }

    /// The profile's changes. `deny` wins over everything, `allow` over the standard lists.
    public func extended(allow: [String], deny: [String]) -> SeccompPolicy {
        let denied = Set(deny), granted = Set(allow).subtracting(denied)
        return SeccompPolicy(
            allowed: (allowed + allow.filter { !allowed.contains($0) }).filter { !denied.contains($0) },
            forbidden: (forbidden + deny.filter { !forbidden.contains($0) }).filter { !granted.contains($0) },
            rules: rules, otherwise: otherwise)
    }
}

/// Calls that depend on their arguments.
public let standardRules: [SeccompPolicy.Rule] = {
    // CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET
    let noNamespaces = SeccompFile.Comparison(argument: 0, operation: .maskedEqual, value: 0x7e02_0000)
    let unix: UInt64 = 1
    let values: [(call: String, firstArgument: [UInt64])] = [
        ("socket", [unix]), ("socketpair", [unix]), ("personality", [0, 0xffff_ffff]),
    ]
    return [
        SeccompPolicy.Rule(call: "clone", answer: .allow, comparisons: [noNamespaces]),
        // Its flags are in memory, where a filter cannot look; C libraries fall back to clone on ENOSYS.
        SeccompPolicy.Rule(call: "clone3", answer: .notImplemented),
    ]
        + values.flatMap { call, values in
            values.map {
                .init(call: call, answer: .allow, comparisons: [.init(argument: 0, operation: .equal, value: $0)])
            }
        } + internetSockets + fileControl
}()

/// TCP, UDP and ping over IP. The families hold more than that: DCCP, SCTP, UDP-Lite, L2TP, MPTCP and others, most of
/// them modules that a socket(2) by anybody loads (CVE-2017-6074, CVE-2021-23133).
private let internetSockets: [SeccompPolicy.Rule] = {
    let inet: UInt64 = 2, inet6: UInt64 = 10, stream: UInt64 = 1, datagram: UInt64 = 2
    let whatItIs: UInt64 = 0, icmp: UInt64 = 1, tcp: UInt64 = 6, udp: UInt64 = 17, icmp6: UInt64 = 58
    return [inet, inet6].flatMap { family in
        [stream, datagram].flatMap { type in
            [whatItIs, icmp, tcp, udp, icmp6].map { `protocol` in
                SeccompPolicy.Rule(
                    call: "socket", answer: .allow,
                    comparisons: [
                        .init(argument: 0, operation: .equal, value: family),
                        // SOCK_TYPE_MASK: above it are SOCK_CLOEXEC and SOCK_NONBLOCK.
                        .init(argument: 1, operation: .maskedEqual, value: 0xf, valueTwo: type),
                        .init(argument: 2, operation: .equal, value: `protocol`),
                    ])
            }
        }
    }
}()

/// All of fcntl(2) but F_NOTIFY (1026), which tells what others do in a directory. The kernel looks at the lower half.
private let fileControl: [SeccompPolicy.Rule] = {
    let commands: [(mask: UInt64, value: UInt64)] = [
        (0xffff_fc00, 0), (0xffff_fffe, 1024), (0xffff_ffff, 1027), (0xffff_fffc, 1028), (0xffff_fff8, 1032),
    ]
    return commands.map { mask, value in
        .init(
            call: "fcntl", answer: .allow,
            comparisons: [.init(argument: 1, operation: .maskedEqual, value: mask, valueTwo: value)])
    }
}()

/// Byte by byte: each process that launches a run takes the lists apart.
private func words(_ text: StaticString) -> [String] {
    let bytes = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    var words: [String] = []
    words.reserveCapacity(320)
    var start = 0
    for end in 0...bytes.count where end == bytes.count || bytes[end] == 0x20 || bytes[end] == 0x0a {
        if end > start { words.append(String(decoding: bytes[start..<end], as: UTF8.self)) }
        start = end + 1
    }
    return words
}

/// Calls that change the machine or the view, which nothing inside a run has reason to try.
private let standardForbidden = words(
    """
    mount umount umount2 move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr pivot_root chroot setns
    init_module finit_module delete_module create_module kexec_load kexec_file_load reboot swapon swapoff acct quotactl
    quotactl_fd settimeofday clock_settime clock_settime64 stime sethostname setdomainname iopl ioperm open_by_handle_at
    nfsservctl vhangup
    """)

/// What ordinary programs, their C library and their language runtimes use. Not here, hence EPERM: ptrace, bpf,
/// perf_event_open, userfaultfd, io_uring_*, kernel AIO (its contexts are a quantity of the whole host), keyctl and its
/// kin, unshare, name_to_handle_at, kcmp, process_vm_*, pidfd_getfd, fanotify_*, syslog, modify_ldt, lookup_dcookie,
/// personality beyond the two harmless forms, and inotify_*: a watch on a directory that is shared with the node, such as
/// /usr/bin, tells what everybody else opens there. File watchers fall back to polling.
private let standardAllowed = words(
    """
    accept accept4 access alarm arch_prctl bind brk cachestat capget capset chdir chmod chown clock_getres clock_gettime
    clock_nanosleep close close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl
    epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64
    fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fdatasync fgetxattr flistxattr flock fork
    fremovexattr fsetxattr fstat fstatfs fsync ftruncate futex futex_waitv futex_wake futex_wait futex_requeue
    getcpu getcwd getdents getdents64 getegid geteuid getgid getgroups getitimer get_mempolicy getpeername getpgid getpgrp
    getpid getppid getpriority getrandom getresgid getresuid getrlimit get_robust_list getrusage getsid getsockname
    getsockopt get_thread_area gettid gettimeofday getuid getxattr ioctl ioprio_get ioprio_set kill
    landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown lgetxattr link linkat listen listxattr
    llistxattr lremovexattr lseek lsetxattr lstat madvise mbind membarrier memfd_create mincore mkdir mkdirat
    mknod mknodat mlock mlock2 mlockall mmap mprotect mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend
    mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync munlock munlockall munmap nanosleep newfstatat open openat
    openat2 pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll prctl pread64
    preadv preadv2 prlimit64 process_mrelease pselect6 pwrite64 pwritev pwritev2 read readahead readlink
    readlinkat readv recvfrom recvmmsg recvmsg remap_file_pages removexattr rename renameat renameat2 restart_syscall
    rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
    rt_tgsigqueueinfo sched_getaffinity sched_getattr sched_getparam sched_get_priority_max sched_get_priority_min
    sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield
    seccomp select semctl semget semop semtimedop sendfile sendmmsg sendmsg sendto setfsgid setfsuid setgid setgroups
    setitimer set_mempolicy setpgid setpriority setregid setresgid setresuid setreuid setrlimit
    set_robust_list setsid setsockopt set_thread_area set_tid_address setuid setxattr shmat shmctl shmdt shmget shutdown
    sigaltstack signalfd signalfd4 splice stat statfs statx symlink symlinkat sync sync_file_range syncfs
    sysinfo tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create
    timerfd_gettime timerfd_settime times tkill truncate umask uname unlink unlinkat utime utimensat utimes vfork vmsplice
    wait4 waitid waitpid write writev map_shadow_stack
    """)
