// A small HTTP/1.1 client of the tests' own, for what curl is too slow or too coarse: many streams at once, connections
// that end in the middle, readers that stop reading. It shares nothing with jrun's client, so that a mistake there cannot
// hide one in jrund.

import Foundation
import Glibc

/// One connection, one request.
final class RawConnection {
    /// The connection ended before the answer did. After a crash of jrund that is no surprise.
    struct Lost: Error, CustomStringConvertible {
        var description: String
    }

    struct Head {
        var status: Int
        /// Names in lower case.
        var headers: [String: String]
    }

    private enum Framing { case length(Int), chunked, untilEnd }

    let descriptor: Int32
    private var received: ArraySlice<UInt8> = []
    private var framing = Framing.untilEnd
    /// Of the current chunk.
    private var chunkLeft = 0
    private var isOver = false

    /// - Parameters:
    ///   - seconds: how long a silence may be before it counts as a hang.
    ///   - uid: who connects.
    init(_ path: String, seconds: Int = 90, uid: UInt32 = 0) throws {
        descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw DaemonError(description: "no socket: \(String(cString: strerror(errno)))") }
        var timeout = timeval(tv_sec: seconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &timeout, socklen_t(MemoryLayout<timeval>.size))
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let result = asUser(uid) {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
        if result != 0 { throw Lost(description: "connect: \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    func send(_ method: String, _ path: String, headers: [String] = [], body: [UInt8]? = nil) {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: jrun", "Connection: close"] + headers
        if let body { lines.append("Content-Length: \(body.count)") }
        send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (body ?? []))
    }

    /// Bytes as they are, as far as somebody takes them.
    func send(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = Glibc.send(
                    descriptor, buffer.baseAddress! + done, buffer.count - done, Int32(MSG_NOSIGNAL))
                // The answer may be there nevertheless, and says more than this error.
                if count <= 0 { return }
                done += count
            }
        }
    }

    func head() throws -> Head {
        var head = try readHead()
        while head.status == 100 { head = try readHead() }
        if head.headers["transfer-encoding"]?.lowercased() == "chunked" {
            framing = .chunked
        } else if let length = head.headers["content-length"].flatMap({ Int($0) }) {
            framing = .length(length)
        }
        if head.status == 204 || head.status == 304 { framing = .length(0) }
        return head
    }

    /// The next bytes of the body; nil at its end.
    func piece() throws -> ArraySlice<UInt8>? {
        if isOver { return nil }
        switch framing {
        case .untilEnd: return try take(.max)
        case .length(let left):
            if left == 0 { return nil }
            let bytes = try take(left)
            framing = .length(left - bytes.count)
            return bytes
        case .chunked:
            if chunkLeft == 0 { try beginChunk() }
            if isOver { return nil }
            let bytes = try take(chunkLeft)
            chunkLeft -= bytes.count
            if chunkLeft == 0 { _ = try line() }
            return bytes
        }
    }

    func body() throws -> [UInt8] {
        var all: [UInt8] = []
        while let bytes = try piece() { all += bytes }
        return all
    }

    // MARK: Bytes

    private func readHead() throws -> Head {
        let words = try line().split(separator: " ")
        guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
            throw DaemonError(description: "no HTTP/1.1 answer: \(words)")
        }
        var headers: [String: String] = [:]
        while case let text = try line(), !text.isEmpty {
            guard let colon = text.firstIndex(of: ":") else { throw DaemonError(description: "no header: \(text)") }
            headers[text[..<colon].lowercased()] = text[text.index(after: colon)...].trimmingCharacters(
                in: .whitespaces)
        }
        return Head(status: status, headers: headers)
    }

    private func beginChunk() throws {
        let text = try line()
        guard let size = Int(text.prefix { $0 != ";" }, radix: 16) else {
            throw DaemonError(description: "no size of a chunk: '\(text)'")
        }
        chunkLeft = size
        if size == 0 {
            while try !line().isEmpty {}
            isOver = true
        }
    }

    private func line() throws -> String {
        while true {
            if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
                defer { received = received[(end + 1)...] }
                // A line feed behind a carriage return is one Character, so the bytes are cut, not the text.
                return String(decoding: received[..<end].filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
            }
            try receive()
        }
    }

    /// At least one byte and at most `count`.
    private func take(_ count: Int) throws -> ArraySlice<UInt8> {
        if received.isEmpty { try receive() }
        let bytes = received.prefix(count)
        received = received.dropFirst(bytes.count)
        return bytes
    }

    private func receive() throws {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, used in
            count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            used = max(0, count)
        }
        if count < 0, errno == EAGAIN { throw DaemonError(description: "jrund says nothing for too long") }
        if count <= 0 { throw Lost(description: count == 0 ? "cut off" : String(cString: strerror(errno))) }
        received = received.isEmpty ? bytes[...] : received + bytes
    }
}

/// A whole answer.
struct RawAnswer: CustomStringConvertible {
    var request: String
    var status: Int
    var headers: [String: String]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var description: String { "\(request): \(status) \(text.prefix(400))" }
}

extension RawConnection {
    static func answer(
        _ socket: String, _ method: String, _ path: String, headers: [String] = [], body: [UInt8]? = nil,
        uid: UInt32 = 0
    ) throws -> RawAnswer {
        let connection = try RawConnection(socket, uid: uid)
        connection.send(method, path, headers: headers, body: body)
        let head = try connection.head()
        return RawAnswer(
            request: "\(method) \(path)", status: head.status, headers: head.headers,
            body: method == "HEAD" ? [] : try connection.body())
    }
}
