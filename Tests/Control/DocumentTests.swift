import Foundation
import TestSupport
import Testing

/// docs/openapi.yaml itself, and whoever holds answers against it.
extension Control {
    @Suite struct Document {
        @Test func itIsWhatItShouldBe() throws {
            let ended = try Contract.check([])
            #expect(ended.status == 0, "\(ended.text)\(ended.stderr)")
        }

        @Test func theDaemonServesTheFile() throws {
            try withDaemon { daemon in
                let file = try Data(contentsOf: URL(fileURLWithPath: "\(daemon.place.dist)/share/jrun/openapi.yaml"))
                let answer = try daemon.get("/openapi.yaml")
                #expect(answer.status == 200 && answer.body.array == Array(file))
            }
        }

        /// The check is one that can fail.
        @Test func anAnswerThatSaysSomethingElseIsFound() throws {
            let call = Call("GET", "/v1/programs")
            func answer(
                _ status: Int, _ body: String, type: String = "application/json", headers: [String: String] = [:],
                _ call: Call = call
            ) -> Answer {
                Answer(
                    call: call, status: status, headers: headers.merging(["content-type": type]) { $1 },
                    body: Bytes(body.utf8), exit: 0, complaint: "", elapsed: .zero)
            }
            let problem = """
                {"type": "urn:jrun:problem:not-found", "title": "not here", "status": 404, "detail": "there is none"}
                """
            let run = Call("GET", "/v1/runs/01kb0m2xw3e4y5v6a7b8c9d0ef")
            let good = [
                answer(200, "{\"programs\": []}"),
                answer(404, problem, type: "application/problem+json", Call("GET", "/nowhere")),
                answer(404, problem, type: "application/problem+json", run),
            ]
            #expect(try Contract.complaints(about: good) == [])
            let wrong = [
                answer(200, "{\"programs\": [], \"more\": 1}"), answer(200, "{\"programs\": null}"), answer(200, "{"),
                answer(200, "{}"), answer(204, ""), answer(200, "{\"programs\": []}", type: "text/plain"),
                answer(404, problem, type: "application/problem+json"), answer(404, problem, run),
                answer(
                    404, problem.replacingOccurrences(of: "not here", with: "nothing"),
                    type: "application/problem+json", run),
                answer(200, "", type: "application/octet-stream", Call("GET", "\(run.path)/stdout")),
            ]
            for answer in wrong { #expect(try Contract.complaints(about: [answer]).count == 1, "\(answer)") }
        }
    }
}
