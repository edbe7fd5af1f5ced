import TestSupport
import Testing

/// Headers and bodies that are too large, or as wicked as their size allows.
extension Control {
    @Suite struct Size {
        @Test(.timeLimit(.minutes(20))) func bodiesThatDoNotEndAreBounded() throws {
            try withDaemon { daemon in
                let piece = [UInt8](repeating: 32, count: (4 << 20) - 1)
                let connections = try (0..<19).map { _ in
                    let connection = try RawConnection(daemon.socket, uid: stranger)
                    connection.send(
                        Array("POST /v1/runs HTTP/1.1\r\nHost: jrun\r\nContent-Length: \(4 << 20)\r\n\r\n".utf8) + piece
                    )
                    return connection
                }
                let answer = try RawConnection.answer(
                    daemon.socket, "POST", "/v1/runs", body: piece, uid: stranger)
                #expect(answer.status == 429 && answer.text.contains("64 MiB"), "\(answer)")
                try Control.Flood.expectService(daemon, uid: owner, "while bodies are held")
                // The last byte of the first one: it is taken as it always was.
                connections[0].send([32])
                #expect(try connections[0].head().status == 400)
            }
        }

        @Test func headersAndBodiesAreBounded() throws {
            let info = "GET /v1/info HTTP/1.1\r\nHost: jrun\r\n"
            func filled(_ count: Int) -> String { String(repeating: "y", count: count) }
            func fields(_ count: Int, _ value: String) -> String {
                (0..<count).map { "X-\($0): \(value)\r\n" }.joined()
            }
            let post = "POST /v1/runs HTTP/1.1\r\nHost: jrun\r\n"
            let cases: [(name: String, request: String, status: Int)] = [
                ("99 fields more", info + fields(99, "y") + "\r\n", 200),
                ("100 fields more", info + fields(100, "y") + "\r\n", 431),
                ("10,000 fields", info + fields(10_000, "y") + "\r\n", 431),
                ("20 of 1 KB", info + fields(20, filled(1_000)) + "\r\n", 431),
                ("one of 15 KB", info + "X: \(filled(15_000))\r\n\r\n", 200),
                ("one of 17 KB", info + "X: \(filled(17_000))\r\n\r\n", 431),
                ("one of 1 MB", info + "X: \(filled(1_000_000))\r\n\r\n", 431),
                ("one of 10 MB without an end", info + "X: \(filled(10_000_000))", 431),
                ("a name of 1 MB", info + "\(filled(1_000_000)): y\r\n\r\n", 431),
                ("a line of 15 KB", "GET /\(filled(15_000)) HTTP/1.1\r\nHost: jrun\r\n\r\n", 404),
                ("a line of 17 KB", "GET /\(filled(17_000)) HTTP/1.1\r\nHost: jrun\r\n\r\n", 414),
                ("a line of 1 MB", "GET /\(filled(1_000_000)) HTTP/1.1\r\nHost: jrun\r\n\r\n", 414),
                ("a method of 100 KB", "\(filled(100_000)) / HTTP/1.1\r\nHost: jrun\r\n\r\n", 400),
                ("a body that says it is of 1 TB", post + "Content-Length: 1000000000000\r\n\r\n{", 413),
                (
                    "a chunk of 5 MB",
                    post + "Transfer-Encoding: chunked\r\n\r\n500000\r\n\(filled(5 << 20))\r\n0\r\n\r\n", 413
                ),
            ]
            try withDaemon { daemon in
                for (name, request, status) in cases {
                    let connection = try RawConnection(daemon.socket, seconds: 20)
                    connection.send(Array(request.utf8))
                    connection.closeInput()
                    let found = statuses(try connection.rest())
                    #expect(found == [status], "\(name): \(found)")
                }
                try Control.Flood.expectService(daemon, "afterwards")
            }
        }

        /// JSON as large as it may be, and as wicked.
        @Test(.timeLimit(.minutes(20))) func hugeJSONIsRefusedPromptly() throws {
            func many(_ text: String) -> String { String(repeating: text, count: (4 << 20) / text.utf8.count - 16) }
            let cases: [(name: String, body: String)] = [
                ("brackets", many("[")), ("closed brackets", many("[]")), ("braces", many("{\"a\":")),
                (
                    "brackets inside",
                    "{\"program\": \"probe\", \"arguments\": \(String(repeating: "[", count: 4_000_000))"
                ),
                (
                    "a million arguments",
                    "{\"program\": \"probe\", \"arguments\": [\(String(repeating: "\"x\",", count: 1_000_000))\"x\"]}"
                ),
                ("one key a million times", "{\(String(repeating: "\"a\":1,", count: 600_000))\"a\":1}"),
                ("many keys", "{\((0..<300_000).map { "\"\($0)\":1" }.joined(separator: ","))}"),
                (
                    "many inputs",
                    "{\"program\":\"probe\",\"inputs\":{\((0..<150_000).map { "\"\($0).txt\":{\"text\":\"\"}" }.joined(separator: ","))}}"
                ),
                ("a long number", "{\"program\": \(many("9"))}"), ("a long text", "{\"program\": \"\(many("a"))\"}"),
                ("escapes", "{\"program\": \"\(many("\\u0041"))\"}"), ("blanks", many(" ")),
                ("half a pair", "{\"program\": \"\\ud800\"}"), ("NUL", "{\"program\": \"probe\\u0000\"}"),
                ("NUL as it is", "{\"program\": \"pro\0be\"}"),
                ("NUL behind it", Daemon.request(["exit", "0"]) + "\0"),
                ("NUL in a name", "{\"program\":\"probe\",\"inputs\":{\"a\\u0000.txt\":{\"text\":\"\"}}}"),
                ("NUL in the environment", "{\"program\":\"probe\",\"environment\":{\"A\\u0000\":\"b\"}}"),
                ("a number beyond all", "{\"program\":\"probe\",\"limits\":{\"memory\":1e999999999}}"),
                ("two keys that are one", "{\"program\":\"probe\",\"pr\\u006fgram\":\"other\"}"),
            ]
            try withDaemon { daemon in
                for (name, body) in cases {
                    for path in ["/v1/runs", "/v1/execute"] {
                        let start = ContinuousClock.now
                        let answer = try RawConnection.answer(daemon.socket, "POST", path, body: Array(body.utf8))
                        #expect([400, 404, 422].contains(answer.status), "\(name): \(answer)")
                        #expect(answer.body.count < 4 << 20, "\(name): \(answer.body.count) bytes")
                        #expect(ContinuousClock.now - start < .seconds(30), "\(name): \(ContinuousClock.now - start)")
                    }
                }
                #expect(try daemon.get("/v1/runs").json["runs"].array.count == 0)
            }
        }
    }
}
