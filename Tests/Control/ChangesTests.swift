import TestSupport
import Testing

/// `GET /v1/runs/{id}/changes` and `jrun diff`.
extension Control {
    @Suite struct Changes {
        @Test func beforeTheStartWhileItRunsAndAtTheEnd() throws {
            try withDaemon { daemon in
                let id = try daemon.create("batch", "fill", "a.out", "5", "--", "remove", "a.txt")
                _ = try daemon.put("/v1/runs/\(id)/files/a.txt", "text".utf8)
                _ = try daemon.put("/v1/runs/\(id)/files/b.txt", "text".utf8)
                let early = try daemon.get("/v1/runs/\(id)/changes")
                #expect(early.status == 409 && early.problem == "conflict", "\(early)")
                try daemon.command("start", id)
                let expected = ["added a.out 5", "removed a.txt 4"]
                func changes() throws -> [String] {
                    try daemon.get("/v1/runs/\(id)/changes").json["work"].array.map { change in
                        let size = change["size"].int ?? change["was"].int ?? -1
                        return "\(change["change"].string ?? "?") \(change["path"].string ?? "?") \(size)"
                    }
                }
                _ = try daemon.ended(id)
                #expect(try changes() == expected)
                let answer = try daemon.get("/v1/runs/\(id)/changes").json
                #expect(!answer["image"].exists && answer["complete"].bool == true, "\(answer)")
                #expect(try daemon.jrunText("diff", id) == "added    5 bytes  a.out\nremoved  4 bytes  a.txt")
                #expect(try daemon.jrunJSON("diff", id)["work"].array.count == 2)
            }
        }

        @Test func ofALiveRun() throws {
            try withDaemon { daemon in
                let id = try daemon.startRun("sleep", "forever")
                #expect(try daemon.get("/v1/runs/\(id)/changes").json["work"].array.isEmpty)
                try daemon.command("kill", id)
                _ = try daemon.ended(id)
                #expect(try daemon.jrunText("diff", id) == "")
            }
        }
    }
}
