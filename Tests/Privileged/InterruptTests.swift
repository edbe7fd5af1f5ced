import Foundation
import Glibc
import Testing

/// Runs that are ended from outside, and what jrun's own death leaves: nothing.
extension Privileged {
    @Suite struct Interrupts {
        private func start(grace: String = "40s", _ words: String...) throws -> (Child, Request) {
            var request = try Request()
            request.words = words
            request.program.keys["stop"] = "{signal: TERM, grace: \(grace)}"
            let child = try request.start()
            try child.await("\"ready\"")
            return (child, request)
        }

        @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func interruptIsPolite(_ signal: Int32) throws {
            let (child, request) = try start("trap-term", "7")
            child.signal(signal)
            let outcome = request.outcome(try child.finish())
            #expect(outcome.status == 7)
            #expect(outcome.answers.last?["state"].string == "terminated")
            #expect(outcome.state == "interrupted" && outcome.cause == "terminate-request")
            #expect(outcome.elapsed < .seconds(20))
        }

        @Test func stopSignalIsTheProgramFiles() throws {
            var request = try Request("sleep", "forever")
            request.program.keys["stop"] = "{signal: USR2, grace: 40s}"
            let child = try request.start()
            try child.await("ready")
            child.signal(SIGINT)
            let outcome = request.outcome(try child.finish())
            #expect(outcome.status == 128 + SIGUSR2 && outcome.state == "interrupted")
            #expect(outcome.report["signal"].string == "SIGUSR2")
        }

        @Test func whoeverIgnoresItIsKilledAfterTheGrace() throws {
            let (child, request) = try start(grace: "400ms", "ignore-term")
            let asked = ContinuousClock.now
            child.signal(SIGINT)
            let outcome = request.outcome(try child.finish())
            #expect(outcome.status == 128 + SIGKILL && outcome.state == "interrupted", "\(outcome)")
            #expect(.now - asked >= .milliseconds(400) && .now - asked < .seconds(20))
        }

        @Test func secondInterruptKillsAtOnce() throws {
            let (child, request) = try start(grace: "40s", "ignore-term")
            child.signal(SIGINT)
            // Standard signals do not queue: the second is sent when the first has been taken.
            while try pendingSignals(of: child.pid) & (1 << (UInt64(SIGINT) - 1)) != 0 { sched_yield() }
            child.signal(SIGINT)
            let outcome = request.outcome(try child.finish())
            #expect(
                outcome.status == 128 + SIGKILL && ["interrupted", "killed"].contains(outcome.state ?? ""), "\(outcome)"
            )
            #expect(outcome.elapsed < .seconds(20))
        }

        private func pendingSignals(of pid: pid_t) throws -> UInt64 {
            let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            let line = status.split(separator: "\n").first { $0.hasPrefix("ShdPnd:") }
            return UInt64(line?.split(separator: "\t").last ?? "", radix: 16) ?? 0
        }

        @Test(arguments: ["sleep forever", "ignore-term", "spin forever 2", "forkbomb", "write-stdout forever"])
        func killingJrunLeavesNothing(_ words: String) throws {
            var request = try Request()
            request.words = words.split(separator: " ").map(String.init)
            request.program.limits["processes"] = words == "forkbomb" ? "4000" : "20"
            request.program.limits["output"] = "1GiB"
            let child = try request.start()
            try child.await(words.hasPrefix("write") ? "abc" : "ready")
            child.signal(SIGKILL)
            #expect(try child.wait().status == 128 + SIGKILL)
            try request.site.waitUntilUnpopulated()
            let leaks = try Leaks.find(at: request.site)
            #expect(leaks.isEmpty, "\(leaks)")
        }

        /// The other half: without jrun-init, jrun kills what is left and says what happened.
        @Test func killingInitEndsTheRun() throws {
            let request = try Request("ignore-term")
            let child = try request.start()
            try child.await("ready")
            let members = try String(contentsOfFile: "\(request.site.cgroup)/init/cgroup.procs", encoding: .utf8)
            let pid = try #require(pid_t(members.dropLast()))
            kill(pid, SIGKILL)
            let outcome = request.outcome(try child.finish())
            #expect(outcome.status == 125 && outcome.cause == "lost" && outcome.state == "killed", "\(outcome)")
        }

