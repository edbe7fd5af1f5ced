import TestSupport
import Testing

/// How long ended runs are kept.
extension Control {
    @Suite struct Retention {
        private func awaitRemoval(of id: String, _ daemon: Daemon) throws {
            let follower = try daemon.begin(Call("GET", "/v1/events?last_event_id=0"))
            var seen = false
            while !seen {
                try follower.await("event: removed")
                seen = ServerSentEvent.parse(follower.text).contains {
                    $0.event == "removed" && $0.data["run"].string == id
                }
                if !seen { try follower.awaitMore() }
            }
            try follower.abandon()
        }

        @Test func endedRunsGoWhenTheirTimeIsOver() throws {
            try withDaemon(
                programs: [try ProgramFile(limits: ["wall": "10m"])],
                keys: ["retention": "{time: 1s, size: 1GiB, created: 1d}"]
            ) { daemon in
                let live = try daemon.startRun("sleep", "forever"), created = try daemon.create("exit", "0")
                let ended = try daemon.startRun("exit", "0")
                try awaitRemoval(of: ended, daemon)
                #expect(try daemon.get("/v1/runs/\(ended)").status == 404)
                #expect(try daemon.state(live) == "running" && daemon.state(created) == "created")
            }
        }

        @Test func whatIsNeverStartedGoesToo() throws {
            try withDaemon(
                programs: [try ProgramFile(limits: ["wall": "10m"])],
                keys: ["retention": "{time: 1d, size: 1GiB, created: 1s}"]
            ) { daemon in
                let ended = try daemon.startRun("exit", "0")
                _ = try daemon.ended(ended)
                let created = try daemon.create("exit", "0")
                try awaitRemoval(of: created, daemon)
                #expect(try daemon.state(ended) == "complete")
            }
        }

        @Test func theOldestGoWhenTheirOwnerHasTooMany() throws {
            try withDaemon(keys: ["retention": "{time: 1d, size: 1GiB, created: 1d, runs: 2}"]) { daemon in
                func end(_ change: (inout Call) -> Void) throws -> String {
                    let id = try daemon.create("exit", "0", change: change)
                    try daemon.command("start", id)
                    _ = try daemon.ended(id)
                    return id
                }
                // Another user's count for themselves.
                let other = try end(asNobody)
                let ids = try (0..<3).map { _ in try end { _ in } }
                try awaitRemoval(of: ids[0], daemon)
                let left = try daemon.get("/v1/runs").json["runs"].array.compactMap { $0["id"].string }
                #expect(left == [ids[2], ids[1], other])
            }
        }

        @Test func theOldestGoWhenTheyAreTooLarge() throws {
            try withDaemon(
                programs: [try ProgramFile(limits: ["wall": "10m"])],
                keys: ["retention": "{time: 1d, size: 5MiB, created: 1d}"]
            ) { daemon in
                let ids = try (0..<3).map { _ in
                    let id = try daemon.startRun("write-stdout", "2MiB")
                    _ = try daemon.ended(id)
                    return id
                }
                try awaitRemoval(of: ids[0], daemon)
                #expect(
                    try daemon.get("/v1/runs").json["runs"].array.compactMap { $0["id"].string } == [ids[2], ids[1]])
            }
        }

        @Test func neverOneThatHasAReader() throws {
            try withDaemon(
                programs: [try ProgramFile(limits: ["wall": "10m"])],
                keys: ["retention": "{time: 1s, size: 1GiB, created: 1d}"]
            ) { daemon in
                let bytes = 8 << 20
                let read = try daemon.create("write-stdout", "\(bytes)")
                let slow = try daemon.follow(
                    Call("GET", "/v1/runs/\(read)/stdout?follow=true").with { $0.options = ["--limit-rate", "100k"] })
                try daemon.command("start", read)
                _ = try daemon.ended(read)
                // Younger, and already gone.
                let other = try daemon.startRun("exit", "0")
                try awaitRemoval(of: other, daemon)
                #expect(try daemon.state(read) == "complete")
                try slow.abandon()
                try awaitRemoval(of: read, daemon)
            }
        }
    }
}
