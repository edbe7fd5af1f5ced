import Foundation
import Glibc
import Testing

/// What one stream may carry, to the byte, and what happens then.
extension Privileged {
    @Suite struct StreamCaps {
        private static let sizes = [4095, 4096, 4097, 300_000]

        private func run(_ words: String..., keys: [String: String], change: (inout Request) throws -> Void = { _ in })
            throws -> Outcome
        {
            var request = try Request()
            request.words = words
            request.program.keys.merge(keys) { $1 }
            try change(&request)
            return try request.run()
        }

        private func expectCapped(_ outcome: Outcome, by stream: String, _ cap: Int, cause: String = "output") {
            #expect(outcome.state == "killed" && outcome.cause == cause && outcome.status == 137, "\(outcome)")
            let evidence = outcome.report["evidence"]
            #expect(evidence["source"].string == "bytes of \(stream)", "\(outcome)")
            #expect(evidence["value"].int == cap && evidence["limit"].int == cap)
        }

        @Test(arguments: sizes, ["stdout", "stderr"])
        func killAtTheCap(size: Int, stream: String) throws {
            let outcome = try run("write-\(stream)", "\(size)", keys: [stream: "{stream: true, max_size: 4KiB}"])
            let kept = min(size, 4096)
            let got = stream == "stdout" ? outcome.stdout : Bytes(outcome.stderrBytes.array.prefix(kept))
            #expect(got == lines(kept), "\(outcome)")
            #expect(outcome.report["usage"]["\(stream)_bytes"].int == kept)
            #expect(!outcome.report["usage"]["\(stream)_dropped_bytes"].exists)
            if size <= 4096 {
                #expect(outcome.state == "complete" && outcome.status == 0, "\(outcome)")
            } else {
                expectCapped(outcome, by: stream, 4096)
                #expect(outcome.evidence == "more on \(stream) than allowed: its 'max_size' is 4 KiB")
            }
        }

        /// The program goes on to its own end, and what is dropped is not the other stream's.
        @Test(arguments: sizes, ["stdout", "stderr"])
        func dropAtTheCap(size: Int, stream: String) throws {
            let outcome = try run(
                "batch", "write-\(stream)", "\(size)", "--", "write", "end.txt", "x",
                keys: [
                    stream: "{stream: true, max_size: 4KiB, excess: truncate}",
                    stream == "stdout" ? "stderr" : "stdout": "ignore", "results": "[{path: end.txt, when: complete}]",
                ])
            let kept = min(size, 4096)
            #expect(outcome.state == "complete" && outcome.results == ["end.txt"], "\(outcome)")
            let usage = outcome.report["usage"]
            #expect(usage["\(stream)_bytes"].int.map { $0 >= kept && $0 <= 4096 } == true)
            let dropped = usage["\(stream)_dropped_bytes"].int ?? 0
            let cut = "jrun: \(stream) cut off: its first 4096 of \(4096 + dropped) bytes\n"
            #expect(outcome.stderr.hasSuffix(cut) == (dropped > 0), "\(outcome)")
            // The probe's answer to 'write' follows on stdout.
            if stream == "stderr" {
                #expect(dropped == size - kept)
                #expect(Bytes(outcome.stderrBytes.array.prefix(kept)) == lines(kept))
            } else {
                #expect(dropped >= size - kept && dropped < size - kept + 500)
                #expect(Bytes(outcome.stdout.array.prefix(kept)) == lines(kept) && outcome.stdout.count <= 4096)
            }
        }

        /// Dropped bytes are no output, however many they are; a program without end still meets its other limits.
        @Test func droppedBytesDoNotCountAsOutput() throws {
            let outcome = try run(
                "write-stdout", "40MiB", keys: ["stdout": "{stream: true, max_size: 1KiB, excess: truncate}"]
            ) { $0.program.limits["output"] = "2KiB" }
            #expect(outcome.state == "complete" && outcome.stdout == lines(1024), "\(outcome)")
            #expect(outcome.report["usage"]["stdout_dropped_bytes"].int == (40 << 20) - 1024)
            let endless = try run(
                "write-stdout", "forever", keys: ["stdout": "{stream: true, max_size: 1KiB, excess: truncate}"]
            ) { $0.program.limits["wall"] = "300ms" }
            #expect(endless.cause == "wall-time" && endless.stdout == lines(1024), "\(endless)")
        }

