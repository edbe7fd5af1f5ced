// The escape suite: every attack is tried inside a confiner and outside of it. Inside it must fail; outside the same verb of
// jrun-probe must succeed, so that "it failed" says something about the confiner and not about the attack.
//
//   Attack      what is tried, as data: the verb, what is staged for it, how success is told
//   Image       a root image that holds the attacker
//   Stage       one attempt's surroundings on the node: a secret, a victim, a listener, a neighbouring run
//   Confiner    who confines: jrun, nobody (the control), bubblewrap, crun, systemd-run
//   Trial       one attempt and its verdict
//   Tables/     the attacks, one family a file; Catalogue.swift lists the tables

/// One technique to get out of a confinement, or to reach what it should keep away.
package struct Attack: Sendable, CustomStringConvertible {
    /// Unique; words with hyphens.
    package var name: String
    package var family: Family
    /// One sentence with its source: a CVE, a kernel document, a manual page.
    package var technique: String
    /// The verb of jrun-probe and its arguments, separated by blanks. `{name}` is a fact of the stage.
    package var probe: String
    /// What of jrun stops it. Several where one alone would do.
    package var stoppedBy: [Defence]
    package var control: Control
    package var success: Success
    package var props: [Prop]
    /// Answers of the control that mean "this kernel does not have it", and why. Empty: the control must succeed.
    package var unavailable: [Lack]

    package init(
        _ name: String, _ family: Family, _ technique: String, probe: String, stoppedBy: [Defence],
        control: Control = .root, success: Success = .answer, props: [Prop] = [], unavailable: [Lack] = []
    ) {
        self.name = name
        self.family = family
        self.technique = technique
        self.probe = probe
        self.stoppedBy = stoppedBy
        self.control = control
        self.success = success
        self.props = props
        self.unavailable = unavailable
    }

    package var description: String { name }
}

package enum Family: String, Sendable, CaseIterable {
    case namespaces, mounts, processes, signals, kernel, network, cgroups, privileges, machine, lifetime
    case files, proc, ipc, terminal, resources, identity, harvest, uploads, images
}

/// A mechanism of jrun, in the words of docs/security.md.
package enum Defence: String, Sendable {
    case mountView = "mount view"
    case pidNamespace = "pid namespace"
    case ipcNamespace = "ipc namespace"
    case utsNamespace = "uts namespace"
    case networkNamespace = "network namespace"
    case cgroupNamespace = "cgroup namespace"
    case uid = "own uid"
    case capabilities = "no capabilities"
    case noNewPrivileges = "no_new_privs"
    case landlock = "Landlock"
    case seccomp = "seccomp"
    case cgroup = "cgroup"
    case limits = "limits"
    case procOptions = "options of /proc"
    case keyring = "own keyring"
    case descriptors = "closed descriptors"
    case cleanStart = "environment and signals anew"
    case harvest = "harvest beneath the work directory"
}

/// How the attack is made to succeed outside.
package enum Control: Sendable {
    /// As root on the node: only for what harms nobody.
    case root
    /// As an ordinary user on the node, the one that the victims belong to.
    case user
    /// As root in mount, pid, ipc, uts and network namespaces of its own, which go with it.
    case privateRoot
}

/// How success is told. Evidence from outside counts before what the probe says.
package enum Success: Sendable {
    /// The probe's last answer is `"result":"ok"`.
    case answer
    /// The same, where the confiner does not keep what is shown as it was.
    case change
    /// The stage's secret is in what the program printed.
    case secret
    /// What is looked at outside, and whether it was harmed; looked at when the program has ended.
    case harm(String, @Sendable (Stage) throws -> Bool)
}

/// A control that fails like this means that the kernel lacks something; then the attack is not counted.
package struct Lack: Sendable {
    /// As the trial words it: an errno's name or a signal's.
    package var answer: String
    package var reason: String

    package init(_ answer: String, _ reason: String) {
        self.answer = answer
        self.reason = reason
    }
}
