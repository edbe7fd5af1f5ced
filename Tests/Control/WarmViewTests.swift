import Foundation
import Glibc
import TestSupport
import Testing

/// A program that was started in a warm sandbox is what it would be otherwise: whatever Tests/Privileged asks `jrun exec`
/// is asked a warm and a cold run of jrund, and the answers are compared.
extension Control {
    @Suite struct WarmView {
        /// Runs it twice: in a sandbox that was made ahead, and, by a limit that is not the default one, in none.
        private func both(
            _ daemon: Daemon, _ program: String, _ words: [String], input: Int? = nil,
            limit: String = "\"wall\": \"49s\""
        ) throws -> (warm: WarmOutcome, cold: WarmOutcome) {
            func run(_ more: String) throws -> WarmOutcome {
                guard let input else {
                    let call = Call("POST", "/v1/execute", json: Daemon.request(words, program: program, more: more))
                    let answer = try daemon.send(call)
                    try #require(answer.status == 200, "\(answer)")
                    return WarmOutcome(executed: answer.json)
                }
                let create = Call("POST", "/v1/runs", json: Daemon.request(words, program: program, more: more))
                let id = try #require(try daemon.send(create).json["id"].string)
                try daemon.command("start", id)
                let bytes = [UInt8](repeating: 65, count: input)
                _ = try daemon.send(Call("POST", "/v1/runs/\(id)/stdin?close=true").with { $0.body = bytes })
                _ = try daemon.ended(id)
                return try WarmOutcome(of: id, daemon)
            }
            let outcomes = (warm: try run(""), cold: try run(", \"limits\": {\(limit)}"))
            // One that could not be launched does not tell.
            let isLaunched = outcomes.warm.report["cause"].string != "launch-error"
            try #require(outcomes.warm.report["warm"].bool == true || !isLaunched, "\(program): \(words) was not warm")
            try #require(!outcomes.cold.report["warm"].exists, "\(program): \(words) was not cold")
            return outcomes
        }

        /// Each of these runs has a sandbox of its own, so nothing has to be waited for in between.
        private func makePrograms(_ programs: [ProgramFile], _ count: Int) -> [ProgramFile] {
            programs.map { program in
                var program = program
                program.keys["warm"] = "\(count)"
                return program
            }
        }

        private func compareAnswers(_ daemon: Daemon, _ program: String, _ batches: [[String]]) throws {
            for questions in batches {
                let isBatch = questions.count > 1
                let words = isBatch ? ["batch"] + questions.map { [$0] }.joined(separator: ["--"]) : questions
                let (warm, cold) = try both(
                    daemon, program, words.flatMap { $0.split(separator: " ").map(String.init) })
                let answers = [warm, cold].map { ($0.plainTexts["stdout"] ?? "").split(separator: "\n") }
                for lines in answers {
                    try #require(
                        lines.count == questions.count, "\(program): a line for each of \(questions): \(lines)")
                }
                for (index, question) in questions.enumerated() {
                    let (warm, cold) = (answers[0][index], answers[1][index])
                    #expect(warm == cold, "\(program): '\(question)' is answered otherwise in a warm sandbox")
                }
            }
        }

        /// A setuid file of root's beside the probe.
        private func withGainingFile(_ body: (String) throws -> Void) throws {
            let place = try Place.shared.get()
            let path = "\(place.dist)/test/setuid-probe"
            try FileManager.default.copyItem(atPath: place.probe, toPath: path)
            defer { unlink(path) }
            try #require(chmod(path, 0o6755) == 0)
            try body(path)
        }

        /// What the odd one hands on is what Tests/Privileged/InheritanceTests.swift has jrun start from.
        @Test(arguments: [false, true]) func theProgramSeesAndMayDoTheSame(startedByAnOddParent isOdd: Bool) throws {
            try withGainingFile { gaining in
                let batches = chunks(WarmQuestions.all(gaining: gaining)) + WarmQuestions.ofTheFirst.map { [$0] }
                let probe = try ProgramFile(keys: ["environment": "{set: {LC_ALL: C, A: x}}"])
                try withWarm(makePrograms([probe], batches.count)) { daemon in
                    if isOdd {
                        try daemon.end()
                        let shell =
                            "trap '' INT QUIT USR1 USR2 ALRM TSTP TTIN; umask 0; ulimit -S -c 0 -s 4096; exec \"$@\""
                        daemon.wrapper = [
                            "/usr/bin/nice", "-n", "-5", "/usr/bin/setpriv", "--groups", "4,24,27", "--inh-caps",
                            "+net_raw,+chown", "--ambient-caps", "+net_raw,+chown", "/usr/bin/setarch", "-R", "/bin/sh",
                            "-c",
                            shell, "sh",
                        ]
                        try daemon.start()
                        try awaitWarm(batches.count, daemon)
                    }
                    try compareAnswers(daemon, "probe", batches)
                }
            }
        }

        private func chunks(_ questions: [String]) -> [[String]] {
            stride(from: 0, to: questions.count, by: 40).map { Array(questions[$0..<min($0 + 40, questions.count)]) }
        }

