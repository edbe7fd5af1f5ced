// Between two runs: what the one makes, the other finds. The holder is a run under the same confiner, so that what separates
// runs from each other is asked; or a process of the node, for what a run could not even make.

private func taking(
    _ name: String, _ technique: String, _ words: String, from holder: (String) -> Prop,
    stoppedBy: [Defence] = [.ipcNamespace], control: Control = .root
) -> Attack {
    Attack(
        name, .ipc, technique, probe: "ipc-take \(words)", stoppedBy: stoppedBy,
        control: control, props: [.number, .scratchName, .openFile, holder("ipc-hold \(words)")])
}

private func run(_ words: String) -> Prop { .neighbour(words) }
private func node(_ words: String) -> Prop { .processOfTheUser(words) }

package let sharingAttacks: [Attack] = [
    taking("shm-of-run", "Another run's System V shared memory by its key (sysvipc(7)).", "shm {number}", from: run),
    taking("shm-of-node", "The same of a process of the node.", "shm {number}", from: node),
    taking(
        "shm-by-index", "The same by its place in the kernel's table, without shmget(2).", "shm-any {number}",
        from: node),
    taking("sem-of-run", "Another run's System V semaphore by its key.", "sem {number}", from: run),
    taking("sem-of-node", "The same of a process of the node.", "sem {number}", from: node),
    taking("msg-of-run", "Another run's System V message queue by its key.", "msg {number}", from: run),
    taking("msg-by-index", "A message queue of the node by its place in the table.", "msg-any {number}", from: node),
    taking(
        "mqueue-of-run", "Another run's POSIX message queue by its name (mq_overview(7)).", "mq {number}", from: run),
    taking("mqueue-of-node", "The same of a process of the node.", "mq {number}", from: node),
    taking(
        "shm-file-of-run", "A file that another run has in /dev/shm.", "file /dev/shm/{number}", from: run,
        stoppedBy: [.mountView]),
    taking(
        "shm-file-of-node", "The same of a process of the node.", "file /dev/shm/{number}", from: node,
        stoppedBy: [.mountView]),
    taking(
        "temporary-file-of-run", "A file that another run has in /tmp.", "file {scratch}", from: run,
        stoppedBy: [.mountView]),
    taking(
        "temporary-file-of-node", "The same of a process of the node.", "file {scratch}", from: node,
        stoppedBy: [.mountView]),
    taking(
        "lock-of-node", "Whether somebody holds a lock on a file (flock(2)): a bell between two who may not talk.",
        "flock {open}", from: node, stoppedBy: [.mountView]),
    taking(
        "user-keyring",
        "A key in the key ring of the uid, which another run with that uid has put there (keyrings(7)).",
        "key jrun-escape-{number}", from: node, stoppedBy: [.seccomp, .keyring], control: .user),
    Attack(
        "memfd-of-run", .ipc, "Another run's memory without a name (memfd_create(2)) through `/proc/PID/fd`.",
        probe: "take-open-file memfd:jrun-escape-{number}", stoppedBy: [.pidNamespace, .procOptions],
        props: [.number, .neighbour("ipc-hold memfd jrun-escape-{number}")]),
    Attack(
        "spool-by-path", .ipc, "What another run has written to stdout, by the path of its spool.",
        probe: "read {spool}", stoppedBy: [.mountView, .uid], props: [.spool]),
    Attack(
        "spool-by-descriptor", .ipc, "The same through `/proc/PID/fd` of whoever relays it.",
        probe: "take-open-file {spool}", stoppedBy: [.pidNamespace, .procOptions, .uid], props: [.spool]),
    Attack(
        "watch-node", .ipc, "Who opens a file of the node, by inotify(7).", probe: "watch {open}",
        stoppedBy: [.mountView], props: [.openFile]),
    Attack(
        "watch-mount", .ipc, "Who opens anything on a file system that the view shows, by fanotify(7).",
        probe: "watch-mount {shown}", stoppedBy: [.seccomp, .capabilities], props: [.shownFile],
        unavailable: [Lack("ENOSYS", "no CONFIG_FANOTIFY")]),
]
