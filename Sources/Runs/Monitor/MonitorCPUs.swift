import Kernel

extension Monitor {
    /// Restricts all runs, those that live too, to some CPUs of the node.
    ///
    /// - Parameter cpus: nil lets them have all.
    /// - Throws: `RunRefused`; everything is as it was then.
    public func restrictRuns(to cpus: CPUList?) throws(RunRefused) {
        guard let cgroups, cgroups.controllers.contains("cpuset") else {
            guard let cpus else { return }
            throw RunRefused(
                "cpuset '\(cpus)' cannot be held: this node does not pass the cgroup v2 controller 'cpuset' down to runs "
                    + "(see jrun doctor); enable it, or leave 'cpuset' out")
        }
        if let cpus, let available = cgroups.availableCPUs, !cpus.isSubset(of: available) {
            throw RunRefused("cpuset '\(cpus)' is not on this node: runs can have '\(available)'")
        }
        do { try cgroups.restrictRuns(to: cpus) } catch {
            throw RunRefused("cpuset '\(cpus?.description ?? "")': \(error)")
        }
    }
}
