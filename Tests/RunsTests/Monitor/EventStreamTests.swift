import FoundationEssentials
import Testing

@testable import Runs

@Suite struct EventStreamTests {
    private let scratch: Scratch
    private var directory: String { scratch("events") }

    init() throws { scratch = try Scratch() }

    private func record(_ events: EventStream, _ state: String, _ run: String = "run") throws {
        try events.record(state, of: run, program: "sh", owner: 7, copyTo: nil)
    }

    private func all(_ reader: EventReader) throws -> [RunEvent] {
        var events: [RunEvent] = []
        while true {
            let next = try reader.next()
            if next.isEmpty { return events }
            events += next
        }
    }

    @Test func numbersGoOnWhereTheyStopped() throws {
        let first = try EventStream(in: directory)
        try record(first, "created")
        try record(first, "starting")
        let second = try EventStream(in: directory)
        try record(second, "running")
        let events = try all(second.reader(after: 0))
        #expect(events.map(\.sequence) == [1, 2, 3])
        #expect(events.map(\.state) == ["created", "starting", "running"])
        #expect(events[0].owner == 7 && events[0].program == "sh" && events[0].cause == nil)
    }

    @Test func halfALineIsTakenAway() throws {
        let first = try EventStream(in: directory)
        try record(first, "created")
        let path = try #require(FileManager.default.contentsOfDirectory(atPath: directory).first)
        var bytes = try Data(contentsOf: URL(filePath: "\(directory)/\(path)"))
        bytes.append(contentsOf: "{\"sequence\":2,\"time\":\"2026".utf8)
        try bytes.write(to: URL(filePath: "\(directory)/\(path)"))
        let second = try EventStream(in: directory)
        try record(second, "starting")
        #expect(try all(second.reader(after: 0)).map(\.sequence) == [1, 2])
    }

    @Test func aReaderGoesOnBehindAnyNumber() throws {
        let events = try EventStream(in: directory)
        for _ in 0..<10 { try record(events, "created") }
        for after in 0...12 {
            let reader = try events.reader(after: UInt64(after))
            #expect(try all(reader).map(\.sequence) == (1...10).filter { $0 > after }.map(UInt64.init))
            #expect(!reader.hasGap)
        }
        let live = try events.reader(after: nil)
        #expect(try live.next().isEmpty)
        try record(events, "running")
        #expect(try live.next().map(\.sequence) == [11])
    }

    /// Enough for several log files, so that the oldest is gone: a follower from the first event on misses none, one that
    /// begins later is told that something is missing.
    @Test func filesAreBegunAnewAndFollowed() throws {
        let events = try EventStream(in: directory)
        try record(events, "created")
        let follower = try events.reader(after: 0)
        var seen: UInt64 = 0
        let program = String(repeating: "p", count: 4_000)
        for round in 1...11_000 {
            try events.record("running", of: "run", program: program, owner: 0, copyTo: nil)
            guard round % 500 == 0 else { continue }
            for event in try all(follower) {
                #expect(event.sequence == seen + 1)
                seen = event.sequence
            }
        }
        #expect(seen == 11_001)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).count == 4)
        let late = try events.reader(after: 0)
        #expect(late.hasGap)
        let rest = try all(late).map(\.sequence)
        #expect(rest.last == 11_001 && rest.count < 11_001 && rest == Array(rest[0]...11_001))
    }

    @Test func itsFileIsClosedWithTheLog() throws {
        func descriptors() -> Int {
            let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
            let files = numbers.compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
            }
            return files.count { $0.hasPrefix(directory) }
        }
        do {
            let events = try EventStream(in: directory)
            try record(events, "created")
            #expect(descriptors() == 1)
        }
        #expect(descriptors() == 0)
    }

    @Test func waitingEndsWithTheNextEvent() async throws {
        let events = try EventStream(in: directory)
        let reader = try events.reader(after: nil)
        #expect(try reader.next().isEmpty)
        async let waiting: Void = reader.waitForMore()
        try record(events, "created")
        await waiting
        #expect(try reader.next().count == 1)
    }
}
