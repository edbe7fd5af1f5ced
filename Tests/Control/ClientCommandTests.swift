import Foundation
import Glibc
import TestSupport
import Testing

/// Each command of `jrun` that asks jrund, for people and as JSON.
extension Control {
    @Suite struct ClientCommands {
        @Test func stepByStep() throws {
            let program = try ProgramFile(keys: ["environment": "{accept: [{name: LC_ALL, value: {string: {max: 9}}}]}"]
            )
            try withDaemon(programs: [program]) { daemon in
                let file = try daemon.scratch("a.txt", "one".utf8)
                let made = try daemon.jrunJSON("create", "--env", "LC_ALL=C", "probe", "--", "fill", "x.out", "100")
                let id = try #require(made["id"].string)
                #expect(made["state"].string == "created" && made["environment"]["LC_ALL"].string == "C", "\(made)")
                #expect(made["limits"]["open_files"].int == 64)
                let put = try daemon.jrunJSON("put", id, file, "\(file)=sub/b.txt")
                #expect(put["files"].array.compactMap { $0["path"].string } == ["a.txt", "sub/b.txt"], "\(put)")
                let inputs = try daemon.jrunJSON(
                    "get", "--inputs", id, "--output-dir", daemon.makeScratchDirectory("in"))
                #expect(inputs["files"].array.count == 2)
                #expect(contents(of: "\(daemon.directory)/scratch/in/sub/b.txt") == Bytes("one".utf8))
                let started = try daemon.jrunJSON("start", id)
                #expect(started["id"].string == id && started["limits"]["open_files"].int == 64, "\(started)")
                #expect(started["environment"]["LC_ALL"].string == "C", "\(started)")
                let ended = try daemon.jrunJSON("status", "--wait", id)
                #expect(ended["state"].string == "complete" && ended["exit_code"].int == 0, "\(ended)")
                #expect(try daemon.jrunJSON("status", "--report", id)["results"].array.count == 1)
                #expect(try daemon.jrun("get", id, "x.out", "--output-dir", "-").stdout.count == 100)
                #expect(try daemon.jrunJSON("rm", id)["removed"].strings == [id])
                #expect(try daemon.ids == [])
            }
        }

        @Test func forPeople() throws {
            try withDaemon { daemon in
                let file = try daemon.scratch("a.txt", "one".utf8)
                let id = try daemon.jrunText(
                    "create", "--input", file, "probe", "--", "batch", "lines", "2", "--", "cat")
                #expect(try daemon.jrunText("put", id, "\(file)=b.txt") == "")
                #expect(try daemon.jrunText("start", id) == "")
                let status = try daemon.jrunText("status", "--wait", id)
                for words in ["id         \(id)", "state      complete", "inputs     a.txt, b.txt", "exit code  0"] {
                    #expect(status.contains(words), "\(status)")
                }
                #expect(try daemon.jrun("logs", id).text == "line 1\nline 2\n")
                #expect(try daemon.jrunText("ps") == "ID  PROGRAM  STATE  OWNER  AGE  ELAPSED")
                #expect(try daemon.jrunText("ps", "-a").contains("complete exit"))
                #expect(try daemon.jrunText("rm", id) == "")
            }
        }

