import Runs
import Synchronization

/// Requests since this jrund began to serve.
final class RequestTally: Sendable {
    struct Key: Hashable, Sendable {
        /// As the table of routes writes it, so that there are no more of them than routes.
        var route: String
        var method: String
        var status: Int
    }

    struct Counts: Sendable {
        var requests: [Key: UInt64] = [:]
        /// From the head of a request to the head of its answer.
        var latencies: [String: MonitorTally.Histogram] = [:]
    }

    private let state = Mutex(Counts())

    var counts: Counts { state.withLock { $0 } }

    func add(_ key: Key, microseconds: Int64) {
        state.withLock { counts in
            counts.requests[key, default: 0] += 1
            counts.latencies[key.route, default: MonitorTally.Histogram()].add(microseconds)
        }
    }
}
