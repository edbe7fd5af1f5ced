import Programs

// Policy is decided here, before anything touches the kernel, as a value: what is to be done, in which order, by whom.
// jrun-init carries it out and knows nothing else.

/// Everything between clone3 and the end of a run.
public struct LaunchPlan: Sendable, Equatable {
    /// Carried out by jrun-init, in the run's namespaces, as root. The last one starts the program's process.
    public var viewSteps: [Step]
    /// Carried out by the process that becomes the program. The last one executes it.
    public var programSteps: [Step]
    public var supervision: Supervision
    /// CLONE_NEW* of jrun-init.
    public var namespaces: [Namespace]

    public var steps: [Step] { viewSteps + programSteps }

    /// Every descriptor that the plan names, in the order in which the launcher places them.
    public var descriptors: [PlanDescriptor] {
        var seen = Set<PlanDescriptor>()
        let named = steps.compactMap(\.descriptor) + supervision.descriptors
        return named.filter { seen.insert($0).inserted }
    }

    public enum Namespace: String, Sendable, CaseIterable {
        case mount, pid, ipc, uts, network

        public var cloneFlag: UInt64 {
            switch self {
            case .mount: 0x0002_0000
            case .pid: 0x2000_0000
            case .ipc: 0x0800_0000
            case .uts: 0x0400_0000
            case .network: 0x4000_0000
            }
        }
    }
}

/// What jrun-init watches and obeys once the program runs.
public struct Supervision: Sendable, Equatable {
    public var limits: Limits
    public var enforcement: Enforcement
    public var stop: StopRule
    public var suspend: StopRule?
    public var cpus: Int
    /// End of file on the control pipe ends the run and removes everything it left.
    public var lifeline: Bool
    public var watchesMemory: Bool
    /// Without a cgroup the run is its pid namespace: that is counted, stopped and killed.
    public var hasCgroup: Bool
    /// `nil` for a stream that does not pass through jrun-init.
    public var stdout: RelayRule?
    public var stderr: RelayRule?
    /// The launcher keeps to it, who reads what the requester sends.
    public var stdinCap: StreamCap?

    /// Whether jrun-init keeps a writing end of the program's stdin and its buffer: the one who writes may change.
    var keepsStdin: Bool

    var descriptors: [PlanDescriptor] {
        [.control, .growth, .status] + (hasCgroup ? [.cgroupLeaf] : []) + [.work, .runDirectory, .runsDirectory]
            + (hasCgroup ? [.cgroupRuns] : []) + [.uidLock]
            + (stdout.map { [$0.isFile ? .stdoutFile : .stdoutSpool] } ?? [])
            + (stderr.map { [$0.isFile ? .stderrFile : .stderrSpool] } ?? [])
            + (keepsStdin ? [.stdinWriter, .stdinBuffer] : [])
    }
}

extension Step {
    var isHold: Bool { if case .hold = self { true } else { false } }

    var descriptor: PlanDescriptor? {
        switch self {
        case .attach(let source, _, _): source
        case .startProgram(let cgroup): cgroup
        case .stdio(let source, _): source
        case .hold: .request
        default: nil
        }
    }
}

/// Everything that the plan of one run is made from.
public struct PlanInputs: Sendable {
    public var program: Program
    public var request: AcceptedRequest
    public var facts: HostFacts
    public var enforcement: Enforcement
    public var identity: RunIdentity
    public var filter: SeccompFilter
    /// The run dies with its launcher (`jrun exec`) instead of surviving it (`jrund`).
    public var lifeline: Bool
    /// The request is not there yet: of this one only the limits count.
    public var hold: Hold?

    /// A sandbox that waits for its request.
    public struct Hold: Sendable, Equatable {
        /// Name of its directory until then.
        public var directory: String
        /// The name while it is removed because nobody wants it.
        public var gone: String

        public init(directory: String, gone: String) { (self.directory, self.gone) = (directory, gone) }
    }

    public init(
        program: Program, request: AcceptedRequest, facts: HostFacts, enforcement: Enforcement, identity: RunIdentity,
        filter: SeccompFilter, lifeline: Bool, hold: Hold? = nil
    ) {
        self.program = program
        self.request = request
        self.facts = facts
        self.enforcement = enforcement
        self.identity = identity
        self.filter = filter
        self.lifeline = lifeline
        self.hold = hold
    }
}

extension LaunchPlan {
    public init(_ inputs: PlanInputs) {
        let program = inputs.program
        viewSteps = View(inputs).steps
        programSteps = ProgramProcess(inputs).steps
        supervision = Supervision(
            limits: inputs.request.limits, enforcement: inputs.enforcement, stop: program.stop,
            suspend: program.suspend,
            cpus: inputs.facts.cpus, lifeline: inputs.lifeline, watchesMemory: inputs.facts.has("memory"),
            hasCgroup: inputs.facts.controllers != nil,
            stdout: program.stdoutRelay, stderr: program.stderrRelay, stdinCap: program.streamCaps.stdin,
            keepsStdin: !inputs.lifeline && program.stdin == .stream)
        // The cgroup namespace is the program's own step: it must be entered from inside the leaf.
        namespaces = Namespace.allCases.filter { $0 != .network || program.security.network == .none }
    }
}
