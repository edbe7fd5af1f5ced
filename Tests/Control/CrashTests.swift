// jrund is killed again and again while clients work with it. What a run is, and every byte it prints, must come through.

import Foundation
import Glibc
import TestSupport
import Testing

extension Control {
    /// `JRUN_SEED=N` repeats the clients' and the killer's choices (not the node's timing); `JRUN_CRASH_SECONDS=N` makes it
    /// longer.
    @Suite struct Crashes {
        private static let clients = 9
        private static let kills = 300

        private static func number(_ name: String) -> UInt64? {
            ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
        }

        static func program(at daemon: Daemon) throws -> ProgramFile {
            let script = try daemon.scratch("lines", Numbered.script.utf8)
            try #require(makeExecutable(script))
            var program = try ProgramFile(
                "lines",
                keys: [
                    "arguments": "[{argument: N, value: {integer: {min: 0, max: 1000000}}, repeat: {min: 3, max: 3}}]",
                    "inputs": "[{path: input.txt, required: true, max_size: 1MiB}]",
                    "results": "[{path: result.out, when: any}]",
                ], limits: ["wall": "30m", "cpu": "30m", "disk": "8MiB"])
            program.executable = script
            program.security["files"] = "{execute: [\"\(daemon.directory)/scratch\"]}"
            return program
        }

        @Test(.timeLimit(.minutes(60))) func nothingIsLostWhenJrundIsKilled() throws {
            let seed = Self.number("JRUN_SEED") ?? UInt64.random(in: 0...999_999)
            print("crashes: JRUN_SEED=\(seed) repeats the choices")
            let mountsBefore = mountPoints()
            let daemon = try Daemon(keys: ["quota": "{runs: 1000, kept: 10GiB}"])
            do {
                try daemon.write(try Self.program(at: daemon))
                try daemon.start()
                let crew = Crew(socket: daemon.socket, clients: Self.clients, seed: seed)
                let killer = try Killer(daemon, crew.gate, seed: seed).work(
                    kills: Self.kills, seconds: Double(Self.number("JRUN_CRASH_SECONDS") ?? 80))
                crew.gate.finish()
                crew.awaitClients()
                if !crew.gate.isLost { try crew.end(daemon) }
                print("crashes: \(killer); \(crew.summary)")
                try #require(crew.gate.allFailures == [], "JRUN_SEED=\(seed)")
                crew.checkEvents()
                #expect(try daemon.get("/v1/runs").json["runs"].array.map(\.description) == [], "runs of nobody")
                try awaitEmpty(daemon.cgroup)
                #expect(daemon.leaks == [])
                #expect(try daemon.cleanUp() == [])
                #expect(processes(of: daemon.uids) == [])
                #expect(mountPoints().subtracting(mountsBefore) == [])
            } catch {
                daemon.destroy()
                throw error
            }
        }
    }
}

/// The clients' threads, and one that reads all events.
private final class Crew: @unchecked Sendable {  // SAFETY: results are behind the lock, the rest is constant.
    let gate = CrashGate()
    private let socket: String
    private let group = DispatchGroup()
    private let eventGroup = DispatchGroup()
    private let lock = NSLock()
    private var records: [CrashClient.Record] = []
    private var events: [CrashEvent] = []
    private var lost = 0

    init(socket: String, clients: Int, seed: UInt64) {
        self.socket = socket
        // Threads, because a client waits in system calls.
        for index in 0..<clients {
            group.enter()
            Thread.detachNewThread { [self] in
                var client = CrashClient(
                    name: "\(index)", socket: socket, gate: gate, seed: seed &* 1_000_003 &+ UInt64(index))
                client.live()
                lock.withLock {
                    records += client.records
                    lost += client.lost
                }
                group.leave()
            }
        }
        eventGroup.enter()
        Thread.detachNewThread { [self] in
            readEvents()
            eventGroup.leave()
        }
    }

    func awaitClients() {
        if group.wait(timeout: .now() + 150) == .timedOut { gate.fail("the clients do not come to an end") }
    }

    /// One more run, whose removal tells the reader of events that there is no more to come.
    func end(_ daemon: Daemon) throws {
        let id = try daemon.create("1", "1", "0", program: "lines")
        gate.setLastRun(id)
        #expect(try daemon.delete("/v1/runs/\(id)").status == 204)
        if eventGroup.wait(timeout: .now() + 30) == .timedOut { gate.fail("the last event does not come") }
    }

    /// Takes the log up again wherever a crash cut it off.
    private func readEvents() {
        var reader = CrashEvents(first: 0)
        do {
            while !gate.isLost {
                let number = try gate.awaitService()
                do {
                    try reader.read(try RawConnection(socket), "/v1/events") {
                        $0.state == "removed" && gate.isLast($0.run)
                    }
                    break
                } catch let loss as RawConnection.Lost {
                    if gate.isStill(number) { return gate.fail("jrund itself gave up /v1/events: \(loss)") }
                }
            }
        } catch { gate.fail("/v1/events: \(error)") }
        lock.withLock { events = reader.events }
    }

