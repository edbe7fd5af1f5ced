import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes
import NIOPosix
import Synchronization

/// Accepts connections and hands their requests to the API.
final class Server: Sendable {
    /// Silence after which a connection is closed when it is the client's turn.
    static let patience = TimeAmount.seconds(60)
    /// A local client has no reason for more; what is in a header is held in memory.
    private static let headerBytes = 16 << 10

    private struct Accepted: Sendable {
        var connection: Connection?
        var http: HTTP1Channel.Value
    }

    private struct State {
        var listener: (any Channel)?
        var connections: [ObjectIdentifier: Connection] = [:]
    }

    private let logger: Logger
    private let limit: Int
    private let respond: HTTPChannelHandler.Responder
    private let state = Mutex(State())

    /// - Parameter limit: connections that are served at once; more wait to be accepted.
    init(limit: Int, logger: Logger, respond: @escaping HTTPChannelHandler.Responder) {
        (self.limit, self.logger, self.respond) = (limit, logger, respond)
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
                        group.addTask { await self.serve(accepted) }
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
        let connection = (peer ?? nil).map { Connection(peer: $0, channel: channel) }
        return http(connection).setup(channel: channel, logger: logger).map {
            Accepted(connection: connection, http: $0)
        }
    }

    private func http(_ connection: Connection?) -> HTTP1Channel {
        let configuration = HTTP1Channel.Configuration(
            additionalChannelHandlers: connection.map {
                [ConnectionGuard(connection: $0, patience: Server.patience)]
            } ?? [],
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: Server.headerBytes, maxHeaderListSize: Server.headerBytes, maxHeaderFieldCount: 100)
        )
        return HTTP1Channel(responder: respond, configuration: configuration)
    }

    private func serve(_ accepted: Accepted) async {
        guard let connection = accepted.connection else {
            // Gone before the kernel could say who it was.
            accepted.http.channel.close(promise: nil)
            return
        }
        let key = ObjectIdentifier(connection)
        state.withLock { $0.connections[key] = connection }
        await Connection.$current.withValue(connection) {
            await http(connection).handle(value: accepted.http, logger: logger)
        }
        state.withLock { _ = $0.connections.removeValue(forKey: key) }
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
