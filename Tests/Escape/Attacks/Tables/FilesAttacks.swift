// Reading files of the node by every path trick. They are the attacker's own and open to everybody: if a path led to one,
// nothing else would stop it.

private let view: [Defence] = [.mountView, .landlock]

private func reading(
    _ name: String, _ technique: String, _ probe: String, stoppedBy: [Defence] = view, props: [Prop] = []
) -> Attack {
    Attack(name, .files, technique, probe: probe, stoppedBy: stoppedBy, props: [.openFile] + props)
}

package let fileReadingAttacks: [Attack] = [
    Attack(
        "read-absolute", .files, "A file of the node by its absolute path.", probe: "read {open}", stoppedBy: view,
        success: .secret, props: [.openFile]),
    Attack(
        "read-upwards", .files, "The same through a chain of `..` (path_resolution(7)).",
        probe: "read ../../../../../../../../../../../../../../../../../..{open}", stoppedBy: view, success: .secret,
        props: [.openFile]),
    Attack(
        "read-own-root", .files, "The same through `/proc/self/root`, which is a link to the root (proc_pid_root(5)).",
        probe: "read /proc/self/root{open}", stoppedBy: view, success: .secret, props: [.openFile]),
    Attack(
        "read-root-of-1", .files, "The same through `/proc/1/root`: the root of whoever set the sandbox up.",
        probe: "read /proc/1/root{open}", stoppedBy: [.mountView, .procOptions, .pidNamespace], success: .secret,
        props: [.openFile],
        unavailable: [Lack("EACCES", "process 1 of this machine has more capabilities than its root")]),
    reading(
        "read-any-root", "The same through `/proc/PID/root` of every process there is.",
        "read-through root {open}", stoppedBy: [.pidNamespace, .procOptions, .mountView]),
    reading(
        "read-any-cwd", "The same through `/proc/PID/cwd` of every process and upwards from there.",
        "read-through cwd {open}", stoppedBy: [.pidNamespace, .procOptions, .mountView]),
    reading(
        "read-any-descriptor", "The same through `/proc/PID/fd` of every process (CVE-2016-9962).",
        "read-through fd {open}", stoppedBy: [.pidNamespace, .procOptions, .mountView], props: [.bearer]),
    reading(
        "take-open-file", "What another process has open, through its link in `/proc/PID/fd`.",
        "take-open-file {open}", stoppedBy: [.pidNamespace, .procOptions], props: [.bearer]),
    reading(
        "read-inherited-directory",
        "A directory that was left open leads out: `/proc/self/fd/7/../../..` (CVE-2024-21626).",
        "read-through-inherited {open}", stoppedBy: [.descriptors], props: [.startedByShell("exec 7</")]),
    reading(
        "race-link", "A directory is swapped for a link with RENAME_EXCHANGE while a path through it is opened.",
        "race-open {open}"),
    Attack(
        "map-files", .files,
        "What is mapped is opened by its address in `/proc/self/map_files`, past its path and mode (proc_pid_map_files(5)).",
        probe: "map-files", stoppedBy: [.capabilities]),
    reading("name-handle", "A handle of a file outlives every path (name_to_handle_at(2)).", "name-handle {open}"),
    Attack(
        "name-shown-handle", .files, "The handle of a file that the view has names its neighbours too.",
        probe: "name-handle {shown}", stoppedBy: [.seccomp], props: [.shownFile]),
    Attack(
        "open-by-handle", .files, "A file by its handle, past every path (the \"shocker\" of Docker, 2014).",
        probe: "open-by-handle {shown}", stoppedBy: [.seccomp, .capabilities], props: [.shownFile]),
    Attack(
        "guess-handle", .files, "The root of the disk by the handle of inode 2, which nobody needs to be told.",
        probe: "guess-handle {shown}", stoppedBy: [.seccomp, .capabilities], props: [.shownFile],
        unavailable: [Lack("ESTALE", "the file system of /var/tmp has no inode 2 with generation 0")]),
    reading(
        "connect-socket", "A service of the node by the path of its socket (Docker's, D-Bus', jrund's).",
        "connect unix {socket}", stoppedBy: [.mountView], props: [.service]),
    reading("run-host-program", "A program of the node that the view does not have.", "run {tool}"),
    reading(
        "run-by-descriptor", "The same by execveat(2) on a descriptor that was opened with O_PATH.", "run-fd {tool}"),
    Attack(
        "run-from-shm", .files,
        "A program that the attacker has written to shared memory, where nothing belongs that is run.",
        probe: "run-copy /dev/shm/jrun-escape", stoppedBy: [.mountView]),
]
