import Glibc
import TestSupport
import Testing

/// Lists, pages, and the same request sent twice.
extension Control {
    @Suite struct Listing {
        @Test func newestFirstInPages() throws {
            try withDaemon(programs: [try ProgramFile(), try ProgramFile("other")]) { daemon in
                var ids = try (0..<5).map { _ in try daemon.create("exit", "0") }
                ids.append(try daemon.create("exit", "0", program: "other"))
                ids.reverse()
                func page(_ query: String) throws -> ([String], next: String?) {
                    let json = try daemon.get("/v1/runs\(query)").json
                    return (json["runs"].array.compactMap { $0["id"].string }, json["next"].string)
                }
                #expect(try page("") == (ids, nil))
                let first = try page("?limit=4")
                #expect(first.0 == Array(ids[..<4]) && first.next != nil)
                #expect(try page("?limit=4&after=\(first.next ?? "")") == (Array(ids[4...]), nil))
                // What it goes on behind need not be there any more.
                #expect(try daemon.delete("/v1/runs/\(first.next ?? "")").status == 204)
                #expect(try page("?after=\(first.next ?? "")").0 == Array(ids[4...]))
                #expect(try page("?program=other").0 == [ids[0]])
                #expect(try page("?program=none").0 == [])
                #expect(try page("?state=running,suspended").0 == [])
                let live = try daemon.startRun("sleep", "forever")
                #expect(try page("?state=running,suspended").0 == [live])
                #expect(try page("?user=0&state=running").0 == [live] && page("?user=root&state=running").0 == [live])
                #expect(try page("?user=65534").0 == [])
            }
        }

        @Test func programsAreListedAndShown() throws {
            try withDaemon(programs: [try ProgramFile("b", keys: ["version": "\"2.1\""]), try ProgramFile("a")]) {
                daemon in
                let list = try daemon.get("/v1/programs").json["programs"]
                #expect(list.array.compactMap { $0["name"].string } == ["a", "b"])
                #expect(list[1]["version"].string == "2.1" && list[0]["version"].exists == false)
                let one = try daemon.get("/v1/programs/b").json
                #expect(one["digest"].string == list[1]["digest"].string)
                #expect(one["file"].string?.contains("program: b") == true)
                #expect(try daemon.get("/v1/programs/c").problem == "not-found")
                let schema = try daemon.get("/v1/programs/b/schema").json
                #expect(schema["$id"].string == "urn:jrun:request:b")
            }
        }

        @Test func theNodeSaysWhatIsInUse() throws {
            try withDaemon(keys: ["capacity": "{runs: 3, memory: 1GiB, cpus: 7, queue: 4}"]) { daemon in
                let before = try daemon.get("/v1/info").json
                #expect(before["capacity"]["memory_bytes"].int == 1 << 30 && before["capacity"]["cpus"].int == 7)
                #expect(before["used"]["runs"].int == 0 && before["enforcement"].string == "best-effort")
                _ = try daemon.startRun("sleep", "forever")
                let used = try daemon.get("/v1/info").json["used"]
                #expect(used["runs"].int == 1 && used["memory_bytes"].int == 256 << 20 && used["cpus"].int == 1)
            }
        }

        @Test func theSameKeyIsTheSameRun() throws {
            try withDaemon { daemon in
                func create(_ words: [String], _ key: String, change: (inout Call) -> Void = { _ in }) throws -> Answer
                {
                    try daemon.send(
                        Call("POST", "/v1/runs", json: Daemon.request(words)).with {
                            $0.headers.append("Idempotency-Key: \(key)")
                            change(&$0)
                        })
                }
                let first = try create(["exit", "0"], "a key"), second = try create(["exit", "0"], "a key")
                #expect(first.status == 201 && second.status == 200)
                #expect(first.json["id"].string == second.json["id"].string)
                #expect(second.headers["location"] == first.headers["location"])
                let other = try create(["exit", "1"], "a key")
                #expect(other.status == 409 && other.problem == "conflict", "\(other)")
                #expect(try create(["exit", "0"], "b key").status == 201)
                // Another user's key is another key.
                #expect(try create(["exit", "0"], "a key", change: asNobody).status == 201)
                // It is remembered by the run, so also by the next jrund.
                try daemon.restart(SIGKILL)
                let third = try create(["exit", "0"], "a key")
                #expect(third.status == 200 && third.json["id"].string == first.json["id"].string, "\(third)")
                #expect(try daemon.delete("/v1/runs/\(first.json["id"].string ?? "")").status == 204)
                #expect(try create(["exit", "0"], "a key").status == 201)
                #expect(try create(["exit", "0"], String(repeating: "x", count: 129)).problem == "malformed")
            }
        }
    }
}
