// Processes that are still there when the run is over.

private let isThere = Success.harm("processes of the node") { $0.isOutlived() }

private func outlive(_ name: String, _ technique: String, how: String) -> Attack {
    Attack(
        name, .lifetime, technique, probe: "outlive \(how) {stop} {secret-text}", stoppedBy: [.cgroup, .pidNamespace],
        control: .user, success: isThere, props: [.lingerer])
}

package let lifetimeAttacks: [Attack] = [
    outlive(
        "daemon", "A daemon: two forks, setsid, every descriptor closed, every signal ignored (daemon(7)).", how: "stay"
    ),
    outlive(
        "fork-chase", "It forks and exits without end: whoever lists processes and kills them comes too late.",
        how: "hop"),
    outlive("stopped", "A process that has stopped itself answers no polite signal.", how: "stop"),
]
