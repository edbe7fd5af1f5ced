import Glibc
import TestSupport
import Testing

/// The way to a program's stdin.
extension Control {
    @Suite struct Stdin {
        private func withCat(_ keys: [String: String] = ["stdin": "stream"], _ body: (Daemon) throws -> Void) throws {
            try withDaemon(programs: [try ProgramFile(keys: keys)]) { try body($0) }
        }

        private func write(_ bytes: some Sequence<UInt8>, to id: String, _ query: String = "") -> Call {
            Call("POST", "/v1/runs/\(id)/stdin\(query)").with { $0.body = Array(bytes) }
        }

        @Test func whatIsSentArrives() throws {
            try withCat { daemon in
                let id = try daemon.startRun("cat")
                let sent = try daemon.send(write("hello\n".utf8, to: id))
                #expect(sent.status == 200 && sent.json["stdin"]["bytes"].int == 6, "\(sent)")
                #expect(sent.json["stdin"]["closed"].bool == false)
                try daemon.awaitOutput(of: id, "hello\n")
                #expect(try daemon.send(write("world\n".utf8, to: id, "?close=true")).status == 200)
                let run = try daemon.ended(id)
                #expect(run["state"].string == "complete" && run["stdin"]["bytes"].int == 12, "\(run)")
                #expect(try daemon.get("/v1/runs/\(id)/stdout").text == "hello\nworld\n")
            }
        }

        @Test func muchArrivesWhole() throws {
            try withCat { daemon in
                let bytes = (0..<6_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
                let id = try daemon.startRun("cat")
                let follower = try daemon.follow(Call("GET", "/v1/runs/\(id)/stdout?follow=true"))
                #expect(try daemon.send(write(bytes, to: id, "?close=true")).status == 200)
                #expect(try follower.finish().body == Bytes(bytes))
            }
        }

        @Test func whoDoesNotReadHoldsTheUpload() throws {
            try withCat { daemon in
                let id = try daemon.startRun(saying: "ready", "sleep", "forever")
                let upload = try daemon.begin(write([UInt8](repeating: 65, count: 4 << 20), to: id))
                // Not taken, however long one waits.
                let waited = try daemon.get("/v1/runs/\(id)?wait=1").json
                #expect(waited["stdin"]["bytes"].int ?? 0 <= 1 << 20, "\(waited)")
                #expect(upload.status == 0 || upload.status == 100)
                try daemon.command("kill", id)
                let answer = try upload.finish()
                // The pipe may break before the end is written down.
                #expect(
                    answer.status == 409 && ["killed", "running"].contains(answer.json["state"].string), "\(answer)")
            }
        }

        @Test func oneWriterAtATime() throws {
            try withCat { daemon in
                let id = try daemon.startRun("cat")
                try daemon.command("freeze", id)
                let first = try daemon.begin(write([UInt8](repeating: 65, count: 1 << 20), to: id))
                // The first has begun when its bytes are in the pipe.
                while try daemon.run(id)["stdin"]["bytes"].int == 0 {}
                let second = try daemon.begin(write([UInt8](repeating: 66, count: 1 << 20), to: id))
                try daemon.command("thaw", id)
                #expect(try first.finish().status == 200 && second.finish().status == 200)
                _ = try daemon.post("/v1/runs/\(id)/stdin?close=true")
                _ = try daemon.ended(id)
                let output = try daemon.get("/v1/runs/\(id)/stdout").body.array
                #expect(output.count == 2 << 20 && output.drop { $0 == 65 }.allSatisfy { $0 == 66 })
            }
        }

        @Test func whenItCannotBe() throws {
            try withCat { daemon in
                let id = try daemon.create("cat")
                #expect(try daemon.send(write("x".utf8, to: id)).json["state"].string == "created")
                try daemon.command("start", id)
                #expect(try daemon.post("/v1/runs/\(id)/stdin?close=true").status == 200)
                _ = try daemon.ended(id)
                #expect(try daemon.send(write("x".utf8, to: id)).json["state"].string == "complete")
                let deaf = try daemon.startRun("sleep", "forever")
                let closed = try daemon.post("/v1/runs/\(deaf)/stdin?close=true")
                #expect(closed.json["stdin"]["closed"].bool == true)
                let after = try daemon.send(write("x".utf8, to: deaf))
                #expect(after.status == 409 && after.json["state"].string == "running", "\(after)")
            }
        }

        /// Nobody has to come back for a run that waits.
        @Test func itCanBeClosedInAdvance() throws {
            try withCat { daemon in
                let id = try daemon.create("cat")
                for _ in 1...2 {
                    let closed = try daemon.post("/v1/runs/\(id)/stdin?close=true")
                    #expect(closed.status == 200 && closed.json["stdin"]["closed"].bool == true, "\(closed)")
                }
                let bytes = try daemon.send(write("x".utf8, to: id, "?close=true"))
                #expect(bytes.status == 409 && bytes.json["state"].string == "created", "\(bytes)")
                #expect(try daemon.post("/v1/runs/\(id)/stdin").status == 409)
                try daemon.restart(SIGKILL)
                #expect(try daemon.run(id)["stdin"]["closed"].bool == true)
                #expect(try daemon.command("start", id).status == 200)
                let run = try daemon.ended(id)
                #expect(run["state"].string == "complete" && run["stdin"]["bytes"].int == 0, "\(run)")
            }
        }

        /// What is refused does not close it.
        @Test func bytesBeforeTheStartCloseNothing() throws {
            try withCat { daemon in
                let id = try daemon.create("cat")
                #expect(try daemon.send(write("x".utf8, to: id, "?close=true")).status == 409)
                try daemon.command("start", id)
                #expect(try daemon.send(write("hello".utf8, to: id, "?close=true")).status == 200)
                _ = try daemon.ended(id)
                #expect(try daemon.get("/v1/runs/\(id)/stdout").text == "hello")
            }
        }

        @Test(arguments: ["ignore", "{file: in.txt}"]) func aProgramThatTakesNone(_ stdin: String) throws {
            try withCat(["stdin": stdin, "inputs": "[{path: in.txt, required: true, max_size: 1KiB}]"]) { daemon in
                let id = try daemon.create("sleep", "forever", more: ", \"inputs\": {\"in.txt\": {\"text\": \"x\"}}")
                try daemon.command("start", id)
                let refused = try daemon.send(write("x".utf8, to: id))
                #expect(refused.status == 404 && refused.problem == "not-found", "\(refused)")
            }
        }

        @Test func moreThanItsMaximumEndsTheRun() throws {
            try withCat(["stdin": "{stream: true, max_size: 10}"]) { daemon in
                let id = try daemon.startRun("cat")
                let answer = try daemon.send(write("0123456789+".utf8, to: id))
                #expect([409, 413].contains(answer.status), "\(answer)")
                let run = try daemon.ended(id)
                #expect(run["state"].string == "killed" && run["cause"].string == "input", "\(run)")
            }
        }
    }
}
