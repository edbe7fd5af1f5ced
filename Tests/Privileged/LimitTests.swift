import Foundation
import Glibc
import Testing

/// Each limit ends or refuses what exceeds it, and is named as the cause.
extension Privileged {
    @Suite struct Limits {
        private func run(_ words: [String], _ limits: [String: String]) throws -> Outcome {
            var request = try Request()
            request.words = words
            request.program.limits.merge(limits) { _, new in new }
            return try request.run()
        }

        private func expectKilled(_ outcome: Outcome, by cause: String, status: Int32 = 128 + SIGKILL) {
            #expect(outcome.state == "killed" && outcome.cause == cause && outcome.status == status, "\(outcome)")
            // One sentence that says which limit it was.
            let lines = outcome.stderr.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count == 2 && lines[0] == "jrun: probe killed: \(outcome.evidence)", "\(outcome)")
            #expect(outcome.evidence.contains("limit '"))
        }

        @Test func forkingWithoutEnd() throws {
            let outcome = try run(["forkbomb"], ["processes": "20"])
            expectKilled(outcome, by: "processes")
            #expect(outcome.report["evidence"]["limit"].int == 20)
            #expect((outcome.report["evidence"]["value"].int ?? 0) > 20)
        }

        @Test func processesAndThreadsCountTogether() throws {
            expectKilled(try run(["threads", "30", "hold"], ["processes": "12"]), by: "processes")
            expectKilled(try run(["fork", "30", "hold"], ["processes": "12"]), by: "processes")
        }

        /// The limit itself is still allowed: 11 children and their parent.
        @Test func asManyProcessesAsAllowed() throws {
            let outcome = try run(["fork", "11"], ["processes": "12"])
            #expect(outcome.state == "complete" && outcome["fork"]["started"].int == 11, "\(outcome)")
        }

        @Test func writingWithoutEnd() throws {
            let outcome = try run(["write-stdout", "forever"], ["output": "1MiB"])
            expectKilled(outcome, by: "output")
            #expect(outcome.stdout.count == 1 << 20)
            #expect(outcome.stdout == lines(1 << 20))
            #expect(outcome.report["usage"]["stdout_bytes"].int == 1 << 20)
        }

        @Test func stdoutAndStderrShareTheLimit() throws {
            let outcome = try run(
                ["batch", "write-stdout", "600KiB", "--", "write-stderr", "forever"], ["output": "1MiB"])
            #expect(outcome.cause == "output")
            #expect(outcome.stdout == lines(600 << 10))
            #expect(Bytes(outcome.stderrBytes.array.prefix(424 << 10)) == lines(424 << 10))
            #expect(outcome.report["usage"]["stderr_bytes"].int == 424 << 10)
        }

        @Test func asMuchOutputAsAllowed() throws {
            let outcome = try run(["write-stdout", "1MiB"], ["output": "1MiB"])
            #expect(outcome.state == "complete" && outcome.stdout.count == 1 << 20, "\(outcome)")
        }

        @Test func sleepingForEver() throws {
            let outcome = try run(["sleep", "forever"], ["wall": "300ms"])
            expectKilled(outcome, by: "wall-time", status: 124)
            let wall = try #require(outcome.report["times"]["wall_microseconds"].int)
            #expect(wall >= 300_000 && wall < 2_000_000)
            #expect((outcome.report["usage"]["cpu_microseconds"].int ?? .max) < 200_000)
        }

        @Test func computingForEver() throws {
            let outcome = try run(["spin", "forever", "2"], ["cpu": "300ms"])
            expectKilled(outcome, by: "cpu-time", status: 124)
            let cpu = try #require(outcome.report["usage"]["cpu_microseconds"].int)
            #expect(cpu >= 300_000 && cpu < 1_000_000, "two processes, counted together")
        }

        /// A child that nobody has waited for counts too.
        @Test func processorTimeOfChildrenCounts() throws {
            let outcome = try run(["batch", "spin", "0.2", "--", "spin", "forever"], ["cpu": "300ms"])
            expectKilled(outcome, by: "cpu-time", status: 124)
            #expect((outcome.report["usage"]["cpu_microseconds"].int ?? .max) < 1_000_000)
        }

        @Test func fillingTheDisk() throws {
            let outcome = try run(["batch", "fill", "full", "forever", "--", "sleep", "forever"], ["disk": "4MiB"])
            expectKilled(outcome, by: "disk")
            #expect(outcome.report["evidence"]["limit"].int == 4 << 20)
        }

        /// The longer a run has done nothing, the more rarely it is looked at; not so rarely that this would go unnoticed.
        @Test func fillingTheDiskAfterASleep() throws {
            let outcome = try run(
                ["batch", "sleep", "1.5", "--", "fill", "full", "forever", "--", "sleep", "forever"],
                ["disk": "4MiB", "wall": "10s"])
            expectKilled(outcome, by: "disk")
        }

        /// A program that gives up by itself when the disk is full has failed because of the disk.
        @Test func endingOverAFullDisk() throws {
            var request = try Request("if=/dev/zero", "of=full", "bs=64K")
            request.program.executable = "/usr/bin/dd"
            request.program.limits["disk"] = "1MiB"
            // Beyond it, so that it is the disk and not the file size that ends the writing.
            request.program.limits["file_size"] = "64MiB"
            let outcome = try request.run()
            #expect(outcome.cause == "disk" && outcome.state == "killed", "\(outcome)")
        }