        /// Both at once cannot clean up; the next run does.
        @Test func whatTwoDeathsLeaveTheNextRunSweeps() throws {
            let request = try Request("sleep", "forever")
            let child = try request.start()
            try child.await("ready")
            let members = try String(contentsOfFile: "\(request.site.cgroup)/init/cgroup.procs", encoding: .utf8)
            let pid = try #require(pid_t(members.dropLast()))
            kill(child.pid, SIGSTOP)
            kill(pid, SIGKILL)
            child.signal(SIGKILL)
            _ = try child.wait()
            try request.site.waitUntilUnpopulated()
            try #require(!Leaks.find(at: request.site).isEmpty)
            _ = try ask("ids")
            let leaks = try Leaks.find(at: request.site)
            #expect(leaks.isEmpty, "\(leaks)")
        }

        /// Whatever it was doing: reading the program file, staging, launching, following.
        @Test func interruptAtAnyTimeLeavesNothing() throws {
            for milliseconds in 0..<30 {
                let request = try Request("sleep", "forever")
                let child = try request.start()
                poll(nil, 0, Int32(milliseconds) / 2)
                child.signal(SIGINT)
                let outcome = request.outcome(try child.finish())
                #expect(
                    [128 + SIGINT, 125, 128 + SIGTERM].contains(outcome.status),
                    "after \(milliseconds) / 2 ms: \(outcome)")
                let leaks = try Leaks.find(at: request.site)
                #expect(leaks.isEmpty, "after \(milliseconds) / 2 ms: \(leaks)")
            }
        }

        /// Before jrun-init is there to clean up, it is the next run that does.
        @Test func killingJrunAtAnyTimeLeavesNothingForLong() throws {
            let site = try Site.shared.get()
            for milliseconds in 0..<30 {
                let child = try Request("sleep", "forever").start()
                poll(nil, 0, Int32(milliseconds) / 2)
                child.signal(SIGKILL)
                _ = try child.wait()
                try site.waitUntilUnpopulated()
                let leaks = try Leaks.find(at: site)
                let needsNobody = leaks.processes.isEmpty && leaks.mounts.isEmpty && leaks.uids.isEmpty
                #expect(needsNobody, "after \(milliseconds) / 2 ms: \(leaks)")
                // A directory that has no name yet is swept when it is so old that it will never get one.
                let past = Date(timeIntervalSinceNow: -120)
                for name in leaks.directories where name.hasPrefix(".exec-") {
                    let path = "\(site.runsDirectory)/\(name)"
                    try FileManager.default.setAttributes([.modificationDate: past], ofItemAtPath: path)
                }
                _ = try ask("ids")
                let left = try Leaks.find(at: site)
                try #require(left.isEmpty, "after \(milliseconds) / 2 ms: \(left)")
            }
        }

        @Test func brokenOutputPipeEndsAWriter() throws {
            var request = try Request("lines", "forever")
            request.program.limits["output"] = "1GiB"
            let child = try request.start()
            try child.await("line 100\n")
            child.closeStdout()
            let outcome = request.outcome(try child.finish())
            #expect(outcome.state == "interrupted" && outcome.cause == "terminate-request", "\(outcome)")
            #expect(outcome.elapsed < .seconds(20))
        }

        /// It writes nothing, so only the pipe itself tells that nobody listens.
        @Test func brokenOutputPipeEndsASilentProgram() throws {
            let (child, request) = try start("sleep", "forever")
            child.closeStdout()
            let outcome = request.outcome(try child.finish())
            #expect(outcome.state == "interrupted" && outcome.elapsed < .seconds(20), "\(outcome)")
        }

        /// Nothing was for that reader, so nothing is lost.
        @Test func brokenErrorPipeDoesNotMatterToAProgramThatWritesNothingThere() throws {
            let request = try Request("lines", "100")
            let child = try request.start()
            child.closeStderr()
            let outcome = request.outcome(try child.finish())
            #expect(outcome.status == 0 && outcome.state == "complete", "\(outcome)")
            #expect(outcome.text.hasSuffix("line 100\n"))
        }

        @Test func daemonsDoNotSurvive() throws {
            let outcome = try Request("daemon").run()
            #expect(outcome.status == 0 && outcome.state == "complete")
            #expect(outcome["daemon"]["result"].string == "ok" && (outcome["daemon"]["pid"].int ?? 0) > 1)
            let children = try Request("fork", "8", "leave").run()
            #expect(children.status == 0 && children["fork"]["started"].int == 8)
            let leaks = try Leaks.find(at: outcome.request.site)
            #expect(leaks.isEmpty, "\(leaks)")
        }
    }
}
