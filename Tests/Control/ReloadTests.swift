import Foundation
import TestSupport
import Testing

/// Configuration and program files, read again while runs are live.
extension Control {
    @Suite struct Reload {
        @Test func newAndChangedPrograms() throws {
            try withDaemon { daemon in
                let live = try daemon.startRun("sleep", "forever")
                let old = try #require(try daemon.get("/v1/programs/probe").json["digest"].string)
                try daemon.write(try ProgramFile("second"))
                try daemon.write(try ProgramFile(keys: ["version": "\"2\""]))
                #expect(try daemon.get("/v1/programs/second").status == 404)
                #expect(try daemon.post("/v1/reload").json["problems"].strings == [])
                #expect(try daemon.get("/v1/programs/second").status == 200)
                #expect(try daemon.get("/v1/programs/probe").json["digest"].string != old)
                // The run is by the rules that it was created with.
                #expect(try daemon.run(live)["program"]["digest"].string == old && daemon.state(live) == "running")
                try FileManager.default.removeItem(atPath: "\(daemon.directory)/programs/second.yaml")
                _ = try daemon.post("/v1/reload")
                #expect(try daemon.get("/v1/programs/second").status == 404)
            }
        }

        @Test func aBrokenProgramFileKeepsTheOldOne() throws {
            try withDaemon { daemon in
                let live = try daemon.startRun("sleep", "forever")
                let old = try daemon.get("/v1/programs/probe").json
                let path = "\(daemon.directory)/programs/probe.yaml"
                try Data("program: probe\nlimts: {}\n".utf8).write(to: URL(fileURLWithPath: path))
                let problems = try daemon.post("/v1/reload").json["problems"].strings
                #expect(!problems.isEmpty && problems.joined().contains("probe.yaml"), "\(problems)")
                let new = try daemon.get("/v1/programs/probe").json
                #expect(new["digest"].string == old["digest"].string && new["file"].string == old["file"].string)
                let id = try daemon.startRun("exit", "0")
                #expect(try daemon.ended(id)["state"].string == "complete" && daemon.state(live) == "running")
                try daemon.write(try ProgramFile())
                #expect(try daemon.post("/v1/reload").json["problems"].strings == [])
            }
        }

        @Test func aBrokenConfigurationKeepsTheOldOne() throws {
            try withDaemon(keys: ["capacity": "{runs: 7, memory: 9GiB, cpus: 9, queue: 9}"]) { daemon in
                let live = try daemon.startRun("sleep", "forever")
                for (broken, says) in [
                    ("capacity: {runs: none}\n", "runs"), ("capacty: {}\n", "capacty"), ("{", "YAML"),
                ] {
                    try Data(broken.utf8).write(to: URL(fileURLWithPath: "\(daemon.directory)/jrund.yaml"))
                    let problems = try daemon.post("/v1/reload").json["problems"].strings
                    #expect(!problems.isEmpty && problems.joined().contains(says), "\(problems)")
                    #expect(try daemon.get("/v1/info").json["capacity"]["runs"].int == 7)
                }
                daemon.configuration["capacity"] = "{runs: 8, memory: 9GiB, cpus: 9, queue: 9}"
                try daemon.writeConfiguration()
                #expect(try daemon.post("/v1/reload").json["problems"].strings == [])
                #expect(try daemon.get("/v1/info").json["capacity"]["runs"].int == 8)
                #expect(try daemon.state(live) == "running")
            }
        }

        @Test func hangupDoesTheSame() throws {
            try withDaemon { daemon in
                try daemon.write(try ProgramFile("second"))
                daemon.forgetNotifications()
                daemon.child?.signal(SIGHUP)
                try daemon.awaitNotification("RELOADING=1")
                try daemon.awaitNotification("READY=1")
                #expect(try daemon.get("/v1/programs/second").status == 200)
                // systemd wants to know when the reload began.
                #expect(daemon.notified.contains { $0.contains("MONOTONIC_USEC=") })
            }
        }

        /// `--check` and the log say the same of what can be read, and does not do what it seems to.
        @Test func whatCannotWorkIsNamed() throws {
            try withDaemon { daemon in
                func check(_ environment: [String: String] = [:]) throws -> Ended {
                    try daemon.writeConfiguration()
                    var command = Command([
                        daemon.place.jrund, "--config", "\(daemon.directory)/jrund.yaml", "--check",
                    ])
                    command.environment = daemon.environment.merging(environment) { _, new in new }
                    return try command.run()
                }
                let place = "work_directory: 'disk' cannot be held: '\(daemon.stateDirectory)' has no project quotas; "
                #expect(try check(["JRUN_WORK_DIRECTORY": "disk"]).stderr.contains(place), "the environment wins")
                daemon.configuration["work_directory"] = "disk"
                let weaker = try check()
                #expect(
                    weaker.status == 0 && weaker.stderr.contains("warning: \(place)runs work in memory"), "\(weaker)")
                _ = try daemon.post("/v1/reload")
                #expect(daemon.log.contains("\(place)runs work in memory"))
                daemon.configuration["enforcement"] = "strict"
                let strict = try check()
                #expect(strict.status == 1 && strict.stderr.contains("\(place)every run is refused"), "\(strict)")
                daemon.configuration["enforcement"] = "best-effort"
                var program = try ProgramFile("closed")
                program.security["seccomp"] = "{extends: default, deny: [execveat]}"
                try daemon.write(program)
                let closed = try check()
                let problem = "program 'closed': security.seccomp: no run can start: seccomp: 'execveat' is not allowed"
                #expect(closed.status == 1 && closed.stderr.contains(problem), "\(closed)")
                _ = try daemon.post("/v1/reload")
                #expect(daemon.log.contains(problem))
            }
        }

        /// Room that a new configuration brings is used at once.
        @Test func whoWaitsStartsWhenThereIsRoom() throws {
            try withDaemon(keys: ["capacity": "{runs: 1, memory: 9GiB, cpus: 9, queue: 9}"]) { daemon in
                _ = try daemon.startRun("sleep", "forever")
                let second = try daemon.create("sleep", "forever")
                #expect(try daemon.command("start", second).status == 202)
                let follower = try daemon.begin(Call("GET", "/v1/runs/\(second)/events"))
                daemon.configuration["capacity"] = "{runs: 2, memory: 9GiB, cpus: 9, queue: 9}"
                try daemon.writeConfiguration()
                _ = try daemon.post("/v1/reload")
                try follower.await("\"running\"")
                try follower.abandon()
            }
        }
    }
}
