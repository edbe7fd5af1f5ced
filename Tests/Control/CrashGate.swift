import Foundation

/// What the clients of the crash test and the killer tell each other: whether jrund serves, how often it was started, and
/// that the test comes to its end.
final class CrashGate: @unchecked Sendable {  // SAFETY: every field is used only while the condition is locked.
    struct Aborted: Error {}

    private let condition = NSCondition()
    private var generation = 0
    private var isServing = false
    private var isFinishing = false
    private var failures: [String] = []
    private var lastRun: String?

    private func locked<R>(_ body: () throws -> R) rethrows -> R {
        condition.lock()
        defer { condition.unlock() }
        return try body()
    }

    // MARK: The killer's side

    /// jrund says that it is ready.
    func open() {
        locked {
            generation += 1
            isServing = true
            condition.broadcast()
        }
    }

    /// Before the signal: whatever a client loses from now on, it loses by the kill.
    func close() { locked { isServing = false } }

    /// The clients finish the run that they have, and begin no other.
    func finish() {
        locked {
            isFinishing = true
            condition.broadcast()
        }
    }

    /// The run whose removal is the last event.
    func setLastRun(_ id: String) { locked { lastRun = id } }

    // MARK: The clients' side

    var isOver: Bool { locked { isFinishing || !failures.isEmpty } }
    var isLost: Bool { locked { !failures.isEmpty } }
    var allFailures: [String] { locked { failures } }

    func isLast(_ run: String) -> Bool { locked { lastRun == run } }

    func fail(_ what: String) {
        locked {
            failures.append(what)
            condition.broadcast()
        }
    }

    /// - Returns: which jrund it is that serves.
    func awaitService() throws -> Int {
        try locked {
            let deadline = Date(timeIntervalSinceNow: 120)
            while !isServing {
                guard failures.isEmpty, condition.wait(until: deadline) else { throw Aborted() }
            }
            return generation
        }
    }

    /// Nobody has begun to kill the jrund of that number.
    func isStill(_ number: Int) -> Bool { locked { isServing && generation == number } }
}
