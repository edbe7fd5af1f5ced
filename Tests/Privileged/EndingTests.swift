import Foundation
import Glibc
import Testing

/// The ways in which a run ends by itself, and what jrun then exits with.
extension Privileged {
    @Suite struct Endings {
        @Test(arguments: [0, 1, 2, 42, 124, 125, 126, 127, 128, 255]) func exitCodeIsThePrograms(_ code: Int32) throws {
            let outcome = try Request("exit", "\(code)").run()
            #expect(outcome.status == code)
            #expect(outcome.state == (code == 0 ? "complete" : "failed") && outcome.cause == "exit")
            #expect(outcome.report["exit_code"].int == Int(code))
            #expect(outcome.stderr.isEmpty, "an end of its own is not commented")
        }

        @Test func successIsWhatTheProgramFileCallsIt() throws {
            var request = try Request("exit", "3")
            request.program.keys["success"] = "{exit_codes: [3]}"
            let outcome = try request.run()
            #expect(outcome.status == 3 && outcome.state == "complete")
            request = try Request("exit", "0")
            request.program.keys["success"] = "{exit_codes: [3]}"
            #expect(try request.run().state == "failed")
        }

        @Test(arguments: [("TERM", SIGTERM), ("KILL", SIGKILL), ("USR1", SIGUSR1), ("HUP", SIGHUP), ("ABRT", SIGABRT)])
        func signalIsAddedTo128(_ name: String, _ number: Int32) throws {
            let outcome = try Request("raise", name).run()
            #expect(outcome.status == 128 + number)
            #expect(outcome.state == "failed" && outcome.cause == "signal")
            #expect(outcome.report["signal"].string == "SIG\(name)")
            #expect(!outcome.report["exit_code"].exists)
        }

        @Test func segmentationFault() throws {
            let outcome = try Request("segv").run()
            #expect(outcome.status == 128 + SIGSEGV && outcome.cause == "signal")
            #expect(outcome.results.isEmpty, "no core file")
        }

        private func start(_ path: String, _ words: String...) throws -> Outcome {
            let site = try Site.shared.get()
            var request = try Request()
            request.words = words
            request.program.executable = path
            request.program.security["files"] = "{execute: [\(site.dist)/test]}"
            return try request.run()
        }

        /// Puts a file where the probe is.
        private func withExecutable(_ bytes: [UInt8], mode: mode_t, _ body: (String) throws -> Void) throws {
            let path = "\(try Site.shared.get().dist)/test/other"
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            chmod(path, mode)
            defer { unlink(path) }
            try body(path)
        }

        @Test func executableThatIsMissing() throws {
            expectRefused(
                try start("/usr/bin/there-is-none"), 127, saying: "executable '/usr/bin/there-is-none': no such file")
        }

        @Test func executableThatIsNone() throws {
            expectRefused(try start("/usr/bin"), 126, saying: "executable '/usr/bin' is not an executable file")
            try withExecutable(Array("#!/bin/sh\n".utf8), mode: 0o644) {
                expectRefused(try start($0), 126, saying: "is not an executable file")
            }
            try withExecutable(Array("plain text\n".utf8), mode: 0o755) {
                expectRefused(try start($0), 126, saying: "neither an ELF file nor a script")
            }
            try withExecutable([], mode: 0o755) { expectRefused(try start($0), 126, saying: "executable") }
        }

        @Test func executableForAnotherArchitecture() throws {
            var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Site.shared.get().probe)))
            bytes[18] = 243  // EM_RISCV
            bytes[19] = 0
            try withExecutable(bytes, mode: 0o755) { expectRefused(try start($0), 126, saying: "another architecture") }
        }

        /// Everything looks well until execve: the header is right and the rest is not.
        @Test func executableThatTheKernelRefuses() throws {
            let head = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Site.shared.get().probe)).prefix(64))
            try withExecutable(head, mode: 0o755) { path in
                let outcome = try start(path)
                expectRefused(outcome, 126, saying: "execute '\(path)'")
                #expect(outcome.state == "failed" && outcome.cause == "launch-error")
                #expect(outcome.report["evidence"]["step"].string == "execute '\(path)'")
            }
        }

        @Test func scriptWithAMissingInterpreter() throws {
            try withExecutable(Array("#!/usr/bin/there-is-none\n".utf8), mode: 0o755) {
                expectRefused(try start($0), 127, saying: "execute")
            }
        }

        @Test func scriptRuns() throws {
            try withExecutable(Array("#!/bin/sh\necho \"$0 $1\"\n".utf8), mode: 0o755) { path in
                let outcome = try start(path, "word")
                #expect(outcome.status == 0 && outcome.text == "\(path) word\n", "\(outcome)")
            }
        }

        /// The executable is on the node, but the profile does not show it.
        @Test func executableThatIsNotInTheView() throws {
            var request = try Request("ids")
            request.program.security["files"] = "{}"
            let outcome = try request.run()
            expectRefused(outcome, 127, saying: "executable '\(request.program.executable)' is not in the run's view")
        }

        /// A step that fails is named with its place in the plan.
        @Test func launchErrorNamesItsStep() throws {
            var request = try Request("ids")
            request.program.keys["stdout"] = "{file: missing/out.txt}"
            let outcome = try request.run()
            #expect(outcome.status == 125 && outcome.cause == "launch-error", "\(outcome)")
            let step = outcome.report["evidence"]["step"].string ?? ""
            #expect(step.hasPrefix("open 'missing/out.txt' for stdout") && step.contains("(step "), "\(step)")
            expectRefused(outcome, 125, saying: "no such file or directory (ENOENT)")
        }

        @Test func reportTellsTheTimesAndWhatWasUsed() throws {
            let report = try Request("spin", "0.2").run().report
            #expect(report["schema"].string == "jrun.report/1")
            let usage = report["usage"], phases = report["phases"]
            #expect((usage["cpu_microseconds"].int ?? 0) >= 200_000)
            #expect((usage["memory_peak_bytes"].int ?? 0) > 100 << 10)
            #expect((phases["run"].int ?? 0) >= 200_000)
            for phase in ["clone", "mounts", "exec"] { #expect((phases[phase].int ?? 0) > 0, "\(phase)") }
            let times = ["created", "started", "ended"].map { report["times"][$0].string ?? "" }
            #expect(times == times.sorted() && times.allSatisfy { $0.hasSuffix("Z") && $0.count == 24 }, "\(times)")
        }
    }
}
