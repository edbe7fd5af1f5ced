import Confinement

/// What an ordinary user's process has of its own for runs. docs/rootless.md tells the whole.
public struct RootlessPlace: Sendable, Equatable {
    /// Which ids the user namespace has.
    public var ids: RootlessIDs
    /// The user's own ids on the node.
    public var uid: UInt32
    public var gid: UInt32
    /// The uids inside that runs may have; one, which they share, where the namespace has a single id.
    public var runUIDs: ClosedRange<UInt32>
    /// Whether the user has groups beside the own one.
    public var hasOtherGroups = false
    /// The cgroup that this user may divide among runs; nil without one.
    public var cgroup: String?
    /// Why there is only a single id.
    public var reason: String?

    /// Who this process is inside, and so whose everything is that jrun makes.
    public var ownID: UInt32 { ids == .subordinate ? 0 : runUIDs.lowerBound }

    /// What is weaker than in a run that root starts, each in one sentence; and why.
    public var weaker: [String] { consequences + [reason].compactMap { $0 } }

    var consequences: [String] {
        var all: [String] = []
        if ids == .single {
            all.append(
                "the program has the user's own uid on the node: what it must not reach is kept from it by the view, the namespaces, Landlock and seccomp, not by its uid"
            )
        }
        if ids == .single && hasOtherGroups {
            all.append("the user's supplementary groups stay with the program")
        }
        if cgroup == nil {
            all.append(
                "no cgroup: processes and CPU time are counted by looking at the processes, and the run is ended through its pid namespace"
            )
        }
        return all
    }
}
