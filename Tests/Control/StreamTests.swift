import TestSupport
import Testing

/// stdout and stderr: by offset, live, again after a lost connection, and never twice.
extension Control {
    @Suite struct Streams {
        /// What `write-stdout` writes.
        private func lines(_ count: Int) -> [UInt8] {
            let line = Array("0123456789abcde\n".utf8)
            return (0..<count).map { line[$0 % 16] }
        }

        @Test func byOffsetAndLimit() throws {
            try withDaemon { daemon in
                let id = try daemon.startRun("lines", "100")
                let size = try #require(try daemon.ended(id)["stdout"]["bytes"].int)
                let whole = try daemon.get("/v1/runs/\(id)/stdout")
                #expect(whole.text == (1...100).map { "line \($0)\n" }.joined() && whole.body.count == size)
                #expect(whole.headers["content-length"] == "\(size)" && whole.headers["x-jrun-offset"] == "0")
                let part = try daemon.get("/v1/runs/\(id)/stdout?offset=7&limit=6")
                #expect(part.text == "line 2" && part.headers["x-jrun-offset"] == "7")
                let end = try daemon.get("/v1/runs/\(id)/stdout?offset=\(size)")
                #expect(end.status == 200 && end.body.isEmpty)
                let beyond = try daemon.get("/v1/runs/\(id)/stdout?offset=\(size + 1)")
                #expect(beyond.status == 416 && beyond.headers["content-range"] == "bytes */\(size)", "\(beyond)")
                #expect(beyond.problem == "range")
            }
        }

        @Test func whatHasEndedCannotBeFollowed() throws {
            try withDaemon { daemon in
                let id = try daemon.startRun("lines", "3")
                _ = try daemon.ended(id)
                let refused = try daemon.get("/v1/runs/\(id)/stdout?follow=true&offset=7")
                #expect(refused.status == 410 && refused.problem == "ended", "\(refused)")
                let kept = try #require(refused.json["kept"].string)
                #expect(try daemon.get(kept).text == "line 1\nline 2\nline 3\n")
            }
        }

        @Test func aStreamThatGoesElsewhere() throws {
            let program = try ProgramFile(keys: ["stdout": "{file: answer.out}", "stderr": "ignore"])
            try withDaemon(programs: [program]) { daemon in
                let id = try daemon.startRun("lines", "3")
                let run = try daemon.ended(id)
                #expect(run["stdout"]["kind"].string == "file" && run["stderr"]["kind"].string == "ignore")
                let file = try daemon.get("/v1/runs/\(id)/stdout")
                #expect(file.status == 404 && file.detail.contains("answer.out"), "\(file)")
                #expect(try daemon.get("/v1/runs/\(id)/stderr").status == 404)
                #expect(try daemon.get("/v1/runs/\(id)/files/answer.out").text == "line 1\nline 2\nline 3\n")
            }
        }

        @Test(arguments: ["stdout", "stderr"]) func aFollowerGetsEveryByte(_ stream: String) throws {
            try withDaemon { daemon in
                let bytes = 9_000_001
                let id = try daemon.create("write-\(stream)", "\(bytes)")
                // From before the start on.
                let followers = try (0..<4).map { _ in
                    try daemon.follow(Call("GET", "/v1/runs/\(id)/\(stream)?follow=true"))
                }
                try daemon.command("start", id)
                for follower in followers {
                    let answer = try follower.finish()
                    #expect(answer.status == 200 && answer.exit == 0, "\(answer)")
                    #expect(answer.body == Bytes(lines(bytes)))
                    #expect(answer.headers["transfer-encoding"] == "chunked")
                }
            }
        }

        @Test func aLostConnectionLosesNothing() throws {
            try withDaemon(programs: [try ProgramFile(keys: ["stdin": "stream"])]) { daemon in
                let id = try daemon.startRun("cat")
                var received: [UInt8] = []
                for round in 1...5 {
                    let path = "/v1/runs/\(id)/stdout?follow=true&offset=\(received.count)"
                    let follower = try daemon.begin(Call("GET", path))
                    let text = String(repeating: "\(round)", count: 50_000)
                    let sent = try daemon.send(
                        Call("POST", "/v1/runs/\(id)/stdin").with { $0.body = Array("\(text)<\(round)>".utf8) })
                    #expect(sent.status == 200, "\(sent)")
                    // Somewhere, not at the end of anything.
                    try follower.await("\(round)")
                    try follower.abandon()
                    received += follower.child.stdout.bytes
                }
                let last = try daemon.follow(Call("GET", "/v1/runs/\(id)/stdout?follow=true&offset=\(received.count)"))
                _ = try daemon.post("/v1/runs/\(id)/stdin?close=true")
                received += try last.finish().body.array
                let expected = (1...5).map { String(repeating: "\($0)", count: 50_000) + "<\($0)>" }.joined()
                #expect(Bytes(received) == Bytes(expected.utf8))
            }
        }

        @Test func aFollowerCanHaveALimit() throws {
            try withDaemon(programs: [try ProgramFile(keys: ["stdin": "stream"])]) { daemon in
                let id = try daemon.startRun("cat")
                let follower = try daemon.begin(Call("GET", "/v1/runs/\(id)/stdout?follow=true&limit=3"))
                _ = try daemon.send(Call("POST", "/v1/runs/\(id)/stdin").with { $0.body = Array("abcdefgh".utf8) })
                #expect(try follower.finish().text == "abc")
                #expect(try daemon.state(id) == "running")
            }
        }

        @Test func whoReadsSlowlyDelaysNobody() throws {
            try withDaemon { daemon in
                let bytes = 8 << 20
                let id = try daemon.create("write-stdout", "\(bytes)")
                let slow = try daemon.follow(
                    Call("GET", "/v1/runs/\(id)/stdout?follow=true").with { $0.options = ["--limit-rate", "64k"] })
                let fast = try daemon.follow(Call("GET", "/v1/runs/\(id)/stdout?follow=true"))
                try daemon.command("start", id)
                #expect(try fast.finish().body.count == bytes)
                #expect(try daemon.ended(id)["state"].string == "complete")
                try slow.await("0123456789abcde\n")
                #expect(slow.child.stdout.bytes.count < bytes)
                try slow.abandon()
            }
        }
    }
}
