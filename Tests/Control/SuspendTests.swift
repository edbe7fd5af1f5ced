import TestSupport
import Testing

/// Suspending, going on, and being asked to end meanwhile.
extension Control {
    @Suite struct Suspending {
        private func processes(_ id: String, _ daemon: Daemon) -> [String] {
            let path = "\(daemon.cgroup)/runs/\(id)/cgroup.procs"
            return ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
        }

        private func isFrozen(_ id: String, _ daemon: Daemon) -> Bool {
            let path = "\(daemon.cgroup)/runs/\(id)/cgroup.events"
            return ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").contains("frozen 1")
        }

        @Test func frozenIsFrozenAndThawedGoesOn() throws {
            try withDaemon { daemon in
                let id = try daemon.startRun(saying: "ready", "sleep", "forever")
                #expect(try daemon.command("freeze", id).json["state"].string == "suspended")
                #expect(isFrozen(id, daemon))
                #expect(try daemon.command("thaw", id).json["state"].string == "running")
                #expect(!isFrozen(id, daemon) && !processes(id, daemon).isEmpty)
            }
        }

        /// The program's suspend signal comes first, and it has its grace time to act on it.
        @Test func suspendIsPolite() throws {
            let program = try ProgramFile(keys: ["suspend": "{signal: TERM, grace: 700ms}"])
            // Beyond curl's patience.
            let patient = try ProgramFile("patient", keys: ["suspend": "{signal: TERM, grace: 10m}"])
            try withDaemon(programs: [program, patient]) { daemon in
                let deaf = try daemon.startRun(saying: "ready", "ignore-term")
                let answer = try daemon.command("suspend", deaf)
                #expect(answer.json["state"].string == "suspended" && answer.elapsed >= .milliseconds(700), "\(answer)")
                #expect(isFrozen(deaf, daemon))
                let frozen = try daemon.startRun(saying: "ready", "ignore-term", program: "patient")
                #expect(try daemon.command("freeze", frozen).json["state"].string == "suspended")
                // Whoever ends on it has ended, and was not asked to.
                let polite = try daemon.startRun(saying: "ready", "trap-term", "0")
                let refused = try daemon.command("suspend", polite)
                #expect(refused.status == 409, "\(refused)")
                #expect(try daemon.ended(polite)["cause"].string == "exit")
            }
        }

        @Test func withoutASignalItIsAtOnce() throws {
            try withDaemon { daemon in
                let id = try daemon.startRun(saying: "ready", "trap-term", "0")
                #expect(try daemon.command("suspend", id).json["state"].string == "suspended")
                try daemon.command("resume", id)
                #expect(try daemon.state(id) == "running")
            }
        }

        @Test func theWallClockStandsStill() throws {
            let program = try ProgramFile(limits: ["wall": "5s"])
            try withDaemon(programs: [program]) { daemon in
                let id = try daemon.startRun("sleep", "forever")
                try daemon.command("freeze", id)
                // Longer than the limit allows.
                #expect(try daemon.get("/v1/runs/\(id)?wait=6").json["state"].string == "suspended")
                try daemon.command("thaw", id)
                let run = try daemon.ended(id)
                #expect(run["state"].string == "killed" && run["cause"].string == "wall-time", "\(run)")
                let times = try daemon.get("/v1/runs/\(id)/report").json["times"]
                #expect(times["suspended_microseconds"].int ?? 0 >= 5_900_000, "\(times)")
                #expect((times["wall_microseconds"].int ?? 0) >= 4_900_000, "\(times)")
            }
        }

        @Test func terminateReachesAFrozenRun() throws {
            try withDaemon(programs: [try ProgramFile(keys: ["success": "{exit_codes: [0]}"])]) { daemon in
                let id = try daemon.startRun(saying: "ready", "trap-term", "7")
                try daemon.command("freeze", id)
                let asked = try daemon.command("terminate", id)
                #expect(asked.status == 202)
                let run = try daemon.ended(id)
                #expect(run["state"].string == "interrupted" && run["exit_code"].int == 7, "\(run)")
                #expect(run["cause"].string == "terminate-request")
                #expect(try daemon.get("/v1/runs/\(id)/stdout").text.contains("\"terminated\""))
            }
        }

        @Test(arguments: [false, true]) func whoeverIgnoresItIsKilledAfterTheGrace(_ isFrozen: Bool) throws {
            try withDaemon(programs: [try ProgramFile(keys: ["stop": "{signal: TERM, grace: 600ms}"])]) { daemon in
                let id = try daemon.startRun(saying: "ready", "ignore-term")
                if isFrozen { try daemon.command("freeze", id) }
                let asked = ContinuousClock.now
                try daemon.command("terminate", id)
                let run = try daemon.ended(id)
                #expect(.now - asked >= .milliseconds(600))
                #expect(run["state"].string == "interrupted" && run["signal"].string == "SIGKILL", "\(run)")
            }
        }

        @Test func terminatingIsSeen() throws {
            try withDaemon { daemon in
                let id = try daemon.startRun(saying: "ready", "ignore-term")
                #expect(try daemon.command("terminate", id).status == 202)
                #expect(try daemon.run(id)["terminating"].bool == true)
                // Once more is not wrong, and kill does not wait for the grace.
                #expect(try daemon.command("terminate", id).status == 202)
                #expect(try daemon.command("kill", id).status == 202)
                let run = try daemon.ended(id)
                #expect(["killed", "interrupted"].contains(run["state"].string), "\(run)")
            }
        }

        @Test func killReachesAFrozenRun() throws {
            try withDaemon { daemon in
                let id = try daemon.startRun(saying: "ready", "ignore-term")
                try daemon.command("freeze", id)
                try daemon.command("kill", id)
                let run = try daemon.ended(id)
                #expect(run["state"].string == "killed" && run["cause"].string == "kill-request", "\(run)")
            }
        }
    }
}
