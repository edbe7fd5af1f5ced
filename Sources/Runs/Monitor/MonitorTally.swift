import Programs

/// What the monitor has counted since it started.
public struct MonitorTally: Sendable {
    /// Upper bounds in microseconds, the last one without bound; cumulative counts are the reader's business.
    public struct Histogram: Sendable, Equatable {
        public static let bounds: [Int64] = [
            100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
            10_000_000, 60_000_000, 600_000_000, 3_600_000_000,
        ]
        /// One more than `bounds`.
        public private(set) var counts = [UInt64](repeating: 0, count: bounds.count + 1)
        /// Microseconds.
        public private(set) var sum: Int64 = 0

        public init() {}

        public mutating func add(_ microseconds: Int64) {
            counts[Histogram.bounds.firstIndex { microseconds <= $0 } ?? Histogram.bounds.count] += 1
            sum += microseconds
        }
    }

    /// Ended runs.
    public struct End: Sendable, Hashable {
        public var state: RunState
        public var cause: Cause
    }

    public var created: UInt64 = 0
    public var ended: [End: UInt64] = [:]
    /// By the names that the report gives to phases: `stage_in`, `cgroup`, `clone`, `mounts`, `exec`, `run`, `harvest`; and
    /// `queue`, the time that *start* waited for room.
    public var phases: [String: Histogram] = [:]
    public var stdoutBytes: Int64 = 0
    public var stderrBytes: Int64 = 0
    public var stdinBytes: Int64 = 0
    public var uploadedBytes: Int64 = 0
    public var resultBytes: Int64 = 0
    public var removed: UInt64 = 0
    /// Runs of programs with `warm` that were started in a sandbox that was ready, and in the ordinary way.
    public var warmStarts: UInt64 = 0
    public var coldStarts: UInt64 = 0
    public var recovered = Monitor.Recovered()

    public init() {}
}
