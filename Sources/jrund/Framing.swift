import ControlAPI
import NIOCore
import NIOHTTP1

/// Sits beside the HTTP codec, where requests still have their version and framing, and answers do not have theirs yet.
///
/// What two readers could take for two different requests is refused, whatever the parser makes of it (RFC 9112, sections
/// 3.2, 6.1 and 6.3), so that nothing in front of jrund can be made to pass on a request that it has not seen.
final class Framing: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private struct Due {
        var isOld: Bool
        var isLast: Bool
    }

    /// Requests whose answer has not ended.
    private var due = CircularBuffer<Due>()
    private var isRefused = false
    private let line: RequestLine

    init(line: RequestLine) { self.line = line }

    // MARK: In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        switch unwrapInboundIn(data) {
        case .head(var head):
            if let reason = Framing.reasonAgainst(head) {
                isRefused = true
                return context.fireErrorCaught(RefusedRequest(description: reason))
            }
            let isOld = head.version == .http1_0
            // Whoever speaks HTTP/1.0 knows the end of a stream only by the end of the connection, and what comes behind a
            // wish for another protocol is not read.
            let isLast =
                isOld || head.method == .CONNECT || head.headers.contains(name: "upgrade")
                || head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "close" }
            if isLast { head.headers.replaceOrAdd(name: "Connection", value: "close") }
            due.append(Due(isOld: isOld, isLast: isLast))
            context.fireChannelRead(wrapInboundOut(.head(head)))
        case .body: context.fireChannelRead(data)
        case .end:
            line.begin()
            context.fireChannelRead(data)
        }
    }

    private static func reasonAgainst(_ head: HTTPRequestHead) -> String? {
        let isOld = head.version == .http1_0
        if head.version != .http1_1, !isOld { return "\(head.version) is not spoken here" }
        let hosts = head.headers["host"].count
        if hosts > 1 || hosts == 0 && !isOld { return "there must be exactly one Host" }
        let codings = head.headers["transfer-encoding"]
        if codings.isEmpty { return nil }
        if head.headers.contains(name: "content-length") {
            return "Content-Length and Transfer-Encoding contradict each other; send one of them"
        }
        if codings.count > 1 || codings[0].lowercased() != "chunked" || isOld {
            return "the only Transfer-Encoding is 'chunked', once, of HTTP/1.1"
        }
        return nil
    }

    // MARK: Out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            let isInformational = head.status.code < 200
            // RFC 9110, section 15.2: no 1xx to a client of HTTP/1.0.
            if isInformational, due.first?.isOld == true {
                promise?.succeed()
                return
            }
            if !isInformational {
                // RFC 9110, section 6.6.1.
                head.headers.replaceOrAdd(name: "Date", value: HTTPDate.now)
                if due.first?.isLast == true { head.headers.replaceOrAdd(name: "Connection", value: "close") }
            }
            // The encoder then leaves out what HTTP/1.0 does not know: chunks.
            if due.first?.isOld == true { head.version = .http1_0 }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body: context.write(data, promise: promise)
        case .end:
            _ = due.popFirst()
            context.write(data, promise: promise)
        }
    }
}

/// A request that the parser takes and jrund does not.
struct RefusedRequest: Error, CustomStringConvertible {
    var description: String
}

/// How long the request line is: the parser says only that something in a header is too long.
final class RequestLine: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private(set) var length = 0
    private var isWhole = false

    /// Another request comes.
    func begin() { (length, isWhole) = (0, false) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !isWhole {
            let bytes = unwrapInboundIn(data).readableBytesView
            let end = bytes.firstIndex(of: UInt8(ascii: "\n"))
            length += (end ?? bytes.endIndex) - bytes.startIndex
            isWhole = end != nil
        }
        context.fireChannelRead(data)
    }
}
