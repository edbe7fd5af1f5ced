import Kernel
import Synchronization
import Testing

@testable import Runs

@Suite struct WorkPoolTests {
    /// Blocks its thread until something is in the pipe, and leaves it there for the others.
    private func block(until reader: Int32) { _ = waitUntilReady([(reader, .input)]) }

    /// Far more than threads work at once, and all of them wait for one that comes last.
    @Test func whoBlocksHoldsUpNobody() async throws {
        let pipe = try makePipe()
        let reader = OwnedFD(taking: pipe.reader), writer = OwnedFD(taking: pipe.writer)
        let (from, to) = (reader.raw, writer.raw)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 { group.addTask { try await blocking { self.block(until: from) } } }
            group.addTask { try await blocking { try FileSystem.write([1], to: to, named: "a pipe") } }
            try await group.waitForAll()
        }
        _ = consume reader
        _ = consume writer
    }

    /// The same when each is at work on a run of its own.
    @Test func aRunThatBlocksHoldsUpNoOther() async throws {
        let pipe = try makePipe()
        let reader = OwnedFD(taking: pipe.reader), writer = OwnedFD(taking: pipe.writer)
        let (from, to) = (reader.raw, writer.raw)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                let run = Worked()
                group.addTask { await run.block(until: from) }
                // The next of the same run waits for it.
                group.addTask { await run.count() }
            }
            let free = Worked()
            group.addTask {
                await free.count()
                try await blocking { try FileSystem.write([1], to: to, named: "a pipe") }
            }
            try await group.waitForAll()
        }
        _ = consume reader
        _ = consume writer
    }

    /// Jobs and whoever works himself: one at a time, and nobody is forgotten.
    @Test func oneAtATime() async throws {
        let run = Worked()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<400 {
                group.addTask {
                    if number % 2 == 0 {
                        await run.count()
                    } else {
                        try? await run.whenFree { $0.count() }
                    }
                }
            }
        }
        #expect(await run.counted == 400)
    }

    /// More than there can ever be threads.
    @Test func whoWaitsForARunHoldsNoThread() async throws {
        let pipe = try makePipe()
        let reader = OwnedFD(taking: pipe.reader), writer = OwnedFD(taking: pipe.writer)
        let (from, to) = (reader.raw, writer.raw)
        let run = Worked()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await run.whenFree { $0.block(until: from) } }
            for _ in 0..<1000 { group.addTask { try await run.whenFree { $0.count() } } }
            group.addTask { try await blocking { try FileSystem.write([1], to: to, named: "a pipe") } }
            try await group.waitForAll()
        }
        #expect(await run.counted == 1000)
        _ = consume reader
        _ = consume writer
    }

    @Test func anErrorLeavesTheQueue() async throws {
        let run = Worked()
        for _ in 0..<2 {
            await #expect(throws: CancellationError.self) { try await run.whenFree { _ in throw CancellationError() } }
        }
        await run.count()
        #expect(await run.counted == 1)
    }

    /// On a thread that may block already, there is no hop.
    @Test func blockingStaysWhereItIs() async throws {
        let threads = try await Task(executorPreference: WorkPool.shared) {
            let first = threadNumber()
            return (first, try await blocking { threadNumber() }, threadNumber())
        }.value
        #expect(threads.0 == threads.1 && threads.1 == threads.2)
    }
}

/// Of the calling thread; proc(5).
private func threadNumber() -> String {
    (try? FileSystem.text(of: "/proc/thread-self/stat")).map { String($0.prefix { $0 != " " }) } ?? ""
}

/// Has a queue as a run has one.
private actor Worked: WorksInQueue {
    nonisolated let queue = RunQueue()
    nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }
    private(set) var counted = 0
    private var isBusy = false

    func count() {
        #expect(!isBusy)
        isBusy = true
        counted += 1
        isBusy = false
    }

    func block(until reader: Int32) { _ = waitUntilReady([(reader, .input)]) }
}
