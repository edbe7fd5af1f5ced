import CLinux
import FoundationEssentials
import Kernel

// The client of the control socket: small, blocking, without threads. `jrun` is a static binary whose start time counts
// (docs/architecture.md, "Decisions"), so it does without the network stack that jrund has.
//
//   ControlClient.perform ──► ClientExchange: send, read the head ──► 400 and beyond: throws `Problem`
//                                                                 └─► body: `collect`, `next`, or poll it yourself

/// A request to the control API.
public struct ClientRequest {
    public var method: String
    public var route: Route
    public var fields: [(name: String, value: String)]
    public var body: ClientExchange.Body

    public init(
        _ method: String, _ route: Route, fields: [(name: String, value: String)] = [],
        body: ClientExchange.Body = .none
    ) {
        (self.method, self.route, self.fields, self.body) = (method, route, fields, body)
    }

    public static func get(_ route: Route) -> ClientRequest { ClientRequest("GET", route) }

    public static func post(_ route: Route, json: [UInt8]? = nil) -> ClientRequest {
        guard let json else { return ClientRequest("POST", route) }
        return ClientRequest("POST", route, fields: [("Content-Type", "application/json")], body: .bytes(json))
    }

    var head: [UInt8] {
        var head = "\(method) \(route.target) HTTP/1.1\r\nHost: jrun\r\nUser-Agent: jrun\r\n"
        for (name, value) in fields { head += "\(name): \(value)\r\n" }
        switch body {
        case .none: head += method == "GET" || method == "HEAD" ? "" : "Content-Length: 0\r\n"
        case .bytes(let bytes): head += "Content-Length: \(bytes.count)\r\n"
        case .file(_, let size): head += "Content-Length: \(size)\r\n"
        case .pieces: head += "Transfer-Encoding: chunked\r\n"
        }
        return Array((head + "\r\n").utf8)
    }
}

/// Asks jrund. For one thread; a connection is kept for the next request when it can be.
public final class ControlClient {
    public let socketPath: String
    /// A descriptor that ends every wait with `ClientError.interrupted` once it is readable; -1 for none.
    public var interruption: Int32 = -1
    /// Milliseconds that any wait may take; nil: as long as it takes.
    public var patience: Int64?
    /// Told how many bytes of an upload were sent, now and then.
    public var progress: ((Int64) -> Void)?
    /// Somebody listened at least once.
    public private(set) var wasReached = false
    private var idle: ClientSocket?

    /// Largest body that is taken whole.
    public static let maxCollectedBytes = 64 << 20

    public init(_ socketPath: String = defaultSocketPath) {
        self.socketPath = socketPath
        // sendfile(2) has no way to ask for EPIPE alone.
        ignoreSignalsOfWriting()
    }

    /// Begins a request; nothing was read of the answer yet.
    public func begin(_ request: ClientRequest) throws -> ClientExchange {
        var socket = idle
        idle = nil
        if socket?.isStale == true { socket = nil }
        return ClientExchange(
            try socket ?? connect(), head: request.head, body: request.body, isHEAD: request.method == "HEAD")
    }

    /// Sends a request and reads the answer's head.
    ///
    /// - Throws: `Problem` when jrund refuses; `ClientError`; `KernelError` of a file that is sent.
    public func perform(_ request: ClientRequest) throws -> ClientExchange {
        let exchange = try begin(request)
        while exchange.head == nil {
            try wait(for: exchange)
            try exchange.advance()
            progress?(exchange.sentBytes)
        }
        try throwProblem(of: exchange)
        return exchange
    }

    /// The whole body of the answer.
    public func collect(_ request: ClientRequest, limit: Int = maxCollectedBytes) throws -> [UInt8] {
        try collect(try perform(request), limit: limit)
    }

    public func decode<Value: Decodable>(_ type: Value.Type, _ request: ClientRequest) throws -> Value {
        try decode(type, from: try collect(request))
    }

    public func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        do { return try APICoder.decode(type, from: bytes) } catch {
            throw ClientError.badAnswer("not the JSON of \(type)")
        }
    }

    /// The next piece of the body, waiting for it; nil at the end.
    public func next(of exchange: ClientExchange) throws -> [UInt8]? {
        while true {
            let piece = exchange.take()
            if !piece.isEmpty { return piece }
            if exchange.isComplete {
                release(exchange)
                return nil
            }
            try wait(for: exchange)
            try exchange.advance()
        }
    }

    /// Keeps the connection of a finished exchange for the next request.
    public func release(_ exchange: ClientExchange) { if exchange.isReusable { idle = exchange.takeSocket() } }

    /// Throws what an answer of 400 and beyond says.
    public func throwProblem(of exchange: ClientExchange) throws {
        guard let status = exchange.head?.status, status >= 400 else { return }
        let bytes = try collect(exchange, limit: 4 << 20)
        if let problem = try? APICoder.decode(Problem.self, from: bytes) { throw problem }
        throw ClientError.badAnswer("status \(status) without saying why")
    }

    private func collect(_ exchange: ClientExchange, limit: Int) throws -> [UInt8] {
        var all: [UInt8] = []
        while let piece = try next(of: exchange) {
            all += piece
            if all.count > limit { throw ClientError.badAnswer("more than \(limit) bytes where little was expected") }
        }
        return all
    }

    // MARK: Waiting

    private func connect() throws -> ClientSocket {
        while true {
            do {
                let socket = try ClientSocket(socketPath)
                wasReached = true
                return socket
            } catch {
                // The queue of connections is full, and the kernel tells nobody when it is not.
                guard case .unreachable(_, let errno) = error, errno == EAGAIN, patience == nil else { throw error }
                try pause(milliseconds: 20)
            }
        }
    }

    /// Returns after that time, or throws when it is interrupted.
    public func pause(milliseconds: Int64) throws {
        var poll = k_pollfd(fd: interruption, events: Int16(POLLIN), revents: 0)
        var time = timespec(milliseconds)
        if sys_ppoll(&poll, 1, &time) > 0 { throw ClientError.interrupted }
    }

    private func wait(for exchange: ClientExchange) throws {
        var polls = [
            k_pollfd(fd: exchange.descriptor, events: exchange.events, revents: 0),
            k_pollfd(fd: interruption, events: Int16(POLLIN), revents: 0),
        ]
        var time = timespec(patience ?? 0)
        let n = patience == nil ? sys_ppoll(&polls, 2, nil) : sys_ppoll(&polls, 2, &time)
        if polls[1].revents != 0 { throw ClientError.interrupted }
        if n == 0 { throw ClientError.slow(path: socketPath) }
    }

    private func timespec(_ milliseconds: Int64) -> k_timespec {
        k_timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
    }
}
