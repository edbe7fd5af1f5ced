import Foundation
import Glibc
import TestSupport
import Testing

/// `jrun run`: what it is for whoever types it is what `jrun exec` is.
extension Control {
    @Suite struct ClientRun {
        private struct Case {
            var name: String
            var words: [String]
            var status: Int32
        }

        private static let cases = [
            Case(name: "success", words: ["probe", "--", "write-stdout", "32"], status: 0),
            Case(name: "exit code", words: ["probe", "--", "exit", "3"], status: 3),
            Case(name: "wall", words: ["--limit", "wall=300ms", "probe", "--", "sleep", "forever"], status: 124),
            Case(
                name: "violations", words: ["--limit", "wall=2h", "--env", "NOPE=1", "probe", "--", "exit", "0"],
                status: 125),
            Case(name: "input that is not there", words: ["--input", "/nowhere.txt", "probe"], status: 125),
            Case(name: "input without a rule", words: ["--input", "/etc/hostname", "probe"], status: 125),
            Case(name: "no executable", words: ["missing", "--", "exit", "0"], status: 127),
            Case(name: "not executable", words: ["text", "--", "exit", "0"], status: 126),
            Case(name: "signal", words: ["probe", "--", "raise", "USR1"], status: 128 + SIGUSR1),
            Case(name: "crash", words: ["probe", "--", "segv"], status: 128 + SIGSEGV),
            Case(name: "missing result", words: ["strict", "--", "exit", "0"], status: 125),
        ]

        @Test func endsAndSaysWhatExecDoes() throws {
            var missing = try ProgramFile("missing"), text = try ProgramFile("text")
            missing.executable = "/usr/bin/not-there-at-all"
            text.executable = "\(try Place.shared.get().dist)/share/jrun/openapi.yaml"
            let strict = try ProgramFile(
                "strict", keys: ["results": "[{path: must.out, when: complete, required: true}]"])
            try withDaemon(programs: [try ProgramFile(), missing, text, strict]) { daemon in
                for one in ClientRun.cases {
                    let (run, exec) = try daemon.bothWays(one.words)
                    #expect(run.status == one.status && exec.status == one.status, "\(one.name): \(run) \(exec)")
                    #expect(run.stderr == exec.stderr, "\(one.name)")
                    #expect(run.stdout == exec.stdout, "\(one.name)")
                }
                #expect(try daemon.ids == [])
            }
        }

        @Test func stdinGoesIn() throws {
            try withDaemon(programs: [try ProgramFile(keys: ["stdin": "stream"])]) { daemon in
                let bytes = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
                let ended = try daemon.jrun("run", "probe", "--", "cat", input: bytes)
                #expect(ended.status == 0 && ended.stdout == Bytes(bytes) && ended.stderr == "")
                let empty = try daemon.jrun("run", "probe", "--", "cat")
                #expect(empty.status == 0 && empty.stdout.isEmpty && empty.stderr == "")
            }
        }

        @Test func stdoutAndStderrComeApart() throws {
            try withDaemon { daemon in
                let words = ["batch", "write-stdout", "5000000", "--", "write-stderr", "5000000", "--", "cat"]
                let (run, exec) = try daemon.bothWays(["probe", "--"] + words)
                #expect(run.status == 0 && exec.status == 0)
                #expect(run.stdout == exec.stdout && run.stdout.count >= 5_000_000)
                #expect(run.stderrBytes == exec.stderrBytes && run.stderrBytes.count == 5_000_000)
            }
        }

        @Test func resultsArriveWithTheirMode() throws {
            try withDaemon { daemon in
                let output = try daemon.makeScratchDirectory("output"), other = try daemon.makeScratchDirectory("exec")
                let words =
                    ["probe", "--", "batch", "fill", "a.out", "3000000", "--", "fill", "b.out", "10", "--"]
                    + ["chmod", "b.out", "755"]
                let run = try daemon.jrunCommand(["run", "--output-dir", output] + words).run()
                let exec = try daemon.jrunCommand(
                    ["exec", "--best-effort", "--programs", "\(daemon.directory)/programs", "--output-dir", other]
                        + words
                ).run()
                #expect(run.status == 0 && exec.status == 0, "\(run) \(exec)")
                for name in ["a.out", "b.out"] {
                    #expect(contents(of: "\(output)/\(name)") == contents(of: "\(other)/\(name)"))
                    #expect(mode(of: "\(output)/\(name)") == mode(of: "\(other)/\(name)"))
                }
                #expect(contents(of: "\(output)/a.out").count == 3_000_000)
                #expect(mode(of: "\(output)/a.out") == 0o644 && mode(of: "\(output)/b.out") == 0o755)
                #expect(try FileManager.default.contentsOfDirectory(atPath: output).sorted() == ["a.out", "b.out"])
            }
        }

        @Test func anInputIsNotReplaced() throws {
            let program = try ProgramFile(keys: ["results": "[{path: \"*.txt\", when: any}]"])
            try withDaemon(programs: [program]) { daemon in
                let output = try daemon.makeScratchDirectory("output")
                try Data("mine".utf8).write(to: URL(fileURLWithPath: "\(output)/in.txt"))
                let words = ["--input", "\(output)/in.txt", "--output-dir", output, "probe", "--", "batch"]
                let (run, exec) = try daemon.bothWays(
                    words + ["remove", "in.txt", "--", "write", "in.txt", "theirs", "--", "write", "new.txt", "new"])
                #expect(run.status == exec.status && run.stderr == exec.stderr, "\(run) \(exec)")
                #expect(run.stderr.contains("in.txt"))
                #expect(contents(of: "\(output)/in.txt") == Bytes("mine".utf8))
                #expect(contents(of: "\(output)/new.txt") == Bytes("new".utf8))
            }
        }

