import ControlAPI
import Kernel
import Runs

/// stdout or stderr of a run on its way to the same stream of this process. Writes only what that takes without
/// waiting, so that a slow reader never keeps jrun from obeying a signal; and reads no more before that is written.
final class RunOutput {
    let sink: Int32
    private var reading: StreamReading
    private var follows = true
    private var exchange: ClientExchange?
    private var pending: ArraySlice<UInt8> = []
    private var isReceived = false
    private var isWatched = true
    /// Why the sink takes no more.
    private(set) var failure: Int32?
    /// What a ready pipe or terminal surely takes: PIPE_BUF. Source: pipe(7).
    private let mostAtOnce: Int

    init(_ id: String, _ stream: String, sink: Int32) {
        self.sink = sink
        reading = StreamReading(id: id, stream: stream, offset: 0)
        let isFile = (try? FileStatus(of: sink))?.kind == .file
        mostAtOnce = isFile ? .max : 4096
    }

    var hasPending: Bool { !pending.isEmpty && failure == nil }
    /// Nothing more is to be done.
    var isDone: Bool { failure != nil || isReceived && pending.isEmpty }

    var source: (descriptor: Int32, for: Readiness) {
        guard pending.isEmpty, let exchange else { return (-1, []) }
        return (exchange.descriptor, Readiness(rawValue: exchange.events))
    }

    /// Without anything to write, poll(2) still tells of a reader that has gone.
    var target: (descriptor: Int32, for: Readiness) {
        (failure == nil && isWatched ? sink : -1, hasPending ? .output : [])
    }

    func open(_ client: ControlClient) throws {
        guard exchange == nil, !isReceived, failure == nil else { return }
        exchange = try client.begin(reading.request(following: follows))
    }

    func close() { exchange = nil }

    func receive(_ client: ControlClient) throws {
        guard let exchange else { return }
        try exchange.advance()
        guard exchange.head != nil else { return }
        do { try client.throwProblem(of: exchange) } catch let problem as Problem {
            self.exchange = nil
            guard problem.isEndedStream && follows else { throw problem }
            // What is kept of it is there without following.
            follows = false
            return try open(client)
        }
        pending = exchange.take()[...]
        reading.advance(by: pending.count)
        if exchange.isComplete { (isReceived, self.exchange) = (true, nil) }
    }

    /// Called when the sink is ready.
    func write() {
        do {
            let n = try writeSome(pending.prefix(mostAtOnce), to: sink)
            pending = pending.dropFirst(n)
        } catch { fail(error.errno) }
    }

    /// Nobody reads the sink any more, and nothing was lost by that.
    func abandon() { (isReceived, pending, exchange, isWatched) = (true, [], nil, false) }

    private func fail(_ errno: Int32) {
        failure = errno
        exchange = nil
    }
}
