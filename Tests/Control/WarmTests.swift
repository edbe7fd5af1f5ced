import Foundation
import Glibc
import TestSupport
import Testing

/// Sandboxes that are made ahead: docs/daemon.md, "Warm sandboxes".
extension Control {
    @Suite struct Warm {
        private func withWarm(
            _ count: Int = 1, keys: [String: String] = [:], _ body: (Daemon) throws -> Void
        ) throws {
            var keys = keys
            keys["warm"] = "\(count)"
            try withDaemon(programs: [try ProgramFile(keys: keys)]) { daemon in
                try awaitWarm(count, of: count, daemon)
                try body(daemon)
            }
        }

        private func awaitWarm(_ parked: Int, of wanted: Int, _ daemon: Daemon) throws {
            try daemon.awaitNotification(", \(parked) of \(wanted) sandboxes warm")
            daemon.forgetNotifications()
        }

        /// By jrund, when it has as many as it wants.
        private func execute(
            _ daemon: Daemon, _ words: String..., more: String = "", change: (inout Call) -> Void = { _ in }
        ) throws -> Answer {
            var call = Call("POST", "/v1/execute", json: Daemon.request(words, more: more))
            change(&call)
            let answer = try daemon.send(call)
            try #require(answer.status == 200, "\(answer)")
            return answer
        }

        private func isWarm(_ answer: Answer) -> Bool { answer.json["report"]["warm"].bool == true }

        private func text(_ value: JSON) -> String {
            let options: JSONSerialization.WritingOptions = [.sortedKeys, .fragmentsAllowed]
            let bytes = value.value.flatMap { try? JSONSerialization.data(withJSONObject: $0, options: options) }
            return String(decoding: bytes ?? Data("nothing".utf8), as: UTF8.self)
        }

        /// Every jrun-init of the daemon, those of parked sandboxes too.
        private func supervisors(_ daemon: Daemon) -> [pid_t] {
            let text = (try? String(contentsOfFile: "\(daemon.cgroup)/init/cgroup.procs", encoding: .utf8)) ?? ""
            return text.split(separator: "\n").compactMap { pid_t($0) }
        }

