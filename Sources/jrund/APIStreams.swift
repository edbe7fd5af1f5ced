import ControlAPI
import HTTPTypes
import Hummingbird
import NIOCore
import Runs

// stdout, stderr and stdin of a run.

extension API {
    // MARK: Out

    func output(_ stream: OutputStream, _ call: Call) async throws -> Response {
        let run = try visibleRun(call)
        let offset = try call.query.number("offset", in: 0...Int64.max) ?? 0
        let limit = try call.query.number("limit", in: 1...Int64.max)
        let isFollowing = try call.query.bool("follow", default: false)
        let reader: StreamReader
        do {
            reader = try await onDisk { try run.reader(of: stream, from: offset, following: isFollowing) }
        } catch let refusal as MonitorRefusal {
            throw problem(refusal, stream, run)
        }
        var headers: HTTPFields = [.contentType: "application/octet-stream", .streamOffset: "\(offset)"]
        guard isFollowing else {
            // What comes later does not belong to an answer whose length has been said.
            let count = min(max(0, reader.size - offset), limit ?? .max)
            return Response(status: .ok, headers: headers, body: body(of: reader, count: count))
        }
        headers[.cacheControl] = "no-store"
        let connection = call.connection
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                try await follow(reader, limit: limit ?? .max, connection, &writer)
                try await writer.finish(nil)
            })
    }

    private func problem(_ refusal: MonitorRefusal, _ stream: OutputStream, _ run: ManagedRun) -> any Error {
        var problem = Problem(refusal)
        if refusal.kind == .ended { problem.kept = "/v1/runs/\(run.id)/\(stream.rawValue)" }
        guard refusal.kind == .range, let size = run.stream(stream)?.bytes else { return problem }
        return ProblemWithHeaders(problem: problem, headers: [.contentRange: "bytes */\(size)"])
    }

    /// What a reader of a stream has in memory at once. A Unix socket takes about as much.
    private static let streamPieceBytes: Int64 = 256 << 10

    /// Empty when there is nothing more now.
    private func piece(of reader: StreamReader, upTo count: Int64) async throws -> ByteBuffer {
        try await onDisk {
            let count = Int(min(count, API.streamPieceBytes, reader.rest))
            var buffer = ByteBuffer()
            if count > 0 {
                try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) {
                    try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[..<count]))
                }
            }
            return buffer
        }
    }

    private func body(of reader: StreamReader, count: Int64) -> ResponseBody {
        ResponseBody(contentLength: Int(count)) { writer in
            var rest = count
            while rest > 0 {
                let piece = try await piece(of: reader, upTo: rest)
                guard piece.readableBytes > 0 else { throw Problem(.node, "the kept bytes have become fewer") }
                rest -= Int64(piece.readableBytes)
                try await writer.send(piece)
            }
            try await writer.finish(nil)
        }
    }

    /// At the pace of whoever reads: `write` returns when the socket has room again.
    private func follow(
        _ reader: StreamReader, limit: Int64, _ connection: Connection, _ writer: inout any ResponseBodyWriter
    ) async throws {
        var rest = limit
        while rest > 0 {
            let piece = try await piece(of: reader, upTo: rest)
            if piece.readableBytes == 0 {
                guard try await connection.whileOpen({ await reader.waitForMore() }) else { return }
            } else {
                rest -= Int64(piece.readableBytes)
                try await writer.send(piece)
            }
        }
    }

    // MARK: In

    func stdin(_ call: Call) async throws -> Response {
        let run = try visibleRun(call)
        let shallClose = try call.query.bool("close", default: false)
        let connection = call.connection
        let writer = try await connection.whileOpen { try await run.openStdin(closing: shallClose) }
        connection.allowsSilence = true
        defer { connection.allowsSilence = false }
        do {
            try await call.readBody { piece in
                let bytes = Array(piece.readableBytesView)
                try await connection.whileOpen { try await writer.write(bytes) }
            }
            if shallClose { try await writer.close() }
        } catch {
            writer.finish()
            throw error
        }
        writer.finish()
        return try call.answer(daemon.view(run))
    }
}
