import ControlAPI
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes
import Programs
import Runs

/// What Hummingbird hands to every route.
struct Context: RequestContext {
    struct Source: RequestContextSource {
        var connection: Connection
        var logger: Logger
    }

    var coreContext: CoreRequestContextStorage
    let connection: Connection
    /// Of this connection, counted from 1.
    let number: Int

    init(source: Source) {
        coreContext = .init(source: source)
        connection = source.connection
        number = source.connection.beginRequest()
    }
}

/// One request on its way through a route.
struct Call: Sendable {
    let request: Request
    let context: Context
    let query: Query
    /// Configuration and programs as they were when the request came, however long it takes.
    let live: Live
    /// What is in memory as a whole for this request.
    let holding: Holding

    var connection: Connection { context.connection }
    var peer: Peer { context.connection.peer }
    var isAdministrator: Bool { live.access.isAdministrator(peer) }
    var owner: Owner { Owner(uid: peer.uid, gid: peer.gid) }

    func header(_ name: HTTPField.Name) -> String? { request.headers[name] }

    /// A part of the path, decoded.
    func parameter(_ name: String) throws -> String {
        try percentDecoded(Substring(context.parameters.get(name) ?? ""), in: "the path")
    }

    /// What stands in the path behind the first `count` parts, decoded.
    func path(behind count: Int) throws -> String {
        // From the path as it was sent: two slashes are two slashes.
        let parts = request.uri.path.split(separator: "/", maxSplits: count + 1, omittingEmptySubsequences: false)
        return try percentDecoded(parts.count == count + 2 ? parts[count + 1] : "", in: "the path")
    }

    // MARK: Body

    /// Tells a client that waits to be asked, and hands over the body piece by piece.
    ///
    /// - Throws: `malformed` when the body ends before it should have.
    func readBody(_ take: (ByteBuffer) async throws -> Void) async throws {
        if header(.expect)?.lowercased() == "100-continue" {
            try await connection.channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue)))
        }
        connection.bodyIsRead(context.number)
        var pieces = request.body.makeAsyncIterator()
        // An error here is the end of the connection.
        while let piece = try? await pieces.next() {
            do { try await take(piece) } catch {
                await discard(&pieces)
                throw error
            }
        }
        guard connection.hasWholeRequest(context.number) else {
            throw Problem(.malformed, "the body is cut short, or is no HTTP")
        }
    }

    func body(upTo limit: Int) async throws -> [UInt8] {
        let tooLarge = Problem(.tooLarge, "the body is larger than \(limit) bytes")
        if let length = header(.contentLength).flatMap(Int.init), length > limit { throw tooLarge }
        var bytes: [UInt8] = []
        try await readBody { piece in
            guard bytes.count + piece.readableBytes <= limit else { throw tooLarge }
            guard holding.take(piece.readableBytes) else { throw Holding.problem }
            bytes += piece.readableBytesView
        }
        return bytes
    }

    /// The bytes of a JSON body.
    func json(upTo limit: Int) async throws -> [UInt8] {
        // What curl says when it is told nothing is no statement about the body.
        let accepted = ["application/json", "application/x-www-form-urlencoded"]
        if let type = header(.contentType)?.split(separator: ";").first?.lowercased() {
            let name = type.filter { $0 != " " }
            guard accepted.contains(name) || name.hasPrefix("application/") && name.hasSuffix("+json") else {
                throw Problem(.mediaType, "the body is JSON, but Content-Type says '\(name)'; say application/json")
            }
        }
        return try await body(upTo: limit)
    }
}

/// Takes a little of a body that nobody wants, since many clients look at the answer only when they have sent everything.
/// One that has more to send is told so by `Connection: close`.
func discard(_ pieces: inout RequestBody.AsyncIterator) async {
    var rest = 8 << 20
    while rest > 0, let piece = try? await pieces.next() { rest -= piece.readableBytes }
}

// MARK: Answers

extension Call {
    /// As JSON.
    ///
    /// - Throws: `quota` when it is large and the caller has left too much unread already. Only of what can be asked again:
    ///   the answer to a request that has changed something is always given.
    func answer(
        _ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = HTTPFields()
    ) throws -> Response {
        try answer(APICoder.encode(value), "application/json", status: status, headers: headers)
    }

    func answer(
        json value: some JSONWritable, status: HTTPResponse.Status = .ok, headers: HTTPFields = HTTPFields()
    ) throws -> Response {
        try answer(JSONWriter.bytes(of: value), "application/json", status: status, headers: headers)
    }

    func answer(
        _ bytes: [UInt8], _ type: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = HTTPFields()
    ) throws -> Response {
        var headers = headers
        headers[.contentType] = type
        holding.giveBack()
        let buffer = ByteBuffer(bytes: bytes)
        guard bytes.count > API.pieceBytes else {
            return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: buffer))
        }
        if request.method == .get {
            guard holding.take(bytes.count) else { throw Holding.problem }
        } else {
            holding.takeAnyway(bytes.count)
        }
        // In pieces, so that it is known when the last of it has gone.
        let body = ResponseBody(contentLength: bytes.count) { [holding] writer in
            var rest = buffer
            while let piece = rest.readSlice(length: min(API.pieceBytes, rest.readableBytes)), piece.readableBytes > 0 {
                try await writer.send(piece)
            }
            holding.giveBack()
            try await writer.finish(nil)
        }
        return Response(status: status, headers: headers, body: body)
    }
}
