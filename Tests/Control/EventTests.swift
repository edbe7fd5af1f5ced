import Glibc
import TestSupport
import Testing

/// One event of a text/event-stream.
struct ServerSentEvent {
    var id: Int?
    var event: String
    var data: JSON

    /// Whole ones only: each ends with an empty line.
    static func parse(_ text: String) -> [ServerSentEvent] {
        let blocks = text.replacing("\r\n", with: "\n").split(separator: "\n\n", omittingEmptySubsequences: false)
        return blocks.dropLast().compactMap { block in
            var event = ServerSentEvent(id: nil, event: "", data: JSON(nil))
            for line in block.split(separator: "\n") where !line.hasPrefix(":") {
                let parts = line.split(separator: ":", maxSplits: 1)
                let value = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
                switch parts[0] {
                case "id": event.id = Int(value)
                case "event": event.event = value
                case "data": event.data = (try? JSON(parsing: value.utf8)) ?? JSON(nil)
                default: break
                }
            }
            return event.event.isEmpty ? nil : event
        }
    }
}

/// Transitions as they happen, and those that happened before.
extension Control {
    @Suite struct Events {
        private func follow(_ path: String, _ daemon: Daemon, until text: String, headers: [String] = []) throws
            -> [ServerSentEvent]
        {
            let exchange = try daemon.begin(Call("GET", path).with { $0.headers = headers })
            try exchange.await(text)
            // Behind the text may still be the rest of its event.
            try exchange.await("\n\n")
            try exchange.abandon()
            return ServerSentEvent.parse(exchange.text)
        }

        private func expectConsecutive(_ events: [ServerSentEvent]) {
            for (event, next) in zip(events, events.dropFirst()) {
                #expect(next.id == (event.id ?? -2) + 1, "\(events)")
            }
            for event in events { #expect(event.id == event.data["sequence"].int, "\(event)") }
        }

        @Test func everyTransitionInOrder() throws {
            try withDaemon { daemon in
                let follower = try daemon.begin(Call("GET", "/v1/events"))
                // From now on: what comes first says that it has begun.
                try follower.await("\n")
                let id = try daemon.startRun("sleep", "forever")
                try daemon.command("freeze", id)
                try daemon.command("thaw", id)
                try daemon.command("kill", id)
                _ = try daemon.ended(id)
                _ = try daemon.delete("/v1/runs/\(id)")
                try follower.await("event: removed")
                try follower.await("\"removed\"")
                try follower.abandon()
                let events = ServerSentEvent.parse(follower.text + "\n\n")
                let states = ["created", "starting", "running", "suspended", "running", "killed", "removed"]
                #expect(events.compactMap { $0.data["state"].string } == states, "\(follower.text)")
                #expect(events.map(\.event) == Array(repeating: "state", count: 6) + ["removed"])
                #expect(events.allSatisfy { $0.data["run"].string == id && $0.data["owner"].int == 0 })
                #expect(events[5].data["cause"].string == "kill-request")
                expectConsecutive(events)
            }
        }

        @Test func aRunsOwnEventsEndWithIt() throws {
            try withDaemon { daemon in
                let other = try daemon.startRun("sleep", "forever")
                let id = try daemon.startRun("exit", "0")
                _ = try daemon.ended(id)
                let follower = try daemon.begin(Call("GET", "/v1/runs/\(id)/events"))
                try follower.await("complete")
                _ = try daemon.delete("/v1/runs/\(id)")
                let answer = try follower.finish()
                #expect(answer.exit == 0 && !answer.text.contains(other), "\(answer)")
                let states = ServerSentEvent.parse(answer.text).compactMap { $0.data["state"].string }
                #expect(states == ["created", "starting", "running", "complete", "removed"])
            }
        }

        @Test(arguments: [SIGTERM, SIGKILL]) func goesOnBehindARestart(_ signal: Int32) throws {
            try withDaemon { daemon in
                let id = try daemon.startRun("sleep", "forever")
                let all = try follow("/v1/events?last_event_id=0", daemon, until: "\"running\"")
                #expect(all.compactMap { $0.data["state"].string } == ["created", "starting", "running"])
                let first = try #require(all.first?.id)
                try daemon.restart(signal)
                try daemon.command("kill", id)
                _ = try daemon.ended(id)
                let rest = try follow(
                    "/v1/events", daemon, until: "\"killed\"", headers: ["Last-Event-ID: \(first)"])
                #expect(rest.compactMap { $0.data["state"].string } == ["starting", "running", "killed"], "\(rest)")
                #expect(rest.first?.id == first + 1)
                expectConsecutive(rest)
                let own = try follow("/v1/runs/\(id)/events?last_event_id=\(first)", daemon, until: "\"killed\"")
                #expect(own.map(\.id) == rest.map(\.id))
                // The header counts where both are there.
                let both = try follow(
                    "/v1/events?last_event_id=0", daemon, until: "\"killed\"", headers: ["Last-Event-ID: \(first)"])
                #expect(both.first?.id == first + 1)
            }
        }

        @Test func whoWaitsIsNotCutOff() throws {
            try withDaemon { daemon in
                let follower = try daemon.begin(Call("GET", "/v1/events"))
                // The first is the beginning; then one every 15 seconds.
                try follower.await("\n\n:")
                try follower.abandon()
            }
        }
    }
}
