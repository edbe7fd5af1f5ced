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
    /// What comes in can no longer be read.
    private var isBroken = false

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
        let isRefused = error is HTTPParserError || error is RefusedRequest
        guard isRefused else { return context.fireErrorCaught(error) }
        if answersDue > 0 {
            // Somebody reads this request, and shall hear of it; what can be answered still is.
            isBroken = true
            return context.fireErrorCaught(error)
        }
        // Its answer is there already.
        if isInsideRequest { return context.close(promise: nil) }
        let problem = problem(error, context)
        let body = (try? APICoder.encode(problem)) ?? []
        let head = HTTPResponse(
            status: .init(code: problem.status),
            headerFields: [
                .contentType: Problem.mediaType, .contentLength: "\(body.count)", .connection: "close",
            ])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(context.channel.allocator.buffer(bytes: body))), promise: nil)
        let closing = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in closing.value.close(promise: nil) }
    }

    private func problem(_ error: any Error, _ context: ChannelHandlerContext) -> Problem {
        guard error as? HTTPParserError == .headerOverflow else {
            return Problem(.malformed, "this is no HTTP/1.1 request that is taken here: \(error)")
        }
        let line = try? context.pipeline.syncOperations.handler(type: RequestLine.self)
        if let line, line.length > Server.headerBytes {
            return Problem(.longTarget, "the request line is longer than \(Server.headerBytes) bytes")
        }
        return Problem(
            .largeHeader,
            "the header is larger than \(Server.headerBytes) bytes, or has more than \(Server.headerFields) fields")
    }

    // MARK: Out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            answersDue = max(0, answersDue - 1)
            if answersDue == 0, isBroken { return end(context, data, promise) }
            // From now on the next request is waited for.
            if answersDue == 0, timer == nil { startTimer(context) }
        }
        context.write(data, promise: promise)
    }

    /// The last part that is written.
    private func end(_ context: ChannelHandlerContext, _ data: NIOAny, _ promise: EventLoopPromise<Void>?) {
        let closing = NIOLoopBound(context, eventLoop: context.eventLoop)
        let done = context.eventLoop.makePromise(of: Void.self)
        done.futureResult.whenComplete { _ in closing.value.close(promise: nil) }
        done.futureResult.cascade(to: promise)
        context.writeAndFlush(data, promise: done)
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
