import Foundation
import TestSupport
import Testing

/// One round trip.
extension Control {
    @Suite struct Execute {
        private func execute(_ words: [String], _ query: String = "", more: String = "") -> Call {
            Call("POST", "/v1/execute\(query)", json: Daemon.request(words, more: more))
        }

        @Test func everythingInOneAnswer() throws {
            try withDaemon { daemon in
                let words = ["batch", "lines", "2", "--", "fill", "a.out", "16", "--", "write-stderr", "16"]
                let answer = try daemon.send(execute(words))
                #expect(answer.status == 200, "\(answer)")
                let json = answer.json
                #expect(json["run"]["state"].string == "complete" && json["report"]["state"].string == "complete")
                #expect(json["stdout"]["text"].string?.hasPrefix("line 1\nline 2\n") == true)
                #expect(json["stderr"]["text"].string == "0123456789abcde\n")
                #expect(json["files"]["a.out"]["text"].string == "0123456789abcde\n")
                // It is gone.
                let id = try #require(json["run"]["id"].string)
                #expect(try daemon.get("/v1/runs/\(id)").status == 404 && daemon.leaks == [])
            }
        }

        @Test func inputsComeWithTheRequest() throws {
            try withDaemon { daemon in
                let inputs = ", \"inputs\": {\"a.txt\": {\"text\": \"héllo\"}, \"b.bin\": {\"base64\": \"AAEC/w==\"}}"
                let answer = try daemon.send(execute(["batch", "read", "a.txt", "--", "stat", "b.bin"], more: inputs))
                let text = try #require(answer.json["stdout"]["text"].string, "\(answer)")
                #expect(text.contains("\"size\":4"), "\(text)")
                #expect(answer.json["run"]["inputs"].strings == ["a.txt", "b.bin"])
            }
        }

        @Test func bytesThatAreNoText() throws {
            let program = try ProgramFile(keys: [
                "stdin": "{file: in.bin}", "inputs": "[{path: in.bin, max_size: 1KiB}]",
            ])
            try withDaemon(programs: [program]) { daemon in
                let answer = try daemon.send(
                    execute(["cat"], more: ", \"inputs\": {\"in.bin\": {\"base64\": \"AAEC/w==\"}}"))
                #expect(answer.json["stdout"]["base64"].string == "AAEC/w==", "\(answer)")
                #expect(answer.json["stdout"].keys == ["base64"])
            }
        }

        @Test func whatIsTooLargeStays() throws {
            try withDaemon { daemon in
                let answer = try daemon.send(execute(["fill", "a.out", "\((1 << 20) + 1)"]))
                #expect(answer.json["files"]["a.out"]["bytes"].int == (1 << 20) + 1, "\(answer)")
                let id = try #require(answer.json["run"]["id"].string)
                #expect(try daemon.get("/v1/runs/\(id)/files/a.out").body.count == (1 << 20) + 1)
            }
        }

        @Test func onRequestItIsKept() throws {
            try withDaemon { daemon in
                let answer = try daemon.send(execute(["exit", "3"], "?keep=true"))
                #expect(answer.json["run"]["state"].string == "failed" && answer.json["run"]["exit_code"].int == 3)
                #expect(try daemon.state(try #require(answer.json["run"]["id"].string)) == "failed")
            }
        }

        @Test func itsStdinIsEmpty() throws {
            try withDaemon(programs: [try ProgramFile(keys: ["stdin": "stream"])]) { daemon in
                let answer = try daemon.send(execute(["cat"]))
                #expect(answer.json["run"]["state"].string == "complete" && answer.json["stdout"]["text"].string == "")
            }
        }

        @Test func aClientThatGoesAwayEndsIt() throws {
            try withDaemon { daemon in
                let events = try daemon.begin(Call("GET", "/v1/events"))
                try events.await("\n")
                let client = try daemon.begin(execute(["sleep", "forever"]))
                try events.await("\"running\"")
                try client.abandon()
                try events.await("\"interrupted\"")
                try events.abandon()
            }
        }

        @Test func whatIsRefusedLeavesNothing() throws {
            try withDaemon { daemon in
                let refused = try daemon.send(
                    Call("POST", "/v1/execute", json: Daemon.request([], more: ", \"limits\": {\"wall\": \"9h\"}")))
                #expect(refused.status == 422 && refused.json["violations"][0]["rule"].string == "limits", "\(refused)")
                #expect(try daemon.get("/v1/runs").json["runs"].array.count == 0)
            }
        }
    }
}
