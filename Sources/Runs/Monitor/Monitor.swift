import Kernel
import Programs

/// The runs of a node, as jrund owns them: docs/daemon.md.
public final class Monitor: Sendable {
    public let node: Node
    public let events: EventStream

    /// How loud a message is.
    public enum LogLevel: Sendable { case info, warning, error }
    public typealias Log = @Sendable (LogLevel, _ message: String, _ run: RunID?) -> Void

    /// Opens the event log; nothing is adopted yet.
    public init(node: Node, settings: MonitorSettings, log: @escaping Log) throws { fatalError() }

    /// Finds every run by its directory, takes over what is alive, finishes or rolls back what is half done. Before that
    /// nothing can be created.
    ///
    /// - Returns: how many runs were taken over alive, concluded, lost, and cleaned away.
    public func recover() async throws -> Recovered { fatalError() }

    public struct Recovered: Sendable, Equatable {
        public var adopted = 0
        public var concluded = 0
        public var lost = 0
        public var queued = 0
        public var kept = 0
        public var cleaned = 0
    }

    /// New settings hold from now on; live runs are left alone.
    public func apply(_ settings: MonitorSettings) { fatalError() }

    /// Makes a run, checked but for the presence of its input files; inline inputs are stored.
    ///
    /// - Parameters:
    ///   - form: the request; inputs that are files of the node are refused.
    ///   - digest: SHA-256 of the request's bytes: what an idempotency key stands for.
    /// - Returns: the run, and whether it is new.
    /// - Throws: `MonitorRefusal`
    public func create(
        _ form: RequestForm, of program: LoadedProgram, for owner: Owner, idempotencyKey: String? = nil,
        digest: String = ""
    ) async throws -> (run: ManagedRun, isNew: Bool) { fatalError() }

    /// Every run, newest first.
    public func runs() -> [ManagedRun] { fatalError() }

    public func run(_ id: RunID) -> ManagedRun? { fatalError() }

    /// Removes a run that is not live, with everything it kept.
    ///
    /// - Parameter killing: a live run is killed first.
    /// - Throws: `MonitorRefusal` `conflict`
    public func remove(_ run: ManagedRun, killing: Bool = false) async throws { fatalError() }

    public struct Usage: Sendable, Equatable {
        public var liveRuns = 0
        public var queuedRuns = 0
        /// Bytes promised to live runs.
        public var memory: Int64 = 0
        public var cpus = 0
        /// Bytes on disk of all runs.
        public var keptBytes: Int64 = 0
    }

    public var usage: Usage { fatalError() }
    public var settings: MonitorSettings { fatalError() }

    /// What has been counted since this process started, for /metrics.
    public var tally: MonitorTally { fatalError() }
}
