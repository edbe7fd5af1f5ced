import ControlAPI
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Sits between the HTTP codec and the requests: notes which bodies have arrived whole, closes a connection whose client
/// keeps jrund waiting, and answers what is no HTTP.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let connection: Connection
    private let patience: TimeAmount
    private var timer: Scheduled<Void>?
    /// Requests whose answer has not ended.
    private var answersDue = 0
    private var isInsideRequest = false

    init(connection: Connection, patience: TimeAmount) { (self.connection, self.patience) = (connection, patience) }

    // MARK: In

    /// Somebody wants to read: only then is a silent client to blame. An upload that is held back by its reader, or an
    /// answer that takes its time, may take as long as it likes.
    func read(context: ChannelHandlerContext) {
        if timer == nil, answersDue == 0 || isInsideRequest { startTimer(context) }
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        stopTimer()
        switch unwrapInboundIn(data) {
        case .head:
            isInsideRequest = true
            answersDue += 1
        case .body: break
        case .end:
            isInsideRequest = false
            connection.requestArrived()
        }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError, answersDue == 0 else {
            // In the middle of a request there is somebody who reads it, and shall hear of it.
            context.fireErrorCaught(error)
            if error is HTTPParserError { context.close(promise: nil) }
            return
        }
        let problem = Problem(.malformed, "this is no HTTP/1.1 request, or its header is larger than 16 KiB: \(error)")
        let body = (try? APICoder.encode(problem)) ?? []
        let head = HTTPResponse(
            status: .badRequest,
            headerFields: [
                .contentType: Problem.mediaType, .contentLength: "\(body.count)", .connection: "close",
            ])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(context.channel.allocator.buffer(bytes: body))), promise: nil)
        let closing = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in closing.value.close(promise: nil) }
    }

    // MARK: Out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            answersDue = max(0, answersDue - 1)
            // From now on the next request is waited for.
            if answersDue == 0, timer == nil { startTimer(context) }
        }
        context.write(data, promise: promise)
    }

    // MARK: Time

    private func startTimer(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: patience) {
            let (guardian, context) = bound.value
            guardian.patienceIsOver(context)
        }
    }

    private func patienceIsOver(_ context: ChannelHandlerContext) {
        timer = nil
        if connection.allowsSilence { startTimer(context) } else { context.close(promise: nil) }
    }

    private func stopTimer() {
        timer?.cancel()
        timer = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        stopTimer()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { stopTimer() }
}
