import Hummingbird
import NIOCore
import Runs
import Synchronization

/// One accepted connection: who is there, and what waits for something on its behalf.
final class Connection: Sendable {
    let peer: Peer
    let channel: any Channel
    let holdings: Holdings

    private struct State {
        var isClosed = false
        var nextWait = 0
        var cancellations: [Int: @Sendable () -> Void] = [:]
        var requestsBegun = 0
        var requestsReceived = 0
        var allowsSilence = false
        /// The number of the request whose body was read last.
        var bodyRead = 0
    }

    private let state = Mutex(State())

    init(peer: Peer, channel: any Channel, holdings: Holdings) {
        self.holdings = holdings
        self.peer = peer
        self.channel = channel
        channel.closeFuture.whenComplete { [weak self] _ in self?.giveUp() }
    }

    /// The connection that the current task serves.
    @TaskLocal static var current: Connection?

    // MARK: Waiting

    /// Ends whatever waits on this connection's behalf.
    func giveUp() {
        let cancellations = state.withLock { state in
            defer { state.cancellations = [:] }
            state.isClosed = true
            return state.cancellations
        }
        for cancel in cancellations.values { cancel() }
    }

    /// Waits for something that may take any time, but no longer than the connection is open.
    ///
    /// - Throws: `CancellationError` when it has been closed.
    func whileOpen<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let task = Task(executorPreference: WorkPool.shared) { try await work() }
        let number = state.withLock { state -> Int? in
            if state.isClosed { return nil }
            state.nextWait += 1
            state.cancellations[state.nextWait] = { task.cancel() }
            return state.nextWait
        }
        if number == nil { task.cancel() }
        defer { if let number { state.withLock { _ = $0.cancellations.removeValue(forKey: number) } } }
        let value = try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
        // Much of what waits returns quietly when it is cancelled.
        if task.isCancelled { throw CancellationError() }
        return value
    }

    /// Waits for the end of a run.
    ///
    /// - Throws: `CancellationError` when the connection has been closed.
    func wait(forEndOf run: ManagedRun) async throws -> Report {
        let number = state.withLock { state in
            state.nextWait += 1
            state.cancellations[state.nextWait] = { run.askAgain() }
            return state.nextWait
        }
        let report = await run.waitForEnd { self.state.withLock(\.isClosed) }
        let isClosed = state.withLock { state in
            state.cancellations[number] = nil
            return state.isClosed
        }
        if isClosed || Task.isCancelled { throw CancellationError() }
        return try await blocking { try report ?? run.storedReport() }
    }

    /// Whether the client may say nothing for as long as it likes in the middle of a request: somebody types.
    var allowsSilence: Bool {
        get { state.withLock(\.allowsSilence) }
        set { state.withLock { $0.allowsSilence = newValue } }
    }

    // MARK: Whole requests

    // A body whose sender has gone looks to its reader like one that has ended, so ends are counted where they arrive.

    func requestArrived() { state.withLock { $0.requestsReceived += 1 } }

    /// Counted from 1.
    func beginRequest() -> Int {
        state.withLock { state in
            state.requestsBegun += 1
            return state.requestsBegun
        }
    }

    func bodyIsRead(_ number: Int) { state.withLock { $0.bodyRead = number } }

    func isBodyRead(_ number: Int) -> Bool { state.withLock { $0.bodyRead == number } }

    func hasWholeRequest(_ number: Int) -> Bool { state.withLock { $0.requestsReceived >= number } }
}

extension ResponseBodyWriter {
    /// Writes one piece of many, and returns when the socket has room for the next.
    ///
    /// SwiftNIO's channel takes itself for writable until its event loop has had a turn, and `write` does not wait for that:
    /// without the turn, whoever reads from a disk faster than a busy loop writes would pile up what is on its way.
    mutating func send(_ piece: [UInt8]) async throws {
        try await send(ByteBuffer(bytes: piece))
    }

    mutating func send(_ piece: ByteBuffer) async throws {
        try await write(piece)
        try await Connection.current?.channel.eventLoop.submit {}.get()
    }
}
