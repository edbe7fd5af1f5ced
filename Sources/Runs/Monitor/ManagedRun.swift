import CLinux
import CPlan
import Confinement
import Kernel
import Programs
import Synchronization

/// One run of the monitor. What blocks (staging, launching, harvest) blocks only this actor, whose `queue` is its own;
/// `snapshot` and readers need not wait for it.
public actor ManagedRun {
    public nonisolated let id: RunID
    public nonisolated let owner: Owner
    /// The program as it was when the run was created.
    public nonisolated let program: Program
    public nonisolated let reference: Report.ProgramReference
    public nonisolated let arguments: [String]
    public nonisolated let environment: [String: String]
    public nonisolated let limits: Limits
    /// Raised by every change of the snapshot and whenever a stream has grown.
    public nonisolated let changes = ChangeSignal()
    /// Raised when it has ended or is gone, and when whoever attends to its end shall look at its record.
    nonisolated let ends = ChangeSignal()

    nonisolated let request: FrozenRequest
    nonisolated let createdAt: UInt64
    unowned nonisolated let monitor: Monitor
    nonisolated let path: String
    nonisolated let shared: Mutex<Shared>
    nonisolated let queue = RunQueue()
    public nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    /// jrun-init, from the launch until it has been released.
    var process: IdentifiedProcess?
    /// What stands in `launch.json`, when this jrund has launched the run.
    var launchRecord: LaunchRecord?
    /// Counts the commands that change whether the run is frozen: an older one that still waits gives way to a newer.
    var freezing = 0

    /// What others look at without waiting for the actor.
    struct Shared {
        var snapshot: RunSnapshot
        var inputs = RunInputs()
        /// The sequence of the last status record that was acted on.
        var recordSequence: UInt64 = 0
        /// jrun-init has written its last byte to the spools.
        var streamsEnded = false
        var attendance = Attendance()
        var isRemoved = false
        var readers = 0
        var stdin = StdinRecord()
        /// Somebody is writing to stdin.
        var isStdinTaken = false
        /// What it will be started in, when that is there already.
        var sandbox: WarmSandbox?
        /// What was found out at *create*, for a start that follows at once.
        var prepared: Preparation?
        /// When *start* was asked for; CLOCK_MONOTONIC nanoseconds.
        var startAskedAt: UInt64 = 0
        /// Nanoseconds since 1970.
        var endedAt: UInt64 = 0
    }

    init(_ request: FrozenRequest, id: RunID, program: Program, limits: Limits, owner: Owner, monitor: Monitor) {
        self.request = request
        self.id = id
        self.program = program
        self.limits = limits
        self.owner = owner
        self.monitor = monitor
        reference = request.program
        arguments = request.arguments
        environment = request.environment
        createdAt = request.createdRealtime ?? 0
        path = "\(monitor.node.runsDirectory)/\(id)"
        shared = Mutex(Shared(snapshot: RunSnapshot(state: .created, created: request.created)))
    }

    /// Its removal is in the event log, or about to be: nobody is shown it any more.
    public nonisolated var isGone: Bool { shared.withLock(\.isRemoved) }

    public nonisolated var snapshot: RunSnapshot {
        var (snapshot, inputs, stdin) = shared.withLock { ($0.snapshot, $0.inputs, $0.stdin) }
        snapshot.inputs = inputs.files.keys.sorted()
        (snapshot.stdinBytes, snapshot.isStdinClosed) = (stdin.bytes, stdin.isClosed || snapshot.state.isFinal)
        if snapshot.state == .starting { snapshot.queuePosition = monitor.queuePosition(of: id) }
        return snapshot
    }

    nonisolated var state: RunState { shared.withLock { $0.snapshot.state } }

    nonisolated func update(_ change: (inout RunSnapshot) -> Void) {
        shared.withLock { change(&$0.snapshot) }
        changes.raise()
        if hasEnded { ends.raise() }
    }

    /// Or is gone.
    nonisolated var hasEnded: Bool { shared.withLock { $0.snapshot.state.isFinal || $0.isRemoved } }

    nonisolated func conflict(_ words: String) -> MonitorRefusal {
        let state = state
        return MonitorRefusal(.conflict, "run '\(id)' is \(state.rawValue): \(words)", state: state)
    }

    nonisolated func open() throws(KernelError) -> RunDirectory { try RunDirectory.open(id, on: monitor.node) }

    /// Shows the state, then writes the event: whoever hears of it and looks sees it.
    func transition(to state: RunState, _ change: (inout RunSnapshot) -> Void = { _ in }) throws {
        let before = shared.withLock(\.snapshot)
        update { snapshot in
            snapshot.state = state
            change(&snapshot)
        }
        do { try record(state.rawValue) } catch {
            update { $0 = before }
            throw error
        }
    }

    nonisolated func record(_ what: String, cause: Cause? = nil) throws {
        let log = try FileSystem.open("\(path)/events.jsonl", [.write, .create, .append])
        try monitor.events.record(
            what, of: id.description, program: program.name, owner: owner.uid, cause: cause, copyTo: log.raw)
        monitor.log(.info, "\(program.name) \(what)\(cause.map { " (\($0.rawValue))" } ?? "")", id)
    }

    /// The report's JSON. - Throws: `conflict` before the end.
    public nonisolated func report() throws -> [UInt8] {
        guard state.isFinal else { throw conflict("there is a report when it has ended") }
        return try FileSystem.contents(of: "\(path)/report.json", limit: Report.maxBytes)
    }

    /// The same, read. - Throws: `conflict` before the end.
    public nonisolated func storedReport() throws -> Report { try decodeRunFile(Report.self, report()) }

    /// The newest of this run's own log, which may be long.
    nonisolated func lastEvent() throws -> RunEvent? {
        let log = try FileSystem.open("\(path)/events.jsonl", .read)
        let tail = try FileSystem.read(log.raw, from: max(0, FileStatus(of: log.raw).size - 4096), upTo: 4096)
        return try tail.split(separator: 0x0a).last.map { try decodeRunFile(RunEvent.self, Array($0)) }
    }

    /// This run's events from behind `sequence`, from its own log.
    public nonisolated func events(after sequence: UInt64) throws -> [RunEvent] {
        let lines = try FileSystem.contents(of: "\(path)/events.jsonl").split(separator: 0x0a)
        return try lines.map { try decodeRunFile(RunEvent.self, Array($0)) }.filter { $0.sequence > sequence }
    }
}
