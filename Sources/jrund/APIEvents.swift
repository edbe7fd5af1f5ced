import ControlAPI
import HTTPTypes
import Hummingbird
import NIOCore
import Runs

// Transitions as server-sent events. Source: HTML Living Standard, section 9.2.

extension API {
    private static let keepAliveSeconds: Int64 = 15
    /// The head of an answer goes out with its first bytes, and a client waits for the head.
    private static let opening = ": open\n\n"

    /// Of all runs that the caller may see.
    func events(_ call: Call) async throws -> Response {
        let last = try lastEventID(call)
        let reader = try await onDisk { try monitor.events.reader(after: last) }
        let (connection, peer, daemon) = (call.connection, call.peer, self.daemon)
        return stream { writer in
            try await writer.write(ByteBuffer(string: API.opening))
            var hasGap = reader.hasGap
            while true {
                let events = try await onDisk { try reader.next() }
                if hasGap, let first = events.first {
                    hasGap = false
                    let gap = "event: gap\ndata: {\"after\":\(first.sequence - 1)}\n\n"
                    try await writer.write(ByteBuffer(string: gap))
                }
                // Whoever has become an administrator since, or is none any more, is treated so.
                let access = daemon.live.access
                let mine = events.filter { access.maySee(Owner(uid: $0.owner, gid: 0), peer) }
                if !mine.isEmpty { try await writer.write(ByteBuffer(string: try API.text(mine))) }
                if !events.isEmpty { continue }
                try await API.wait(connection, &writer) { await reader.waitForMore() }
            }
        }
    }

    /// Of one run, from its first on, until it is removed.
    func runEvents(_ call: Call) async throws -> Response {
        let run = try visibleRun(call)
        let first = try lastEventID(call) ?? 0
        // The node's log tells when to look, and of the removal: the run's own goes with the run.
        let node = try await onDisk { try monitor.events.reader(after: nil) }
        let connection = call.connection
        return stream { writer in
            try await writer.write(ByteBuffer(string: API.opening))
            // The number of the run's newest event, as far as it is known: only then its log is read.
            var last = first, newest = UInt64.max
            while true {
                let (from, known) = (last, newest)
                let (events, isRemoved, found) = try await onDisk { () throws -> ([RunEvent], Bool, UInt64?) in
                    let (removal, found) = try node.drain(of: run.id)
                    // Nothing is there between the removal and its event.
                    let own = found ?? known > from ? (try? run.events(after: from)) ?? [] : []
                    let isRemoved = removal != nil || monitor.run(run.id) == nil
                    return (own + (removal.map { [$0] } ?? []), isRemoved, found)
                }
                if !events.isEmpty { try await writer.write(ByteBuffer(string: try API.text(events))) }
                if isRemoved { return }
                if let event = events.last { last = event.sequence }
                newest = found ?? (newest == .max ? last : newest)
                try await API.wait(connection, &writer) { await node.waitForMore() }
            }
        }
    }

    private func lastEventID(_ call: Call) throws -> UInt64? {
        guard let text = call.header(.lastEventID) ?? call.query["last_event_id"], !text.isEmpty else { return nil }
        guard let number = wholeNumber(text) else {
            throw Problem(.malformed, "Last-Event-ID is '\(text.prefix(64))'; it can be the id of an event, a number")
        }
        // Of another node, or of a log that was lost: whoever waits behind it would miss all that comes before.
        let newest = monitor.events.newest
        guard number <= newest else {
            throw Problem(
                .range, "Last-Event-ID is \(number), but the newest event is \(newest); begin anew without it")
        }
        return UInt64(number)
    }

    private func stream(
        _ write: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void
    ) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                try await write(&writer)
                try await writer.finish(nil)
            })
    }

    /// Waits for news, but says something now and then, so that nobody in between takes the connection for dead.
    private static func wait(
        _ connection: Connection, _ writer: inout any ResponseBodyWriter, news: @escaping @Sendable () async -> Void
    ) async throws {
        let hasNews = try await connection.whileOpen {
            await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    await news()
                    return true
                }
                group.addTask {
                    try? await Task.sleep(for: .seconds(keepAliveSeconds))
                    return false
                }
                let first = await group.next() ?? false
                group.cancelAll()
                return first
            }
        }
        if !hasNews { try await writer.write(ByteBuffer(string: ": keep-alive\n\n")) }
    }

    // MARK: Texts

    private static func text(_ events: [RunEvent]) throws -> String {
        try events.map { event in
            let data = String(decoding: try APICoder.encode(EventView(event)), as: UTF8.self)
            let name = event.state == "removed" ? "removed" : "state"
            return "id: \(event.sequence)\nevent: \(name)\ndata: \(data)\n\n"
        }.joined()
    }
}

extension EventReader {
    /// Reads on to the end, and looks for the removal of one run, and for the number of its newest event.
    fileprivate func drain(of run: RunID) throws -> (removal: RunEvent?, newest: UInt64?) {
        var removal: RunEvent?, newest: UInt64?
        while case let events = try next(), !events.isEmpty {
            let own = events.filter { $0.run == run.description }
            removal = own.last { $0.state == "removed" } ?? removal
            newest = own.last?.sequence ?? newest
        }
        return (removal, newest)
    }
}
