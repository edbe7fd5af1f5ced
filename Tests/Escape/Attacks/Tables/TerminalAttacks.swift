// The terminal of whoever starts the program, and other terminals of the node.

package let terminalAttacks: [Attack] = [
    Attack(
        "type-into-terminal", .terminal,
        "TIOCSTI types a command into the shell that started the program (CVE-2017-5226).", probe: "tiocsti",
        stoppedBy: [.seccomp, .descriptors], props: [.terminal, .startedFromTerminal]),
    Attack(
        "type-with-high-bits", .terminal,
        "The same with bits in the upper half of the request, which a filter may compare (CVE-2019-10063).",
        probe: "tiocsti high", stoppedBy: [.seccomp, .descriptors], props: [.terminal, .startedFromTerminal]),
    Attack(
        "paste-selection", .terminal, "TIOCLINUX pastes what is selected on a console (CVE-2023-1523).",
        probe: "tioclinux", stoppedBy: [.seccomp, .descriptors], props: [.startedFromConsole],
        unavailable: [
            Lack("EINVAL", "no virtual console"), Lack("ENOTTY", "no virtual console"),
            Lack("EPERM", "the kernel wants CAP_SYS_ADMIN in its first namespace"),
        ]),
    Attack(
        "open-terminal", .terminal, "`/dev/tty` is the terminal of the session, whatever stdin is (tty(4)).",
        probe: "open-tty", stoppedBy: [.mountView, .descriptors], props: [.terminal, .startedFromTerminal]),
    Attack(
        "take-terminal", .terminal, "TIOCSCTTY makes somebody's terminal one's own, with its signals.",
        probe: "take-tty {pty}", stoppedBy: [.mountView], props: [.terminal]),
    Attack(
        "new-terminals", .terminal, "Pseudo terminals are a number of the whole node; opening ptmx takes one.",
        probe: "open /dev/ptmx rdwr", stoppedBy: [.mountView]),
]

/// More of the node than a run has.
package let resourceAttacks: [Attack] = [
    Attack(
        "lock-memory", .resources, "Memory that cannot be taken away any more (mlock(2)).", probe: "mlock 1MiB",
        stoppedBy: [.limits]),
    Attack(
        "many-descriptors", .resources, "Open files are a number of the whole node (file-max).",
        probe: "open-many 500", stoppedBy: [.limits]),
    Attack(
        "kernel-buffers", .resources, "Pipes that nobody reads hold kernel memory (pipe(7)).",
        probe: "fill-pipes 100MiB", stoppedBy: [.limits]),
    Attack(
        "fill-temporary", .resources, "/tmp is often memory.", probe: "fill {scratch} 40MiB", stoppedBy: [.mountView],
        props: [.scratchName]),
    Attack(
        "fill-shared-memory", .resources, "/dev/shm is memory.", probe: "fill /dev/shm/jrun-escape 40MiB",
        stoppedBy: [.mountView], props: [.nothingLeft("/dev/shm/jrun-escape")]),
]
