import Dispatch
import Kernel
import Programs
import Synchronization

/// The runs of a node, as jrund owns them: docs/daemon.md.
public final class Monitor: Sendable {
    public let node: Node
    public let events: EventStream
    let watcher: Watcher
    let log: Log
    let state: Mutex<State>
    /// Raised when a run has been created or removed.
    let changes = ChangeSignal()
    let networks = IdleNetworks()
    let warm: WarmPool
    /// Nil where cgroup v2 is not mounted: runs are then refused, each with a sentence.
    let cgroups: CgroupTree?
    let programCopies: ProgramCopies

    /// How loud a message is.
    public enum LogLevel: Sendable { case info, warning, error }
    public typealias Log = @Sendable (LogLevel, _ message: String, _ run: RunID?) -> Void

    struct State {
        var settings: MonitorSettings
        var runs: [RunID: ManagedRun] = [:]
        /// The same, by their ids; most of what comes is the newest.
        var order: [ManagedRun] = []
        var keys: [IdempotencyKey: RunID] = [:]
        /// Keys of runs that are being created.
        var pendingKeys: Set<IdempotencyKey> = []
        var totals = MonitorTotals()
        /// Runs that wait for one, in the order of their start.
        var queue: [RunID] = []
        /// Bytes of uploads that are not in their places, by their owner's uid.
        var arriving: [UInt32: Int64] = [:]
        var tally = MonitorTally()
        /// Removed runs whose bytes are still there.
        var leftovers = 0
    }

    struct IdempotencyKey: Hashable {
        var uid: UInt32
        var text: String
    }

    /// Opens the event log; nothing is adopted yet.
    public init(node: Node, settings: MonitorSettings, log: @escaping Log) throws {
        self.node = node
        self.log = log
        try FileSystem.makeDirectories(node.runsDirectory, mode: 0o700)
        events = try EventStream(in: "\(node.stateDirectory)/events")
        cgroups = try node.cgroupTree()
        programCopies = ProgramCopies(in: node.cacheDirectory)
        watcher = try Watcher()
        warm = WarmPool(watcher: watcher, networks: networks, log: log)
        state = Mutex(State(settings: settings))
        let watcher = watcher
        DispatchQueue(label: "watcher").async { while true { watcher.serve() } }
    }

    /// The node as settings have it now.
    var currentNode: Node {
        var node = self.node
        node.workDirectory = settings.workDirectory
        return node
    }

    func requireCgroups() throws -> CgroupTree {
        guard let cgroups else {
            throw MonitorRefusal(.node, "cgroup v2 is not mounted on this node (see jrun doctor)")
        }
        return cgroups
    }

    /// New settings hold from now on; live runs are left alone.
    public func apply(_ settings: MonitorSettings) {
        state.withLock { $0.settings = settings }
        fillPlaces()
    }

    /// Keeps warm sandboxes for these programs, with the settings in force, and for no others.
    public func keepWarm(_ programs: [LoadedProgram]) {
        warm.keep(programs, on: currentNode, bestEffort: settings.bestEffort)
    }

    /// Warm sandboxes that wait, and how many shall be.
    public var warmSandboxes: (parked: Int, wanted: Int) { warm.counts }

    /// Raised when `warmSandboxes` are others.
    public var warmChanges: ChangeSignal { warm.changes }

    /// What the passing of time asks for.
    public func tend() async {
        await applyRetention()
        warm.tend()
    }

    /// Lets go of what does not survive this process; returns when it has gone.
    public func close() { warm.close() }

    public var settings: MonitorSettings { state.withLock(\.settings) }

    /// Every run, newest first.
    public func runs() -> [ManagedRun] {
        state.withLock { $0.order.reversed() }
    }

    public func run(_ id: RunID) -> ManagedRun? { state.withLock { $0.runs[id] } }

    /// What has been counted since this process started, for /metrics.
    public var tally: MonitorTally { state.withLock(\.tally) }

    func count(_ change: (inout MonitorTally) -> Void) { state.withLock { change(&$0.tally) } }

    func add(_ run: ManagedRun) {
        state.withLock { state in
            state.insert(run)
            if let text = run.request.idempotencyKey {
                state.keys[IdempotencyKey(uid: run.owner.uid, text: text)] = run.id
            }
        }
        changes.raise()
    }

    // MARK: Removal

