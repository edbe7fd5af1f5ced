import TestSupport

/// Nobody: the control.
package struct Outside: Confiner {
    package init() {}
    package var name: String { "outside" }
    package var usedAs: String {
        "not confined: as root, as an ordinary user, or, where the node could be harmed, as root in throw-away namespaces"
    }
    package var missing: String? { nil }

    package func command(for words: [String], on stage: Stage) -> Command {
        let command = [stage.site.probe] + words
        switch stage.attack.control {
        case .root: return Command(command, environment: [:])
        case .user: return stage.asUser(command)
        case .privateRoot:
            let namespaces = ["--mount", "--pid", "--ipc", "--uts", "--net", "--cgroup"]
            return Command(
                ["unshare"] + namespaces + ["--fork", "--mount-proc", "--kill-child", "--"] + command, environment: [:])
        }
    }
}
