// More than the program was given: by execve(2), by id, by capability, by limits.

private let noResource = "root has no CAP_SYS_RESOURCE here"

package let privilegeAttacks: [Attack] = [
    Attack(
        "setuid-file", .privileges, "A setuid file of root's is executed (execve(2)).",
        probe: "exec {setuid} is-elevated",
        stoppedBy: [.noNewPrivileges, .mountView], control: .user, props: [.elevatingCopy(mode: 0o4755)]),
    Attack(
        "setgid-file", .privileges, "A setgid file of group 0 is executed (execve(2)).",
        probe: "exec {setuid} is-elevated", stoppedBy: [.noNewPrivileges, .mountView], control: .user,
        props: [.elevatingCopy(mode: 0o2755)]),
    Attack(
        "file-capability", .privileges, "A file with cap_net_raw is executed (capabilities(7)).",
        probe: "exec {capable} has-capability", stoppedBy: [.noNewPrivileges, .capabilities, .mountView],
        control: .user, props: [.capableCopy]),
    Attack(
        "setuid-0", .privileges, "setresuid(2) to 0.", probe: "setuid 0", stoppedBy: [.capabilities]),
    Attack(
        "setgid-0", .privileges, "setresgid(2) to 0.", probe: "setgid 0", stoppedBy: [.capabilities]),
    Attack(
        "setgroups", .privileges, "setgroups(2): the supplementary group of disks or of Docker.", probe: "setgroups 6",
        stoppedBy: [.capabilities]),
    Attack(
        "capset", .privileges, "capset(2) of CAP_SYS_ADMIN.", probe: "take-capability", stoppedBy: [.capabilities]),
    Attack(
        "securebits", .privileges, "PR_SET_SECUREBITS 0: uid 0 is almighty again (capabilities(7)).",
        probe: "securebits", stoppedBy: [.capabilities]),
    Attack(
        "raise-limit", .privileges, "setrlimit(2) above the hard limit.", probe: "raise-limit",
        stoppedBy: [.capabilities], unavailable: [Lack("EPERM", noResource)]),
    Attack(
        "oom-immune", .privileges, "oom_score_adj -1000: others are killed when memory ends (proc(5)).",
        probe: "favour oom", stoppedBy: [.capabilities, .procOptions],
        unavailable: [Lack("EACCES", noResource)]),
    Attack(
        "realtime", .privileges, "SCHED_FIFO: a loop that nobody interrupts (sched(7)).", probe: "realtime",
        stoppedBy: [.capabilities]),
    Attack(
        "nice", .privileges, "A negative nice value: the processor before all others (setpriority(2)).",
        probe: "favour nice", stoppedBy: [.capabilities, .limits]),
    Attack(
        "ioprio", .privileges, "IOPRIO_CLASS_RT: the disk before all others (ioprio_set(2)).", probe: "ioprio",
        stoppedBy: [.capabilities]),
]