    /// The node's log counts up by one, and says of each run what the run says of itself.
    func checkEvents() {
        #expect(events.map(\.sequence) == Array((events.first?.sequence ?? 1)..<(events.last?.sequence ?? 0) + 1))
        let ofRun = Dictionary(grouping: events, by: \.run)
        for record in records {
            let found = ofRun[record.id] ?? []
            #expect(found.filter { $0.state == "removed" }.count == 1, "\(record.life) run \(record.id)")
            #expect(found.last?.state == "removed", "\(record.life) run \(record.id)")
            // Those that were removed alive or not started did not read theirs.
            let own = record.events
            #expect(own.isEmpty || own == found.dropLast(), "\(record.life) run \(record.id)")
        }
    }

    var summary: String {
        let counts = Dictionary(grouping: records, by: \.life).map { "\($0.key) \($0.value.count)" }.sorted()
        return "\(records.count) runs (\(counts.joined(separator: ", "))), \(lost) connections taken up again, "
            + "\(events.count) events"
    }
}

/// Kills jrund at random instants.
private struct Killer: CustomStringConvertible {
    private let daemon: Daemon
    private let gate: CrashGate
    private var random: SeededDice
    private var kills = 0
    /// Before it said that it is ready.
    private var earlyKills = 0
    private var longestStart = Duration.zero

    init(_ daemon: Daemon, _ gate: CrashGate, seed: UInt64) {
        (self.daemon, self.gate) = (daemon, gate)
        random = SeededDice(seed: seed)
    }

    /// Comes with jrund serving, and leaves it so.
    func work(kills wanted: Int, seconds: Double) throws -> Killer {
        var killer = self
        let began = ContinuousClock.now
        gate.open()
        while killer.kills < wanted || ContinuousClock.now - began < .seconds(seconds), !gate.isLost {
            // As long between two kills as the time allows.
            let left = seconds - Double((ContinuousClock.now - began).milliseconds) / 1000
            let share = max(0, left) / Double(max(1, wanted - killer.kills)) * 1000
            try killer.killOnce(after: killer.random.number(below: 1 + Int(min(300, max(20, 1.5 * share)))))
        }
        return killer
    }

    private mutating func killOnce(after milliseconds: Int) throws {
        try daemon.passTime(milliseconds)
        gate.close()
        try daemon.end(SIGKILL)
        kills += 1
        // Now and then also while it finds its runs again.
        while random.number(below: 8) == 0 {
            try daemon.launch()
            try daemon.passTime(random.number(below: 60))
            try daemon.end(SIGKILL)
            kills += 1
            earlyKills += 1
        }
        let start = ContinuousClock.now
        try daemon.start()
        longestStart = max(longestStart, .now - start)
        gate.open()
    }

    var description: String {
        "\(kills) kills, \(earlyKills) of them before jrund was ready, longest start \(longestStart)"
    }
}

extension Daemon {
    /// Waits for an end that must not come: the time passes, or jrund has ended by itself.
    fileprivate func passTime(_ milliseconds: Int) throws {
        var waiting = pollfd(fd: child?.stdout.descriptor ?? -1, events: Int16(POLLIN), revents: 0)
        if poll(&waiting, 1, Int32(milliseconds)) > 0 {
            throw DaemonError(description: "jrund has ended by itself: \(Daemon.lastWords)")
        }
    }
}

// MARK: What is left

/// Returns when nothing lives in the cgroup any more: jrun-init may still be on its way out when its run is gone.
private func awaitEmpty(_ cgroup: String) throws {
    let path = "\(cgroup)/init/cgroup.events"
    let file = open(path, O_RDONLY | O_CLOEXEC)
    try #require(file >= 0, "'\(path)': \(String(cString: strerror(errno)))")
    defer { close(file) }
    while true {
        var text = [UInt8](repeating: 0, count: 256)
        let count = pread(file, &text, text.count, 0)
        if String(decoding: text[..<max(0, count)], as: UTF8.self).contains("populated 0") { return }
        var change = pollfd(fd: file, events: Int16(POLLPRI), revents: 0)
        // The leaks that are looked for next say what it was.
        if poll(&change, 1, 10_000) == 0 { return }
    }
}

private func mountPoints() -> Set<String> {
    let table = (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? ""
    return Set(table.split(separator: "\n").map { $0.split(separator: " ")[4] + " " + $0.split(separator: " ")[0] })
}

private func processes(of uids: ClosedRange<UInt32>) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).filter { name in
        var facts = stat()
        return name.allSatisfy(\.isNumber) && stat("/proc/\(name)", &facts) == 0 && uids.contains(facts.st_uid)
    }
}
