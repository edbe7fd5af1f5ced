import Kernel

/// What this process may do.
struct PrivilegeChecks {
    /// Of this user namespace, with all capabilities in it.
    let isRoot: Bool
    let diagnoses: [Diagnosis]

    init(rootless: RootlessPlace?) {
        isRoot = Kernel.isRoot() || rootless != nil
        if let rootless {
            diagnoses = [PrivilegeChecks.rootless(rootless)]
            return
        }
        let status = Doctor.text("/proc/self/status") ?? ""
        diagnoses =
            [PrivilegeChecks.root(isRoot)]
            + PrivilegeChecks.capabilities(effective: Capability.effective(inStatus: status) ?? 0, isRoot: isRoot)
    }

    static func root(_ isRoot: Bool) -> Diagnosis {
        isRoot
            ? .ok("root", "effective uid 0")
            : .missing(
                "root", "this is not root", cost: "no run can start; much of what follows could not be tried",
                cure: "sudo jrun doctor")
    }

    static func rootless(_ place: RootlessPlace) -> Diagnosis {
        let found =
            place.ids == .subordinate
            ? "not root: runs in a user namespace, each with a subordinate id"
            : "not root: runs in a user namespace with a single id: \(place.reason ?? "")"
        guard !place.consequences.isEmpty else { return .ok("root", found) }
        return .weaker(
            "root", found, cost: place.consequences.joined(separator: "; "),
            cure: "what docs/rootless.md asks of the node, or sudo jrun")
    }

    /// Two lines: what no run can do without, and what only high limits need.
    static func capabilities(effective: UInt64, isRoot: Bool) -> [Diagnosis] {
        let lacking = Capability.needed.filter { effective & $0.mask == 0 }
        let names = lacking.map(\.name).joined(separator: ", ")
        let needed: Diagnosis =
            lacking.isEmpty
            ? .ok("capabilities", "all \(Capability.needed.count) that a launch needs")
            : .missing(
                "capabilities", "without \(names)",
                cost: "no run can start; \(lacking[0].use) needs \(lacking[0].name)",
                cure: isRoot
                    ? "in a container: docker run --privileged …; in a systemd unit: CapabilityBoundingSet=~"
                    : "sudo jrun doctor")
        let resource = Capability.resource
        if effective & resource.mask != 0 { return [needed, .ok("raising limits", "\(resource.name) is there")] }
        return [
            needed,
            .weaker(
                "raising limits", "without \(resource.name)",
                cost:
                    "a program's limits cannot go above jrun's own hard limits (ulimit -H -a); a launch that asks for more fails",
                cure: isRoot
                    ? "raise jrun's own, such as ulimit -n 65536, or in a systemd unit: LimitNOFILE=65536"
                    : "sudo jrun doctor"),
        ]
    }
}

/// A capability, by the kernel's name and number. Source: capabilities(7).
struct Capability {
    var name: String
    var bit: UInt64
    /// The part of a launch that needs it.
    var use: String
    var mask: UInt64 { 1 << bit }

    static let needed = [
        Capability(name: "CAP_SYS_ADMIN", bit: 21, use: "making namespaces and mounts"),
        Capability(name: "CAP_SETUID", bit: 7, use: "giving the program a uid of its own"),
        Capability(name: "CAP_SETGID", bit: 6, use: "giving the program a gid of its own"),
        Capability(name: "CAP_SETPCAP", bit: 8, use: "emptying the program's bounding set"),
        Capability(name: "CAP_CHOWN", bit: 0, use: "handing the inputs to the program's uid"),
        Capability(name: "CAP_DAC_OVERRIDE", bit: 1, use: "reading the results"),
        Capability(name: "CAP_KILL", bit: 5, use: "signalling the program"),
        Capability(name: "CAP_MKNOD", bit: 27, use: "making the run's /dev"),
        Capability(name: "CAP_NET_ADMIN", bit: 12, use: "raising the run's loopback interface"),
    ]
    static let resource = Capability(name: "CAP_SYS_RESOURCE", bit: 24, use: "raising hard limits")

    /// The effective set, from the text of /proc/self/status; nil when the line is not there or not a number.
    static func effective(inStatus text: String) -> UInt64? {
        for line in text.split(separator: "\n") where line.hasPrefix("CapEff:") {
            return UInt64(line.dropFirst(7).filter { $0 != "\t" && $0 != " " }, radix: 16)
        }
        return nil
    }
}
