import TestSupport
import Testing

/// Whose run it is, and who may use what. Uid 65534 stands for a stranger.
extension Control {
    @Suite struct Authorisation {
        static let routes = [
            "GET /v1/runs/{id}", "DELETE /v1/runs/{id}", "DELETE /v1/runs/{id}?kill=true", "GET /v1/runs/{id}/report",
            "GET /v1/runs/{id}/changes",
            "POST /v1/runs/{id}/start", "POST /v1/runs/{id}/suspend", "POST /v1/runs/{id}/freeze",
            "POST /v1/runs/{id}/resume", "POST /v1/runs/{id}/thaw", "POST /v1/runs/{id}/terminate",
            "POST /v1/runs/{id}/kill", "GET /v1/runs/{id}/files", "GET /v1/runs/{id}/files/a.txt",
            "HEAD /v1/runs/{id}/files/a.txt", "PUT /v1/runs/{id}/files/a.txt", "DELETE /v1/runs/{id}/files/a.txt",
            "GET /v1/runs/{id}/archive", "PUT /v1/runs/{id}/archive", "GET /v1/runs/{id}/stdout",
            "GET /v1/runs/{id}/stderr?follow=true", "POST /v1/runs/{id}/stdin?close=true", "GET /v1/runs/{id}/events",
        ]

        private static let absent = "01kb0m2xw3e4y5v6a7b8c9d0ef"

        @Test func anothersRunDoesNotExist() throws {
            try withDaemon { daemon in
                let created = try daemon.create("exit", "0"), running = try daemon.startRun("sleep", "forever")
                _ = try daemon.put("/v1/runs/\(created)/files/a.txt", "text".utf8)
                for route in Authorisation.routes {
                    let words = route.split(separator: " ").map(String.init)
                    func ask(_ id: String) throws -> Answer {
                        var call = Call(words[0], words[1].replacing("{id}", with: id))
                        if words[0] == "PUT" { call.body = [] }
                        asNobody(&call)
                        return try daemon.send(call)
                    }
                    let none = try ask(Authorisation.absent)
                    for id in [created, running] {
                        let answer = try ask(id)
                        #expect(answer.status == 404, "\(answer)")
                        // Nothing tells a run of somebody else from one that is not there.
                        #expect(
                            answer.text.replacing(id, with: "") == none.text.replacing(Authorisation.absent, with: ""),
                            "\(answer)")
                    }
                }
                #expect(try daemon.state(created) == "created" && daemon.state(running) == "running")
                #expect(try daemon.get("/v1/runs/\(created)/files/a.txt").text == "text")
            }
        }

        @Test func everyRouteOfARunIsTried() throws {
            let json = try JSON(parsing: try Contract.check(["--operations"]).stdout.array)
            let documented = Set(json.keys.compactMap { json[$0].string }.filter { $0.contains("{id}") })
            let tried = Authorisation.routes.map { route in
                String(route.prefix { $0 != "?" }).replacing("a.txt", with: "{path}")
            }
            #expect(documented.subtracting(tried) == [])
        }

        @Test func everybodySeesTheirOwn() throws {
            try withDaemon { daemon in
                _ = try daemon.create("exit", "0")
                let mine = try daemon.create("exit", "0", change: asNobody)
                let list = try daemon.send(Call("GET", "/v1/runs").with(asNobody)).json["runs"]
                #expect(list.array.compactMap { $0["id"].string } == [mine])
                #expect(list[0]["owner"]["uid"].int == 65534)
                #expect(try daemon.send(Call("POST", "/v1/runs/\(mine)/start").with(asNobody)).status == 200)
                // Administrators see both.
                #expect(try daemon.get("/v1/runs").json["runs"].array.count == 2)
                #expect(try daemon.get("/v1/runs?user=65534").json["runs"].array.count == 1)
                // To a stranger those of others do not exist.
                let others = try daemon.send(Call("GET", "/v1/runs?user=0").with(asNobody))
                #expect(others.status == 200 && others.json["runs"].array.isEmpty, "\(others)")
            }
        }

        @Test func administratorsAreAGroup() throws {
            try withDaemon(keys: ["admin_group": "games"]) { daemon in
                let id = try daemon.create("exit", "0")
                let games = try groupID("games")
                func asMember(_ call: inout Call) {
                    call.wrapper = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--groups=\(games)"]
                }
                #expect(try daemon.send(Call("GET", "/v1/runs/\(id)").with(asMember)).status == 200)
                #expect(try daemon.send(Call("GET", "/v1/runs").with(asMember)).json["runs"].array.count == 1)
                #expect(try daemon.send(Call("POST", "/v1/reload").with(asMember)).status == 200)
                #expect(try daemon.send(Call("GET", "/metrics").with(asMember)).status == 200)
                #expect(try daemon.send(Call("DELETE", "/v1/runs/\(id)").with(asMember)).status == 204)
                #expect(try daemon.send(Call("POST", "/v1/reload").with(asNobody)).problem == "forbidden")
            }
        }

        private func groupID(_ name: String) throws -> String {
            let ended = try Command(["/usr/bin/getent", "group", name]).run()
            return try #require(ended.text.split(separator: ":").dropFirst(2).first.map(String.init))
        }

        /// `who` of a program file, and `access` of the configuration in its place.
        @Test func programsAreForThoseWhoMay() throws {
            let programs = [
                try ProgramFile(), try ProgramFile("hers", keys: ["who": "{users: [games]}"]),
                try ProgramFile("his", keys: ["who": "{users: [nobody]}"]), try ProgramFile("moved"),
            ]
            try withDaemon(
                programs: programs, keys: ["access": "[{program: moved, users: [games]}]"]
            ) { daemon in
                func names(_ change: (inout Call) -> Void) throws -> [String] {
                    try daemon.send(Call("GET", "/v1/programs").with(change)).json["programs"].array
                        .compactMap { $0["name"].string }
                }
                #expect(try names { _ in } == ["hers", "his", "moved", "probe"])
                #expect(try names(asNobody) == ["his", "probe"])
                for name in ["hers", "moved"] {
                    for path in ["/v1/programs/\(name)", "/v1/programs/\(name)/schema"] {
                        #expect(try daemon.send(Call("GET", path).with(asNobody)).status == 404)
                    }
                    for path in ["/v1/runs", "/v1/execute"] {
                        let call = Call("POST", path, json: Daemon.request(["exit", "0"], program: name))
                        #expect(try daemon.send(call.with(asNobody)).problem == "not-found")
                    }
                }
                _ = try daemon.create("exit", "0", program: "his", change: asNobody)
            }
        }

        @Test func eventsAreOnesOwn() throws {
            try withDaemon { daemon in
                let follower = try daemon.begin(Call("GET", "/v1/events").with(asNobody))
                try follower.await("\n")
                let other = try daemon.create("exit", "0")
                let mine = try daemon.create("exit", "0", change: asNobody)
                try follower.await(mine)
                #expect(!follower.text.contains(other))
                try follower.abandon()
            }
        }
    }
}
