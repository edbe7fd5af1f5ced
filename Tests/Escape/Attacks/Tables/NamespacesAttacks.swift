// Namespaces of one's own are where most of the kernel's holes were found that need CAP_SYS_ADMIN or CAP_NET_ADMIN.

/// The flags, and what is behind each.
private let flags: [(flag: String, why: String)] = [
    ("user", "every capability inside (user_namespaces(7); CVE-2022-0185 and CVE-2023-32233 begin so)"),
    ("mnt", "mounts of one's own (mount_namespaces(7))"),
    ("pid", "a /proc of one's own and a pid 1 deaf to signals (pid_namespaces(7))"),
    ("net", "interfaces, routes and netfilter tables of one's own (network_namespaces(7); CVE-2022-25636)"),
    ("ipc", "System V objects past the limits of the first (ipc_namespaces(7))"),
    ("uts", "a host name of one's own (uts_namespaces(7))"),
    ("cgroup", "a cgroup tree that hides where one is (cgroup_namespaces(7))"),
]

package let namespaceAttacks: [Attack] =
    flags.flatMap { flag, why in
        [
            Attack(
                "unshare-\(flag)", .namespaces, "unshare(2) of a \(flag) namespace: \(why).", probe: "unshare \(flag)",
                stoppedBy: [.seccomp, .capabilities], control: .privateRoot),
            Attack(
                "clone-\(flag)", .namespaces, "clone(2) into a new \(flag) namespace: \(why).",
                probe: "clone-ns \(flag)", stoppedBy: [.seccomp, .capabilities], control: .privateRoot),
            Attack(
                "clone3-\(flag)", .namespaces,
                "clone3(2) into a new \(flag) namespace: its flags lie in memory, where no filter looks.",
                probe: "clone3 \(flag)", stoppedBy: [.seccomp, .capabilities], control: .privateRoot),
        ]
    } + [
        Attack(
            "unshare-time", .namespaces,
            "unshare(2) of a time namespace: other clocks for children (time_namespaces(7)).",
            probe: "unshare time", stoppedBy: [.seccomp, .capabilities], control: .privateRoot),
        Attack(
            "clone-user-net", .namespaces,
            "clone(2) with a user and a network namespace at once, the way to netfilter for everybody (CVE-2021-22555).",
            probe: "clone-ns user net", stoppedBy: [.seccomp], control: .user),
        Attack(
            "setns-own", .namespaces, "setns(2) to a namespace named in /proc.", probe: "setns /proc/self/ns/uts",
            stoppedBy: [.seccomp, .capabilities]),
        Attack(
            "setns-host", .namespaces, "setns(2) by /proc/PID/ns to a namespace of a process of the node.",
            probe: "setns /proc/{victim}/ns/net", stoppedBy: [.pidNamespace, .seccomp, .capabilities],
            props: [.victim]),
        Attack(
            "setns-pidfd", .namespaces, "setns(2) by pidfd to several namespaces of pid 1 at once (Linux 5.8).",
            probe: "setns-pidfd 1", stoppedBy: [.seccomp, .capabilities], control: .privateRoot),
    ]
