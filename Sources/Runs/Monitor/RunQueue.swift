import Synchronization

/// Where one run's actor works: one after the other, on threads of `WorkPool`, so that what blocks there (staging, launching,
/// harvest) keeps nobody else waiting. Who finds it free, on such a thread, works there himself: `whenFree`.
final class RunQueue: SerialExecutor {
    private struct State {
        var isTaken = false
        var jobs: [UnownedJob] = []
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
            if state.jobs.isEmpty {
                state.isTaken = false
                return nil
            }
            return state.jobs.removeFirst()
        }
    }

    /// On this thread, which may block; nil when somebody else is at work.
    func performIfFree<Value>(_ body: () throws -> Value) rethrows -> Value? {
        let isMine = state.withLock { state in
            defer { state.isTaken = true }
            return !state.isTaken
        }
        guard isMine else { return nil }
        defer { release() }
        return try body()
    }

    private func release() {
        let hasJobs = state.withLock { state in
            state.isTaken = !state.jobs.isEmpty
            return state.isTaken
        }
        if hasJobs { WorkPool.shared.enqueue(self) }
    }

    /// `performIfFree` is the only way to be here without a job.
    func checkIsolated() { precondition(state.withLock(\.isTaken), "a run is worked on outside of its queue") }
}

/// An actor whose executor is such a queue.
protocol WorksInQueue: Actor {
    nonisolated var queue: RunQueue { get }
}

extension WorksInQueue {
    /// Works here without a hop to another thread when nobody else does. Whoever has to wait holds no thread meanwhile: a
    /// run that stages or harvests for long would otherwise keep all of them.
    nonisolated func whenFree<Value: Sendable>(
        _ body: @Sendable (isolated Self) throws -> Value
    ) async throws -> Value {
        try await withTaskExecutorPreference(WorkPool.shared) {
            if let value = try queue.performIfFree({ try assumeIsolated(body) }) { return value }
            return try await work(body)
        }
    }

    private func work<Value: Sendable>(_ body: @Sendable (isolated Self) throws -> Value) throws -> Value {
        try body(self)
    }
}

extension ManagedRun: WorksInQueue {
    /// `start`, on this thread if it may be. - Throws: as `start` does
    public nonisolated func startWhenFree(mayQueue: Bool = true) async throws -> Bool {
        try await whenFree { try $0.start(mayQueue: mayQueue) }
    }
}
