import ControlAPI
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOPosix
import Runs
import Synchronization

/// Accepts connections and hands their requests to the API.
final class Server: Sendable {
    /// Silence after which a connection is closed when it is the client's turn.
    static let patience = TimeAmount.seconds(60)
    /// A local client has no reason for more; what is in a header is held in memory.
    static let headerBytes = 16 << 10
    static let headerFields = 100

    private struct Accepted: Sendable {
        var connection: Connection?
        var http: HTTP1Channel.Value
    }

    private struct State {
        var listener: (any Channel)?
        var connections: [ObjectIdentifier: Connection] = [:]
        /// By uid.
        var served: [UInt32: Int] = [:]
        /// Of those that may not take all.
        var shared = 0
    }

    private let logger: Logger
    private let limit: Int
    private let respond: HTTPChannelHandler.Responder
    let holdings = Holdings()
    /// Whether all connections may be this peer's.
    private let mayTakeAll: @Sendable (Peer) -> Bool
    private let state = Mutex(State())

    /// - Parameters:
    ///   - limit: connections that are served at once; more wait to be accepted.
    ///   - mayTakeAll: others get a quarter each, so that no user alone can keep everybody out, and seven eighths
    ///     together, so that administrators always come in.
    init(
        limit: Int, logger: Logger, mayTakeAll: @escaping @Sendable (Peer) -> Bool,
        respond: @escaping HTTPChannelHandler.Responder
    ) {
        (self.limit, self.logger, self.mayTakeAll, self.respond) = (limit, logger, mayTakeAll, respond)
    }

    /// Returns when the listener was closed and every connection has ended.
    func run(_ socket: Int32, on group: MultiThreadedEventLoopGroup) async throws {
        let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: ListeningSocket.backlog)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .bind(
                socket,
                // What is not taken out of here stays with the kernel.
                serverBackPressureStrategy: .init(lowWatermark: 1, highWatermark: 2),
                childChannelInitializer: { self.setUp($0) })
        state.withLock { $0.listener = listener.channel }
        try await listener.executeThenClose { inbound in
            await withTaskGroup(of: Void.self) { group in
                var serving = 0
                do {
                    for try await accepted in inbound {
                        if serving == limit {
                            await group.next()
                            serving -= 1
                        }
                        serving += 1
                        // Where its requests may block.
                        group.addTask(executorPreference: WorkPool.shared) { await self.serve(accepted) }
                    }
                } catch {
                    self.logger.error("accept connections: \(error)")
                }
            }
        }
    }

    private func setUp(_ channel: any Channel) -> EventLoopFuture<Accepted> {
        let peer = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            Peer(of: $0)
        }
        let connection = (peer ?? nil).map { Connection(peer: $0, channel: channel, holdings: holdings) }
        return http(connection).setup(channel: channel, logger: logger).flatMapThrowing { http in
            let pipeline = channel.pipeline.syncOperations, line = RequestLine()
            try pipeline.addHandler(line, position: .first)
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(Framing(line: line), position: .after(decoder))
            return Accepted(connection: connection, http: http)
        }
    }

    private func http(_ connection: Connection?) -> HTTP1Channel {
        let configuration = HTTP1Channel.Configuration(
            additionalChannelHandlers: connection.map {
                [ConnectionGuard(connection: $0, patience: Server.patience)]
            } ?? [],
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: Server.headerBytes, maxHeaderListSize: Server.headerBytes,
                maxHeaderFieldCount: Server.headerFields)
        )
        return HTTP1Channel(responder: respond, configuration: configuration)
    }

    private func serve(_ accepted: Accepted) async {
        // Whoever the kernel cannot name may do nothing.
        guard let connection = accepted.connection else {
            return await refuse(
                accepted.http, Problem(.forbidden, "the kernel does not say who you are; connect by the Unix socket"))
        }
        let isShared = !mayTakeAll(connection.peer)
        if let problem = state.withLock({ admit(connection, isShared, &$0) }) {
            return await refuse(accepted.http, problem)
        }
        await Connection.$current.withValue(connection) {
            await http(connection).handle(value: accepted.http, logger: logger)
        }
        state.withLock { state in
            state.connections[ObjectIdentifier(connection)] = nil
            if isShared { state.shared -= 1 }
            let rest = state.served[connection.peer.uid, default: 0] - 1
            state.served[connection.peer.uid] = rest == 0 ? nil : rest
        }
    }

    /// - Returns: why not.
    private func admit(_ connection: Connection, _ isShared: Bool, _ state: inout State) -> Problem? {
        let uid = connection.peer.uid
        if isShared {
            let most = max(1, limit / 4)
            if state.served[uid, default: 0] >= most {
                return Problem(.quota, "you have \(most) connections open, and may have no more; close one first")
            }
            if state.shared >= limit - max(1, limit / 8) {
                return Problem(.busy, "all connections are taken by other users; try again later")
            }
            state.shared += 1
        }
        state.served[uid, default: 0] += 1
        state.connections[ObjectIdentifier(connection)] = connection
        return nil
    }

    /// Answers before anything is asked: whoever is not served is to be waited for by nobody.
    private func refuse(_ channel: HTTP1Channel.Value, _ problem: Problem) async {
        let body = ByteBuffer(bytes: (try? APICoder.encode(problem)) ?? [])
        let head = HTTPResponse(
            status: .init(code: problem.status),
            headerFields: [
                .contentType: Problem.mediaType, .contentLength: "\(body.readableBytes)", .connection: "close",
            ])
        try? await channel.executeThenClose { _, outbound in
            try await outbound.write(contentsOf: [.head(head), .body(body), .end(nil)])
        }
    }

    /// Takes no more connections, closes idle ones, and ends what waits on behalf of others; short requests are carried
    /// out. `run` returns after that.
    func stop() {
        let (listener, connections) = state.withLock { ($0.listener, Array($0.connections.values)) }
        listener?.close(promise: nil)
        for connection in connections {
            connection.giveUp()
            connection.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }

    var openConnections: Int { state.withLock(\.connections.count) }
}
