// Signals to others, and their share of the machine. The victim is a process of the node with the attacker's uid.

private let victimDies = Success.harm("the victim") { $0.hasDied("victim") }

private func signal(_ name: String, _ technique: String, probe: String) -> Attack {
    Attack(
        name, .signals, technique, probe: probe, stoppedBy: [.pidNamespace], control: .user, success: victimDies,
        props: [.victim])
}

package let signalAttacks: [Attack] = [
    signal("kill-host", "kill(2) of a process of the node.", probe: "kill {victim} TERM"),
    signal("tgkill-host", "tgkill(2) of a thread of the node.", probe: "signal-by tgkill {victim} TERM"),
    signal("sigqueue-host", "rt_sigqueueinfo(2) to a process of the node.", probe: "signal-by sigqueue {victim} TERM"),
    signal(
        "tgsigqueue-host", "rt_tgsigqueueinfo(2) to a thread of the node.", probe: "signal-by tgsigqueue {victim} TERM"),
    signal(
        "pidfd-signal-host", "pidfd_send_signal(2) by a pidfd of a process of the node (Linux 5.1).",
        probe: "signal-by pidfd {victim} TERM"),
    signal(
        "proc-signal-host", "pidfd_send_signal(2) by a directory of /proc, which serves as a pidfd too.",
        probe: "signal-by proc-pidfd {victim} TERM"),
    signal(
        "setown-host", "F_SETOWN: the kernel sends the signal when a socket becomes readable (fcntl(2)).",
        probe: "signal-by setown {victim} TERM"),
    signal("kill-everybody", "kill(-1): every process that may be signalled (kill(2)).", probe: "signal-all everybody"),
    signal(
        "kill-group",
        "kill(0): the process group reaches out of a pid namespace when nobody called setsid (setpgid(2)).",
        probe: "signal-all group"),
    Attack(
        "prlimit-host", .signals, "prlimit(2): a process of the node gets one second of processor time.",
        probe: "slow prlimit {victim}", stoppedBy: [.pidNamespace], control: .user, props: [.victim]),
    Attack(
        "renice-host", .signals, "setpriority(2) of a process of the node.", probe: "slow nice {victim}",
        stoppedBy: [.pidNamespace], control: .user, success: .harm("its nice value") { $0.niceness("victim") == 19 },
        props: [.victim]),
    Attack(
        "renice-user", .signals, "setpriority(PRIO_USER): every process of a user at once.",
        probe: "slow nice-user {user}", stoppedBy: [.pidNamespace], control: .user,
        success: .harm("its nice value") { $0.niceness("victim") == 19 }, props: [.victim]),
    Attack(
        "affinity-host", .signals, "sched_setaffinity(2) of a process of the node.", probe: "slow affinity {victim}",
        stoppedBy: [.pidNamespace], control: .user, props: [.victim]),
]
