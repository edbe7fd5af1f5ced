import Foundation
import TestSupport

/// One client of the crash test: it leads one run after the other through its life, takes up again what a crash has cut
/// off, and holds every answer against what must be.
struct CrashClient {
    enum Life: String, CaseIterable {
        /// Read while it runs, and to its end.
        case followed
        /// Read only afterwards.
        case kept
        case suspended, frozen
        case killed, terminated, terminatedFrozen
        /// Removed while it runs.
        case removedAlive
        case neverStarted
    }

    struct Wrong: Error, CustomStringConvertible {
        var description: String
    }

    /// What became of one run, for the end of the test.
    struct Record: Sendable {
        var id: String
        var life: String
        var events: [CrashEvent]
    }

    let name: String
    let socket: String
    let gate: CrashGate
    var random: SeededDice
    private(set) var records: [Record] = []
    /// Connections that were lost and taken up again.
    private(set) var lost = 0

    init(name: String, socket: String, gate: CrashGate, seed: UInt64) {
        (self.name, self.socket, self.gate) = (name, socket, gate)
        random = SeededDice(seed: seed)
    }

    /// Until the gate says that it is enough.
    mutating func live() {
        var number = 0
        while !gate.isOver {
            number += 1
            let life = Life.allCases[random.number(below: Life.allCases.count)]
            var run = CrashRun(key: "\(name)-\(number)", life: life)
            do {
                try lead(&run)
                records.append(Record(id: run.id, life: life.rawValue, events: run.events))
            } catch is CrashGate.Aborted {
                return
            } catch {
                return gate.fail("client \(name), \(life.rawValue) run \(run.id): \(error)")
            }
        }
    }

    // MARK: A run's life

