// Namespaces of one's own are where most of the kernel's holes were found that need CAP_SYS_ADMIN or CAP_NET_ADMIN.

package let namespaceAttacks: [Attack] = [
    Attack(
        "unshare-user", .namespaces,
        "A user namespace gives every capability over further namespaces (user_namespaces(7); CVE-2022-0185 began so).",
        probe: "unshare user", stoppedBy: [.seccomp], control: .privateRoot)
]
