import Foundation
import Glibc
import TestSupport
import Testing

/// What jrund's end costs: nothing. The table of docs/daemon.md, "Life of a run".
extension Control {
    @Suite struct Survival {
        private func withCat(keys: [String: String] = [:], _ body: (Daemon) throws -> Void) throws {
            try withDaemon(programs: [try ProgramFile(keys: ["stdin": "stream"])], keys: keys) { try body($0) }
        }

        private func write(_ text: String, to id: String, _ daemon: Daemon, close: Bool = false) throws {
            let call = Call("POST", "/v1/runs/\(id)/stdin?close=\(close)").with { $0.body = Array(text.utf8) }
            let answer = try daemon.send(call)
            try #require(answer.status == 200, "\(answer)")
        }

        private func members(_ cgroup: String, _ daemon: Daemon) -> [pid_t] {
            let text = (try? String(contentsOfFile: "\(daemon.cgroup)/\(cgroup)/cgroup.procs", encoding: .utf8)) ?? ""
            return text.split(separator: "\n").compactMap { pid_t($0) }
        }

        /// The run's jrun-init: the parent of its first process.
        private func supervisor(of id: String, _ daemon: Daemon) throws -> pid_t {
            let program = try #require(members("runs/\(id)", daemon).first)
            let status = try String(contentsOfFile: "/proc/\(program)/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("PPid:") })
            return try #require(pid_t(line.split(separator: "\t")[1]))
        }

        /// Ends processes and returns when they are gone.
        private func end(_ pids: [pid_t], leaving cgroup: String) throws {
            for pid in pids { kill(pid, SIGKILL) }
            try awaitUnpopulated(cgroup)
        }

        private func awaitUnpopulated(_ cgroup: String) throws {
            let file = open("\(cgroup)/cgroup.events", O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { return }
            defer { close(file) }
            let deadline = ContinuousClock.now + .seconds(20)
            while true {
                var buffer = [UInt8](repeating: 0, count: 4096)
                let count = pread(file, &buffer, buffer.count, 0)
                if count <= 0 || String(decoding: buffer[..<count], as: UTF8.self).contains("populated 0") { return }
                let left = (deadline - .now).milliseconds
                guard left > 0 else { throw DaemonError(description: "processes are left in '\(cgroup)'") }
                var event = pollfd(fd: file, events: Int16(POLLPRI), revents: 0)
                poll(&event, 1, Int32(left))
            }
        }

        @Test(arguments: [SIGTERM, SIGKILL]) func everythingIsFoundAgain(_ signal: Int32) throws {
            try withCat(keys: ["capacity": "{runs: 3, memory: 9GiB, cpus: 9, queue: 9}"]) { daemon in
                let created = try daemon.create("batch", "read", "a.txt")
                _ = try daemon.put("/v1/runs/\(created)/files/a.txt", "kept".utf8)
                let running = try daemon.startRun("cat"), suspended = try daemon.startRun("cat")
                let ending = try daemon.startRun("cat")
                try write("before\n", to: running, daemon)
                try write("frozen\n", to: suspended, daemon)
                try daemon.awaitOutput(of: suspended, "frozen\n")
                try daemon.command("freeze", suspended)
                let queued = try daemon.create("lines", "3")
                #expect(try daemon.command("start", queued).status == 202)
                let before = try daemon.get("/v1/runs").json["runs"].array.map { "\($0["id"]) \($0["state"])" }

                try daemon.end(signal)
                try end(members("runs/\(ending)", daemon), leaving: "\(daemon.cgroup)/runs/\(ending)")
                try daemon.start()

                // What ended meanwhile made room for what waited.
                let run = try daemon.ended(ending)
                #expect(run["state"].string == "failed" && run["signal"].string == "SIGKILL", "\(run)")
                #expect(try daemon.ended(queued)["state"].string == "complete")
                #expect(try daemon.get("/v1/runs/\(queued)/stdout").text == "line 1\nline 2\nline 3\n")
                #expect(try daemon.state(running) == "running" && daemon.state(suspended) == "suspended")
                #expect(try daemon.get("/v1/runs").json["runs"].array.count == before.count)

                try write("after\n", to: running, daemon, close: true)
                #expect(try daemon.ended(running)["stdin"]["bytes"].int == 13)
                #expect(try daemon.get("/v1/runs/\(running)/stdout").text == "before\nafter\n")
                try daemon.command("thaw", suspended)
                try write("thawed\n", to: suspended, daemon, close: true)
                #expect(try daemon.ended(suspended)["state"].string == "complete")
                #expect(try daemon.get("/v1/runs/\(suspended)/stdout").text == "frozen\nthawed\n")

                #expect(try daemon.state(created) == "created")
                try daemon.command("start", created)
                _ = try daemon.ended(created)
                #expect(try daemon.get("/v1/runs/\(created)/stdout").text.contains("\"kept\""))
            }
        }

        @Test(arguments: [SIGTERM, SIGKILL]) func whatHadEndedIsAsItWas(_ signal: Int32) throws {
            try withDaemon { daemon in
                let id = try daemon.startRun("batch", "fill", "a.out", "100000", "--", "lines", "5")
                _ = try daemon.ended(id)
                func facts() throws -> [String] {
                    try ["", "/report", "/stdout", "/files", "/files/a.out"].map {
                        try daemon.get("/v1/runs/\(id)\($0)").text
                    }
                }
                let before = try facts()
                try daemon.restart(signal)
                #expect(try facts() == before)
                #expect(try daemon.get("/v1/runs/\(id)/stdout?follow=true").status == 410)
            }
        }

        /// Output goes on while nobody looks, and the next jrund knows where the last one was.
        @Test func outputFlowsOn() throws {
            try withDaemon { daemon in
                let id = try daemon.startRun("write-stdout", "30MiB")
                try daemon.end(SIGKILL)
                try daemon.start()
                let run = try daemon.ended(id)
                #expect(run["state"].string == "complete" && run["stdout"]["bytes"].int == 30 << 20, "\(run)")
                let line = Array("0123456789abcde\n".utf8)
                let bytes = try daemon.get("/v1/runs/\(id)/stdout").body.array
                #expect(bytes.count == 30 << 20 && bytes.indices.allSatisfy { bytes[$0] == line[$0 % 16] })
            }
        }

        /// The clocks are jrun-init's.
        @Test func limitsHoldWhileNobodyLooks() throws {
            try withDaemon(programs: [try ProgramFile(limits: ["wall": "1s"])]) { daemon in
                let id = try daemon.startRun("sleep", "forever")
                try daemon.end(SIGKILL)
                try awaitUnpopulated("\(daemon.cgroup)/runs/\(id)")
                try daemon.start()
                let run = try daemon.ended(id)
                #expect(run["cause"].string == "wall-time" && run["state"].string == "killed", "\(run)")
            }
        }

        @Test func resultsWaitForTheNextOne() throws {
            try withCat { daemon in
                let id = try daemon.startRun("batch", "fill", "a.out", "1000", "--", "cat")
                try daemon.awaitOutput(of: id, "\"bytes\"")
                try daemon.end(SIGKILL)
                try end(members("runs/\(id)", daemon), leaving: "\(daemon.cgroup)/runs/\(id)")
                try daemon.start()
                _ = try daemon.ended(id)
                #expect(try daemon.get("/v1/runs/\(id)/files/a.out").body.count == 1000)
            }
        }

        /// Power loss: neither processes nor a record.
        @Test func whatIsGoneWithoutARecordIsLost() throws {
            try withDaemon { daemon in
                let id = try daemon.startRun(saying: "ready", "sleep", "forever")
                let supervisor = try supervisor(of: id, daemon)
                try daemon.end(SIGKILL)
                // jrun-init first, so that it writes nothing; the kernel takes its pid namespace with it.
                try end([supervisor] + members("runs/\(id)", daemon), leaving: daemon.cgroup)
                try daemon.start()
                let run = try daemon.ended(id)
                #expect(run["state"].string == "killed" && run["cause"].string == "lost", "\(run)")
                let report = try daemon.get("/v1/runs/\(id)/report")
                #expect(report.status == 200 && report.json["cause"].string == "lost", "\(report)")
                #expect(try daemon.get("/v1/runs/\(id)/stdout").text.contains("ready"))
            }
        }

        @Test func halfMadeAndHalfRemovedRunsGo() throws {
            try withDaemon { daemon in
                let id = try daemon.create("exit", "0")
                try daemon.end(SIGKILL)
                let files = FileManager.default
                for name in [".new-01kb0m2xw3e4y5v6a7b8c9d0ef", ".gone-01kb0m2xw3e4y5v6a7b8c9d0eg"] {
                    let path = "\(daemon.runsDirectory)/\(name)"
                    try files.createDirectory(atPath: "\(path)/inputs/deep", withIntermediateDirectories: true)
                    for file in ["run.json", "inputs/deep/a.txt"] {
                        _ = files.createFile(atPath: "\(path)/\(file)", contents: Data("{".utf8))
                    }
                }
                try daemon.start()
                #expect(try daemon.get("/v1/runs").json["runs"].array.count == 1)
                // jrund serves before the bytes are gone.
                while try files.contentsOfDirectory(atPath: daemon.runsDirectory) != [id] {
                    _ = try daemon.get("/v1/info")
                }
            }
        }

        /// With no more than the unit's capabilities: in a sticky directory even root may remove only what is root's.
        @Test(.timeLimit(.minutes(20))) func aStickyDirectoryOfTheProgramsGoes() throws {
            try withDaemon { daemon in
                try daemon.end()
                let path = "\(daemon.runsDirectory)/.gone-01kb0m2xw3e4y5v6a7b8c9d0eg/disk"
                try FileManager.default.createDirectory(atPath: "\(path)/deep", withIntermediateDirectories: true)
                for place in [path, "\(path)/deep"] {
                    _ = FileManager.default.createFile(atPath: "\(place)/a", contents: Data())
                    try #require(chown("\(place)/a", daemon.uids.lowerBound, 0) == 0)
                    try #require(chown(place, daemon.uids.lowerBound, 0) == 0 && chmod(place, 0o1700) == 0)
                }
                try daemon.takeCapabilitiesOfTheUnit()
                try #require(daemon.wrapper.last?.contains("fowner") == false)
                try daemon.start()
                while try !FileManager.default.contentsOfDirectory(atPath: daemon.runsDirectory).isEmpty {
                    _ = try daemon.get("/v1/info")
                }
            }
        }

        /// Whatever else lies there is left alone, and does not keep jrund from serving.
        @Test func whatCannotBeReadIsLeftAlone() throws {
            try withDaemon { daemon in
                let id = try daemon.create("exit", "0")
                try daemon.end(SIGTERM)
                let broken = "\(daemon.runsDirectory)/01kb0m2xw3e4y5v6a7b8c9d0ef"
                try FileManager.default.createDirectory(atPath: broken, withIntermediateDirectories: false)
                try Data("no json".utf8).write(to: URL(fileURLWithPath: "\(broken)/run.json"))
                // Without it, it would be one of `jrun exec`.
                #expect(mkfifo("\(broken)/control", 0o600) == 0)
                try daemon.start()
                #expect(try daemon.get("/v1/runs").json["runs"].array.compactMap { $0["id"].string } == [id])
                #expect(daemon.log.contains("01kb0m2xw3e4y5v6a7b8c9d0ef"))
                try? FileManager.default.removeItem(atPath: broken)
            }
        }

        /// A commands that was on its way when jrund died is either done or can be given again.
        @Test func terminateIsNotForgotten() throws {
            try withDaemon { daemon in
                let id = try daemon.startRun(saying: "ready", "ignore-term")
                try daemon.command("terminate", id)
                try daemon.restart(SIGKILL)
                #expect(try daemon.run(id)["terminating"].bool == true)
                try daemon.command("kill", id)
                let ended = try daemon.ended(id)
                #expect(["interrupted", "killed"].contains(ended["state"].string), "\(ended)")
            }
        }

        @Test func oneDaemonForANode() throws {
            try withDaemon { daemon in
                var command = Command([daemon.place.jrund, "--config", "\(daemon.directory)/jrund.yaml"])
                command.environment = daemon.environment.filter { $0.key != "NOTIFY_SOCKET" }
                let second = try command.run()
                #expect(second.status != 0 && second.stderr.contains("another jrund"), "\(second.stderr)")
                #expect(try daemon.get("/v1/info").status == 200)
            }
        }
    }
}
