import Foundation
import Glibc
import TestSupport
import Testing

/// Too many connections, too slow ones, and answers that nobody reads.
extension Control {
    @Suite struct Flood {
        /// A client that waits longer than this for an answer is not served.
        private static let promptly = Duration.seconds(20)

        static func expectService(_ daemon: Daemon, uid: UInt32 = 0, _ when: String) throws {
            let start = ContinuousClock.now
            let answer = try RawConnection.answer(daemon.socket, "GET", "/v1/info", uid: uid)
            #expect(answer.status == 200, "\(when): \(answer)")
            #expect(ContinuousClock.now - start < promptly, "\(when)")
        }

        // MARK: Connections

        @Test(.timeLimit(.minutes(20))) func tenThousandConnectionsOfOneUser() throws {
            let count = 10_000
            try Flood.raiseDescriptors(to: count + 1_000)
            try withDaemon { daemon in
                try Flood.expectService(daemon, "before")
                let before = try Memory(of: daemon)
                try before.forgetPeak()
                var connections: [RawConnection] = []
                let start = ContinuousClock.now
                for index in 1...count {
                    connections.append(try RawConnection(daemon.socket, uid: stranger))
                    if index.isMultiple(of: 1_000) { try Flood.expectService(daemon, "with \(index)") }
                }
                let elapsed = ContinuousClock.now - start
                // A quarter of the usual 1024 is served: nothing comes there, since nothing was asked.
                let (refused, served) = try Flood.divide(connections, served: 256)
                for connection in refused {
                    let text = String(decoding: try connection.rest(), as: UTF8.self)
                    #expect(text.hasPrefix("HTTP/1.1 429 ") && text.contains("problem:quota"), "\(text)")
                }
                try Flood.expectService(daemon, uid: owner, "another user")
                served[255].send("GET", "/v1/info")
                #expect(try served[255].head().status == 200)
                let during = try Memory(of: daemon)
                for connection in refused + served { shutdown(connection.descriptor, Int32(SHUT_RDWR)) }
                try Flood.awaitService(daemon)
                let after = try Memory(of: daemon)
                print(
                    "flood: \(count) connections in \(elapsed); jrund has \(before.resident >> 10) KiB before, "
                        + "\(during.peak >> 10) at most, \(after.resident >> 10) after")
                #expect(during.peak < before.resident + (96 << 20))
                #expect(try Flood.openDescriptors(daemon) < 100)
            }
        }

        /// Waits until all but so many have been answered, and makes sure that those are not.
        private static func divide(
            _ connections: [RawConnection], served count: Int
        ) throws -> (refused: [RawConnection], served: [RawConnection]) {
            var refused: [RawConnection] = [], waiting = connections
            while waiting.count > count {
                var entries = waiting.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
                guard poll(&entries, nfds_t(entries.count), 60_000) > 0 else {
                    throw DaemonError(description: "\(waiting.count) connections are neither served nor refused")
                }
                refused += zip(waiting, entries).filter { $1.revents != 0 }.map(\.0)
                waiting = zip(waiting, entries).filter { $1.revents == 0 }.map(\.0)
            }
            #expect(waiting.count == count)
            return (refused, waiting)
        }

        /// Until jrund has noticed that the stranger's connections are gone.
        private static func awaitService(_ daemon: Daemon) throws {
            let deadline = ContinuousClock.now + .seconds(90)
            while ContinuousClock.now < deadline {
                if try RawConnection.answer(daemon.socket, "GET", "/v1/info", uid: stranger).status == 200,
                    try openDescriptors(daemon) < 100
                {
                    return
                }
            }
            throw DaemonError(description: "jrund does not recover")
        }

        private static func openDescriptors(_ daemon: Daemon) throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/\(try #require(daemon.child?.pid))/fd").count
        }

