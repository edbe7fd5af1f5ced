import Foundation
import TestSupport
import Testing

/// Requests of which two readers could make two different things.
extension Control {
    @Suite struct Smuggling {
        private static let host = "Host: jrun\r\n"
        private static let create = "{\"program\": \"probe\", \"arguments\": [\"exit\", \"0\"]}"
        /// What would be there to be seen, had it been taken for a request.
        private static let smuggled =
            "POST /v1/runs HTTP/1.1\r\n\(host)Content-Length: \(create.utf8.count)\r\n\r\n\(create)"
        private static let chunk = String(create.utf8.count, radix: 16)

        private static func post(_ headers: String, _ rest: String) -> String {
            "POST /v1/runs HTTP/1.1\r\n\(host)\(headers)\r\n\r\n\(rest)"
        }

        private static func chunked(_ rest: String) -> String { post("Transfer-Encoding: chunked", rest) }

        /// By name, for the message of a failure.
        private static var refused: [(String, String)] {
            [
                ("both lengths", post("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n\(smuggled)")),
                (
                    "both, the other way",
                    post("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n\(smuggled)")
                ),
                ("two lengths", post("Content-Length: 0\r\nContent-Length: 97", smuggled)),
                ("one length twice", post("Content-Length: 5\r\nContent-Length: 5", "xxxxx\(smuggled)")),
                ("a list of lengths", post("Content-Length: 5, 5", "xxxxx\(smuggled)")),
                ("a length with a sign", post("Content-Length: +5", "xxxxx\(smuggled)")),
                ("a negative length", post("Content-Length: -1", smuggled)),
                ("a length in hexadecimal", post("Content-Length: 0x5", "xxxxx\(smuggled)")),
                ("a length with a space", post("Content-Length: 1 0", smuggled)),
                ("no length at all", post("Content-Length: ", smuggled)),
                ("2^64 + 5", post("Content-Length: 18446744073709551621", "xxxxx\(smuggled)")),
                ("identity", post("Transfer-Encoding: identity", smuggled)),
                ("gzip and chunked", post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n\(smuggled)")),
                ("chunked and gzip", post("Transfer-Encoding: chunked, gzip", "0\r\n\r\n\(smuggled)")),
                ("chunked twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n")),
                ("xchunked", post("Transfer-Encoding: xchunked", "0\r\n\r\n\(smuggled)")),
                ("a tab of another kind", post("Transfer-Encoding: \u{0b}chunked", "0\r\n\r\n\(smuggled)")),
                ("space before the colon", post("Transfer-Encoding : chunked", "0\r\n\r\n\(smuggled)")),
                ("space before the colon of a length", post("Content-Length : 5", "xxxxx\(smuggled)")),
                (
                    "chunks of HTTP/1.0",
                    "POST /v1/runs HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\(smuggled)"
                ),
                ("a folded line", post("X-A: b\r\n Content-Length: 5", "xxxxx\(smuggled)")),
                ("a folded coding", post("Transfer-Encoding:\r\n chunked", "0\r\n\r\n\(smuggled)")),
                ("a first line that is folded", "POST /v1/runs HTTP/1.1\r\n Content-Length: 5\r\n\(host)\r\nxxxxx"),
                ("bare line feeds", "GET /v1/info HTTP/1.1\nHost: jrun\n\n\(smuggled)"),
                ("one bare line feed", "GET /v1/info HTTP/1.1\r\nHost: jrun\nX: y\r\n\r\n\(smuggled)"),
                ("a bare line feed at the end", "GET /v1/info HTTP/1.1\r\nHost: jrun\r\n\n\(smuggled)"),
                (
                    "a bare carriage return",
                    "GET /v1/info HTTP/1.1\r\nHost: jrun\r\nX: a\rContent-Length: 5\r\n\r\nxxxxx"
                ),
                ("NUL in a value", "GET /v1/info HTTP/1.1\r\n\(host)X: a\0b\r\n\r\n"),
                ("NUL in a name", "GET /v1/info HTTP/1.1\r\n\(host)X\0: ab\r\n\r\n"),
                ("NUL in the target", "GET /v1/in\0fo HTTP/1.1\r\n\(host)\r\n"),
                ("NUL in front", "\0GET /v1/info HTTP/1.1\r\n\(host)\r\n"),
                ("no Host", "GET /v1/info HTTP/1.1\r\n\r\n"),
                ("two Hosts", "GET /v1/info HTTP/1.1\r\n\(host)\(host)\r\n"),
                ("a name that is empty", "GET /v1/info HTTP/1.1\r\n\(host): x\r\n\r\n"),
                ("a line without a colon", "GET /v1/info HTTP/1.1\r\n\(host)x\r\n\r\n"),
                ("a space in the target", "GET /v1/info x HTTP/1.1\r\n\(host)\r\n"),
                ("tabs for spaces", "GET\t/v1/info\tHTTP/1.1\r\n\(host)\r\n"),
                ("HTTP/2.0", "GET /v1/info HTTP/2.0\r\n\(host)\r\n"),
                ("HTTP/1.2", "GET /v1/info HTTP/1.2\r\n\(host)\r\n"),
                ("HTTP/0.9", "GET /v1/info\r\n\r\n"),
                ("a size that overflows", chunked("10000000000000005\r\nxxxxx\r\n0\r\n\r\n")),
                ("a negative size", chunked("-5\r\nxxxxx\r\n0\r\n\r\n")),
                ("a size with 0x", chunked("0x5\r\nxxxxx\r\n0\r\n\r\n\(smuggled)")),
                ("a chunk without its end", chunked("\(chunk)\r\n\(create)0\r\n\r\n\(smuggled)")),
                ("line feeds between chunks", chunked("\(chunk)\n\(create)\n0\n\n\(smuggled)")),
                ("a line feed in an extension", chunked("2;\nxx\r\n5\r\nxxxxx\r\n0\r\n\r\n\(smuggled)")),
                ("lengths behind the body", chunked("5\r\nxxxxx\r\n0\r\nContent-Length: 5\r\n\r\n\(smuggled)")),
                ("endless trailers", chunked("5\r\nxxxxx\r\n0\r\n" + String(repeating: "X: y\r\n", count: 10_000))),
            ]
        }