        @Test func aProfileDoesTheSame() throws {
            var host = try ProgramFile("host"), shown = try ProgramFile("shown")
            host.security["network"] = "host"
            let directory = "\(try Place.shared.get().directory)/shown-\(Place.number())"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
            try Data("shown".utf8).write(to: URL(fileURLWithPath: "\(directory)/file"))
            chmod(directory, 0o777)
            shown.security["files"] = "{read: [\(directory)], execute: [\(try Place.shared.get().dist)/test]}"
            try withWarm(makePrograms([host, shown], 1)) { daemon in
                try compareAnswers(
                    daemon, "host", [["namespaces", "caps", "netifs", "seccomp", "ids", "take-down lo"]])
                let questions = ["read", "stat"].map { "\($0) \(directory)/file" }
                let changes = [
                    "write \(directory)/file x", "mkdir \(directory)/new", "exec /usr/bin/nothing", "mounts",
                ]
                try compareAnswers(daemon, "shown", [questions + changes])
            }
        }

        @Test(arguments: [false, true]) func anImageIsTheSame(isWritable: Bool) throws {
            var box = try ProgramFile("box", keys: ["warm": "1"])
            box.executable = "/usr/bin/probe"
            box.security = ["root": "{image: box, writable: \(isWritable)}"]
            try withDaemon(programs: []) { daemon in
                let image = try SampleImage(in: "\(daemon.directory)/scratch", probe: daemon.place.probe)
                daemon.image = image
                try daemon.end()
                try daemon.write(box)
                try daemon.start()
                try awaitWarm(1, daemon)
                let questions = [
                    "mounts", "ls /", "ls /usr/bin", "read /usr/data/table", "read /README", "read /etc/passwd",
                    "stat /.image",
                    "write /etc/passwd x", "remove /etc/passwd", "write /new x", "mknod /opt/node block 8 0",
                    "mknod /opt/node char 0 0", "write /usr/data/table x", "mkdir /opt/new", "chmod /usr/bin/probe 777",
                    "remove /usr/data/table", "truncate /etc/motd 0", "read /proc/1/root/etc/shadow", "ids",
                    "tmpfs-size /usr",
                ]
                try compareAnswers(daemon, "box", [questions])
            }
        }

        @Test func itEndsTheSame() throws {
            let endings = WarmEnding.all
            let programs = try endings.enumerated().map { number, ending in
                var program = try ProgramFile("p\(number)", keys: ending.keys, limits: ending.limits)
                if let seccomp = ending.seccomp { program.security["seccomp"] = seccomp }
                return program
            }
            try withWarm(makePrograms(programs, 1)) { daemon in
                for (number, ending) in endings.enumerated() {
                    let words = ending.words.split(separator: " ").map(String.init)
                    let limit = ending.limits["wall"] == nil ? "\"wall\": \"49s\"" : "\"cpu\": \"49s\""
                    let (warm, cold) = try both(daemon, "p\(number)", words, input: ending.input, limit: limit)
                    for (outcome, kind) in [(warm, "warm"), (cold, "cold")] {
                        let end = [outcome.report["state"].string, outcome.report["cause"].string]
                        #expect(end == [ending.state, ending.cause], "\(kind): '\(ending.words)': \(outcome.report)")
                    }
                    for (question, warm, cold) in pairs(warm.facts, cold.facts) {
                        #expect(
                            warm == cold, "'\(ending.words)', \(ending.keys): \(question) is another in a warm sandbox")
                    }
                }
            }
        }

        /// The program's process shares its memory with jrun-init while it holds, and the kernel gives both the program's score.
        @Test func jrunInitHasItsOwnScoreForTheOOMKiller() throws {
            try withWarm(makePrograms([try ProgramFile()], 1)) { daemon in
                func score(_ pid: some CustomStringConvertible) throws -> String {
                    try String(contentsOfFile: "/proc/\(pid)/oom_score_adj", encoding: .utf8)
                }
                let parked = try String(contentsOfFile: "\(daemon.cgroup)/init/cgroup.procs", encoding: .utf8)
                let pid = try #require(parked.split(separator: "\n").first)
                #expect(try score(pid) == "500\n")
                let id = try daemon.startRun("sleep", "forever")
                #expect(try score(pid) == score(try #require(daemon.child?.pid)))
                try daemon.command("kill", id)
                _ = try daemon.ended(id)
                #expect(try daemon.get("/v1/runs/\(id)/report").json["warm"].bool == true)
            }
        }

        private func pairs(_ warm: [String: String], _ cold: [String: String]) -> [(String, String?, String?)] {
            Set(warm.keys).union(cold.keys).sorted().map { ($0, warm[$0], cold[$0]) }
        }

        private func withWarm(_ programs: [ProgramFile], _ body: (Daemon) throws -> Void) throws {
            try withDaemon(programs: programs) { daemon in
                try awaitWarm(programs.reduce(0) { $0 + (Int($1.keys["warm"] ?? "") ?? 0) }, daemon)
                try body(daemon)
            }
        }

        private func awaitWarm(_ count: Int, _ daemon: Daemon) throws {
            try daemon.awaitNotification(", \(count) of \(count) sandboxes warm")
            daemon.forgetNotifications()
        }
    }
}
