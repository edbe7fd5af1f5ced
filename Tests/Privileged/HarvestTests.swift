import Foundation
import Glibc
import Testing

/// What is taken out of a run, and what is not.
extension Privileged {
    @Suite struct Harvest {
        private func run(_ words: String..., results: String, change: (inout Request) throws -> Void = { _ in }) throws
            -> Outcome
        {
            var request = try Request()
            request.words = words
            request.program.keys["results"] = results
            try change(&request)
            return try request.run()
        }

        private func refusals(_ outcome: Outcome) -> [String] { outcome.report["results_refused"].strings }

        /// Refused results are said on stderr too, each on a line.
        private func expectRefusals(_ outcome: Outcome, _ names: [String]) {
            let found = refusals(outcome)
            #expect(found.count == names.count, "\(found)")
            for name in names { #expect(found.contains { $0.hasPrefix("'\(name)': ") }, "\(name) in \(found)") }
            #expect(outcome.stderr.split(separator: "\n").count == names.count, "\(outcome)")
        }

        @Test func resultsOfTheStateAreTaken() throws {
            let rules = "[{path: done.txt, when: complete}, {path: log.txt, when: any}, {path: why.txt, when: failed}]"
            let questions = [
                "batch", "write", "done.txt", "a", "--", "write", "log.txt", "bc", "--", "write", "why.txt", "d", "--",
                "write", "other.txt", "e",
            ]
            var request = try Request()
            request.program.keys["results"] = rules
            request.words = questions
            let complete = try request.run()
            #expect(complete.state == "complete" && complete.results == ["done.txt", "log.txt"])
            #expect(complete.report["results"].array.map { $0["path"].string } == ["done.txt", "log.txt"])
            var failing = try Request()
            failing.program.keys["results"] = rules
            failing.program.keys["success"] = "{exit_codes: [1]}"
            failing.words = questions
            let failed = try failing.run()
            #expect(failed.state == "failed" && failed.results == ["log.txt", "why.txt"], "\(failed)")
        }

        @Test func resultsOfACauseAreTaken() throws {
            let rules = "[{path: checkpoint, when: wall-time}, {path: final, when: complete}]"
            let outcome = try run(
                "batch", "write", "checkpoint", "a", "--", "write", "final", "b", "--", "sleep", "forever",
                results: rules
            ) {
                $0.program.limits["wall"] = "400ms"
            }
            #expect(outcome.cause == "wall-time" && outcome.results == ["checkpoint"], "\(outcome)")
        }

        @Test func reportHoldsSizeAndDigest() throws {
            let outcome = try run("write", "abc.txt", "abc", results: "[{path: '*.txt', when: any}]")
            let file = outcome.report["results"][0]
            #expect(file["size"].int == 3)
            #expect(file["sha256"].string == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
            #expect(outcome.result("abc.txt") == Data("abc".utf8))
            var facts = stat()
            try #require(lstat("\(outcome.request.output)/abc.txt", &facts) == 0)
            #expect(facts.st_uid == 0 && facts.st_mode & 0o7777 == 0o644)
        }

        @Test func requiredResultThatIsMissing() throws {
            let outcome = try run(
                "write", "other.txt", "x",
                results: "[{path: '*.sol', when: complete, required: true}, {path: other.txt, when: any}]")
            #expect(outcome.status == 125 && outcome.state == "failed" && outcome.cause == "result")
            #expect(outcome.report["results_missing"].strings == ["*.sol"])
            #expect(outcome.report["exit_code"].int == 0)
            #expect(outcome.stderr == "jrun: probe failed: required result missing: *.sol\n")
        }

        /// The log that says why there is no result is wanted most then.
        @Test func withoutItsRequiredResultARunLeavesWhatAFailedOneLeaves() throws {
            let outcome = try run(
                "batch", "write", "part.txt", "p", "--", "write", "why.log", "w", "--", "write", "core.dat", "c", "--",
                "write", "killed.txt", "k",
                results: """
                    [{path: '*.sol', when: complete, required: true}, {path: part.txt, when: complete},
                    {path: '*.log', when: failed}, {path: core.dat, when: result}, {path: killed.txt, when: killed}]
                    """)
            #expect(outcome.cause == "result" && outcome.report["results_missing"].strings == ["*.sol"])
            #expect(outcome.results == ["core.dat", "part.txt", "why.log"])
        }

        @Test func onlyRegularFilesAreTaken() throws {
            let outcome = try run(
                "batch", "symlink", "/etc/passwd", "link.txt", "--", "symlink", "real.txt", "inner.txt", "--", "fifo",
                "fifo.txt", "--", "sock",
                "socket.txt", "--", "write", "real.txt", "x", "--", "mkdir", "directory.txt",
                results: "[{path: '*.txt', when: any}]")
            #expect(outcome.results == ["real.txt"])
            expectRefusals(outcome, ["link.txt", "inner.txt", "fifo.txt", "socket.txt"])
        }

        /// One of the two names would be a way to give one file twice, or to give away what it should not.
        @Test func hardLinks() throws {
            let outcome = try run(
                "batch", "write", "a.txt", "x", "--", "hardlink", "a.txt", "b.txt",
                results: "[{path: '*.txt', when: any}]")
            for name in outcome.results { #expect(outcome.result(name) == Data("x".utf8)) }
            #expect(outcome.results.count + refusals(outcome).count == 2, "\(outcome)")
        }

        @Test func linksToDirectoriesAreNotFollowed() throws {
            let outcome = try run(
                "batch", "mkdir", "real", "--", "write", "real/a.txt", "x", "--", "symlink", "real", "way", "--",
                "symlink", "/etc", "etc",
                results: "[{path: '**/*.txt', when: any}, {path: 'etc/**', when: any}]")
            #expect(outcome.results == ["real", "real/a.txt"], "\(outcome)")
        }

        /// The output directory can be hostile too: what lies there already is replaced, not followed.
        @Test func linksInTheOutputDirectoryAreNotFollowed() throws {
            let outside = "\(try Site.shared.get().makeDirectory())"
            try Data("precious".utf8).write(to: URL(fileURLWithPath: "\(outside)/target"))
            let outcome = try run(
                "batch", "write", "a.txt", "new", "--", "mkdir", "sub", "--", "write", "sub/b.txt", "new",
                results: "[{path: '**', when: any}]"
            ) {
                symlink("\(outside)/target", "\($0.output)/a.txt")
                symlink(outside, "\($0.output)/sub")
            }
            #expect(try String(contentsOfFile: "\(outside)/target", encoding: .utf8) == "precious")
            #expect(!FileManager.default.fileExists(atPath: "\(outside)/b.txt"), "\(outcome)")
        }

        @Test func untouchedInputsAreNotResults() throws {
            let outcome = try run(
                "batch", "write", "changed.txt", "new content", "--", "write", "made.txt", "x",
                results: "[{path: '*.txt', when: any}]"
            ) {
                $0.program.keys["inputs"] = "[{path: '*.txt', max_size: 1KiB}]"
                for name in ["same.txt", "changed.txt"] { $0.options += ["--input", try $0.file(name, "old".utf8)] }
            }
            #expect(outcome.results == ["changed.txt", "made.txt"])
            #expect(outcome.result("changed.txt") == Data("new content".utf8))
        }

        @Test func executableBitIsKept() throws {
            let outcome = try run(
                "batch", "write", "program", "x", "--", "chmod", "program", "6755", "--", "write", "data", "x", "--",
                "chmod", "data", "666",
                results: "[{path: '*', when: any}]")
            func mode(_ name: String) -> UInt32 {
                var facts = stat()
                return lstat("\(outcome.request.output)/\(name)", &facts) == 0 ? facts.st_mode & 0o7777 : 0
            }
            #expect(mode("program") == 0o755 && mode("data") == 0o644)
        }

        @Test func unreadableFilesOfTheRunAreTaken() throws {
            let outcome = try run(
                "batch", "write", "a.txt", "x", "--", "chmod", "a.txt", "000", results: "[{path: '*.txt', when: any}]")
            #expect(outcome.result("a.txt") == Data("x".utf8), "\(outcome)")
        }

        @Test func sparseFilesStaySparse() throws {
            let outcome = try run("sparse", "big.bin", "12MiB", results: "[{path: '*.bin', when: any}]")
            var facts = stat()
            try #require(lstat("\(outcome.request.output)/big.bin", &facts) == 0, "\(outcome)")
            #expect(facts.st_size == 12 << 20 && facts.st_blocks * 512 < 1 << 20)
            let content = try #require(outcome.result("big.bin"))
            #expect(content.first == UInt8(ascii: "a") && content.last == UInt8(ascii: "z"))
            #expect(content.dropFirst().dropLast().allSatisfy { $0 == 0 })
            let digest = try Command(["/usr/bin/sha256sum", "\(outcome.request.output)/big.bin"]).run().text
            #expect(outcome.report["results"][0]["sha256"].string == String(digest.prefix(64)))
        }

        @Test func sizeAndCountAreLimited() throws {
            let tooLarge = try run(
                "batch", "write", "a.txt", "12345", "--", "write", "b.txt", "1234",
                results: "[{path: '*.txt', when: any, max_size: 4}]")
            #expect(tooLarge.results == ["b.txt"])
            expectRefusals(tooLarge, ["a.txt"])
            let tooMany = try run("many-files", ".", "10", results: "[{path: '*', when: any, max_count: 4}]")
            #expect(tooMany.results == ["0", "1", "2", "3"])
            #expect(refusals(tooMany).count == 6)
        }

        /// The first bytes are taken, up to the last one that may be; the digest is that of what was taken.
        @Test(arguments: [("99", false), ("100", false), ("101", true), ("1MiB", true)])
        func largeResultsAreCutOff(size: String, isCutOff: Bool) throws {
            let outcome = try run(
                "batch", "fill", "a.txt", size, "--", "sparse", "b.bin", "12MiB",
                results:
                    "[{path: a.txt, when: any, max_size: 100, excess: truncate, required: true}, {path: b.bin, when: any, max_size: 5MiB, excess: truncate}]"
            )
            #expect(outcome.state == "complete" && outcome.results == ["a.txt", "b.bin"], "\(outcome)")
            let file = outcome.report["results"][0]
            let expected = lines(isCutOff ? 100 : try #require(Int(size)))
            #expect(outcome.result("a.txt").map(Bytes.init) == expected)
            #expect(file["size"].int == expected.count)
            #expect(file["truncated"].bool == (isCutOff ? true : nil))
            #expect(file["original_bytes"].int == (isCutOff ? size == "101" ? 101 : 1 << 20 : nil))
            let sparse = outcome.report["results"][1]
            #expect(sparse["size"].int == 5 << 20 && sparse["original_bytes"].int == 12 << 20)
            var facts = stat()
            try #require(lstat("\(outcome.request.output)/b.bin", &facts) == 0)
            #expect(facts.st_size == 5 << 20 && facts.st_blocks * 512 < 1 << 20)
            for (name, entry) in [("a.txt", file), ("b.bin", sparse)] {
                let digest = try Command(["/usr/bin/sha256sum", "\(outcome.request.output)/\(name)"]).run().text
                #expect(entry["sha256"].string == String(digest.prefix(64)))
            }
            let said = outcome.stderr.split(separator: "\n")
            #expect(said.last == "jrun: result cut off: 'b.bin': its first 5242880 of 12582912 bytes")
            #expect(said.count == (isCutOff ? 2 : 1))
        }

        @Test func manyFilesAreBounded() throws {
            let outcome = try run("many-files", ".", "30000", results: "[{path: '*', when: any}]")
            #expect(outcome.results.count == 1000 && outcome.state == "complete")
            #expect(refusals(outcome).count < 200, "\(refusals(outcome).count) sentences of refusal")
            #expect(outcome.stderrBytes.count < 64 << 10, "\(outcome.stderrBytes.count) bytes on stderr")
        }

        @Test func deepTreesAreBounded() throws {
            let outcome = try run(
                "batch", "deep", ".", "2000", "--", "write", "d/d/d/shallow.txt", "x",
                results: "[{path: '**/*.txt', when: any}]")
            #expect(outcome["deep"]["depth"].int == 2000)
            #expect(outcome.result("d/d/d/shallow.txt") == Data("x".utf8), "\(outcome)")
            #expect(outcome.state == "complete")
        }

        @Test func oddNamesHarmNobody() throws {
            let outcome = try run("odd-names", ".", results: "[{path: '*', when: any}]")
            #expect(outcome.state == "complete" && outcome["odd-names"]["files"].int == 12)
            for path in outcome.report["results"].array.compactMap({ $0["path"].string }) {
                #expect(FileManager.default.fileExists(atPath: "\(outcome.request.output)/\(path)"), "\(path)")
            }
            let isHarmless = outcome.stderr.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" }
            #expect(isHarmless, "\(outcome.stderr.debugDescription)")
            #expect(!outcome.results.contains { $0.hasPrefix(".jrun-") })
        }

        @Test func keptRunIsWhereItSays() throws {
            let outcome = try run("write", "a.txt", "x", results: "[]") { $0.options = ["--keep"] }
            let line = try #require(outcome.stderr.split(separator: "\n").first { $0.hasPrefix("jrun: run kept in '") })
            let directory = String(line.dropFirst("jrun: run kept in '".count).dropLast())
            #expect(try String(contentsOfFile: "\(directory)/work/a.txt", encoding: .utf8) == "x")
            for name in ["run.json", "report.json", "stdout", "stderr", "events.jsonl", "status"] {
                #expect(FileManager.default.fileExists(atPath: "\(directory)/\(name)"), "\(name)")
            }
            var facts = stat()
            try #require(lstat(directory, &facts) == 0)
            #expect(facts.st_mode & 0o777 == 0o700 && facts.st_uid == 0)
            _ = try ask("ids")
            #expect(FileManager.default.fileExists(atPath: directory), "the next run's sweep leaves it alone")
            try FileManager.default.removeItem(atPath: directory)
        }
    }
}
