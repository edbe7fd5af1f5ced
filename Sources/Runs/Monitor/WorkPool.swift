import Dispatch
import Kernel
import Synchronization

/// Threads for whatever may block: the runs of a monitor and the requests that are made of it. A task that prefers this
/// executor carries out its blocking calls where it is, without a hop for each of them.
///
/// Few threads work at once, so that many runs at a time do not get into each other's way. A thread that has been at one
/// job for long does not count, whatever it waits for: so nobody is kept waiting by those who stage, harvest, or ask a disk
/// that does not answer.
public final class WorkPool: TaskExecutor {
    public static let shared = WorkPool()

    private enum Job {
        case task(UnownedJob)
        case run(RunQueue)
    }

    /// One thread.
    private final class Worker: Sendable {
        let wakeUp = DispatchSemaphore(value: 0)
        /// DispatchTime nanoseconds at which it took its job.
        let began = Atomic<UInt64>(0)
    }

    private struct State {
        /// From `taken` on; what is before that is gone.
        var jobs: [Job?] = []
        var taken = 0
        /// The one that worked last is the last.
        var idle: [Worker] = []
        var active: [Worker] = []
        var isOverseen = false

        var isEmpty: Bool { taken == jobs.count }

        mutating func next() -> Job? {
            guard !isEmpty else { return nil }
            defer {
                taken += 1
                if isEmpty { (jobs, taken) = ([], 0) }
            }
            let job = jobs[taken]
            jobs[taken] = nil
            return job
        }

        /// Whether one thread more may work.
        ///
        /// - Parameter asking: one of those that are counted as working, and asks for itself.
        func hasRoom(_ now: UInt64, for asking: Worker? = nil) -> Bool {
            let others = asking == nil ? active.count : active.count - 1
            if others < WorkPool.width { return true }
            let busy = active.count { $0 !== asking && now < $0.began.load(ordering: .relaxed) + WorkPool.long }
            return busy < WorkPool.width && others < WorkPool.most
        }
    }

    private enum Need { case nothing, thread, overseer, wakeUp(Worker) }

    private let state = Mutex(State())
    private let overseer = DispatchSemaphore(value: 0)

    /// Threads that work at once. Most of the time of a job is waiting: for the process that it starts, for the kernel's locks.
    /// Four on two processors made two thirds of the runs a second that 12 made; 64 made no more.
    private static let width = max(16, 4 * (CPUList.online?.cpus.count ?? 1))
    /// Nanoseconds after which a job is one that takes long.
    private static let long: UInt64 = 20_000_000
    /// As many as Dispatch has for those that block.
    private static let most = 480
    private static let idleSeconds = 10

    private init() {
        DispatchQueue(label: "work overseer").async { while true { self.oversee() } }
    }

    // MARK: Giving work

    public func enqueue(_ job: consuming ExecutorJob) { add(.task(UnownedJob(job))) }

    /// Everything that waits in a run's queue, one after the other.
    func enqueue(_ queue: RunQueue) { add(.run(queue)) }

    private func add(_ job: Job) {
        let need = state.withLock { state in
            state.jobs.append(job)
            return helper(&state)
        }
        supply(need)
    }

    /// Who shall come, if anybody is needed.
    private func helper(_ state: inout State) -> Need {
        if state.isEmpty { return .nothing }
        if state.hasRoom(DispatchTime.now().uptimeNanoseconds) {
            guard let worker = state.idle.popLast() else {
                // Counted from now on, as one that begins.
                return .thread
            }
            start(worker, &state)
            return .wakeUp(worker)
        }
        if state.isOverseen { return .nothing }
        state.isOverseen = true
        return .overseer
    }

    private func start(_ worker: Worker, _ state: inout State) {
        worker.began.store(DispatchTime.now().uptimeNanoseconds, ordering: .relaxed)
        state.active.append(worker)
    }

    private func supply(_ need: Need) {
        switch need {
        case .nothing: break
        case .overseer: overseer.signal()
        case .wakeUp(let worker): worker.wakeUp.signal()
        case .thread:
            let worker = Worker()
            state.withLock { start(worker, &$0) }
            // Dispatch gives a thread to each serial queue that has work, beyond the number of processors.
            DispatchQueue(label: "work").async { self.serve(worker) }
        }
    }

    // MARK: Working

    private func serve(_ worker: Worker) {
        while true {
            while let job = takeJob(worker) {
                switch job {
                case .task(let job): job.runSynchronously(on: asUnownedTaskExecutor())
                case .run(let queue): queue.drain()
                }
            }
            while worker.wakeUp.wait(timeout: .now() + .seconds(WorkPool.idleSeconds)) == .timedOut {
                if retire(worker) { return }
            }
        }
    }

    /// Nil when there is no more for this thread, which is idle then.
    private func takeJob(_ worker: Worker) -> Job? {
        let (job, need) = state.withLock { state -> (Job?, Need) in
            if state.hasRoom(DispatchTime.now().uptimeNanoseconds, for: worker), let job = state.next() {
                worker.began.store(DispatchTime.now().uptimeNanoseconds, ordering: .relaxed)
                return (job, .nothing)
            }
            state.active.removeAll { $0 === worker }
            state.idle.append(worker)
            // What is left waits for room, and somebody has to see that.
            if state.isEmpty || state.isOverseen { return (nil, .nothing) }
            state.isOverseen = true
            return (nil, .overseer)
        }
        supply(need)
        return job
    }

    /// - Returns: whether it may go; otherwise it has just been called.
    private func retire(_ worker: Worker) -> Bool {
        state.withLock { state in
            guard let index = state.idle.firstIndex(where: { $0 === worker }),
                state.idle.count + state.active.count > WorkPool.width
            else { return false }
            state.idle.remove(at: index)
            return true
        }
    }

    // MARK: Overseeing

    /// Nothing tells that a thread has begun to wait in the kernel, so while work is left over somebody looks at the clock.
    private func oversee() {
        overseer.wait()
        while true {
            _ = overseer.wait(timeout: .now() + .milliseconds(5))
            let need = state.withLock { state -> Need? in
                if state.isEmpty {
                    state.isOverseen = false
                    return nil
                }
                return helper(&state)
            }
            guard let need else { return }
            supply(need)
        }
    }
}

/// Carries out what blocks as a disk does, on a thread that may: on this one, if the task is there already.
public func blocking<Value: Sendable>(_ body: @Sendable () throws -> Value) async throws -> Value {
    try await withTaskExecutorPreference(WorkPool.shared) { try body() }
}