        @Test func whatIsAmbiguousIsRefusedAndTheConnectionClosed() throws {
            try withDaemon { daemon in
                for (name, request) in Smuggling.refused {
                    // The input stays open: jrund closes by itself.
                    let connection = try RawConnection(daemon.socket, seconds: 10)
                    connection.send(Array(request.utf8))
                    let answers = statuses(try connection.rest())
                    #expect(answers == [400], "\(name): \(answers)")
                }
                #expect(try daemon.get("/v1/runs").json["runs"].array.count == 0)
            }
        }

        /// What comes behind the end of a body is another request, what comes inside is none.
        @Test func whatIsNotAmbiguousHasOneMeaning() throws {
            let length = Smuggling.smuggled.utf8.count, create = Smuggling.create, chunk = Smuggling.chunk
            let info = "GET /v1/info HTTP/1.1\r\n\(Smuggling.host)"
            let cases: [(name: String, request: String, answers: [Int], runs: Int)] = [
                ("inside a body", Smuggling.post("Content-Length: \(length)", Smuggling.smuggled), [400], 0),
                (
                    "inside a body that nobody reads", "\(info)Content-Length: \(length)\r\n\r\n\(Smuggling.smuggled)",
                    [200], 0
                ),
                (
                    "inside a chunk",
                    Smuggling.chunked("\(String(length, radix: 16))\r\n\(Smuggling.smuggled)\r\n0\r\n\r\n"), [400], 0
                ),
                ("behind a body", Smuggling.smuggled + Smuggling.smuggled, [201, 201], 2),
                (
                    "behind chunks", Smuggling.chunked("\(chunk)\r\n\(create)\r\n0\r\n\r\n") + Smuggling.smuggled,
                    [201, 201], 2
                ),
                ("an extension of a chunk", Smuggling.chunked("\(chunk);a=\"b\"\r\n\(create)\r\n0\r\n\r\n"), [201], 1),
                (
                    "a long extension",
                    Smuggling.chunked("\(chunk);\(String(repeating: "a", count: 300_000))\r\n\(create)\r\n0\r\n\r\n"),
                    [201], 1
                ),
                ("behind a request that says close", "\(info)Connection: close\r\n\r\n\(Smuggling.smuggled)", [200], 0),
                ("behind Close", "\(info)Connection: Close\r\n\r\n\(Smuggling.smuggled)", [200], 0),
                ("behind HTTP/1.0", "GET /v1/info HTTP/1.0\r\n\r\n\(Smuggling.smuggled)", [200], 0),
                (
                    "behind another protocol",
                    "\(info)Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n\(Smuggling.smuggled)", [200], 0
                ),
                ("behind CONNECT", "CONNECT jrun:1 HTTP/1.1\r\n\(Smuggling.host)\r\n\(Smuggling.smuggled)", [404], 0),
                ("an absolute target", "GET http://other/v1/info HTTP/1.1\r\n\(Smuggling.host)\r\n", [200], 0),
                ("lines in front", "\r\n\r\n\(info)\r\n", [200], 0),
            ]
            try withDaemon { daemon in
                for (name, request, answers, runs) in cases {
                    let connection = try RawConnection(daemon.socket, seconds: 10)
                    connection.send(Array(request.utf8))
                    connection.closeInput()
                    let found = statuses(try connection.rest())
                    #expect(found == answers, "\(name): \(found)")
                    let list = try daemon.get("/v1/runs").json["runs"].array
                    #expect(list.count == runs, "\(name)")
                    for run in list { _ = try daemon.delete("/v1/runs/\(run["id"].string ?? "")") }
                }
            }
        }

