import Foundation
import Glibc
import Testing

/// stdin, stdout and stderr arrive whole, apart, byte by byte.
extension Privileged {
    @Suite struct Streams {
        /// Every byte value, in a pattern whose length, a prime, no pipe's size is a multiple of.
        private func bytes(_ count: Int) -> Bytes {
            var state: UInt32 = 1
            let piece = (0..<65521).map { _ in
                state = state &* 1_664_525 &+ 1_013_904_223
                return UInt8(truncatingIfNeeded: state >> 24)
            }
            return repeated(piece, count)
        }

        @Test func stdinIsPassedThrough() throws {
            var request = try Request("cat")
            request.program.keys["stdin"] = "stream"
            request.input = bytes(1 << 20)
            let outcome = try request.run()
            #expect(outcome.status == 0)
            #expect(outcome.stdout == request.input)
        }

        @Test func programThatClosesStdinIsNotWaitedFor() throws {
            var request = try Request("exit", "0")
            request.program.keys["stdin"] = "stream"
            request.input = bytes(4 << 20)
            #expect(try request.run().status == 0)
        }

        @Test func emptyStdinEndsAtOnce() throws {
            var request = try Request("stdin-info", "drain")
            request.program.keys["stdin"] = "stream"
            request.input = Bytes([])
            #expect(try request.run()["stdin-info"]["bytes"].int == 0)
        }

        @Test func ignoredStdinIsNotRead() throws {
            var request = try Request("stdin-info", "drain")
            request.input = bytes(100)
            let info = try request.run()["stdin-info"]
            #expect(info["bytes"].int == 0 && info["target"].string == "/dev/null")
        }

        @Test func stdinFromAnInput() throws {
            var request = try Request("cat")
            request.program.keys["stdin"] = "{file: in.bin}"
            request.program.keys["inputs"] = "[{path: in.bin, max_size: 1MiB}]"
            let content = bytes(100_000)
            request.options = ["--input", try request.file("in.bin", content.array)]
            #expect(try request.run().stdout == content)
        }

        @Test func eightMebibytesArriveExactly() throws {
            var request = try Request("cat")
            request.program.keys["stdin"] = "stream"
            request.input = bytes(8 << 20)
            let outcome = try request.run()
            #expect(outcome.stdout.count == 8 << 20)
            #expect(outcome.stdout == request.input)
            #expect(outcome.report["usage"]["stdout_bytes"].int == 8 << 20)
        }

        @Test func stderrIsApart() throws {
            let outcome = try Request("batch", "write-stdout", "100000", "--", "write-stderr", "50000").run()
            #expect(outcome.stdout == lines(100_000))
            #expect(outcome.stderrBytes == lines(50_000))
        }

        /// The program ends before anybody has read more than its first bytes, so it does not wait for its reader, and
        /// yet nothing is lost.
        @Test func slowReaderLosesNothing() throws {
            let request = try Request("write-stdout", "8MiB")
            let child = try request.start()
            try child.await("0123")
            try request.site.waitUntilUnpopulated()
            #expect(child.stdout.bytes.count < 1 << 20)
            let outcome = request.outcome(try child.finish())
            #expect(outcome.stdout == lines(8 << 20))
            #expect(outcome.state == "complete")
        }

        @Test func streamsIntoFiles() throws {
            var request = try Request("batch", "write-stdout", "1000", "--", "write-stderr", "500")
            request.program.keys["stdout"] = "{file: out.txt}"
            request.program.keys["stderr"] = "{file: err.txt}"
            request.program.keys["results"] = "[{path: '*.txt', when: any}]"
            let outcome = try request.run()
            #expect(outcome.stdout.isEmpty && outcome.stderr.isEmpty)
            #expect(outcome.result("out.txt").map(Bytes.init) == lines(1000))
            #expect(outcome.result("err.txt").map(Bytes.init) == lines(500))
        }

        @Test func stderrBesideStdout() throws {
            var request = try Request(
                "batch", "write-stdout", "32", "--", "write-stderr", "32", "--", "write-stdout", "32")
            request.program.keys["stderr"] = "stdout"
            let outcome = try request.run()
            #expect(outcome.stdout == lines(96) && outcome.stderr.isEmpty)
        }

        @Test func ignoredStreamsAreDiscarded() throws {
            var request = try Request("batch", "write-stdout", "1000", "--", "write-stderr", "500")
            request.program.keys["stdout"] = "ignore"
            request.program.keys["stderr"] = "ignore"
            let outcome = try request.run()
            #expect(outcome.status == 0 && outcome.stdout.isEmpty && outcome.stderr.isEmpty, "\(outcome)")
        }

        /// Into a file that is appended to, past what is there already.
        @Test func stdoutOfJrunMayBeAFile() throws {
            var request = try Request("write-stdout", "100000")
            let target = "\(request.output)/target"
            request.wrapper = ["/bin/sh", "-c", "echo before > '\(target)'; exec \"$@\" >> '\(target)'", "sh"]
            let outcome = try request.run()
            #expect(outcome.status == 0 && outcome.stdout.isEmpty)
            #expect(outcome.result("target").map(Bytes.init) == Bytes(Array("before\n".utf8) + lines(100_000).array))
        }

        /// What cannot be delivered is not passed over in silence.
        @Test func stdoutOfJrunMayBeFull() throws {
            var request = try Request("write-stdout", "1000")
            request.wrapper = ["/bin/sh", "-c", "exec \"$@\" > /dev/full", "sh"]
            let outcome = try request.run()
            #expect(outcome.status != 0 && outcome.stderr.hasPrefix("jrun: "), "\(outcome)")
        }

        /// Live: what the program has written is there while it goes on.
        @Test func outputArrivesWhileTheProgramRuns() throws {
            let request = try Request("sleep", "forever")
            let child = try request.start()
            try child.await("ready")
            #expect(!(try Leaks.find(at: request.site).processes.isEmpty))
            child.signal(SIGTERM)
            _ = try child.finish()
        }
    }
}
