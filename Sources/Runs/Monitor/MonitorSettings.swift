/// What the administrator decides about a node's runs.
public struct MonitorSettings: Sendable, Equatable {
    /// What the node may promise to all live runs together.
    public struct Capacity: Sendable, Equatable {
        /// Most live runs.
        public var runs: Int
        /// Sum of the `memory` limits of live runs, bytes.
        public var memory: Int64
        /// Sum of the `cpus` limits of live runs, whole processors.
        public var cpus: Int
        /// Most runs that wait for room; 0: what does not fit is refused.
        public var queue: Int

        public init(runs: Int, memory: Int64, cpus: Int, queue: Int) {
            (self.runs, self.memory, self.cpus, self.queue) = (runs, memory, cpus, queue)
        }
    }

    /// What one user may have; root and administrators too.
    public struct Quota: Sendable, Equatable {
        /// Live runs, waiting ones included.
        public var runs: Int
        /// Bytes on disk of all the user's runs.
        public var keptBytes: Int64

        public init(runs: Int, keptBytes: Int64) { (self.runs, self.keptBytes) = (runs, keptBytes) }
    }

    /// How long ended runs are kept.
    public struct Retention: Sendable, Equatable {
        /// Milliseconds since the end.
        public var time: Int64
        /// Bytes on disk of all ended runs; the oldest go first.
        public var bytes: Int64
        /// Milliseconds after which a run that was created and never started is removed.
        public var created: Int64

        public init(time: Int64, bytes: Int64, created: Int64) {
            (self.time, self.bytes, self.created) = (time, bytes, created)
        }
    }

    /// Fall back to the next best mechanism for limits that the node cannot enforce.
    public var bestEffort: Bool
    public var workDirectory = WorkDirectoryPlace.memory
    public var capacity: Capacity
    public var quota: Quota
    public var retention: Retention

    public init(bestEffort: Bool, capacity: Capacity, quota: Quota, retention: Retention) {
        self.bestEffort = bestEffort
        self.capacity = capacity
        self.quota = quota
        self.retention = retention
    }
}
