import Programs

/// What was found out about the node, as far as confinement depends on it. A plain value: tests make their own.
public struct HostFacts: Sendable, Equatable {
    /// Controllers that a run's cgroup leaf has, such as `memory`; nil when there is no cgroup v2 tree.
    public var controllers: Set<String>?
    /// Landlock's ABI version; 0 when the kernel has none or it is switched off.
    public var landlockABI: Int
    /// Whether a filter can hand a forbidden call to jrun-init (SECCOMP_RET_USER_NOTIF).
    public var seccompNotify: Bool
    /// CPUs this process may use.
    public var cpus: Int
    /// What kind of file each host path of the view is; paths that do not exist are missing.
    public var paths: [String: PathKind]
    /// `lib64` and its like at the root of the host that are links into /usr, with their targets.
    public var rootLinks: [String: String]
    /// The program's image, where its root is one.
    public var image: ImageFacts?
    /// Whole disks, as `MAJOR:MINOR`, that hold files of the run; looked for only where `io` is limited.
    public var disks: [String] = []
    /// The work directory is a directory of the node's, bounded by a project quota, instead of a tmpfs.
    public var workOnDisk = false
    /// The ids of the user namespace that an ordinary user's runs are in; nil when root starts them.
    public var rootless: RootlessIDs?

    public enum PathKind: String, Sendable { case file, directory, device }

    public init(
        controllers: Set<String>?, landlockABI: Int, seccompNotify: Bool, cpus: Int, paths: [String: PathKind],
        rootLinks: [String: String], rootless: RootlessIDs? = nil
    ) {
        self.controllers = controllers
        self.landlockABI = landlockABI
        self.seccompNotify = seccompNotify
        self.cpus = cpus
        self.paths = paths
        self.rootLinks = rootLinks
        self.rootless = rootless
    }

    func has(_ controller: String) -> Bool { controllers?.contains(controller) ?? false }
}

/// Which ids an ordinary user's runs have. docs/rootless.md tells what the difference means.
public enum RootlessIDs: String, Sendable, Codable, Equatable {
    /// Each run has a uid of its own, out of those that /etc/subuid gives the user.
    case subordinate
    /// The user namespace has one id, the user's own under another number.
    case single
}

/// The uid, the name and the other particulars of one run.
public struct RunIdentity: Sendable, Equatable {
    public var id: String
    /// uid and gid of the program.
    public var uid: UInt32

    public init(id: String, uid: UInt32) {
        self.id = id
        self.uid = uid
    }
}
