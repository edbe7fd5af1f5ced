import TestSupport
import Testing

/// Every operation of openapi.yaml, answered once as it should be. What the rest of the suite asks is about their meaning.
extension Control {
    @Suite struct Operations {
        /// What the run of `{id}` has come to before the call.
        enum Stage { case none, created, running, suspended, ended }

        struct Example: Sendable {
            var operation: String
            var stage = Stage.none
            var query = ""
            var headers: [String] = []
            var body: String?
            var status = 200
            /// Does not end by itself: this is what is waited for.
            var endless: String?
        }

        static let examples: [Example] = [
            Example(operation: "getOpenAPI"),
            Example(operation: "getMetrics"),
            Example(operation: "getInfo"),
            Example(operation: "reload"),
            Example(operation: "listPrograms"),
            Example(operation: "getProgram"),
            Example(operation: "getProgramSchema"),
            Example(operation: "execute", body: Daemon.request(["exit", "0"])),
            Example(operation: "listRuns", query: "?state=created,running&program=probe&user=root&limit=5"),
            Example(
                operation: "createRun", headers: ["Idempotency-Key: one"], body: Daemon.request(["exit", "0"]),
                status: 201),
            Example(operation: "getRun", stage: .running, query: "?wait=0"),
            Example(operation: "removeRun", stage: .running, query: "?kill=true", status: 204),
            Example(operation: "getReport", stage: .ended),
            Example(operation: "getChanges", stage: .ended),
            Example(operation: "startRun", stage: .created, query: "?queue=false"),
            Example(operation: "suspendRun", stage: .running),
            Example(operation: "freezeRun", stage: .running),
            Example(operation: "resumeRun", stage: .suspended),
            Example(operation: "thawRun", stage: .suspended),
            Example(operation: "terminateRun", stage: .running, status: 202),
            Example(operation: "killRun", stage: .running, status: 202),
            Example(operation: "listFiles", stage: .ended),
            Example(operation: "getFile", stage: .ended, headers: ["Range: bytes=0-3"], status: 206),
            Example(operation: "headFile", stage: .ended),
            Example(operation: "putFile", stage: .created, body: "text", status: 201),
            Example(operation: "removeFile", stage: .created, status: 204),
            Example(operation: "getArchive", stage: .ended),
            // Two empty blocks: an archive of nothing.
            Example(operation: "putArchive", stage: .created, body: String(repeating: "\0", count: 1024)),
            Example(operation: "readStdout", stage: .ended, query: "?offset=1&limit=2"),
            Example(operation: "readStderr", stage: .ended, query: "?offset=0"),
            Example(operation: "writeStdin", stage: .running, query: "?close=true", body: "line\n"),
            Example(operation: "followEvents", query: "?last_event_id=0", endless: "event: state"),
            Example(
                operation: "followRunEvents", stage: .created, headers: ["Last-Event-ID: 0"], endless: "event: state"),
        ]

        private func documented() throws -> [String: String] {
            let json = try JSON(parsing: try Contract.check(["--operations"]).stdout.array)
            return Dictionary(uniqueKeysWithValues: json.keys.map { ($0, json[$0].string ?? "") })
        }

        @Test func everyOperationHasAnExample() throws {
            let names = Operations.examples.map(\.operation)
            #expect(Set(names) == Set(try documented().keys) && Set(names).count == names.count)
        }

        @Test func everyOperationAnswers() throws {
            let documented = try documented()
            try withDaemon(programs: [try ProgramFile(keys: ["stdin": "stream"])]) { daemon in
                // So that there is an event from the beginning.
                _ = try daemon.create("exit", "0")
                for example in Operations.examples { try check(example, documented[example.operation] ?? "", daemon) }
            }
        }

        private func check(_ example: Example, _ place: String, _ daemon: Daemon) throws {
            let words = place.split(separator: " ").map(String.init)
            let id = try prepare(example, daemon)
            let file = example.stage == .ended ? "a.out" : example.operation == "putFile" ? "b.txt" : "a.txt"
            let path = words[1].replacing("{id}", with: id).replacing("{name}", with: "probe")
                .replacing("{path}", with: file)
            var call = Call(words[0], path + example.query)
            call.headers = example.headers
            call.body = example.body.map { Array($0.utf8) }
            if example.body?.hasPrefix("{") == true { call.headers.append("Content-Type: application/json") }
            if let text = example.endless {
                let exchange = try daemon.begin(call)
                try exchange.await(text)
                #expect(exchange.status == example.status, "\(example.operation)")
                try exchange.abandon()
            } else {
                let answer = try daemon.send(call)
                #expect(answer.status == example.status, "\(answer)")
            }
        }

        private func prepare(_ example: Example, _ daemon: Daemon) throws -> String {
            switch example.stage {
            case .none: return ""
            case .created:
                let id = try daemon.create("exit", "0")
                _ = try daemon.put("/v1/runs/\(id)/files/a.txt", "text".utf8)
                return id
            case .running: return try daemon.startRun("cat")
            case .suspended:
                let id = try daemon.startRun("cat")
                try daemon.command("freeze", id)
                return id
            case .ended:
                let id = try daemon.startRun("fill", "a.out", "64")
                _ = try daemon.ended(id)
                return id
            }
        }
    }
}