        @Test func theLimitOutputStillHoldsBelowTheCap() throws {
            let outcome = try run("write-stdout", "1MiB", keys: ["stdout": "{stream: true, max_size: 1MiB}"]) {
                $0.program.limits["output"] = "2KiB"
            }
            #expect(outcome.cause == "output" && outcome.report["evidence"]["source"].string == "bytes relayed")
            #expect(outcome.stdout == lines(2048))
        }

        @Test func bothStreamsHaveTheirOwnCaps() throws {
            let outcome = try run(
                "batch", "write-stdout", "5000", "--", "write-stderr", "5000",
                keys: [
                    "stdout": "{stream: true, max_size: 100, excess: truncate}",
                    "stderr": "{stream: true, max_size: 200, excess: truncate}",
                ])
            #expect(outcome.stdout == lines(100), "\(outcome)")
            #expect(Bytes(outcome.stderrBytes.array.prefix(200)) == lines(200), "\(outcome)")
            let usage = outcome.report["usage"]
            #expect(usage["stdout_dropped_bytes"].int == 4900 && usage["stderr_dropped_bytes"].int == 4800)
        }

        @Test(arguments: sizes, ["kill", "truncate"])
        func filesAreCappedToo(size: Int, excess: String) throws {
            let outcome = try run(
                "write-stdout", "\(size)",
                keys: [
                    "stdout": "{file: logs/out.txt, max_size: 4KiB, excess: \(excess)}",
                    "results": "[{path: 'logs/*', when: any}]",
                ]
            ) { $0.program.limits["output"] = "1" }
            let kept = min(size, 4096)
            #expect(outcome.stdout.isEmpty)
            #expect(outcome.stderr.split(separator: "\n").count == (size > 4096 ? 1 : 0), "\(outcome)")
            #expect(outcome.result("logs/out.txt").map(Bytes.init) == lines(kept), "\(outcome)")
            #expect(outcome.report["usage"]["stdout_bytes"].int == kept)
            if size > 4096 && excess == "kill" {
                expectCapped(outcome, by: "stdout", 4096)
            } else {
                #expect(outcome.state == "complete", "\(outcome)")
                #expect((outcome.report["usage"]["stdout_dropped_bytes"].int ?? 0) == size - kept)
            }
        }

        @Test func bothStreamsIntoOneCappedFile() throws {
            let outcome = try run(
                "batch", "write-stdout", "32", "--", "write-stderr", "32", "--", "write-stdout", "64",
                keys: [
                    "stdout": "{file: both.txt, max_size: 80, excess: truncate}", "stderr": "stdout",
                    "results": "[{path: both.txt, when: any}]",
                ])
            #expect(outcome.result("both.txt").map(Bytes.init) == lines(80), "\(outcome)")
            #expect(outcome.report["usage"]["stdout_dropped_bytes"].int == 48)
            #expect(outcome.state == "complete" && outcome.stdout.isEmpty)
            #expect(outcome.stderr == "jrun: stdout cut off: its first 80 of 128 bytes\n")
        }

        /// Whoever can write to the file can hold its lock for seconds, and jrun-init with its clocks would wait.
        @Test(arguments: [["truncate", "err.txt", "0"], ["open", "err.txt", "rdwr"], ["chmod", "err.txt", "666"]])
        func onlyJrunInitWritesToTheFile(words: [String]) throws {
            var request = try Request()
            request.words = words
            request.program.keys["stderr"] = "{file: err.txt, max_size: 1KiB}"
            let answer = String(decoding: try request.run().stdout.array, as: UTF8.self)
            #expect(answer.contains("EACCES") || answer.contains("EPERM"), "\(answer)")
        }

        /// What the program does to the file harms nobody else.
        @Test(arguments: [
            ["remove", "out.txt"], ["truncate", "out.txt", "0"], ["truncate", "out.txt", "8MiB"],
            ["rename", "out.txt", "other.txt"], ["chmod", "out.txt", "0"], ["hardlink", "out.txt", "second.txt"],
        ])
        func theProgramMayRuinItsOwnFile(words: [String]) throws {
            var request = try Request("batch", "write-stdout", "5000", "--")
            request.words += words + ["--", "write-stdout", "5000"]
            request.program.keys["stdout"] = "{file: out.txt, max_size: 8000, excess: truncate}"
            let outcome = try request.run()
            #expect(outcome.state == "complete", "\(outcome)")
            #expect(outcome.stderr.hasPrefix("jrun: stdout cut off: its first 8000 of "), "\(outcome)")
            let usage = outcome.report["usage"]
            #expect(usage["stdout_bytes"].int == 8000)
            #expect((usage["stdout_dropped_bytes"].int ?? 0) >= 2000)
        }

