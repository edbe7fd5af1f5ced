// Out of the cgroup, or into its limits. docs/architecture.md says where a run's cgroup lies; it sees none.

package let cgroupAttacks: [Attack] = [
    Attack(
        "cgroup-leave", .cgroups, "Into the root cgroup by its cgroup.procs, away from every limit (cgroups(7)).",
        probe: "put {unified}/cgroup.procs 0", stoppedBy: [.mountView, .uid], props: [.victimInCgroup]),
    Attack(
        "cgroup-mount", .cgroups, "A fresh mount of cgroup2, and into its root.", probe: "cgroup-mount /tmp",
        stoppedBy: [.seccomp, .capabilities], control: .privateRoot),
    Attack(
        "release-agent", .cgroups,
        "CVE-2022-0492: an old hierarchy whose release_agent the kernel starts as root, outside.",
        probe: "release-agent /tmp", stoppedBy: [.seccomp, .capabilities], control: .privateRoot,
        unavailable: [Lack("ENODEV", "the kernel has no cgroup v1")]),
    Attack(
        "cgroup-own-limit", .cgroups, "One's own pids.max is set to max.", probe: "cgroup-own pids.max max",
        stoppedBy: [.mountView, .cgroupNamespace, .uid],
        unavailable: [Lack("ENOENT", "the unified tree has no pids controller here")]),
    Attack(
        "cgroup-freeze-other", .cgroups, "cgroup.freeze of another cgroup stops everybody in it (cgroup-v2).",
        probe: "put {group}/cgroup.freeze 1", stoppedBy: [.mountView, .uid],
        success: .harm("the victim's cgroup") { $0.group("cgroup.freeze").hasPrefix("1") }, props: [.victimInCgroup]),
    Attack(
        "cgroup-kill-other", .cgroups, "cgroup.kill of another cgroup kills everybody in it (cgroup-v2, Linux 5.14).",
        probe: "put {group}/cgroup.kill 1", stoppedBy: [.mountView, .uid],
        success: .harm("the victim") { $0.hasDied("victim") }, props: [.victimInCgroup]),
]
