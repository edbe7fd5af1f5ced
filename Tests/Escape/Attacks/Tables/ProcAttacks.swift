// What /proc tells of the node and of others, what it would let one change, and what a runtime may have left behind.

private let hidden: [Defence] = [.procOptions]
private let processes: [Defence] = [.pidNamespace, .procOptions]

/// Files of /proc that a view must not have. They are only opened: nothing is read or changed.
private func opening(
    _ name: String, _ path: String, _ flag: String, _ technique: String, unavailable: [Lack] = []
) -> Attack {
    Attack(
        name, .proc, technique, probe: "open \(path) \(flag)", stoppedBy: hidden, unavailable: unavailable)
}

package let procAttacks: [Attack] = [
    Attack(
        "environment-of-others", .proc, "The environment of any other process, where services keep their tokens.",
        probe: "search-processes environ {half-1} {half-2}", stoppedBy: processes, props: [.openFile, .bearer, .halves]),
    Attack(
        "arguments-of-others", .proc, "The arguments of any other process, where passwords are (ps(1)).",
        probe: "search-processes cmdline {half-1} {half-2}", stoppedBy: processes, props: [.openFile, .bearer, .halves]),
    Attack(
        "environment-of-1", .proc, "The environment of process 1: of the init, or of the runtime itself.",
        probe: "open /proc/1/environ read", stoppedBy: processes + [.uid],
        unavailable: [Lack("EACCES", "process 1 of this machine has more capabilities than its root")]),
    Attack(
        "kernel-addresses", .proc, "Addresses of the kernel in `/proc/kallsyms`, the start of most exploits.",
        probe: "kernel-addresses", stoppedBy: hidden),
    opening(
        "kernel-memory", "/proc/kcore", "read", "The kernel's memory as a core file.",
        unavailable: [Lack("ENOENT", "no CONFIG_PROC_KCORE")]),
    opening(
        "kernel-keys", "/proc/keys", "read", "The keys that the reader may see, of other runs too (keyrings(7)).",
        unavailable: [Lack("ENOENT", "no CONFIG_KEYS")]),
    opening(
        "key-users", "/proc/key-users", "read", "How many keys each uid of the node has.",
        unavailable: [Lack("ENOENT", "no CONFIG_KEYS")]),
    opening("kernel-log-file", "/proc/kmsg", "read", "The kernel's log."),
    opening("mounts-of-1", "/proc/1/mountinfo", "read", "Every mount of the node, with the devices behind them."),
    opening("devices-of-node", "/proc/partitions", "read", "The disks of the node."),
    opening("interrupts", "/proc/interrupts", "read", "Interrupt counts, which give away keystrokes and traffic."),
    opening(
        "timer-list", "/proc/timer_list", "read", "Every timer and its process.",
        unavailable: [Lack("ENOENT", "no timer_list on this kernel")]),
    opening("sysctl", "/proc/sys/vm/overcommit_memory", "write", "A setting of the whole node."),
    Attack(
        "sys-write", .files, "A setting of the kernel by way of /sys.",
        probe: "open /sys/kernel/mm/transparent_hugepage/enabled write",
        stoppedBy: [.mountView], unavailable: [Lack("ENOENT", "no transparent huge pages")]),
    Attack(
        "inherited-descriptor", .proc, "A descriptor that the runtime's parent had open (CVE-2024-21626).",
        probe: "inherited-descriptor", stoppedBy: [.descriptors], props: [.startedByShell("exec 7</")]),
    Attack(
        "inherited-environment", .proc, "A token in the environment of the daemon that starts the program.",
        probe: "inherited-variable {secret-text}", stoppedBy: [.cleanStart], props: [.secretInEnvironment]),
    Attack(
        "inherited-signals", .proc,
        "A signal that the daemon ignores stays ignored: a program that cannot be terminated.",
        probe: "inherited-signals", stoppedBy: [.cleanStart], props: [.startedByShell("trap '' TERM USR1")]),
]
