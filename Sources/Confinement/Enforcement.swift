import Programs

/// How one limit is held on this node.
public enum Mechanism: String, Sendable, CaseIterable {
    case initClock = "jrun-init wall clock"
    case cpuStat = "jrun-init on cgroup cpu.stat"
    case memoryMax = "cgroup memory.max"
    case addressSpace = "RLIMIT_AS"
    case pidsMax = "cgroup pids.max"
    case processCount = "RLIMIT_NPROC of the run's own uid"
    case openFiles = "RLIMIT_NOFILE"
    case fileSize = "RLIMIT_FSIZE"
    case relay = "jrun-init relay"
    case workFileSystem = "size of the work directory's tmpfs"
    case projectQuota = "project quota"
    case temporaryFileSystem = "size of the tmpfs"
    case cpuMax = "cgroup cpu.max"
    case ioMax = "cgroup io.max"
    /// Nobody asked for a limit.
    case unlimited
    /// Asked for, or a default, and not held; `weaker` says why.
    case nothing = "none"
}

/// The mechanism of every limit, decided before anything is made.
public struct Enforcement: Sendable, Equatable {
    private(set) var mechanisms: [LimitName: Mechanism]
    /// Limits that are held by something weaker than they ask for, each with what it costs.
    public private(set) var weaker: [LimitName: String] = [:]

    public subscript(limit: LimitName) -> Mechanism { mechanisms[limit]! }

    /// As it was decided before; nil when the mechanism of a limit is not known.
    public init?(mechanisms: [LimitName: Mechanism], weaker: [LimitName: String]) {
        guard LimitName.allCases.allSatisfy({ mechanisms[$0] != nil }) else { return nil }
        self.mechanisms = mechanisms
        self.weaker = weaker
    }

    private init(mechanisms: [LimitName: Mechanism]) { self.mechanisms = mechanisms }

    /// A limit that this node cannot hold.
    public struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
        public var limit: LimitName
        public var missing: String
        public var fallback: String
        public var description: String {
            "limit '\(limit.rawValue)' cannot be enforced on this node: \(missing); "
                + "--best-effort would use \(fallback)"
        }
    }

    public struct Refusals: Error, Sendable, Equatable, CustomStringConvertible {
        public var refusals: [Refusal]
        public var description: String { refusals.map(\.description).joined(separator: "; ") }
    }

    /// Decides, or refuses all that is missing at once unless `bestEffort`.
    ///
    /// - Parameter limits: What holds `cpus` and `io` depends on what is asked for: a node without their controllers is
    ///   good enough for a run that leaves them at their defaults.
    public static func decide(
        facts: HostFacts, limits: Limits, bestEffort: Bool
    ) -> Result<Enforcement, Refusals> {
        var e = Enforcement(mechanisms: [
            .wall: .initClock, .cpu: .cpuStat, .memory: .memoryMax, .processes: .pidsMax, .open_files: .openFiles,
            .file_size: .fileSize, .output: .relay, .disk: facts.workOnDisk ? .projectQuota : .workFileSystem,
            .temporary: .temporaryFileSystem,
            .cpus: .cpuMax, .io: limits[.io] == LimitName.unlimited ? .unlimited : .ioMax,
        ])
        // The uid is the run's alone, so the per-uid count is the run's own: nothing weaker about it.
        if !facts.has("pids") { e.mechanisms[.processes] = .processCount }
        let refusals = [e.fallBackForMemory(facts), e.fallBackForCPUs(facts, limits), e.fallBackForIO(facts)]
            .compactMap { $0 }
        return bestEffort || refusals.isEmpty ? .success(e) : .failure(Refusals(refusals: refusals))
    }

    private mutating func fallBackForMemory(_ facts: HostFacts) -> Refusal? {
        if facts.has("memory") { return nil }
        mechanisms[.memory] = .addressSpace
        weaker[.memory] = "bounds each process's address space; several processes together can use more"
        return Refusal(
            limit: .memory, missing: missing("memory"),
            fallback: "RLIMIT_AS, which bounds each process's address space instead of the run's memory")
    }

    /// A default is no reason to refuse a run: what it costs its neighbours is bounded by `cpu` too.
    private mutating func fallBackForCPUs(_ facts: HostFacts, _ limits: Limits) -> Refusal? {
        if facts.has("cpu") { return nil }
        mechanisms[.cpus] = .nothing
        weaker[.cpus] = "\(missing("cpu")), so the run can use every processor; 'cpu' bounds the time of all together"
        guard limits[.cpus] != LimitRules.defaultCPUs.default else { return nil }
        return Refusal(limit: .cpus, missing: missing("cpu"), fallback: "no bound at all")
    }

    private mutating func fallBackForIO(_ facts: HostFacts) -> Refusal? {
        guard mechanisms[.io] == .ioMax, !facts.has("io") || facts.disks.isEmpty else { return nil }
        let why = facts.has("io") ? "the run's files are on no block device that the kernel can bound" : missing("io")
        mechanisms[.io] = .nothing
        weaker[.io] = "\(why), so the run reads and writes as fast as it can"
        return Refusal(limit: .io, missing: why, fallback: "no bound at all")
    }

    private func missing(_ controller: String) -> String {
        "the cgroup v2 controller '\(controller)' is missing (see jrun doctor)"
    }
}