        /// RFC 9112, section 9.6, and RFC 9110, section 6.6.1.
        @Test func anOldClientSeesTheEndOfAStream() throws {
            try withDaemon { daemon in
                let id = try daemon.startRun("write-stdout", "100000")
                _ = try daemon.ended(id)
                let running = try daemon.startRun("sleep", "forever")
                func ask(_ line: String) throws -> RawConnection {
                    let connection = try RawConnection(daemon.socket, seconds: 10)
                    connection.send(Array("\(line) HTTP/1.0\r\nExpect: 100-continue\r\n\r\n".utf8))
                    return connection
                }
                let whole = String(decoding: try ask("GET /v1/runs/\(id)/archive").rest(), as: UTF8.self)
                #expect(
                    whole.hasPrefix("HTTP/1.0 200 ") && whole.contains("\r\nConnection: close\r\n"),
                    "\(whole.prefix(400))")
                #expect(!whole.lowercased().contains("transfer-encoding"), "\(whole.prefix(400))")
                let follower = try ask("GET /v1/runs/\(running)/stdout?follow=true")
                // What it has said already has come: the follower is there.
                #expect(follower.isReadable(within: 60_000))
                try daemon.command("kill", running)
                let followed = String(decoding: try follower.rest(), as: UTF8.self)
                let parts = followed.components(separatedBy: "\r\n\r\n")
                #expect(followed.hasPrefix("HTTP/1.0 200 ") && parts.count == 2, "\(followed)")
                #expect(parts.last == (try daemon.get("/v1/runs/\(running)/stdout").text), "\(followed)")
            }
        }

        @Test func everyAnswerHasADate() throws {
            try withDaemon { daemon in
                for path in ["/v1/info", "/v1/nothing", "/v1/runs/x", "/openapi.yaml"] {
                    let date = try daemon.get(path).headers["date"] ?? ""
                    let format = DateFormatter()
                    format.locale = Locale(identifier: "en_US_POSIX")
                    format.timeZone = TimeZone(identifier: "GMT")
                    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
                    let seconds = try #require(format.date(from: date), "\(path): '\(date)'").timeIntervalSinceNow
                    #expect(abs(seconds) < 30, "\(date)")
                }
                let connection = try RawConnection(daemon.socket, seconds: 10)
                connection.send(Array("nonsense\r\n\r\n".utf8))
                #expect(String(decoding: try connection.rest(), as: UTF8.self).contains("\r\nDate: "))
            }
        }
    }
}
