import Foundation
import Testing

/// `--request FILE`: docs/request.md.
extension Privileged {
    @Suite struct RequestFiles {
        /// A program with a key of every kind that a request can have; it prints what it was given.
        private func request(_ json: String?, _ options: String...) throws -> (Request, Command) {
            var request = try Request()
            request.program.executable = "/usr/bin/head"
            request.program.keys = [
                "arguments":
                    "[{option: -c, value: {integer: {min: 1, max: 9}}}, {argument: FILE, value: {file: input}, repeat: {min: 0, max: 3}}]",
                "inputs": "[{path: '*.txt', max_size: 100, max_count: 3}]",
                "environment": "{accept: [{name: N, value: {integer: {min: 1, max: 9}}}]}",
            ]
            request.program.limits["wall"] = "{default: 20s, max: 40s}"
            request.options = options
            var command = try request.command()
            let end = try #require(command.arguments.firstIndex(of: Array(request.program.name.utf8)))
            // The name and the arguments come from the request.
            command.arguments.removeSubrange(end...)
            if let json {
                let path = try request.file("request.json", json.utf8)
                command.arguments += [Array("--request".utf8), Array(path.utf8)]
            }
            return (request, command)
        }

        private func outcome(_ json: String, _ options: String..., more: [String] = []) throws -> Outcome {
            var (request, command) = try request(json)
            command.arguments += (options + more).map { Array($0.utf8) }
            _ = try request.file("beside.txt", "beside\n".utf8)
            request.options = []
            return request.outcome(try command.run())
        }

        @Test func checkAnswersInJSON() throws {
            func answer(_ arguments: String) throws -> (Ended, JSON) {
                var (_, command) = try request(#"{"program": "probe", "arguments": \#(arguments)}"#)
                command.arguments[1] = Array("check".utf8)
                command.arguments.append(Array("--json".utf8))
                let ended = try command.run()
                return (ended, try JSON(parsing: ended.stdout.array))
            }
            let (good, accepted) = try answer(#"["-c", "3"]"#)
            #expect(good.status == 0 && good.stderr.isEmpty)
            #expect(accepted["accepted"].bool == true && accepted["violations"].array.isEmpty)
            let (bad, refused) = try answer(#"["-c", "12", "nothing.txt"]"#)
            #expect(bad.status == 125 && bad.stderr.isEmpty && refused["accepted"].bool == false)
            #expect(refused["violations"].array.count == 2)
            let first = refused["violations"][0]
            #expect(first["rule"].string == "arguments" && first["position"].int == 2)
            #expect(
                first["place"].string == "argument 2 '12'" && first["message"].string?.hasPrefix("more than 9") == true)
        }

        @Test func contentsOfEveryKind() throws {
            let outcome = try outcome(
                #"""
                {"program": "probe", "arguments": {"-c": 7, "FILE": ["a.txt", "b.txt", "c.txt"]},
                 "inputs": {"a.txt": {"text": "héllo\n"}, "b.txt": {"base64": "AP8K"}, "c.txt": {"file": "beside.txt"}},
                 "environment": {"N": 3}, "limits": {"wall": "30s", "processes": 4}}
                """#)
            #expect(outcome.status == 0, "\(outcome)")
            let expected =
                Array("==> a.txt <==\nhéllo\n\n==> b.txt <==\n".utf8) + [0, 255, 10]
                + Array("\n==> c.txt <==\nbeside\n".utf8)
            #expect(outcome.ended.stdout.array == expected, "\(outcome)")
            #expect(outcome.report["arguments"].strings == ["-c", "7", "a.txt", "b.txt", "c.txt"])
        }

        @Test func fromStandardInput() throws {
            var (request, command) = try request(nil)
            let json = #"{"program": "probe", "arguments": ["a.txt"], "inputs": {"a.txt": {"text": "x"}}}"#
            command.arguments += [Array("--request".utf8), Array("-".utf8)]
            command.input = Array(json.utf8)
            request.options = []
            let outcome = request.outcome(try command.run())
            #expect(outcome.status == 0 && outcome.ended.text == "x", "\(outcome)")
        }

        @Test func theCommandLineAdds() throws {
            let json = #"{"program": "probe", "inputs": {"a.txt": {"text": "a"}}}"#
            let outcome = try outcome(json, "--limit", "wall=10s", "--env", "N=2", "probe", "--", "a.txt")
            #expect(outcome.status == 0 && outcome.ended.text == "a", "\(outcome)")
        }

        @Test(
            arguments: [
                (#"{"program": "probe", "argument": []}"#, [], "$.argument: not known here; did you mean 'arguments'?"),
                (#"{"program": "probe", "arguments": {"-c": 10}}"#, [], "more than 9"),
                (#"{"program": "probe", "arguments": {"-d": 10}}"#, [], "$.arguments['-d']: not known here"),
                (#"{"program": "other"}"#, ["probe"], "is for program 'other', not for 'probe'"),
                (#"{"program": "probe", "arguments": []}"#, ["--", "a.txt"], "the request has its own"),
                (
                    #"{"program": "probe", "limits": {"wall": "5s"}}"#, ["--limit", "wall=10s"],
                    "limit 'wall' is set twice"
                ),
                (#"{"program": "probe", "environment": {"N": 1}}"#, ["--env", "N=2"], "variable 'N' is set twice"),
                (
                    #"{"program": "probe", "inputs": {"a.txt": {"file": "nosuch.txt"}}}"#, [],
                    "nosuch.txt': no such file"
                ),
                ("{", [], "line 1, column 2: expected a key"),
            ] as [(String, [String], String)])
        func refused(_ json: String, _ more: [String], _ words: String) throws {
            expectRefused(try outcome(json, more: more), saying: words)
        }

        @Test func aNameIsNeeded() throws {
            let (request, command) = try request(nil)
            expectRefused(request.outcome(try command.run()), saying: "a program's name is needed, or --request FILE")
        }

        @Test func aRequestThatIsNotThere() throws {
            var (request, command) = try request(nil)
            command.arguments += [Array("--request".utf8), Array("/nosuch".utf8)]
            request.options = []
            expectRefused(request.outcome(try command.run()), saying: "request '/nosuch'")
        }
    }
}