    private mutating func lead(_ run: inout CrashRun) throws {
        run.isEndless = [.killed, .terminated, .terminatedFrozen, .removedAlive].contains(run.life)
        run.burst = 1 + random.number(below: 200)
        // At most forty pauses: two seconds.
        run.lines = run.isEndless ? 1_000_000 : random.number(below: 40 * run.burst)
        run.exitCode = random.number(below: 3) == 0 ? 3 : 0
        run.input = (0..<random.number(below: 100_000)).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ run.lines) }
        try create(&run)
        let put = try ask("PUT", "\(run.path)/files/input.txt", body: run.input)
        try expect(put, [201, 204])
        if run.life == .neverStarted { return try remove(&run) }
        try expect(try ask("POST", "\(run.path)/start"), [200])
        try interfere(&run)
        if run.life == .removedAlive { return try remove(&run) }
        if run.life != .kept { try follow(&run, until: nil) }
        try inspectTheEnd(&run)
        try remove(&run)
    }

    private mutating func create(_ run: inout CrashRun) throws {
        let body = Array(
            #"{"program": "lines", "arguments": ["\#(run.lines)", "\#(run.burst)", "\#(run.exitCode)"]}"#.utf8)
        let answer = try ask(
            "POST", "/v1/runs", headers: ["Idempotency-Key: \(run.key)", "Content-Type: application/json"], body: body)
        // The same again when the first answer was lost.
        try expect(answer, [201, 200])
        guard let id = try JSON(parsing: answer.body)["id"].string else { throw Wrong(description: "\(answer)") }
        run.id = id
        let again = try ask(
            "POST", "/v1/runs", headers: ["Idempotency-Key: \(run.key)", "Content-Type: application/json"], body: body)
        try expect(again, [200])
        if try JSON(parsing: again.body)["id"].string != id { throw Wrong(description: "another run: \(again)") }
    }

    /// What is done to it while it runs.
    private mutating func interfere(_ run: inout CrashRun) throws {
        switch run.life {
        case .followed, .kept, .neverStarted: return
        case .suspended, .frozen:
            try follow(&run, until: random.number(below: 4000))
            let verb = run.life == .frozen ? "freeze" : "suspend"
            let answer = try ask("POST", "\(run.path)/\(verb)")
            // It may have ended before.
            try expect(answer, [200, 409])
            if answer.status == 409 { return }
            run.pauses += 1
            // Its program may exit as it is frozen.
            let end = run.exitCode == 0 ? "complete" : "failed"
            let state = try JSON(parsing: try ask("GET", run.path).body)["state"].string
            if state != "suspended" && state != end { throw Wrong(description: "\(state ?? "?") behind \(answer)") }
            let resumed = try ask("POST", "\(run.path)/\(run.life == .frozen ? "thaw" : "resume")")
            // It may have gone on, and ended, when the first answer was lost.
            try expect(resumed, [200, 409])
            if resumed.status == 409 {
                let state = try JSON(parsing: resumed.body)["state"].string
                if state != end { throw Wrong(description: "\(state ?? "?") behind a refused resume") }
            }
        case .killed, .terminated, .removedAlive, .terminatedFrozen:
            // Behind the first line the input has become a result.
            try follow(&run, until: 1 + random.number(below: 4000))
            if run.life == .terminatedFrozen { try expect(try ask("POST", "\(run.path)/freeze"), [200]) }
            if run.life == .removedAlive { return }
            try expect(try ask("POST", "\(run.path)/\(run.life == .killed ? "kill" : "terminate")"), [200, 202])
        }
    }

    /// Reads stdout from where it was left, over any number of crashes, until there are so many bytes or to its end.
    private mutating func follow(_ run: inout CrashRun, until wanted: Int?) throws {
        var output = run.output
        let path = "\(run.path)/stdout"
        let hasEnded = try connected { connection -> Bool in
            connection.send("GET", "\(path)?offset=\(output.count)&follow=true")
            let head = try connection.head()
            if head.status == 410 { return true }
            guard head.status == 200, head.headers["x-jrun-offset"] == "\(output.count)" else {
                throw Wrong(description: "following from \(output.count): \(head) \(try connection.body().count) bytes")
            }
            while wanted.map({ output.count < $0 }) ?? true, let bytes = try connection.piece() { output += bytes }
            return false
        }
        run.output = output
        if hasEnded, wanted == nil { try readKept(&run) }
        try run.checkOutput()
    }

    /// What the run keeps, behind what was read already.
    private mutating func readKept(_ run: inout CrashRun) throws {
        let answer = try ask("GET", "\(run.path)/stdout?offset=\(run.output.count)")
        try expect(answer, [200])
        run.output += answer.body
    }

    private mutating func inspectTheEnd(_ run: inout CrashRun) throws {
        var json = JSON(nil)
        repeat {
            let answer = try ask("GET", "\(run.path)?wait=20")
            try expect(answer, [200])
            json = try JSON(parsing: answer.body)
        } while !json["ended"].exists && !gate.isLost
        try run.checkEnd(json, "the run")
        if run.life == .kept { try readKept(&run) }
        try run.checkOutput()
        try run.checkWholeOutput()
        let whole = try ask("GET", "\(run.path)/stdout")
        if whole.body != run.output {
            throw Wrong(description: "\(run.output.count) bytes were read of \(whole.body.count) that are kept")
        }
        let report = try ask("GET", "\(run.path)/report")
        try expect(report, [200])
        try run.checkEnd(try JSON(parsing: report.body), "the report")
        let result = try ask("GET", "\(run.path)/files/result.out")
        try expect(result, [200])
        if result.body != run.input {
            throw Wrong(description: "a result of \(result.body.count) bytes, an input of \(run.input.count)")
        }
        try readEvents(&run)
    }

    private mutating func readEvents(_ run: inout CrashRun) throws {
        var reader = CrashEvents(first: 0)
        try connected { connection in
            try reader.read(connection, "\(run.path)/events") { CrashRun.finalStates.contains($0.state) }
        }
        run.events = reader.events
        try run.checkEvents()
    }

    private mutating func remove(_ run: inout CrashRun) throws {
        let before = lost
        let answer = try ask("DELETE", run.path + (run.life == .removedAlive ? "?kill=true" : ""))
        // Gone already when the first answer was lost.
        try expect(answer, lost > before ? [204, 404] : [204])
        try expect(try ask("GET", run.path), [404])
    }

    // MARK: Requests

    private func expect(_ answer: RawAnswer, _ statuses: [Int]) throws {
        if !statuses.contains(answer.status) { throw Wrong(description: "\(statuses) expected; \(answer)") }
    }

    private mutating func ask(
        _ method: String, _ path: String, headers: [String] = [], body: [UInt8]? = nil
    ) throws -> RawAnswer {
        try connected { connection in
            connection.send(method, path, headers: headers, body: body)
            let head = try connection.head()
            return RawAnswer(
                request: "\(method) \(path)", status: head.status, headers: head.headers, body: try connection.body())
        }
    }

    /// Does it again with the next jrund when this one was killed meanwhile.
    private mutating func connected<R>(_ body: (RawConnection) throws -> R) throws -> R {
        while true {
            let number = try gate.awaitService()
            do {
                return try body(try RawConnection(socket))
            } catch let loss as RawConnection.Lost {
                if gate.isStill(number) { throw Wrong(description: "jrund itself gave up a connection: \(loss)") }
                lost += 1
            }
        }
    }
}
