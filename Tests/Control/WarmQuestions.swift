import Glibc
import TestSupport

/// What Tests/Privileged asks the probe about what a program sees and may do; each is answered by one line, in a child
/// of its own.
enum WarmQuestions {
    /// - Parameter gaining: a setuid file of root's.
    static func all(gaining: String) -> [String] {
        identity + inherited + limits + view + files + processes + network + refused
            + ["exec \(gaining) ids", "exec \(gaining) caps"]
    }

    static let identity = [
        "ids", "groups", "caps", "seccomp", "landlock", "keyring", "namespaces", "cgroup", "hostname", "setuid 0",
        "setgid 0", "setgroups 0", "capset", "is-elevated", "has-capability", "take-capability", "securebits",
        "landlock-widen /etc/shadow", "seccomp-suspend",
    ]

    static let inherited = [
        "fds", "env", "argv a b", "cwd", "umask", "sid", "sigmask", "stdin-info drain",
        "syscall personality 0xffffffff",
        "inherited-descriptor", "inherited-signals", "inherited-variable PATH", "open-tty",
    ]

    static let limits: [String] =
        [
            "rlimits", "affinity", "oom", "nice", "set-nice -5", "realtime", "raise-limit", "favour nice", "favour oom",
            "ioprio", "write /proc/self/oom_score_adj -1000", "write /proc/self/oom_score_adj 400", "descriptors 100",
            "open-many 100", "mlock 128KiB", "threads 2", "fork 2", "fork 11", "alloc 64MiB", "alloc 512MiB",
        ]
        + each(
            "as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack",
            "set-rlimit $ 1000000000000", "set-rlimit $ -1")

    static let view: [String] =
        each("/work /tmp /dev/shm / /proc", "tmpfs-size $")
        + ["mounts", "shm", "syscall memfd_create x 0"]
        + each("/ /usr /etc /dev /proc /work /tmp /dev/shm /proc/self/fd", "ls $", "stat $")
        + each(
            "/etc/shadow /etc/hostname /root /home /var/lib /run /sys /boot /mnt /etc/passwd /etc/group /etc/nsswitch.conf",
            "stat $", "read $")
        + each(
            "sys kcore keys kmsg sysrq-trigger timer_list acpi scsi interrupts cpuinfo 1 1/environ 1/fd",
            "stat /proc/$", "read /proc/$", "write /proc/$ x")

    static let files: [String] =
        each(
            "/ /usr /usr/bin /etc /dev /proc /usr/local /work /tmp /dev/shm", "write $/new text", "read $/new",
            "stat $/new",
            "mkdir $/directory", "mknod $/node block 8 0", "mknod $/node", "fifo $/fifo")
        + each("null zero full random urandom", "stat /dev/$", "open /dev/$ rdwr", "chmod /dev/$ 000")
        + [
            "write /dev/full x", "write /dev/null x", "write /etc/passwd x", "chmod /usr/bin/env 777",
            "remove /usr/bin/env",
            "truncate /etc/group 0", "rename /etc/group /etc/passwd", "chown /etc/passwd 0 0", "fill /tmp/full forever",
            "fill /dev/shm/full forever", "fill small 1MiB",
        ]

    static let processes = [
        "processes", "kill 1 KILL", "kill 1 0", "proc-mem 1", "pidfd-getfd 1 0", "ptrace 1", "kill \(getpid()) 0",
        "pidfd-getfd \(getpid()) 0", "signal-by tgkill 1 KILL", "vm-read 1 0x1000", "kcmp 1",
        "search-processes environ LIS TEN",
    ]

    static let network: [String] =
        [
            "netifs", "listen-loopback", "connect udp 127.0.0.1 9", "connect tcp 127.0.0.1 22",
            "connect tcp 192.0.2.1 80",
            "connect udp 192.0.2.1 53", "connect tcp 2001:db8::1 80", "connect abstract jrun-test",
            "socket AF_INET SOCK_RAW 1", "socket AF_INET SOCK_STREAM", "socket AF_UNIX SOCK_STREAM", "take-down lo",
        ]
        + each(
            "AF_NETLINK AF_PACKET AF_VSOCK AF_ALG AF_KEY AF_BLUETOOTH AF_TIPC AF_RDS AF_XDP AF_KCM",
            "socket $ SOCK_RAW",
            "socket $ SOCK_DGRAM", "socket $ SOCK_SEQPACKET")

    /// Calls that are refused, and do not end the run.
    static let refused = [
        "unshare user", "unshare mnt", "unshare net", "clone-ns user", "clone-ns pid user", "clone-ns net", "clone3",
        "clone3 user", "ptrace", "bpf", "perf", "userfaultfd", "io_uring", "syscall keyctl 0 0", "keyctl-add process",
        "keyctl-add user", "syscall request_key user x 0 0", "personality", "open-by-handle", "syscall kcmp 1 1 0",
        "syscall syslog 3 0 0", "syscall fanotify_init 0 0", "syscall process_vm_writev 1", "syscall io_uring_enter 0",
        "tiocsti", "tiocsti high", "tioclinux", "syscall32 20", "syscall32 21", "syscallx32 mount", "syscallx32 getpid",
    ]

    /// Asked of the first process too, which has no parent of the program's.
    static let ofTheFirst = [
        "ids", "caps", "seccomp", "namespaces", "cgroup", "fds", "env", "argv a *", "cwd", "umask", "sid", "sigmask",
        "stdin-info drain", "rlimits", "oom", "nice", "processes",
    ]
}

