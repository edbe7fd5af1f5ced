import Foundation
import Glibc
import Testing

/// One sentence on stderr, and nothing else: no output, no result, nothing left.
func expectRefused(
    _ outcome: Outcome, _ status: Int32 = 125, saying words: String...,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let text = outcome.stderr
    #expect(outcome.status == status, "\(outcome)", sourceLocation: sourceLocation)
    let isOneSentence = text.hasPrefix("jrun: ") && text.hasSuffix("\n") && text.filter { $0 == "\n" }.count == 1
    #expect(isOneSentence, "\(outcome)", sourceLocation: sourceLocation)
    let isHarmless = text.dropLast().unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
    #expect(
        isHarmless, "control characters reach the terminal: \(text.debugDescription)", sourceLocation: sourceLocation)
    for word in words { #expect(text.contains(word), "\(outcome)", sourceLocation: sourceLocation) }
    #expect(outcome.stdout.isEmpty && outcome.results.isEmpty, "\(outcome)", sourceLocation: sourceLocation)
}

/// Requests that the rules do not accept.
extension Privileged {
    @Suite struct Refusals {
        /// A program with one input that is needed and others that are not.
        private func request(_ words: [String] = []) throws -> Request {
            var request = try Request()
            request.words = words
            request.program.executable = "/usr/bin/true"
            request.program.keys = [
                "arguments":
                    "[{option: --model, value: {file: input}}, {option: -n, value: {integer: {min: 1, max: 9}}}]",
                "inputs":
                    "[{path: need.txt, required: true, max_size: 10}, {path: '*.dat', max_size: 1MiB, max_count: 2}]",
                "environment": "{accept: [{name: N, value: {integer: {min: 1, max: 9}}}]}",
            ]
            request.options = ["--input", try request.file("need.txt", "hi".utf8)]
            return request
        }

        private func run(_ options: String..., words: [String] = []) throws -> Outcome {
            var request = try request(words)
            request.options += options
            return try request.run()
        }

        @Test func acceptedWhenNothingIsWrong() throws {
            let outcome = try run(words: ["--model", "need.txt", "-n", "3"])
            #expect(outcome.status == 0 && outcome.stderr.isEmpty, "\(outcome)")
        }