        @Test func theReport() throws {
            try withDaemon { daemon in
                let path = "\(daemon.directory)/scratch/report.json"
                #expect(try daemon.jrun("run", "--report", path, "probe", "--", "exit", "3").status == 3)
                let report = try JSON(parsing: contents(of: path).array)
                #expect(report["exit_code"].int == 3 && report["cause"].string == "exit", "\(report)")
                let printed = try daemon.jrun("run", "--report", "-", "probe", "--", "exit", "0")
                #expect(try JSON(parsing: printed.stdout.array)["state"].string == "complete")
                let refused = try daemon.jrun("run", "--report", "/nowhere/report", "probe", "--", "exit", "0")
                #expect(refused.status == 125 && refused.stderr.contains("report file '/nowhere/report'"), "\(refused)")
                #expect(try daemon.ids == [])
            }
        }

        @Test func keepKeepsIt() throws {
            try withDaemon { daemon in
                let ended = try daemon.jrun("run", "--keep", "probe", "--", "write-stdout", "16")
                let ids = try daemon.ids
                #expect(ids.count == 1 && ended.stderr == "jrun: run kept: \(ids.first ?? "")\n", "\(ended)")
                #expect(try daemon.jrunText("logs", ids[0]) + "\n" == ended.text)
            }
        }

        @Test func detached() throws {
            let program = try ProgramFile(keys: ["stdin": "stream"])
            try withDaemon(programs: [program]) { daemon in
                let id = try daemon.jrunText("run", "--detach", "probe", "--", "cat")
                #expect(try daemon.ids == [id])
                // Nobody will write to it, so it ends by itself.
                #expect(try daemon.jrunText("status", "--wait", id).contains("complete"))
                let open = try daemon.jrunJSON("run", "--detach", "--stdin", "probe", "--", "cat")
                #expect(open["state"].string == "running" && open["stdin"]["closed"].bool == false, "\(open)")
                let refused = try daemon.jrun("run", "--stdin", "probe", "--", "cat")
                #expect(refused.status == 125 && refused.stderr.contains("--stdin needs --detach"), "\(refused)")
                let both = try daemon.jrun("run", "--detach", "--report", "x", "probe", "--", "cat")
                #expect(both.status == 125 && both.stderr.contains("leave them out with --detach"), "\(both)")
            }
        }

        // MARK: Interrupted

        @Test func interruptIsPolite() throws {
            try withDaemon { daemon in
                let path = "\(daemon.directory)/scratch/report.json"
                let child = try daemon.beginJrun("run", "--report", path, "probe", "--", "trap-term", "7")
                try child.await("\"ready\"")
                child.signal(SIGINT)
                let ended = try child.finish()
                let report = try JSON(parsing: contents(of: path).array)
                #expect(ended.status == 7 && ended.text.contains("terminated"), "\(ended)")
                #expect(report["state"].string == "interrupted", "\(report)")
                #expect(try daemon.ids == [])
            }
        }

        @Test func aSecondInterruptKills() throws {
            try withDaemon { daemon in
                let child = try daemon.beginJrun("run", "probe", "--", "ignore-term")
                try child.await("\"ready\"")
                let id = try #require(try daemon.ids.first)
                child.signal(SIGINT)
                while try daemon.run(id)["terminating"].bool != true {}
                child.signal(SIGINT)
                let ended = try child.finish()
                #expect(ended.status == 128 + SIGKILL, "\(ended)")
                #expect(ended.elapsed < .seconds(18))
                #expect(try daemon.ids == [])
            }
        }

        /// The run goes on without the command.
        @Test func killingTheCommandKillsNothing() throws {
            try withDaemon { daemon in
                let child = try daemon.beginJrun("run", "probe", "--", "sleep", "forever")
                try child.await("ready")
                child.signal(SIGKILL)
                _ = try child.finish()
                #expect(try daemon.state(#require(try daemon.ids.first)) == "running")
            }
        }

        // MARK: A daemon that goes away

        @Test func nothingIsLostOrDoubledWhenJrundIsKilled() throws {
            try withDaemon(programs: [try ProgramFile(keys: ["stdin": "stream"])]) { daemon in
                let input = (1...400_000).map { "line \($0)\n" }.joined()
                let child = try daemon.beginJrun("run", "probe", "--", "cat", input: Array(input.utf8))
                for line in [1_000, 100_000, 250_000] {
                    try child.await("line \(line)\n")
                    try daemon.restart(SIGKILL)
                }
                let ended = try child.finish()
                #expect(ended.status == 0 && ended.stdout == Bytes(input.utf8), "\(ended)")
                let words = ended.stderr.split(separator: "\n")
                #expect(words.allSatisfy { $0.contains("waiting for it to come back") }, "\(ended.stderr)")
                #expect(try daemon.ids == [])
            }
        }

        /// It ends while nobody watches.
        @Test func theEndIsHeardOfAfterwards() throws {
            try withDaemon { daemon in
                let child = try daemon.beginJrun("run", "probe", "--", "trap-term", "5")
                try child.await("\"ready\"")
                let id = try #require(try daemon.ids.first)
                try daemon.command("terminate", id)
                try daemon.restart(SIGKILL)
                #expect(try child.finish().status == 5)
            }
        }
    }
}