/// Every form of a question for every name, in place of its `$`.
private func each(_ names: String, _ forms: String...) -> [String] {
    names.split(separator: " ").flatMap { name in forms.map { $0.replacing("$", with: name) } }
}

/// How a run ends: a program file of its own, and what its program is told.
struct WarmEnding: Sendable {
    var words: String
    var keys: [String: String] = [:]
    var limits: [String: String] = [:]
    var seccomp: String?
    /// Bytes for stdin.
    var input: Int?
    /// Of the report, besides what the runs are compared by.
    var state: String
    var cause: String

    init(
        _ words: String, _ state: String, _ cause: String, keys: [String: String] = [:], limits: [String: String] = [:],
        seccomp: String? = nil, input: Int? = nil
    ) {
        (self.words, self.state, self.cause, self.keys, self.limits) = (words, state, cause, keys, limits)
        (self.seccomp, self.input) = (seccomp, input)
    }

    static let all: [WarmEnding] = exits + killed + streams

    private static let exits = [
        WarmEnding("exit 0", "complete", "exit"), WarmEnding("exit 3", "failed", "exit"),
        WarmEnding("exit 3", "complete", "exit", keys: ["success": "{exit_codes: [3]}"]),
        WarmEnding("raise TERM", "failed", "signal"), WarmEnding("raise KILL", "failed", "signal"),
        WarmEnding("segv", "failed", "signal"), WarmEnding("daemon", "complete", "exit"),
        WarmEnding(
            "kill -1 KILL", "complete", "exit",
            keys: ["arguments": "[{literal: kill}, {literal: '-1'}, {literal: KILL}]"]),
        WarmEnding("fork 8 leave", "complete", "exit"),
    ]

    private static let killed = [
        WarmEnding("mount-old", "killed", "seccomp"), WarmEnding("batch ids -- chroot -- ids", "killed", "seccomp"),
        WarmEnding("syscall umount2 0x1234 2 3 4 5 6", "killed", "seccomp"),
        WarmEnding("syscallx32 getpid", "killed", "seccomp"),
        WarmEnding("syscall getpid", "killed", "seccomp", seccomp: "{extends: default, deny: [getpid]}"),
        WarmEnding("syscall sethostname x 0", "complete", "exit", seccomp: "{extends: default, allow: [sethostname]}"),
        WarmEnding("keyring", "complete", "exit", seccomp: "{extends: default, allow: [keyctl]}"),
        WarmEnding("forkbomb", "killed", "processes", limits: ["processes": "12"]),
        WarmEnding("threads 30 hold", "killed", "processes", limits: ["processes": "12"]),
        WarmEnding("fork 11", "complete", "exit", limits: ["processes": "12"]),
        WarmEnding("write-stdout forever", "killed", "output", limits: ["output": "64KiB"]),
        WarmEnding("sleep forever", "killed", "wall-time", limits: ["wall": "300ms"]),
        WarmEnding("spin forever 2", "killed", "cpu-time", limits: ["cpu": "300ms"]),
        WarmEnding("batch fill full forever -- sleep forever", "killed", "disk", limits: ["disk": "4MiB"]),
        WarmEnding("fill file forever", "complete", "exit", limits: ["file_size": "1MiB"]),
        WarmEnding("fill file forever die", "killed", "disk", limits: ["file_size": "1MiB"]),
        WarmEnding("batch tmpfs-size /tmp -- fill /tmp/x forever", "complete", "exit", limits: ["temporary": "2MiB"]),
        WarmEnding("batch rlimits -- descriptors 100", "complete", "exit", limits: ["open_files": "40"]),
    ]

    private static let streams = [
        WarmEnding("cat", "complete", "exit", keys: ["stdin": "stream"], input: 100_000),
        WarmEnding("exit 0", "complete", "exit", keys: ["stdin": "stream"], input: 100_000),
        WarmEnding("batch fds -- cat", "complete", "exit", keys: ["stdin": "stream"], input: 10),
        WarmEnding("sleep forever", "killed", "input", keys: ["stdin": "{stream: true, max_size: 100}"], input: 101),
        WarmEnding(
            "cat", "complete", "exit", keys: ["stdin": "{stream: true, max_size: 100, excess: truncate}"], input: 200),
        WarmEnding(
            "batch fds -- write-stdout 1000 -- write-stderr 500", "complete", "exit",
            keys: ["stdout": "{file: said.out}", "stderr": "{file: err.out}"]),
        WarmEnding(
            "batch fds -- write-stdout 32 -- write-stderr 32 -- write-stdout 64", "complete", "exit",
            keys: ["stdout": "{file: both.out}", "stderr": "stdout"]),
        WarmEnding("write-stderr 4097", "killed", "output", keys: ["stderr": "{stream: true, max_size: 4KiB}"]),
        WarmEnding(
            "write-stdout 300000", "complete", "exit",
            keys: ["stdout": "{stream: true, max_size: 4KiB, excess: truncate}"]),
        WarmEnding("batch fds -- write-stderr 9", "complete", "exit", keys: ["stderr": "stdout"]),
        WarmEnding(
            "batch write-stdout 1000 -- write-stderr 500", "complete", "exit",
            keys: ["stdout": "ignore", "stderr": "ignore"]),
        WarmEnding("ids", "failed", "launch-error", keys: ["stdout": "{file: missing/said.out}"]),
    ]
}