        @Test func archives() throws {
            try withDaemon { daemon in
                let id = try daemon.create(
                    "batch", "fill", "a.out", "10", "--", "fill", "b.out", "20", "--", "chmod", "b.out", "755")
                let tar = Command(["/usr/bin/tar", "-C", "\(daemon.directory)/scratch", "-cf", "-", "a.txt"])
                _ = try daemon.scratch("a.txt", "one".utf8)
                let archive = try tar.run().stdout.array
                let path = try daemon.scratch("in.tar", archive)
                #expect(try daemon.jrunJSON("put", id, "--tar", path)["files"][0]["path"].string == "a.txt")
                let piped = try daemon.jrun("put", id, "--tar", "-", input: archive)
                #expect(piped.status == 0, "\(piped)")
                let broken = try daemon.jrun("put", id, "--tar", "-", input: Array(repeating: 65, count: 700))
                #expect(broken.status == 125 && broken.stderr.hasPrefix("jrun: "), "\(broken)")
                _ = try daemon.jrunJSON("start", id)
                _ = try daemon.jrunText("status", "--wait", id)
                let listed = try daemon.get("/v1/runs/\(id)/files").json["files"]
                #expect(!listed[0]["executable"].exists && listed[1]["executable"].bool == true, "\(listed)")
                let results = try daemon.jrun("get", id, "--tar")
                let list = try daemon.list(results.stdout.array)
                #expect(
                    list.count == 2 && list[0].hasPrefix("-rw-r--r--") && list[1].hasPrefix("-rwxr-xr-x"), "\(list)")
                let output = try daemon.makeScratchDirectory("output")
                #expect(try daemon.jrunText("get", id, "--output-dir", output) == "")
                #expect(mode(of: "\(output)/a.out") == 0o644 && mode(of: "\(output)/b.out") == 0o755)
            }
        }

        @Test func logs() throws {
            try withDaemon { daemon in
                let id = try daemon.startRun(saying: "line 5\n", "batch", "lines", "5", "--", "ignore-term")
                let all = "line 1\nline 2\nline 3\nline 4\nline 5\n"
                let follower = try daemon.beginJrun("logs", "-f", id),
                    rest = try daemon.beginJrun("logs", "-f", "--offset", "7", id)
                try follower.await(all)
                try rest.await("line 2\n")
                #expect(try daemon.jrun("logs", id).text.hasPrefix(all))
                #expect(try daemon.jrunJSON("logs", id)["offset"].int == 0)
                #expect(try daemon.jrun("logs", "--stderr", id).stdout.isEmpty)
                try daemon.restart(SIGKILL)
                try daemon.command("kill", id)
                let ended = try follower.finish()
                #expect(try ended.status == 0 && ended.text == daemon.get("/v1/runs/\(id)/stdout").text, "\(ended)")
                #expect(try "line 1\n" + rest.finish().text == ended.text)
                // What has ended can be followed as well.
                #expect(try daemon.jrun("logs", "-f", id).text == ended.text)
                let beyond = try daemon.jrun("logs", "--offset", "100000", id)
                #expect(beyond.status == 125 && beyond.stderr.contains("offset 100000 is beyond"), "\(beyond)")
            }
        }

        @Test func verbs() throws {
            try withDaemon { daemon in
                let ids = [try daemon.startRun("ignore-term"), try daemon.startRun("ignore-term")]
                for (verb, state) in [
                    ("freeze", "suspended"), ("thaw", "running"), ("suspend", "suspended"), ("resume", "running"),
                ] {
                    let done = try daemon.jrunJSON(verb, ids[0], ids[1])["runs"].array
                    #expect(done.map { $0["state"].string } == [state, state], "\(verb): \(done)")
                    #expect(try daemon.jrunText(verb, ids[0]) == "")
                }
                #expect(try daemon.jrunJSON("terminate", ids[0])["runs"][0]["terminating"].bool == true)
                #expect(try daemon.jrunText("ps").contains("stopping"))
                #expect(try daemon.jrun("rm", ids[0]).stderr.contains("run '\(ids[0])' is running"))
                #expect(try daemon.jrunJSON("kill", ids[0], ids[1])["runs"].array.count == 2)
                for id in ids { #expect(try daemon.ended(id)["signal"].string == "SIGKILL") }
                // One that cannot be done keeps none of the others from it.
                let live = try daemon.startRun("sleep", "forever")
                let mixed = try daemon.jrun("freeze", ids[0], live)
                #expect(
                    mixed.status == 125 && mixed.stderr.hasPrefix("jrun: \(ids[0]): run '\(ids[0])' is "), "\(mixed)")
                #expect(try daemon.state(live) == "suspended")
                #expect(try daemon.jrun("rm", "--kill", live).status == 0)
                #expect(try daemon.ids.sorted() == ids.sorted())
            }
        }

