import Dispatch
import Synchronization

/// Where one run's actor works: one after the other, on threads of `WorkPool`, so that what blocks there (staging, launching,
/// harvest) keeps nobody else waiting. Who is on such a thread already works there himself, by `perform`.
final class RunQueue: SerialExecutor {
    private struct State {
        var isTaken = false
        var jobs: [UnownedJob] = []
        var waiting: [DispatchSemaphore] = []
    }

    private let state = Mutex(State())

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isMine = state.withLock { state in
            state.jobs.append(job)
            defer { state.isTaken = true }
            return !state.isTaken
        }
        if isMine { WorkPool.shared.enqueue(self) }
    }

    /// For the thread that was asked for when the queue was taken.
    func drain() {
        while let job = next() { job.runSynchronously(on: asUnownedSerialExecutor()) }
    }

    private func next() -> UnownedJob? {
        state.withLock { state in
            if !state.waiting.isEmpty {
                state.waiting.removeFirst().signal()
                return nil
            }
            if state.jobs.isEmpty {
                state.isTaken = false
                return nil
            }
            return state.jobs.removeFirst()
        }
    }

    /// On this thread, which may block, when it is its turn.
    func perform<Value>(_ body: () throws -> Value) rethrows -> Value {
        let turn = state.withLock { state -> DispatchSemaphore? in
            if !state.isTaken {
                state.isTaken = true
                return nil
            }
            let turn = DispatchSemaphore(value: 0)
            state.waiting.append(turn)
            return turn
        }
        turn?.wait()
        defer { release() }
        return try body()
    }

    private func release() {
        let hasJobs = state.withLock { state in
            if !state.waiting.isEmpty {
                state.waiting.removeFirst().signal()
                return false
            }
            state.isTaken = !state.jobs.isEmpty
            return state.isTaken
        }
        if hasJobs { WorkPool.shared.enqueue(self) }
    }

    /// `perform` is the only way to be here without a job.
    func checkIsolated() { precondition(state.withLock(\.isTaken), "a run is worked on outside of its queue") }
}

extension ManagedRun {
    /// Works on the run without a hop to another thread: only on a thread of `WorkPool`, or one that may block too.
    public nonisolated func perform<Value: Sendable>(
        _ body: (isolated ManagedRun) throws -> Value
    ) rethrows -> Value {
        try queue.perform { try assumeIsolated(body) }
    }
}
