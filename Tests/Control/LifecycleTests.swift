import TestSupport
import Testing

/// What may be asked of a run when.
extension Control {
    @Suite struct Lifecycle {
        static let verbs = ["start", "suspend", "freeze", "resume", "thaw", "terminate", "kill"]

        /// What each verb answers to a run in this state, in the order of `verbs`, and then DELETE.
        static let table: [(state: String, statuses: [Int])] = [
            ("created", [200, 409, 409, 409, 409, 409, 409, 204]),
            ("running", [200, 200, 200, 200, 200, 202, 202, 409]),
            ("suspended", [200, 200, 200, 200, 200, 202, 202, 409]),
            ("complete", [200, 409, 409, 409, 409, 409, 409, 204]),
            ("failed", [200, 409, 409, 409, 409, 409, 409, 204]),
            ("interrupted", [200, 409, 409, 409, 409, 200, 409, 204]),
            ("killed", [200, 409, 409, 409, 409, 409, 200, 204]),
        ]

        private func run(in state: String, _ daemon: Daemon) throws -> String {
            switch state {
            case "created": return try daemon.create("sleep", "forever")
            case "complete", "failed":
                let id = try daemon.startRun("exit", state == "failed" ? "3" : "0")
                _ = try daemon.ended(id)
                return id
            default:
                let id = try daemon.startRun("sleep", "forever")
                let verbs = ["suspended": "freeze", "interrupted": "terminate", "killed": "kill"]
                if let verb = verbs[state] { try daemon.command(verb, id) }
                if verbs[state] != nil, state != "suspended" { _ = try daemon.ended(id) }
                return id
            }
        }

        @Test(arguments: table.map(\.state)) func everyVerbInEveryState(_ state: String) throws {
            let statuses = try #require(Lifecycle.table.first { $0.state == state }).statuses
            try withDaemon { daemon in
                for (verb, status) in zip(Lifecycle.verbs + ["remove"], statuses) {
                    let id = try run(in: state, daemon)
                    try #require(try daemon.state(id) == state)
                    let answer = try verb == "remove" ? daemon.delete("/v1/runs/\(id)") : daemon.command(verb, id)
                    #expect(answer.status == status, "\(verb) of a \(state) run: \(answer)")
                    if status == 409 {
                        #expect(answer.problem == "conflict" && answer.json["state"].string == state, "\(answer)")
                        #expect(answer.detail.contains(id) || answer.detail.contains(state), "\(answer)")
                        #expect(try daemon.state(id) == state)
                    }
                    if status == 204 { #expect(try daemon.get("/v1/runs/\(id)").status == 404) }
                    _ = try daemon.delete("/v1/runs/\(id)?kill=true")
                }
            }
        }

        @Test func fromCreationToRemoval() throws {
            try withDaemon { daemon in
                let call = Call(
                    "POST", "/v1/runs", json: Daemon.request(["batch", "lines", "2", "--", "fill", "a.out", "5"]))
                let created = try daemon.send(call)
                let id = try #require(created.json["id"].string)
                #expect(created.headers["location"] == "/v1/runs/\(id)")
                #expect(created.json["state"].string == "created" && created.json["started"].exists == false)
                #expect(created.json["owner"]["uid"].int == 0 && created.json["owner"]["name"].string == "root")
                #expect(created.json["arguments"].strings == ["batch", "lines", "2", "--", "fill", "a.out", "5"])
                #expect(try daemon.get("/v1/runs/\(id)/report").json["state"].string == "created")
                let started = try daemon.command("start", id)
                #expect(started.json["started"].exists)
                let run = try daemon.ended(id)
                #expect(run["state"].string == "complete" && run["cause"].string == "exit" && run["exit_code"].int == 0)
                #expect(run["stdout"]["ended"].bool == true && run["kept_bytes"].int ?? 0 > 0)
                let report = try daemon.get("/v1/runs/\(id)/report").json
                #expect(report["run"].string == id && report["state"].string == "complete")
                #expect(report["results"][0]["path"].string == "a.out")
                #expect(try daemon.get("/v1/runs/\(id)/stdout").text.hasPrefix("line 1\nline 2\n"))
                #expect(try daemon.get("/v1/runs/\(id)/files/a.out").body.count == 5)
                #expect(try daemon.delete("/v1/runs/\(id)").status == 204)
                #expect(try daemon.delete("/v1/runs/\(id)").status == 404)
                #expect(daemon.leaks == [])
            }
        }

        @Test func waitAnswersAtTheEndOrAfterItsTime() throws {
            try withDaemon { daemon in
                let id = try daemon.startRun("sleep", "forever")
                let early = try daemon.get("/v1/runs/\(id)?wait=1")
                #expect(early.json["state"].string == "running" && early.elapsed >= .seconds(1))
                let exchange = try daemon.begin(Call("GET", "/v1/runs/\(id)?wait=600"))
                try daemon.command("kill", id)
                let answer = try exchange.finish()
                #expect(answer.json["state"].string == "killed" && answer.elapsed < .seconds(20), "\(answer)")
            }
        }

        @Test func whatCannotBeLaunchedHasFailed() throws {
            try withDaemon { daemon in
                // Executable for execve's first look, and then without an interpreter.
                let script = try daemon.scratch("broken", "#!/nowhere/interpreter\n".utf8)
                try #require(makeExecutable(script))
                var program = try ProgramFile("broken")
                program.executable = script
                program.security["files"] = "{execute: [\"\(daemon.directory)/scratch\"]}"
                try daemon.write(program)
                #expect(try daemon.post("/v1/reload").json["problems"].strings == [])
                let id = try daemon.create(program: "broken")
                let answer = try daemon.command("start", id)
                #expect(answer.status == 200 && answer.json["state"].string == "failed", "\(answer)")
                #expect(answer.json["cause"].string == "launch-error")
                let report = try daemon.get("/v1/runs/\(id)/report").json
                #expect(report["evidence"]["errno"].string?.contains("ENOENT") == true, "\(report)")
            }
        }

        @Test func whatTheRulesMissKeepsItCreated() throws {
            let program = try ProgramFile(
                "needs", keys: ["inputs": "[{path: \"*.txt\", required: true, max_size: 1KiB}]"])
            try withDaemon(programs: [program]) { daemon in
                let id = try daemon.create("exit", "0", program: "needs")
                let refused = try daemon.command("start", id)
                #expect(refused.status == 422 && refused.json["violations"][0]["rule"].string == "inputs", "\(refused)")
                #expect(try daemon.state(id) == "created")
                _ = try daemon.put("/v1/runs/\(id)/files/a.txt", "x".utf8)
                #expect(try daemon.command("start", id).status == 200)
            }
        }
    }
}
