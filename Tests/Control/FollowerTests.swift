import Foundation
import Glibc
import TestSupport
import Testing

/// Many readers of one stream, each at its own pace.
extension Control {
    @Suite struct Followers {
        private static let count = 64
        /// For each of them.
        private static let bytes = 32 << 20

        @Test(.timeLimit(.minutes(20))) func manyReadEverythingAndASlowOneDelaysNobody() throws {
            let program = try ProgramFile("probe", keys: ["stdin": "stream"])
            try withDaemon(programs: [program]) { daemon in
                // Code, caches and buffers are there after the first round.
                _ = try round(daemon)
                let before = try Memory(of: daemon)
                try before.forgetPeak()
                let elapsed = try round(daemon)
                let after = try Memory(of: daemon)
                print(
                    "followers: \(Self.count) and a slow one, \(Self.bytes >> 20) MiB each in \(elapsed); "
                        + "jrund has \(before.resident >> 10) KiB before, \(after.peak >> 10) at most, "
                        + "\(after.resident >> 10) after")
                // Nothing is kept for a reader: what they read together is twenty times as much.
                #expect(after.peak < before.resident * 2)
                #expect(after.resident < before.resident * 3 / 2)
            }
        }

        /// One run, read by everybody from its start to its end.
        private func round(_ daemon: Daemon) throws -> Duration {
            // Nothing is printed before all are there: it waits for its stdin.
            let id = try daemon.startRun("batch", "cat", "--", "write-stdout", "\(Self.bytes)")
            let crowd = Crowd(daemon.socket, "/v1/runs/\(id)/stdout?follow=true", Self.count, Self.bytes)
            try crowd.awaitEverybody()
            let start = ContinuousClock.now
            let answer = try daemon.send(
                Call("POST", "/v1/runs/\(id)/stdin?close=true").with { $0.body = [] })
            try #require(answer.status == 200, "\(answer)")
            try crowd.awaitTheFast()
            let elapsed = ContinuousClock.now - start
            // By now the stream has ended; the slow one is not even at its second piece.
            let run = try daemon.ended(id)
            #expect(run["stdout"]["bytes"].int == Self.bytes)
            try crowd.letTheSlowGo()
            #expect(crowd.failures == [])
            #expect(try daemon.delete("/v1/runs/\(id)").status == 204)
            return elapsed
        }
    }
}

/// Threads that read one stream each, because they wait in system calls.
private final class Crowd: @unchecked Sendable {  // SAFETY: failures are behind the lock, the rest does not change.
    private let attached = DispatchGroup()
    private let fast = DispatchGroup()
    private let slow = DispatchGroup()
    private let slowMayGo = DispatchSemaphore(value: 0)
    private let lock = NSLock()
    private var complaints: [String] = []
    private let bytes: Int

    init(_ socket: String, _ path: String, _ count: Int, _ bytes: Int) {
        self.bytes = bytes
        for index in 0...count {
            let isSlow = index == count
            attached.enter()
            (isSlow ? slow : fast).enter()
            Thread.detachNewThread { [self] in
                do { try read(socket, path, isSlow) } catch {
                    lock.withLock { complaints.append("reader \(index): \(error)") }
                }
                (isSlow ? slow : fast).leave()
            }
        }
    }

    var failures: [String] { lock.withLock { complaints } }

    func awaitEverybody() throws { try waitFor(attached, "readers are let in") }
    func awaitTheFast() throws { try waitFor(fast, "readers come to the end") }

    func letTheSlowGo() throws {
        slowMayGo.signal()
        try waitFor(slow, "the slow reader comes to the end")
    }

    private func waitFor(_ group: DispatchGroup, _ what: String) throws {
        if group.wait(timeout: .now() + 100) == .timedOut {
            throw DaemonError(description: "not in time: \(what); \(failures)")
        }
    }

    private func read(_ socket: String, _ path: String, _ isSlow: Bool) throws {
        var hasLeft = false
        func leave() {
            if !hasLeft { attached.leave() }
            hasLeft = true
        }
        defer { leave() }
        let connection = try RawConnection(socket)
        connection.send("GET", path)
        let head = try connection.head()
        guard head.status == 200 else { throw DaemonError(description: "\(head)") }
        leave()
        var count = 0
        while let piece = try connection.piece() {
            if isSlow, count == 0 { slowMayGo.wait() }
            guard Pattern.matches(piece, at: count) else {
                throw DaemonError(description: "wrong within \(piece.count) bytes from \(count)")
            }
            count += piece.count
        }
        if count != bytes { throw DaemonError(description: "\(count) bytes, not \(bytes)") }
    }
}

/// The probe's lines of 16 bytes.
private enum Pattern {
    private static let block = (0..<(1 << 13)).flatMap { _ in Array("0123456789abcde\n".utf8) }

    static func matches(_ piece: ArraySlice<UInt8>, at offset: Int) -> Bool {
        let start = offset % 16
        guard piece.count + start <= block.count else { return false }
        return piece.withUnsafeBytes { piece in
            block.withUnsafeBytes { memcmp(piece.baseAddress!, $0.baseAddress! + start, piece.count) == 0 }
        }
    }
}

/// What a process has in memory, bytes.
struct Memory {
    private let pid: pid_t
    let resident: Int
    let peak: Int

    init(of daemon: Daemon) throws {
        pid = try #require(daemon.child?.pid)
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        func value(_ key: String) throws -> Int {
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("\(key):") })
            return 1024 * (try #require(Int(line.filter(\.isNumber))))
        }
        (resident, peak) = (try value("VmRSS"), try value("VmHWM"))
    }

    /// Source: proc_pid_clear_refs(5).
    func forgetPeak() throws { try "5".write(toFile: "/proc/\(pid)/clear_refs", atomically: false, encoding: .utf8) }
}