        @Test func filesOfTheRunCountTogether() throws {
            let outcome = try run(
                ["batch", "fill", "a", "3MiB", "--", "fill", "b", "3MiB", "--", "sleep", "forever"], ["disk": "4MiB"])
            expectKilled(outcome, by: "disk")
            #expect(outcome.answers.map { $0["errno"].string } == [nil, "ENOSPC", nil])
        }

        @Test func inodesAreLimited() throws {
            let outcome = try run(["batch", "many-files", ".", "70000", "--", "sleep", "forever"], [:])
            expectKilled(outcome, by: "disk")
        }

        @Test func aFileThatGrowsTooLarge() throws {
            let refused = try run(["fill", "file", "forever"], ["file_size": "1MiB"])
            #expect(refused["fill"]["errno"].string == "EFBIG" && refused["fill"]["bytes"].int == 1 << 20, "\(refused)")
            let ended = try run(["fill", "file", "forever", "die"], ["file_size": "1MiB"])
            #expect(ended.state == "killed" && ended.cause == "disk", "\(ended)")
            #expect(ended.evidence.contains("limit 'file_size' is 1 MiB"), "\(ended)")
        }

        @Test func memory() throws {
            let outcome = try run(["alloc", "512MiB"], ["memory": "128MiB"])
            if outcome.request.site.controllers.contains("memory") {
                expectKilled(outcome, by: "memory")
            } else {
                #expect(outcome["alloc"]["errno"].string == "ENOMEM", "\(outcome)")
            }
            #expect(try run(["alloc", "64MiB"], ["memory": "128MiB"])["alloc"]["result"].string == "ok")
        }

        /// Where there is no controller, "the run's memory" cannot be held, and the report says so.
        @Test func reportNamesWhatEnforcesEachLimit() throws {
            let outcome = try run(["exit", "0"], [:])
            let controllers = outcome.request.site.controllers
            let limits = Dictionary(
                uniqueKeysWithValues: outcome.report["limits"].array.map { ($0["name"].string ?? "", $0) })
            #expect(
                limits.keys.sorted() == [
                    "cpu", "cpus", "disk", "file_size", "io", "memory", "open_files", "output", "processes",
                    "temporary", "wall",
                ])
            #expect(
                limits["cpus"]?["enforced_by"].string == (controllers.contains("cpu") ? "cgroup cpu.max" : "none"))
            #expect(limits["cpus"]?["weaker"].exists == !controllers.contains("cpu"))
            #expect(limits["cpus"]?["value"].int == 1000 && limits["cpus"]?["unit"].string == "thousandths")
            #expect(limits["io"]?["enforced_by"].string == "unlimited" && limits["io"]?["value"].exists == false)
            #expect(
                limits["memory"]?["enforced_by"].string
                    == (controllers.contains("memory") ? "cgroup memory.max" : "RLIMIT_AS"))
            #expect(limits["memory"]?["weaker"].exists == !controllers.contains("memory"))
            #expect(
                limits["processes"]?["enforced_by"].string?.hasPrefix(
                    controllers.contains("pids") ? "cgroup pids.max" : "RLIMIT_NPROC") == true)
            #expect(limits["memory"]?["value"].int == 256 << 20 && limits["memory"]?["unit"].string == "bytes")
        }

        /// A limit that somebody asked for is held, or the run refused, or its report says what became of it.
        @Test(arguments: [("cpus", "cpu", "1.5"), ("io", "io", "1MiB")])
        func whatIsAskedForIsHeldOrSaidNotToBe(limit: String, controller: String, value: String) throws {
            var request = try Request("exit", "0")
            request.program.limits[limit] = value
            let outcome = try request.run()
            let report = try #require(outcome.report["limits"].array.first { $0["name"].string == limit })
            let isHeld = request.site.controllers.contains(controller)
            #expect(report["enforced_by"].string != "none" || !isHeld)
            #expect(report["weaker"].exists == (report["enforced_by"].string == "none"))
            if isHeld { return }
            var command = try request.command()
            command.arguments.removeAll { $0 == Array("--best-effort".utf8) }
            let refused = try command.run()
            #expect(refused.status == 125 && refused.stderr.contains("limit '\(limit)' cannot be enforced"))
        }

        /// Strict is the default.
        @Test func whatCannotBeEnforcedIsRefused() throws {
            let request = try Request("exit", "0")
            var command = try request.command()
            command.arguments.removeAll { $0 == Array("--best-effort".utf8) }
            let ended = try command.run()
            if request.site.controllers.contains("memory") {
                #expect(ended.status == 0)
            } else {
                #expect(ended.status == 125)
                #expect(
                    ended.stderr.contains("limit 'memory' cannot be enforced on this node")
                        && ended.stderr.contains("--best-effort"))
            }
        }

        @Test func aRequestMayLowerALimit() throws {
            var request = try Request("sleep", "forever")
            request.options = ["--limit", "wall=200ms"]
            let outcome = try request.run()
            #expect(outcome.status == 124 && outcome.report["evidence"]["limit"].int == 200)
        }
    }
}

/// What the probe writes: lines of 16 bytes.
func lines(_ count: Int) -> Bytes { repeated(Array("0123456789abcde\n".utf8), count) }

/// `piece` again and again, up to `count` bytes. By doubling: a loop over millions of bytes is slow in a debug build.
func repeated(_ piece: [UInt8], _ count: Int) -> Bytes {
    var all = piece
    while all.count < count { all += all }
    return Bytes(all.prefix(count))
}