        /// What a file is, not what it is called; every wrong one is named before anything runs.
        @Test func contentThatIsNotWhatItsRuleSays() throws {
            var request = try request()
            request.program.keys["inputs"] = """
                [{path: '*.png', max_size: 1KiB, max_count: 9, type: png}, {path: '*.txt', max_size: 1MiB, max_count: 9, type: text}]
                """
            request.program.keys["arguments"] = "[]"
            let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0]
            let good = [
                "--input", try request.file("good.png", png), "--input", try request.file("empty.txt", []),
                "--input",
                try request.file("long.txt", Array(repeating: Array("grün\n".utf8), count: 100_000).joined()),
            ]
            request.options = good
            #expect(try request.run().status == 0)
            request.options += [
                "--input", try request.file("text.png", Array("hello\n".utf8)), "--input",
                try request.file("empty.png", []),
                "--input",
                try request.file("cut.txt", Array(repeating: Array("grün\n".utf8), count: 100_000).joined() + [0xC3]),
            ]
            let outcome = try request.run()
            #expect(outcome.status == 125 && outcome.stdout.isEmpty)
            #expect(
                outcome.stderr == """
                    jrun: input 'text.png': its content is not png
                    jrun: input 'empty.png': its content is not png
                    jrun: input 'cut.txt': its content is not text: byte 600002 is missing: the file ends inside a character

                    """)
        }

        @Test func exactlyOneOfSeveralInputs() throws {
            var request = try request()
            request.program.keys["inputs"] = """
                [{one_of: [{path: '*.mod', max_size: 9}, {path: '*.lp', max_size: 9}]}]
                """
            request.program.keys["arguments"] = "[]"
            let model = ["--input", try request.file("a.mod", "x".utf8)]
            let program = ["--input", try request.file("b.lp", "x".utf8)]
            request.options = model
            #expect(try request.run().status == 0)
            request.options = []
            expectRefused(try request.run(), saying: "exactly one of '*.mod', '*.lp' is required; none is there")
            request.options = model + program
            expectRefused(
                try request.run(), saying: "exactly one of", "found 'a.mod' for '*.mod', 'b.lp' for '*.lp'")
        }

        @Test func unknownProgram() throws {
            var request = try request()
            request.program.name = "known"
            var command = try request.command()
            let index = try #require(command.arguments.firstIndex(of: Array("known".utf8)))
            command.arguments[index] = Array("unknown".utf8)
            expectRefused(
                request.outcome(try command.run()), saying: "program 'unknown' is not known here", "known",
                "--programs DIR")
            command.arguments[index] = Array("no\nsuch\u{1b}[31m".utf8)
            expectRefused(request.outcome(try command.run()), saying: "is not known here")
        }

        @Test(arguments: [
            (
                "summary: x\nexecutable: /usr/bin/true\nargumnts: []\n",
                ":4:1: key 'argumnts' is not known here; did you mean 'arguments'?"
            ),
            ("summary: [\n", ":4:1: not valid YAML"),
            ("summary: x\nexecutable: bin/true\n", ":3:13: executable: 'bin/true': must be an absolute path"),
            ("summary: x\nexecutable: /usr/bin/true\nexecutable: /usr/bin/false\n", ":4:1: key 'executable'"),
            ("summary: x\nexecutable: /usr/bin/true\nresults: [{path: x, when: someday}]\n", ":4:"),
            ("summary: &x y\nexecutable: /usr/bin/true\n", ":2:10: "),
        ])
        func programFileWithAnError(_ text: String, _ words: String) throws {
            var request = try request()
            request.program.name = "broken"
            let limits =
                "limits: {wall: 1s, cpu: 1s, memory: 1GiB, processes: 1, open_files: 9, output: 1MiB, disk: 1MiB}\n"
            let command = try request.command()
            let path = "\(request.programsDirectory)/broken.yaml"
            try Data("program: broken\n\(text)\(limits)security: {}\n".utf8).write(to: URL(fileURLWithPath: path))
            expectRefused(request.outcome(try command.run()), saying: path + words)
        }

        @Test func everyErrorOfAProgramFileIsSaid() throws {
            var request = try request()
            request.program.name = "broken"
            let command = try request.command()
            let path = "\(request.programsDirectory)/broken.yaml"
            try Data("program: broken\nsumary: x\nexecutable: x\n".utf8).write(to: URL(fileURLWithPath: path))
            let ended = try command.run()
            #expect(ended.status == 125)
            let lines = ended.stderr.split(separator: "\n")
            #expect(lines.count >= 4 && lines.allSatisfy { $0.hasPrefix("jrun: \(path):") }, "\(lines)")
        }

        @Test func argumentsThatNoRuleAccepts() throws {
            expectRefused(
                try run(words: ["--modle", "need.txt"]), saying: "argument 1 '--modle': no rule accepts it",
                "did you mean '--model'?")
            expectRefused(
                try run(words: ["-n", "3", "extra"]),
                saying: "argument 3 'extra': no rule accepts it; accepted here: --model")
            expectRefused(
                try run(words: ["-n", "10"]),
                saying: "argument 2 '10': more than 9; '-n' accepts an integer from 1 to 9")
            expectRefused(try run(words: ["--model", "other.txt"]), saying: "argument 2 'other.txt'")
            expectRefused(try run(words: ["-n"]), saying: "argument 1 '-n'")
            expectRefused(try run(words: ["odd\n\u{1b}[31m"]), saying: "argument 1")
        }

        @Test func inputMissing() throws {
            var request = try request()
            request.options = []
            expectRefused(try request.run(), saying: "input 'need.txt': this input is required")
        }

        @Test func inputsThatNoRuleAccepts() throws {
            let request = try request()
            let file = try request.file("extra.c", "x".utf8), data = try request.file("a.dat", "x".utf8)
            expectRefused(
                try run("--input", file), saying: "input 'extra.c': no rule accepts it; accepted: need.txt, *.dat")
            expectRefused(try run("--input", data, "--input", data), saying: "input 'a.dat': given twice")
            expectRefused(
                try run("--input", data, "--input", "\(data)=b.dat", "--input", "\(data)=c.dat"),
                saying: "input 'c.dat': one too many for '*.dat'; at most 2 accepted")
        }

        @Test func inputTooLarge() throws {
            var request = try request()
            request.options = ["--input", try request.file("need.txt", "eleven byte".utf8)]
            expectRefused(try request.run(), saying: "input 'need.txt': 11 bytes is too large; at most 10")
        }

        @Test func inputThatIsNoFile() throws {
            let directory = try Site.shared.get().makeDirectory()
            mkfifo("\(directory)/fifo.dat", 0o600)
            symlink("nowhere", "\(directory)/dangling.dat")
            symlink("loop.dat", "\(directory)/loop.dat")
            expectRefused(try run("--input", "\(directory)=x.dat"), saying: "is a directory, not a regular file")
            expectRefused(try run("--input", "\(directory)/fifo.dat"), saying: "is a fifo, not a regular file")
            expectRefused(try run("--input", "/dev/null=x.dat"), saying: "is a character device, not a regular file")
            expectRefused(try run("--input", "\(directory)/dangling.dat"), saying: "dangling.dat'", "(ENOENT)")
            expectRefused(try run("--input", "\(directory)/loop.dat"), saying: "loop.dat'", "(ELOOP)")
            expectRefused(
                try run("--input", "\(directory)/absent.dat"), saying: "absent.dat'",
                "no such file or directory (ENOENT)")
        }

        @Test(arguments: [
            ("../x.dat", "contains the component '..'"), ("a/../x.dat", "contains the component '..'"),
            ("/x.dat", "absolute"),
            ("", "a file name cannot be empty"), ("a//x.dat", "empty component"),
            ("./x.dat", "contains the component '.'"),
            ("-x.dat", "starts with '-'"), (String(repeating: "n", count: 296) + ".dat", "longer than 255 bytes"),
            (String(repeating: "d/", count: 600) + "x.dat", "longer than 1024 bytes"),
            ("a\nb.dat", "control character U+000A"),
            ("\u{1b}[31m.dat", "control character U+001B"),
        ])
        func inputName(_ name: String, _ words: String) throws {
            let file = try request().file("a.dat", "x".utf8)
            expectRefused(try run("--input", "\(file)=\(name)"), saying: words)
        }

        @Test func inputNameThatIsNotUTF8() throws {
            let request = try request()
            let file = try request.file("a.dat", "x".utf8)
            var command = try request.command()
            let index = try #require(command.arguments.firstIndex(of: Array("--input".utf8)))
            command.arguments.insert(
                contentsOf: [Array("--input".utf8), Array("\(file)=".utf8) + [0xff, 0xfe] + Array(".dat".utf8)],
                at: index)
            expectRefused(request.outcome(try command.run()), saying: "UTF-8")
        }

        @Test func argumentThatIsNotUTF8() throws {
            let request = try Request("argv")
            var command = try request.command()
            command.arguments.append([0x61, 0xff, 0xfe])
            expectRefused(request.outcome(try command.run()), saying: "UTF-8")
        }

        @Test func limitsAndVariables() throws {
            expectRefused(
                try run("--limit", "wall=1d"), saying: "limit 'wall': 1 d is too much; accepted: 1 ms to 50 s")
            expectRefused(try run("--limit", "wal=1s"), saying: "limit 'wal=1s'", "wall, cpu")
            expectRefused(try run("--limit", "wall=soon"), saying: "'soon' is not a duration")
            expectRefused(try run("--limit", "processes=0"), saying: "limit 'processes=0'", "the smallest is 1")
            expectRefused(try run("--env", "N=10"), saying: "environment variable 'N'", "more than 9")
            expectRefused(
                try run("--env", "LD_PRELOAD=/x.so"), saying: "environment variable 'LD_PRELOAD': no rule accepts it")
            expectRefused(try run("--env", "N"), saying: "--env 'N': write it as NAME=VALUE")
            expectRefused(
                try run("--bogus"), saying: "unknown option '--bogus'; arguments for the program go behind '--'")
        }

        /// `jrun check` says the same, and every violation, each on a line of its own.
        @Test func checkListsEveryViolation() throws {
            var request = try request(["--modle", "x"])
            request.options += ["--limit", "wall=1d", "--env", "Q=1"]
            var command = try request.command()
            command.arguments[1] = Array("check".utf8)
            let ended = try command.run()
            #expect(ended.status == 125 && ended.stdout.isEmpty)
            let lines = ended.stderr.split(separator: "\n")
            #expect(lines.count >= 3 && lines.allSatisfy { $0.hasPrefix("jrun: ") }, "\(lines)")
            for word in ["--modle", "limit 'wall'", "'Q'"] { #expect(ended.stderr.contains(word)) }
        }
    }
}
