import Programs

/// How one limit is held on this node.
public enum Mechanism: String, Sendable, CaseIterable {
    case initClock = "jrun-init wall clock"
    case cpuStat = "jrun-init on cgroup cpu.stat"
    case processTimes = "jrun-init on the processes' times"
    case memoryMax = "cgroup memory.max"
    case addressSpace = "RLIMIT_AS"
    case pidsMax = "cgroup pids.max"
    case processCount = "RLIMIT_NPROC of the run's own uid"
    case openFiles = "RLIMIT_NOFILE"
    case fileSize = "RLIMIT_FSIZE"
    case relay = "jrun-init relay"
    case workFileSystem = "size of the work directory's tmpfs"
    case temporaryFileSystem = "size of the tmpfs"
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
    public static func decide(facts: HostFacts, bestEffort: Bool) -> Result<Enforcement, Refusals> {
        var e = Enforcement(mechanisms: [
            .wall: .initClock, .cpu: .cpuStat, .memory: .memoryMax, .processes: .pidsMax, .open_files: .openFiles,
            .file_size: .fileSize, .output: .relay, .disk: .workFileSystem, .temporary: .temporaryFileSystem,
        ])
        // The uid is the run's alone, so the per-uid count is the run's own: nothing weaker about it.
        if !facts.has("pids") { e.mechanisms[.processes] = .processCount }
        if facts.has("memory") { return .success(e) }
        let refusal = Refusal(
            limit: .memory, missing: missing(facts),
            fallback: "RLIMIT_AS, which bounds each process's address space instead of the run's memory")
        guard bestEffort else {
            return .failure(Refusals(refusals: (facts.controllers == nil ? [cpuRefusal] : []) + [refusal]))
        }
        e.mechanisms[.memory] = .addressSpace
        e.weaker[.memory] = "bounds each process's address space; several processes together can use more"
        if facts.controllers == nil {
            e.mechanisms[.cpu] = .processTimes
            e.weaker[.cpu] = "counts no child that nobody has waited for"
        }
        return .success(e)
    }

    private static func missing(_ facts: HostFacts) -> String {
        if facts.controllers == nil && facts.rootless != nil { return noCgroup }
        return "the cgroup v2 controller 'memory' is missing (see jrun doctor)"
    }

    private static let noCgroup = "this user has no cgroup (systemd-run --user --scope -p Delegate=yes jrun … has one)"

    private static let cpuRefusal = Refusal(
        limit: .cpu, missing: noCgroup, fallback: "the processes' own times, which miss a child that nobody waits for")
}
