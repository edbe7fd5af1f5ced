import ControlAPI
import HTTPTypes
import Hummingbird
import NIOCore
import Programs
import Runs

// A run's files, one by one.

extension API {
    /// Bytes that are read, held and written at once.
    static let pieceBytes = 64 << 10

    func files(_ call: Call) async throws -> Response {
        let run = try visibleRun(call)
        return try call.answer(FileList(files: try await onDisk { try run.files().map(FileView.init) }))
    }

    /// `/v1/runs/{id}/files/{path}`: what can be no file's name is not found, or refused by the rules.
    private func filePath(_ call: Call) throws -> String { try call.path(behind: 4) }

    // MARK: Down

    func file(_ call: Call) async throws -> Response {
        let run = try visibleRun(call)
        let path = try filePath(call)
        let opened = try await onDisk { try run.open(path) }
        let size = opened.file.size
        let tag = "\"\(opened.file.sha256)\""
        var headers: HTTPFields = [
            .eTag: tag, .acceptRanges: "bytes", .contentType: "application/octet-stream",
        ]
        if let known = call.header(.ifNoneMatch), entityTags(known, match: opened.file.sha256) {
            return Response(status: .notModified, headers: headers)
        }
        // A range of another version would be put together with what does not belong to it.
        let isSame = call.header(.ifRange).map { $0 == tag } ?? true
        let range: Range<Int64>?
        do { range = try ByteRange.parse(isSame ? call.header(.range) : nil, size: size) } catch {
            throw ProblemWithHeaders(problem: error, headers: [.contentRange: "bytes */\(size)"])
        }
        if let range { headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)" }
        return Response(
            status: range == nil ? .ok : .partialContent, headers: headers,
            body: body(of: opened, range ?? 0..<size))
    }

    private func body(of opened: OpenedFile, _ range: Range<Int64>) -> ResponseBody {
        ResponseBody(contentLength: range.count) { writer in
            try await write(opened, range, to: &writer)
            try await writer.finish(nil)
        }
    }

    func write(_ opened: OpenedFile, _ range: Range<Int64>, to writer: inout any ResponseBodyWriter) async throws {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let from = offset
            let count = Int(min(Int64(API.pieceBytes), range.upperBound - from))
            let piece = try await onDisk { try opened.read(from: from, upTo: count) }
            // It was promised by its size, so the answer cannot be completed any more.
            guard !piece.isEmpty else { throw Problem(.node, "file '\(opened.file.path)' has become shorter") }
            try await writer.send(piece)
            offset += Int64(piece.count)
        }
    }

    // MARK: Up

    func putFile(_ call: Call) async throws -> Response {
        let run = try visibleRun(call)
        let path = try filePath(call)
        if call.header(.contentRange) != nil {
            throw Problem(.malformed, "PUT takes whole files: Content-Range is not possible here")
        }
        let mayReplace = call.header(.ifNoneMatch) == nil
        if !mayReplace, call.header(.ifNoneMatch) != "*" {
            throw Problem(.malformed, "If-None-Match of a PUT can only be '*'")
        }
        let upload = try await run.upload(path, mayReplace: mayReplace)
        try await call.readBody { piece in
            let bytes = Array(piece.readableBytesView)
            try await onDisk { try upload.write(bytes) }
        }
        let (file, replaced) = try await upload.finish()
        return Response(
            status: replaced ? .noContent : .created,
            headers: replaced
                ? [.eTag: "\"\(file.sha256)\""] : [.eTag: "\"\(file.sha256)\"", .location: call.request.uri.path])
    }

    func removeFile(_ call: Call) async throws -> Response {
        let run = try visibleRun(call)
        let path = try filePath(call)
        try await run.removeInput(path)
        return Response(status: .noContent)
    }
}
