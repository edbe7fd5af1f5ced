import Dispatch

/// Where one run's actor works: a serial queue of its own, so that what blocks there (staging, launching, harvest) keeps
/// nobody else waiting. Dispatch gives a thread to each such queue that has work, beyond the number of processors.
final class RunQueue: SerialExecutor {
    private let queue: DispatchQueue

    init(_ id: RunID) { queue = DispatchQueue(label: "run \(id)") }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}

/// Work that blocks as a disk does, for those who have no queue of their own.
private let blockingWork = DispatchQueue(label: "blocking work", attributes: .concurrent)

func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        blockingWork.async { continuation.resume(with: Result { try body() }) }
    }
}