        private func awaitNobody(_ cgroup: String) throws {
            let file = open("\(cgroup)/cgroup.events", O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { return }
            defer { close(file) }
            while true {
                var buffer = [UInt8](repeating: 0, count: 4096)
                let count = pread(file, &buffer, buffer.count, 0)
                if count <= 0 || String(decoding: buffer[..<count], as: UTF8.self).contains("populated 0") { return }
                var event = pollfd(fd: file, events: Int16(POLLPRI), revents: 0)
                try #require(poll(&event, 1, 20_000) > 0, "processes are left in '\(cgroup)'")
            }
        }

        /// A limit that is asked for, even the default one by another name, is what tells a cold run's request from a warm one's.
        @Test func theAnswerIsThatOfAColdRun() throws {
            let keys = [
                "environment": "{set: {A: x}, accept: [{name: B, value: {string: {max: 9}}}]}"
            ]
            try withWarm(keys: keys) { daemon in
                let words = ["batch", "env", "--", "ids", "--", "read", "a.txt", "--", "fill", "b.out", "10"]
                let more = ", \"environment\": {\"B\": \"y\"}, \"inputs\": {\"a.txt\": {\"text\": \"héllo\"}}"
                func request(_ rest: String) -> Call {
                    Call("POST", "/v1/execute", json: Daemon.request(words, more: more + rest))
                }
                let warm = try daemon.send(request("")),
                    cold = try daemon.send(request(", \"limits\": {\"wall\": \"49s\"}"))
                #expect(isWarm(warm) && !isWarm(cold), "\(warm)")
                for key in ["clone", "mounts", "cgroup"] {
                    #expect(warm.json["report"]["phases"][key].int == 0)
                    #expect((cold.json["report"]["phases"][key].int ?? 0) > 0)
                }
                let same = ["arguments", "state", "cause", "exit_code", "security", "program", "results", "node"]
                for key in same { #expect(text(warm.json["report"][key]) == text(cold.json["report"][key]), "\(key)") }
                #expect(text(warm.json["files"]) == text(cold.json["files"]))
                let texts = [warm, cold].map { answer in
                    // Each has a uid of its own.
                    (answer.json["stdout"]["text"].string ?? "?").replacing(/1[0-9]{9}/, with: "UID")
                }
                #expect(texts[0] == texts[1] && texts[0].contains("llo"), "\(texts)")
            }
        }

        @Test func eachIsUsedOnceWhoeverComes() throws {
            try withWarm { daemon in
                var seen: Set<String> = []
                for change in [{ _ in }, asNobody, { _ in }] as [(inout Call) -> Void] {
                    let answer = try execute(
                        daemon, "batch", "fill", "/tmp/x", "1", "--", "fill", "x.out", "1", "--", "ids", change: change)
                    #expect(isWarm(answer) && answer.json["run"]["state"].string == "complete", "\(answer)")
                    let text = answer.json["stdout"]["text"].string ?? ""
                    let uid = try #require(text.firstMatch(of: /1[0-9]{9}/), "\(text)")
                    #expect(seen.insert(String(uid.output)).inserted, "the uid of somebody before")
                    try awaitWarm(1, of: 1, daemon)
                }
                let text = try daemon.get("/metrics").text
                #expect(text.contains("jrun_warm_starts_total{sandbox=\"warm\"} 3"), "\(text)")
                #expect(text.contains("jrun_warm_sandboxes 1"))
            }
        }

        @Test func aRunThatIsStartedLaterIsWarmToo() throws {
            try withWarm(keys: ["stdin": "stream"]) { daemon in
                let id = try daemon.create("cat")
                _ = try daemon.put("/v1/runs/\(id)/files/a.txt", "unread".utf8)
                #expect(try daemon.command("start", id).status == 200)
                _ = try daemon.send(
                    Call("POST", "/v1/runs/\(id)/stdin?close=true").with { $0.body = Array("through\n".utf8) })
                #expect(try daemon.ended(id)["state"].string == "complete")
                #expect(try daemon.get("/v1/runs/\(id)/stdout").text == "through\n")
                #expect(try daemon.get("/v1/runs/\(id)/report").json["warm"].bool == true)
            }
        }

        /// One user cannot keep them from others: as many as there are can be lent, and only for a time.
        @Test func whatIsCreatedAndNotStartedStartsAnyhow() throws {
            try withWarm { daemon in
                let ids = try (0..<3).map { _ in try daemon.create("ids") }
                try awaitWarm(1, of: 1, daemon)
                // The sandbox of the first is killed under it.
                for pid in supervisors(daemon) { kill(pid, SIGKILL) }
                for id in ids {
                    #expect(try daemon.command("start", id).status == 200)
                    #expect(try daemon.ended(id)["state"].string == "complete")
                }
                #expect(try daemon.get("/v1/runs/\(ids[0])/report").json["warm"].bool == nil)
            }
        }

        @Test func whatGoesToFilesIsTheRuns() throws {
            let keys = ["stdout": "{file: said.out}", "stdin": "{file: in.txt}"]
            try withWarm(keys: keys) { daemon in
                let answer = try execute(daemon, "cat", more: ", \"inputs\": {\"in.txt\": {\"text\": \"told\"}}")
                #expect(isWarm(answer) && answer.json["files"]["said.out"]["text"].string == "told", "\(answer)")
            }
        }

        @Test(arguments: [true, false]) func inAnImage(isWritable: Bool) throws {
            var shell = try ProgramFile("shell", keys: ["warm": "1"])
            shell.executable = "/usr/bin/busybox"
            shell.security = ["root": "{image: box, writable: \(isWritable)}"]
            try withDaemon(programs: []) { daemon in
                let image = try SampleImage(in: "\(daemon.directory)/scratch", probe: daemon.place.probe)
                daemon.image = image
                try daemon.end()
                try daemon.write(shell)
                try daemon.start()
                try awaitWarm(1, of: 1, daemon)
                let script = "cat /etc/motd; touch /usr/data/table && echo changed || true"
                let more = ", \"inputs\": {\"script.txt\": {\"text\": \"\(script)\"}}"
                let body = Daemon.request(["sh", "script.txt"], program: "shell", more: more)
                let answer = try daemon.send(Call("POST", "/v1/execute", json: body))
                let text = answer.json["stdout"]["text"].string ?? ""
                #expect(isWarm(answer) && text.contains("changed") == isWritable, "\(answer)")
            }
        }

        /// A sandbox shows what was there when it was made; a run shows what is there now.
        @Test func whatTheNodeHasReplacedIsNotShown() throws {
            let directory = try Place.shared.get().directory, path = "\(directory)/table"
            var program = try ProgramFile(keys: ["warm": "1"])
            program.security["files"] = "{read: [\(path)], execute: [\(try Place.shared.get().dist)/test]}"
            try "old".write(toFile: path, atomically: true, encoding: .utf8)
            try withDaemon(programs: [program]) { daemon in
                try awaitWarm(1, of: 1, daemon)
                let old = try execute(daemon, "read", path)
                #expect(isWarm(old) && text(old.json["stdout"]).contains("old"), "\(old)")
                try awaitWarm(1, of: 1, daemon)
                try "new".write(toFile: path, atomically: true, encoding: .utf8)
                let new = try execute(daemon, "read", path)
                #expect(!isWarm(new) && text(new.json["stdout"]).contains("new"), "\(new)")
                try awaitWarm(1, of: 1, daemon)
                #expect(isWarm(try execute(daemon, "read", path)))
            }
        }

        /// It may die any way; nobody notices, and nothing stays.
        @Test(arguments: ["init", "runs"]) func oneThatDiesIsNotMissed(_ what: String) throws {
            try withWarm { daemon in
                let old = try FileManager.default.contentsOfDirectory(atPath: daemon.runsDirectory)
                if what == "init" {
                    for pid in supervisors(daemon) { kill(pid, SIGKILL) }
                } else {
                    let leaf = try #require(old.first).dropFirst(".warm-".count)
                    try "1".write(
                        toFile: "\(daemon.cgroup)/runs/\(leaf)/cgroup.kill", atomically: false, encoding: .utf8)
                }
                let answer = try execute(daemon, "ids")
                #expect(answer.json["run"]["state"].string == "complete", "\(answer)")
                try awaitWarm(1, of: 1, daemon)
                // What has `.gone-` before its name is being removed.
                let new = try FileManager.default.contentsOfDirectory(atPath: daemon.runsDirectory).filter {
                    !$0.hasPrefix(".gone-")
                }
                #expect(new.count == 1 && new != old, "\(new)")
            }
        }

        @Test func aReloadKeepsNoneOfWhatHasChanged() throws {
            try withWarm(2) { daemon in
                let old = try FileManager.default.contentsOfDirectory(atPath: daemon.runsDirectory).sorted()
                _ = try daemon.post("/v1/reload")
                #expect(try FileManager.default.contentsOfDirectory(atPath: daemon.runsDirectory).sorted() == old)
                try daemon.write(try ProgramFile(keys: ["warm": "2", "version": "\"2\""]))
                daemon.forgetNotifications()
                _ = try daemon.post("/v1/reload")
                // At once, when some of the old ones may still be there.
                #expect(try execute(daemon, "ids").json["report"]["program"]["version"].string == "2")
                try awaitWarm(2, of: 2, daemon)
                let new = try FileManager.default.contentsOfDirectory(atPath: daemon.runsDirectory)
                #expect(Set(new).isDisjoint(with: old), "\(new)")
                try FileManager.default.removeItem(atPath: "\(daemon.directory)/programs/probe.yaml")
                _ = try daemon.post("/v1/reload")
                try awaitNobody("\(daemon.cgroup)/init")
                #expect(daemon.leaks == [])
            }
        }

        @Test(arguments: [SIGTERM, SIGKILL]) func nothingOutlivesJrund(_ signal: Int32) throws {
            try withWarm(3) { daemon in
                try daemon.end(signal)
                if signal == SIGKILL { try awaitNobody("\(daemon.cgroup)/init") }
                #expect(daemon.leaks == [])
                try daemon.start()
                try awaitWarm(3, of: 3, daemon)
            }
        }

        /// Of a sandbox that died together with jrund.
        @Test func leftoversOfADeadJrundAreRemoved() throws {
            try withWarm(3) { daemon in
                let pids = supervisors(daemon)
                daemon.child?.signal(SIGSTOP)
                for pid in pids { kill(pid, SIGKILL) }
                try daemon.end(SIGKILL)
                #expect(daemon.leaks.count >= 6)
                try daemon.start()
                try awaitWarm(3, of: 3, daemon)
            }
        }

        @Test(arguments: [SIGTERM, SIGKILL]) func whatWasCreatedSurvivesItsSandbox(_ signal: Int32) throws {
            try withWarm { daemon in
                let id = try daemon.create("read", "a.txt")
                _ = try daemon.put("/v1/runs/\(id)/files/a.txt", "kept".utf8)
                try daemon.restart(signal)
                #expect(try daemon.state(id) == "created")
                #expect(try daemon.command("start", id).status == 200)
                #expect(try daemon.ended(id)["state"].string == "complete")
                #expect(try daemon.get("/v1/runs/\(id)/stdout").text.contains("kept"))
            }
        }
    }
}
