import TestSupport
import Testing

/// What the node promises, who waits, and what one user may have.
extension Control {
    @Suite struct Capacity {
        private func events(_ id: String, _ daemon: Daemon) throws -> Exchange {
            try daemon.begin(Call("GET", "/v1/runs/\(id)/events"))
        }

        @Test func whatDoesNotFitWaitsInOrder() throws {
            try withDaemon(keys: ["capacity": "{runs: 1, memory: 100GiB, cpus: 100, queue: 2}"]) { daemon in
                let first = try daemon.startRun("sleep", "forever")
                let second = try daemon.create("sleep", "forever"), third = try daemon.create("sleep", "forever")
                let fourth = try daemon.create("sleep", "forever")
                let waits = try daemon.command("start", second)
                #expect(waits.status == 202 && waits.json["state"].string == "starting", "\(waits)")
                #expect(waits.json["queue_position"].int == 1 && waits.json["started"].exists == false)
                // Again is not wrong.
                #expect(try daemon.command("start", second).json["queue_position"].int == 1)
                #expect(try daemon.command("start", third).json["queue_position"].int == 2)
                let refused = try daemon.command("start", fourth)
                #expect(refused.status == 503 && refused.problem == "busy", "\(refused)")
                #expect(try daemon.state(fourth) == "created")
                #expect(try daemon.get("/v1/info").json["used"]["queue"].int == 2)
                let list = try daemon.get("/v1/runs?state=starting").json["runs"]
                #expect(list.array.compactMap { $0["queue_position"].int } == [2, 1])
                for verb in ["suspend", "freeze"] {
                    #expect(try daemon.command(verb, second).json["state"].string == "starting")
                }
                let follower = try events(second, daemon)
                try daemon.command("kill", first)
                try follower.await("\"state\":\"running\"")
                try follower.abandon()
                #expect(try daemon.run(third)["queue_position"].int == 1)
                #expect(try daemon.state(third) == "starting")
                #expect(try daemon.delete("/v1/runs/\(second)?kill=true").status == 204)
                let last = try events(third, daemon)
                try last.await("\"state\":\"running\"")
                try last.abandon()
            }
        }

        @Test func whoDoesNotWantToWaitIsToldSo() throws {
            try withDaemon(keys: ["capacity": "{runs: 1, memory: 100GiB, cpus: 100, queue: 10}"]) { daemon in
                let first = try daemon.startRun("sleep", "forever")
                let second = try daemon.create("exit", "0")
                #expect(try daemon.post("/v1/runs/\(second)/start?queue=false").problem == "busy")
                #expect(try daemon.state(second) == "created")
                try daemon.command("kill", first)
                _ = try daemon.ended(first)
                #expect(try daemon.post("/v1/runs/\(second)/start?queue=false").status == 200)
            }
        }

        @Test func aNodeThatLetsNobodyWait() throws {
            try withDaemon(keys: ["capacity": "{runs: 1, memory: 100GiB, cpus: 100, queue: 0}"]) { daemon in
                _ = try daemon.startRun("sleep", "forever")
                let second = try daemon.create("exit", "0")
                #expect(try daemon.command("start", second).problem == "busy")
                let execute = Call("POST", "/v1/execute", json: Daemon.request(["exit", "0"]))
                #expect(try daemon.send(execute).problem == "busy")
                #expect(try daemon.get("/v1/runs").json["runs"].array.count == 2)
            }
        }

        @Test(arguments: [("kill", "killed", "kill-request"), ("terminate", "interrupted", "terminate-request")])
        func whoWaitsCanBeEnded(_ verb: String, _ state: String, _ cause: String) throws {
            try withDaemon(keys: ["capacity": "{runs: 1, memory: 100GiB, cpus: 100, queue: 9}"]) { daemon in
                _ = try daemon.startRun("sleep", "forever")
                let second = try daemon.create("exit", "0"), third = try daemon.create("exit", "0")
                try daemon.command("start", second)
                try daemon.command("start", third)
                #expect(try daemon.command(verb, second).status == 202)
                let run = try daemon.ended(second)
                #expect(run["state"].string == state && run["cause"].string == cause, "\(run)")
                #expect(run["started"].exists == false && run["exit_code"].exists == false)
                let report = try daemon.get("/v1/runs/\(second)/report")
                #expect(report.json["state"].string == state, "\(report)")
                #expect(try daemon.run(third)["queue_position"].int == 1)
                #expect(try daemon.command(verb, second).status == 200)
            }
        }

        @Test(arguments: [
            "{runs: 50, memory: 300MiB, cpus: 9, queue: 9}", "{runs: 50, memory: 9GiB, cpus: 1, queue: 9}",
        ])
        func memoryAndProcessorsArePromisedToo(_ capacity: String) throws {
            try withDaemon(keys: ["capacity": capacity]) { daemon in
                _ = try daemon.startRun("sleep", "forever")
                let second = try daemon.create("exit", "0")
                #expect(try daemon.command("start", second).status == 202)
            }
        }

        /// A run that can never have room is refused at once.
        @Test func moreThanThereEverIsDoesNotWait() throws {
            try withDaemon(keys: ["capacity": "{runs: 5, memory: 100MiB, cpus: 9, queue: 9}"]) { daemon in
                let id = try daemon.create("exit", "0")
                let answer = try daemon.command("start", id)
                #expect([422, 503].contains(answer.status), "\(answer)")
                #expect(try daemon.state(id) == "created")
            }
        }

        @Test func aUserHasOnlySoManyLiveRuns() throws {
            try withDaemon(keys: ["quota": "{runs: 1, kept: 1GiB}"]) { daemon in
                let first = try daemon.startRun("sleep", "forever")
                let second = try daemon.create("exit", "0")
                let refused = try daemon.command("start", second)
                #expect(refused.status == 429 && refused.problem == "quota", "\(refused)")
                #expect(try daemon.state(second) == "created")
                // Another user has a quota of their own.
                let other = try daemon.create("sleep", "forever", change: asNobody)
                #expect(try daemon.send(Call("POST", "/v1/runs/\(other)/start").with(asNobody)).status == 200)
                try daemon.command("kill", first)
                _ = try daemon.ended(first)
                #expect(try daemon.command("start", second).status == 200)
            }
        }

        @Test func aUserKeepsOnlySoMuch() throws {
            try withDaemon(keys: ["quota": "{runs: 9, kept: 1MiB}"]) { daemon in
                let id = try daemon.create("exit", "0")
                let refused = try daemon.put("/v1/runs/\(id)/files/a.bin", [UInt8](repeating: 7, count: 2 << 20))
                #expect(refused.status == 429 && refused.problem == "quota", "\(refused)")
                #expect(try daemon.get("/v1/runs/\(id)/files").json["files"].array.count == 0)
                let fits = try daemon.put("/v1/runs/\(id)/files/a.bin", [UInt8](repeating: 7, count: 600 << 10))
                #expect(fits.status == 201)
                let more = try daemon.put("/v1/runs/\(id)/files/b.bin", [UInt8](repeating: 7, count: 600 << 10))
                #expect(more.problem == "quota", "\(more)")
                #expect(try daemon.delete("/v1/runs/\(id)/files/a.bin").status == 204)
                let again = try daemon.put("/v1/runs/\(id)/files/b.bin", [UInt8](repeating: 7, count: 600 << 10))
                #expect(again.status == 201, "\(again)")
            }
        }
    }
}
