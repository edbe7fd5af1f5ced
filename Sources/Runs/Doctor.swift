import CLinux
import Kernel

// What this node can do for runs, asked of the kernel itself: each check tries the very call that a launch makes, in a
// form that changes nothing, and undoes what it made. Versions decide nothing; they appear only in cures.
//
// A check is `missing` when no run can start without it, not even with --best-effort, and `weaker` when runs start but
// something holds less tightly. Gathering (this file's callers, DoctorChecks*) and judging are apart: the judgements
// are pure functions of what was found.

/// One line of `jrun doctor`.
public struct Diagnosis: Sendable, Codable, Equatable {
    public enum Status: String, Sendable, Codable, CaseIterable {
        case ok
        /// Runs start, but something is held less tightly, or a later feature will want it.
        case weaker
        /// No run can start.
        case missing
    }

    /// What was looked at: `Landlock`, `memory controller`.
    public var name: String
    public var status: Status
    /// What was found there, or what was not.
    public var found: String
    /// What its absence means for runs; nil when nothing is amiss.
    public var cost: String?
    /// The command or the setting that helps; nil when nothing is amiss.
    public var cure: String?

    public init(name: String, status: Status, found: String, cost: String? = nil, cure: String? = nil) {
        self.name = name
        self.status = status
        self.found = found
        self.cost = cost
        self.cure = cure
    }

    static func ok(_ name: String, _ found: String) -> Diagnosis { Diagnosis(name: name, status: .ok, found: found) }

    static func weaker(_ name: String, _ found: String, cost: String, cure: String) -> Diagnosis {
        Diagnosis(name: name, status: .weaker, found: found, cost: cost, cure: cure)
    }

    /// What only root can find out.
    static func unknown(_ name: String, _ reason: String) -> Diagnosis {
        .weaker(name, "not known: \(reason)", cost: "this check needs root", cure: "sudo jrun doctor")
    }

    static func missing(_ name: String, _ found: String, cost: String = "no run can start", cure: String) -> Diagnosis {
        Diagnosis(name: name, status: .missing, found: found, cost: cost, cure: cure)
    }
}

public enum Doctor {
    /// Looks at everything. Leaves nothing behind, and never touches a run.
    public static func examine(node: Node) -> [Diagnosis] {
        let mounts = MountTable.current()
        let privileges = PrivilegeChecks(rootless: node.rootless)
        let kernel = KernelChecks(isRoot: privileges.isRoot, rootless: node.rootless)
        return privileges.diagnoses
            + kernel.systemCalls(mounts: mounts)
            + kernel.namespaces()
            + CgroupChecks(node: node, mounts: mounts, isRoot: privileges.isRoot).diagnoses()
            + [landlock(), seccomp()]
            + NodeChecks(node: node, mounts: mounts, isRoot: privileges.isRoot).diagnoses()
            + images() + [userNamespaces(), projectQuotas(node, mounts)]
    }

    /// An ordinary user who cannot have a user namespace has no runs, whatever else the node can do.
    public static func withoutNamespace(_ refused: RunRefused, node: Node) -> [Diagnosis] {
        [.missing("rootless runs", refused.description, cure: "sudo jrun doctor")] + examine(node: node)
    }

    /// Whether runs can start on this node.
    public static func canRun(_ diagnoses: [Diagnosis]) -> Bool { !diagnoses.contains { $0.status == .missing } }

    static func boot(_ version: String) -> String {
        "boot Linux \(version) or newer: apt install linux-image-\(debianArchitecture), then reboot"
    }

    static func commandLine(_ parameters: String) -> String {
        "add \(parameters) to GRUB_CMDLINE_LINUX in /etc/default/grub, then update-grub and reboot"
    }

    /// A file's text without the newline at its end; nil when it cannot be read.
    static func text(_ path: String) -> String? {
        (try? FileSystem.text(of: path)).map { String($0.last == "\n" ? $0.dropLast() : $0[...]) }
    }

    #if arch(x86_64)
    private static let debianArchitecture = "amd64"
    #else
    private static let debianArchitecture = "arm64"
    #endif
}