        private static func raiseDescriptors(to count: Int) throws {
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, rlim_t(count)))
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            guard limit.rlim_cur >= rlim_t(count) else {
                throw DaemonError(description: "\(count) descriptors are needed, \(limit.rlim_cur) are to be had")
            }
        }

        /// Many users together do not keep an administrator out.
        @Test func administratorsAlwaysComeIn() throws {
            try withDaemon(keys: ["connections": "64"]) { daemon in
                // Answered and kept: only so it is known to be served.
                func ask(_ connection: RawConnection) throws {
                    connection.send(Array("GET /v1/info HTTP/1.1\r\nHost: jrun\r\n\r\n".utf8))
                    #expect(try connection.head().status == 200)
                    _ = try connection.body()
                }
                func open(_ count: Int, _ uid: UInt32) throws -> [RawConnection] {
                    try (0..<count).map { _ in
                        let connection = try RawConnection(daemon.socket, uid: uid)
                        try ask(connection)
                        return connection
                    }
                }
                // Seven eighths of all, of which nobody has more than a quarter.
                let users = try open(16, 65_000) + open(16, 65_001) + open(16, 65_002) + open(8, 65_003)
                for uid in [UInt32(65_003), 65_004] {
                    let answer = try RawConnection.answer(daemon.socket, "GET", "/v1/info", uid: uid)
                    #expect(answer.status == 503 && answer.text.contains("problem:busy"), "\(answer)")
                }
                let administrators = try open(7, 0)
                try Flood.expectService(daemon, "all places of users are taken")
                // Nobody who was let in is put out.
                for connection in users + administrators { try ask(connection) }
            }
        }

        // MARK: Time

        /// All kinds of slowness at once: each takes a minute to be noticed.
        @Test(.timeLimit(.minutes(20))) func slowClientsDelayNobody() throws {
            let program = try ProgramFile("probe", keys: ["stdin": "stream"])
            try withDaemon(programs: [program]) { daemon in
                let id = try daemon.startRun("write-stdout", "50000000")
                _ = try daemon.ended(id)
                try Flood.expectService(daemon, "before")
                let before = try Memory(of: daemon)
                func open(_ text: String) throws -> RawConnection {
                    let connection = try RawConnection(daemon.socket)
                    connection.send(Array(text.utf8))
                    return connection
                }
                let head = "POST /v1/runs HTTP/1.1\r\nHost: jrun\r\n"
                let silent = try open(""), drips = try open(head + "X: "),
                    chunks = try open(
                        head + "Transfer-Encoding: chunked\r\n\r\n1;")
                let body = try open(head + "Content-Length: 1000\r\n\r\n{")
                // Who does not read may take as long as they like, at no cost to anybody.
                let readers = try (0..<50).map { _ in
                    try open("GET /v1/runs/\(id)/stdout HTTP/1.1\r\nHost: jrun\r\n\r\n")
                }
                let pipeline = "GET /openapi.yaml HTTP/1.1\r\nHost: jrun\r\n\r\n"
                let piped = try (0..<8).map { _ in try open(String(repeating: pipeline, count: 2_000)) }
                let start = ContinuousClock.now
                // Whoever sends a header byte by byte is not waited for any longer.
                while !drips.isReadable(within: 500), ContinuousClock.now - start < .seconds(80) {
                    drips.send([120])
                    chunks.send([120])
                    try Flood.expectService(daemon, uid: stranger, "while slow clients are there")
                }
                #expect(ContinuousClock.now - start > .seconds(50), "nobody was patient")
                for (name, connection) in [("silent", silent), ("drips", drips), ("chunks", chunks), ("body", body)] {
                    #expect(connection.isReadable(within: 60_000), "\(name) is still waited for")
                    #expect(![200, 201].contains(statuses(try connection.rest()).first ?? 0), "\(name)")
                }
                let after = try Memory(of: daemon)
                print(
                    "slow clients: jrund has \(before.resident >> 10) KiB before, \(after.peak >> 10) at most; closed after "
                        + "\(ContinuousClock.now - start)")
                #expect(after.peak < before.resident + (64 << 20))
                // They are there all the time, and get what they asked for.
                for reader in readers {
                    #expect(try reader.head().status == 200)
                }
                #expect(try piped[7].head().status == 200)
                #expect(try readers[49].body().count == 50_000_000)
            }
        }

        // MARK: Memory

        /// What a user does not read is held only so far; beyond that the run keeps it.
        @Test(.timeLimit(.minutes(20))) func answersThatNobodyReadsAreBounded() throws {
            try withDaemon { daemon in
                try Flood.expectService(daemon, "before")
                let before = try Memory(of: daemon)
                let request = Array(Daemon.request(["write-stdout", "1000000"]).utf8)
                var connections: [RawConnection] = []
                for _ in 0..<80 {
                    let connection = try RawConnection(daemon.socket, uid: stranger)
                    connection.send("POST", "/v1/execute", body: request)
                    // The answer has begun: it is there as a whole.
                    #expect(connection.isReadable(within: 60_000))
                    connections.append(connection)
                }
                let after = try Memory(of: daemon)
                try Flood.expectService(daemon, uid: owner, "while answers are held")
                var whole = 0, kept = 0
                for connection in connections {
                    #expect(try connection.head().status == 200)
                    let answer = try JSON(parsing: try connection.body())
                    if answer["stdout"]["text"].string?.utf8.count == 1_000_000 { whole += 1 }
                    if answer["stdout"]["bytes"].int == 1_000_000 { kept += 1 }
                }
                print(
                    "unread answers: \(whole) whole, \(kept) kept; jrund has \(before.resident >> 10) KiB before, "
                        + "\(after.peak >> 10) at most")
                #expect(whole + kept == 80 && whole >= 50 && kept >= 10)
                #expect(after.peak < before.resident + (160 << 20))
                #expect(try daemon.get("/v1/runs").json["runs"].array.count == kept)
                // Everything was read: there is room again.
                let again = try RawConnection.answer(
                    daemon.socket, "POST", "/v1/execute", body: request, uid: stranger)
                #expect(try JSON(parsing: again.body)["stdout"]["text"].string != nil)
            }
        }
    }
}