    /// Removes a run that is not live, with everything it kept.
    ///
    /// - Parameters:
    ///   - killing: a live run is killed first.
    ///   - later: its bytes may go when this has returned, unless there are too many that are still to go.
    /// - Throws: `MonitorRefusal` `conflict`
    public func remove(_ run: ManagedRun, killing: Bool = false, later: Bool = false) async throws {
        if killing, run.snapshot.isLive {
            // One that ends by itself meanwhile is as dead as we want it.
            do { try await run.command(.kill) } catch let refusal as MonitorRefusal where refusal.kind == .conflict {}
            await run.waitForEnd()
        }
        let (name, isTold) = try await run.whenFree { try $0.retire() }
        state.withLock { state in
            state.remove(run)
            if let text = run.request.idempotencyKey {
                state.keys[IdempotencyKey(uid: run.owner.uid, text: text)] = nil
            }
            state.tally.removed += 1
        }
        changes.raise()
        let isLater =
            later && isTold
            && state.withLock { state in
                guard state.leftovers < Monitor.mostLeftovers else { return false }
                state.leftovers += 1
                return true
            }
        if isLater { return clear(name, of: run) }
        let runs = node.runsDirectory
        try await blocking { try removeTree(name, in: runs) }
        // A disk that was full has room now.
        if !isTold { _ = run.tellRemoval() }
    }

    private func clear(_ name: String, of run: ManagedRun) {
        Task(executorPreference: WorkPool.shared) {
            // The next jrund finds it by its name.
            do { try removeTree(name, in: self.node.runsDirectory) } catch {
                self.log(.error, "what is left of it cannot be removed: \(error)", run.id)
            }
            self.state.withLock { $0.leftovers -= 1 }
        }
    }

    /// Whoever executes all the time waits for the disk at last.
    private static let mostLeftovers = 64

    // MARK: The end of a run

    func hasEnded(_ run: ManagedRun, _ report: Report, _ verdict: Verdict) {
        count { tally in
            tally.ended[.init(state: verdict.state, cause: verdict.cause), default: 0] += 1
            let phases = report.phases
            for (name, value) in [
                ("stage_in", phases.stageIn), ("cgroup", phases.cgroup), ("clone", phases.clone),
                ("mounts", phases.mounts), ("exec", phases.exec), ("run", phases.run), ("harvest", phases.harvest),
            ] {
                tally.phases[name, default: .init()].add(value)
            }
            tally.stdoutBytes = tally.stdoutBytes.addingSaturated(report.usage.stdoutBytes)
            tally.stderrBytes = tally.stderrBytes.addingSaturated(report.usage.stderrBytes)
            tally.resultBytes += report.results.reduce(0) { $0 + $1.size }
        }
        release(run)
    }
}

extension Monitor.State {
    mutating func insert(_ run: ManagedRun) {
        guard runs.updateValue(run, forKey: run.id) == nil else { return }
        order.insert(run, at: place(of: run.id))
        totals.count(run)
    }

    mutating func remove(_ run: ManagedRun) {
        guard runs.removeValue(forKey: run.id) != nil else { return }
        order.remove(at: place(of: run.id))
        totals.forget(run)
    }

    /// Of the first run whose id is not smaller.
    private func place(of id: RunID) -> Int {
        if let last = order.last, last.id.description < id.description { return order.count }
        var low = 0, high = order.count
        while low < high {
            let middle = (low + high) / 2
            if order[middle].id.description < id.description { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Removes `name` and everything in it from the directory `parent`.
func removeTree(_ name: String, in parent: String) throws {
    let parent = try FileSystem.open(parent, [.read, .directory])
    let directory = try FileSystem.openBeneath(parent.raw, name, [.read, .directory])
    try FileSystem.removeHostileContents(of: directory.raw)
    try FileSystem.removeDirectory(name, at: parent.raw)
}

extension ManagedRun {
    /// Takes the run out of sight: from here on it is gone for everybody, and only its bytes remain to be removed.
    ///
    /// - Returns: the directory's new name, and whether the event is in the log.
    func retire() throws -> (name: String, isTold: Bool) {
        try refuseIfRemoved()
        guard state == .created || state.isFinal else { throw conflict("kill it first, or wait for its end") }
        dropSandbox()
        let name = "\(RunDirectory.gonePrefix)\(id)"
        let runs = try FileSystem.open(monitor.node.runsDirectory, [.read, .directory])
        try FileSystem.rename(id.description, to: name, from: runs.raw, at: runs.raw)
        shared.withLock { $0.isRemoved = true }
        changes.raise()
        ends.raise()
        monitor.log(.info, "\(program.name) removed", id)
        return (name, tellRemoval())
    }

    /// A removal is what makes room on a full disk, so it does not depend on the log.
    nonisolated func tellRemoval() -> Bool {
        do {
            try monitor.events.record(
                RunEvent.removed, of: id.description, program: program.name, owner: owner.uid, copyTo: nil)
            return true
        } catch {
            monitor.log(.error, "the event 'removed' cannot be written: \(error)", id)
            return false
        }
    }
}

extension RunEvent { static let removed = "removed" }
