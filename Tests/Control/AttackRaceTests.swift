import Foundation
import TestSupport
import Testing

/// A stranger who knows or guesses ids, at every moment of a run's life.
extension Control {
    @Suite struct Race {
        private static let rounds = 40

        @Test(.timeLimit(.minutes(20))) func aStrangerSeesNothingAtAnyMoment() throws {
            try withDaemon { daemon in
                let ids = Ids()
                let strangers = (0..<3).map { Stranger(daemon.socket, ids, $0) }
                let listener = try RawConnection(daemon.socket, uid: stranger)
                listener.send("GET", "/v1/events?last_event_id=0")
                #expect(try listener.head().status == 200)
                for round in 0..<Race.rounds { try Race.life(daemon, ids, round) }
                ids.finish()
                let asked = try strangers.map { try $0.result() }
                print("race: \(Race.rounds) runs, \(asked.reduce(0) { $0 + $1.count }) requests of strangers")
                for (index, (count, complaints)) in asked.enumerated() {
                    #expect(complaints == [])
                    #expect(count > Race.rounds, "stranger \(index) was not there")
                }
                // An event of the stranger's own is the end of what is looked at.
                let answer = try RawConnection.answer(
                    daemon.socket, "POST", "/v1/runs", body: Array(Daemon.request(["exit", "0"]).utf8), uid: stranger)
                let own = try JSON(parsing: answer.body)["id"].string ?? ""
                var heard = ""
                while !heard.contains(own), let piece = try listener.piece() {
                    heard += String(decoding: piece, as: UTF8.self)
                }
                for id in ids.all { #expect(!heard.contains(id)) }
            }
        }

        /// The owner does it as if nobody else were there.
        private static func life(_ daemon: Daemon, _ ids: Ids, _ round: Int) throws {
            func ask(_ method: String, _ path: String, _ body: [UInt8]? = nil) throws -> RawAnswer {
                try RawConnection.answer(daemon.socket, method, path, body: body, uid: owner)
            }
            let made = try ask("POST", "/v1/runs", Array(Daemon.request(["sleep", "forever"]).utf8))
            try #require(made.status == 201, "\(made)")
            let id = try #require(try JSON(parsing: made.body)["id"].string)
            ids.add(id)
            let text = "round \(round)"
            #expect(try ask("PUT", "/v1/runs/\(id)/files/a.txt", Array(text.utf8)).status == 201)
            let file = try ask("GET", "/v1/runs/\(id)/files/a.txt")
            #expect(file.status == 200 && file.text == text, "\(file)")
            #expect(try ask("POST", "/v1/runs/\(id)/start").status == 200)
            let seen = try ask("GET", "/v1/runs/\(id)")
            #expect(try JSON(parsing: seen.body)["state"].string == "running", "\(seen)")
            let removed = try ask("DELETE", "/v1/runs/\(id)?kill=true")
            #expect(removed.status == 204, "\(removed)")
        }

        /// A key of one user says nothing of another's.
        @Test func anothersIdempotencyKeyIsNobodys() throws {
            try withDaemon { daemon in
                func create(_ uid: UInt32, _ words: [String]) throws -> RawAnswer {
                    try RawConnection.answer(
                        daemon.socket, "POST", "/v1/runs", headers: ["Idempotency-Key: key"],
                        body: Array(Daemon.request(words).utf8), uid: uid)
                }
                let first = try create(owner, ["exit", "0"])
                for words in [["exit", "0"], ["exit", "1"]] {
                    let other = try create(stranger, words)
                    // The second has the stranger's own key for another request.
                    #expect(other.status == (words[1] == "0" ? 201 : 409), "\(other)")
                    #expect(!other.text.contains(try JSON(parsing: first.body)["id"].string ?? "?"), "\(other)")
                }
            }
        }
    }
}

/// What the strangers know of.
private final class Ids: @unchecked Sendable {  // SAFETY: everything is behind the lock.
    private let lock = NSLock()
    private var known: [String] = []
    private var isOver = false

    var all: [String] { lock.withLock { known } }
    func add(_ id: String) { lock.withLock { known.append(id) } }
    func finish() { lock.withLock { isOver = true } }
    /// The newest, until it is over.
    var next: (isOver: Bool, id: String?) { lock.withLock { (isOver, known.last) } }
}

/// A thread that asks everything of the newest run, and of those whose ids are near.
private final class Stranger: @unchecked Sendable {  // SAFETY: its fields are read when the thread has ended.
    private let done = DispatchSemaphore(value: 0)
    private var count = 0
    private var complaints: [String] = []

    init(_ socket: String, _ ids: Ids, _ seed: Int) {
        Thread.detachNewThread { [self] in
            do { try hammer(socket, ids, seed) } catch { complaints.append("\(error)") }
            done.signal()
        }
    }

    func result() throws -> (count: Int, complaints: [String]) {
        guard done.wait(timeout: .now() + 60) == .success else { throw DaemonError(description: "a stranger hangs") }
        return (count, complaints)
    }

    private func hammer(_ socket: String, _ ids: Ids, _ seed: Int) throws {
        var turn = seed * 7
        while case let next = ids.next, !next.isOver {
            turn += 1
            let words = Control.Authorisation.routes[turn % Control.Authorisation.routes.count].split(separator: " ")
            // None yet: the list, in which nothing must appear.
            guard let id = next.id, turn % 8 != 0 else {
                let list = try RawConnection.answer(socket, "GET", "/v1/runs", uid: stranger)
                if !list.text.contains("\"runs\":[]") { complaints.append("\(list)") }
                continue
            }
            let guess = turn % 5 == 0 ? String(id.dropLast()) + "\(turn % 10)" : id
            let answer = try RawConnection.answer(
                socket, String(words[0]), String(words[1]).replacing("{id}", with: guess),
                body: ["PUT", "POST"].contains(words[0]) ? [] : nil, uid: stranger)
            count += 1
            if answer.status != 404, complaints.count < 20 { complaints.append("\(answer)") }
        }
    }
}
