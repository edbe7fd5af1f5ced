import ControlAPI
import Kernel

/// Carries this process's stdin to the run, a block at a time: jrund's answer means that the program's pipe has taken it,
/// so that after a lost connection it is known where to go on.
final class StdinFeed {
    private static let blockBytes = 1 << 16

    private let id: String
    private var exchange: ClientExchange?
    /// What is on its way; an empty one is the end.
    private var block: [UInt8]?
    /// Bytes that the program's pipe has taken.
    private var confirmed: Int64 = 0
    private var isOver = false

    init(_ id: String) { self.id = id }

    var source: (descriptor: Int32, for: Readiness) { (block == nil && !isOver ? 0 : -1, .input) }

    var target: (descriptor: Int32, for: Readiness) {
        exchange.map { ($0.descriptor, Readiness(rawValue: $0.events)) } ?? (-1, [])
    }

    /// A stdin that cannot be read counts as ended.
    func readInput(_ client: ControlClient) throws {
        block = (try? FileSystem.read(0, upTo: StdinFeed.blockBytes)) ?? []
        try send(client)
    }

    private func send(_ client: ControlClient) throws {
        guard let block else { return }
        let query = block.isEmpty ? [(name: "close", value: "true")] : []
        exchange = try client.begin(
            ClientRequest("POST", Route(["v1", "runs", id, "stdin"], query: query), body: .bytes(block)))
    }

    func advance(_ client: ControlClient) throws {
        guard let exchange else { return }
        try exchange.advance()
        guard let head = exchange.head else { return }
        // The run has ended, or its program has closed its stdin, or takes no more: it gets no more.
        if head.status >= 400 { return end() }
        guard exchange.isComplete else { return }
        client.release(exchange)
        self.exchange = nil
        confirmed += Int64(block?.count ?? 0)
        if block?.isEmpty == true { isOver = true }
        block = nil
    }

    func close() { exchange = nil }

    /// Goes on behind what the program has taken. - Parameter run: as it is now.
    func resume(_ run: RunView, _ client: ControlClient) throws {
        guard !isOver, exchange == nil, let block else { return }
        if run.stdin.closed || run.hasEnded { return end() }
        let taken = Int(min(max(run.stdin.bytes - confirmed, 0), Int64(block.count)))
        confirmed += Int64(taken)
        let rest = Array(block.dropFirst(taken))
        self.block = rest.isEmpty && !block.isEmpty ? nil : rest
        try send(client)
    }

    func end() { (isOver, exchange, block) = (true, nil, nil) }
}