        @Test func events() throws {
            try withDaemon { daemon in
                let all = try daemon.beginJrun("events", "--json", "--after", "0")
                let words = try daemon.beginJrun("events", "--after", "0")
                // From the event before the first of the log on, so that it does not matter who is quicker.
                let id = try daemon.startRun("exit", "3")
                try all.await("\"failed\"")
                try words.await("failed exit")
                let own = try daemon.beginJrun("events", "--json", id)
                try own.await("\"failed\"")
                let last = try JSON(parsing: try #require(own.stdout.text.split(separator: "\n").last).utf8)
                let rest = try daemon.beginJrun("events", "--after", "\((last["sequence"].int ?? 0) - 1)", id)
                try rest.await("failed exit")
                #expect(try daemon.jrun("rm", id).status == 0)
                let lines = try own.finish().text.split(separator: "\n").map { try JSON(parsing: $0.utf8) }
                let states = lines.map { $0["state"].string ?? "?" }
                #expect(states.prefix(4) == ["created", "starting", "running", "failed"], "\(states)")
                #expect(lines.allSatisfy { $0["run"].string == id })
                #expect(try rest.finish().text.split(separator: "\n").first?.contains("failed exit") == true)
                for child in [all, words] {
                    child.signal(SIGTERM)
                    _ = try child.finish()
                }
            }
        }

        @Test func queued() throws {
            let program = try ProgramFile(keys: ["stdin": "stream"])
            let capacity = "{runs: 1, memory: 1GiB, cpus: 10, queue: 2}"
            try withDaemon(programs: [program], keys: ["capacity": capacity]) { daemon in
                let first = try daemon.startRun("sleep", "forever")
                let second = try daemon.jrunText("create", "probe", "--", "cat")
                let refused = try daemon.jrun("start", "--no-queue", second)
                #expect(refused.status == 125 && refused.stderr.hasPrefix("jrun: "), "\(refused)")
                let waiting = try daemon.jrun("start", second)
                #expect(waiting.status == 0 && waiting.text == "")
                #expect(waiting.stderr == "jrun: probe waits for room on the node: next in the queue\n")
                let third = try daemon.jrun("run", "--detach", "probe", "--", "cat")
                #expect(third.stderr == "jrun: probe waits for room on the node: number 2 in the queue\n", "\(third)")
                let id = third.text.trimmingCharacters(in: .newlines)
                #expect(try daemon.run(id)["stdin"]["closed"].bool == true)
                #expect(try daemon.jrunText("ps").contains("queued 2"))
                #expect(try daemon.jrunJSON("top")["info"]["used"]["queue"].int == 2)
                let full = try daemon.jrun("run", "probe", "--", "cat")
                #expect(full.status == 125 && full.stderr.hasPrefix("jrun: "), "\(full)")
                // Closed in advance is closed for the next jrund too.
                try daemon.restart(SIGKILL)
                try daemon.command("kill", first)
                for id in [second, id] {
                    let run = try daemon.ended(id)
                    #expect(run["state"].string == "complete" && run["stdin"]["closed"].bool == true, "\(run)")
                }
            }
        }

        @Test func reload() throws {
            try withDaemon { daemon in
                #expect(try daemon.jrunJSON("reload")["problems"].array.isEmpty)
                #expect(try daemon.jrunText("reload") == "")
                var broken = try ProgramFile("other")
                broken.keys["nonsense"] = "1"
                try daemon.write(broken)
                let told = try daemon.jrun("reload")
                #expect(told.status == 125 && told.stderr.contains("nonsense"), "\(told)")
                let json = try daemon.jrun("reload", "--json")
                let problems = try JSON(parsing: json.stdout.array)["problems"].array
                #expect(json.status == 125 && !problems.isEmpty, "\(json)")
            }
        }
    }
}

extension Daemon {
    /// What `tar -tv` says of an archive, a line for each entry.
    fileprivate func list(_ archive: [UInt8]) throws -> [String] {
        var command = Command(["/usr/bin/tar", "-tvf", "-"])
        command.environment = ["PATH": "/usr/bin:/bin"]
        command.input = archive
        return try command.run().text.split(separator: "\n").map(String.init)
    }
}