        @Test func aLinkInItsPlaceLeadsNowhere() throws {
            let outcome = try run(
                "batch", "remove", "out.txt", "--", "symlink", "/etc/passwd", "out.txt", "--", "write-stdout", "5000",
                keys: [
                    "stdout": "{file: out.txt, max_size: 100, excess: truncate}",
                    "results": "[{path: out.txt, when: any}]",
                ])
            #expect(outcome.results == [] && outcome.report["results_refused"].strings.count == 1, "\(outcome)")
        }

        @Test func anInputOfTheSameNameIsEmptied() throws {
            let keys = [
                "inputs": "[{path: '**', max_size: 1MiB}]", "stdout": "{file: out.txt, max_size: 10}",
                "results": "[{path: out.txt, when: any}]",
            ]
            let outcome = try run("write-stdout", "4", keys: keys) {
                $0.options = ["--input", try $0.file("out.txt", "a long input".utf8)]
            }
            #expect(outcome.result("out.txt").map(Bytes.init) == lines(4), "\(outcome)")
            let blocked = try run("write-stdout", "4", keys: keys) {
                $0.options = ["--input", "\(try $0.file("x", "x".utf8))=out.txt/x"]
            }
            expectRefused(blocked, saying: "the file 'out.txt', where a stream of the program goes: is a directory")
        }

        @Test func aFullDiskIsTheLimitDisk() throws {
            let outcome = try run(
                "write-stdout", "64MiB", keys: ["stdout": "{file: out.txt, max_size: 64MiB, excess: truncate}"])
            #expect(outcome.state == "killed" && outcome.cause == "disk", "\(outcome)")
        }

        @Test(arguments: [99, 100, 101, 500_000], ["kill", "truncate"])
        func stdinIsCapped(size: Int, excess: String) throws {
            let outcome = try run("cat", keys: ["stdin": "{stream: true, max_size: 100, excess: \(excess)}"]) {
                $0.input = lines(size)
            }
            let usage = outcome.report["usage"]
            if size > 100 && excess == "kill" {
                expectCapped(outcome, by: "stdin", 100, cause: "input")
                #expect(outcome.evidence == "more came for stdin than it may take: its 'max_size' is 100 bytes")
                #expect(!usage["stdin_truncated"].exists)
            } else {
                let kept = min(size, 100)
                #expect(outcome.state == "complete" && outcome.stdout == lines(kept), "\(outcome)")
                #expect(usage["stdin_bytes"].int == kept)
                // Whether more would have come is known only where it came before the program ended.
                if size <= 100 { #expect(!usage["stdin_truncated"].exists) }
            }
        }

        /// At a cap that truncates, the program sees the end at once, not when the requester is done.
        @Test func theEndOfATruncatedStdinIsNotWaitedFor() throws {
            var request = try Request("cat")
            request.program.keys["stdin"] = "{stream: true, max_size: 10, excess: truncate}"
            // A FIFO that jrun itself holds open for writing never ends.
            request.wrapper = [
                "/bin/sh", "-c", "mkfifo \"$0/f\"; exec 3<>\"$0/f\"; printf 0123456789 >&3; exec \"$@\" <&3",
                request.output,
            ]
            let outcome = try request.run()
            #expect(outcome.text == "0123456789" && outcome.state == "complete", "\(outcome)")
            #expect(outcome.report["usage"]["stdin_bytes"].int == 10)
        }

        @Test func capsArePrinted() throws {
            var request = try Request()
            request.program.keys["stdin"] = "{stream: true, max_size: 10}"
            request.program.keys["stdout"] = "{file: out.txt, max_size: 1KiB, excess: truncate}"
            request.program.keys["stderr"] = "{stream: true, max_size: 2KiB}"
            var command = try request.command()
            let exec = try #require(command.arguments.firstIndex(of: Array("exec".utf8)))
            command.arguments[exec] = Array("plan".utf8)
            let text = try command.run().text
            #expect(text.contains("stdin ≤ 10 bytes, more ends the run, held by the launcher\n"), "\(text)")
            #expect(
                text.contains("stdout into the file 'out.txt' ≤ 1 KiB, the rest is dropped, held by jrun-init relay\n"))
            #expect(text.contains("stderr ≤ 2 KiB, more ends the run, held by jrun-init relay\n"))
        }
    }
}
