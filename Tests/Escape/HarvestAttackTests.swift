import EscapeAttacks
import Foundation
import Glibc
import TestSupport
import Testing

/// Trees that were made to hurt whoever takes the results out of them, as root. What single kinds of file do is asked by the
/// tests of the harvest itself; here are the ones that are many, large, moving or made for a careless reader.
extension Escape {
    @Suite struct HarvestAttacks {
        private static let secret = "of root's, that no program may have"

        /// A file of root's on the node, to be reached by whoever follows a link.
        private func makeSecret(for run: HostileRun) throws -> String {
            let path = "\(run.directory)/secret.txt"
            try Data(Self.secret.utf8).write(to: URL(fileURLWithPath: path))
            chmod(path, 0o600)
            return path
        }

        /// Whether anything beneath `directory` holds the secret, to whoever opens it without care.
        private func holdsSecret(_ directory: String) throws -> Bool {
            try Command(["grep", "-rqs", "--", Self.secret, directory], environment: [:]).run().status == 0
        }

        @Test func symlinkFarm() throws {
            var run = try HostileRun("link-farm . 9000 SECRET")
            run.words[3] = try makeSecret(for: run)
            let outcome = try run.run()
            #expect(outcome["link-farm"]["links"].int == 9000)
            #expect(outcome.taken.isEmpty && outcome.strange.isEmpty, "\(outcome)")
            #expect(try !holdsSecret(outcome.output))
            #expect(outcome.refused.count == 101 && outcome.refused.last == "and about 8900 more")
            #expect(outcome.ended.elapsed < .seconds(100))
        }

        /// The farm is a trap: `cp -L` falls into it.
        @Test func symlinkFarmCatchesTheCareless() throws {
            let run = try HostileRun("")
            let farm = "\(run.directory)/farm"
            try FileManager.default.createDirectory(atPath: farm, withIntermediateDirectories: false)
            let words = [run.site.probe, "link-farm", farm, "3", try makeSecret(for: run)]
            #expect(try Command(words, environment: [:]).run().status == 0)
            _ = try Command(["cp", "-L", "\(farm)/0.txt", run.output], environment: [:]).run()
            #expect(try holdsSecret(run.output))
        }

        @Test func requiredResultThatIsALinkIsMissing() throws {
            var run = try HostileRun("symlink SECRET answer.txt")
            run.words[1] = try makeSecret(for: run)
            run.results = "[{path: answer.txt, when: any, required: true}]"
            let outcome = try run.run()
            #expect(outcome.ended.status == 125 && outcome.cause == "result", "\(outcome)")
            #expect(outcome.report["results_missing"].strings == ["answer.txt"])
            #expect(try !holdsSecret(outcome.output) && outcome.taken.isEmpty)
        }

        /// A directory and a link of the host's directory exchange their names as fast as they can while the program ends. What
        /// is found is whichever it was; what is taken is the run's.
        @Test(arguments: 1...8) func directorySwappedForALink(_ round: Int) throws {
            let questions = "batch mkdir d -- write d/secret.txt mine -- symlink HOST l -- swap d l"
            var run = try HostileRun(questions)
            _ = try makeSecret(for: run)
            run.words = run.words.map { $0 == "HOST" ? run.directory : $0 }
            let outcome = try run.run()
            #expect(outcome["swap"]["result"].string == "ok", "\(outcome)")
            #expect(try !holdsSecret(outcome.output) && outcome.strange.isEmpty)
            #expect(outcome.taken.count == 1 && outcome.refused.count == 1, "\(outcome.refused)")
            #expect(try outcome.resultsAreAsReported())
        }

        @Test(arguments: 1...8) func fileSwappedForALink(_ round: Int) throws {
            var run = try HostileRun("batch write a.txt mine -- symlink SECRET l -- swap a.txt l")
            let secret = try makeSecret(for: run)
            run.words = run.words.map { $0 == "SECRET" ? secret : $0 }
            let outcome = try run.run()
            #expect(outcome["swap"]["result"].string == "ok", "\(outcome)")
            #expect(try !holdsSecret(outcome.output) && outcome.strange.isEmpty)
            #expect(outcome.taken.count == 1 && outcome.refused.count == 1, "\(outcome.refused)")
        }

        /// The writer is dead before the first byte is taken, so size, digest and content are of one moment.
        @Test(arguments: 1...4) func fileThatGrowsAndShrinks(_ round: Int) throws {
            let outcome = try HostileRun("batch grow log.txt -- grow other.txt").run()
            #expect(outcome.taken.count == 2 && outcome.state == "complete", "\(outcome)")
            #expect(try outcome.resultsAreAsReported())
        }

        /// More names than a work directory has inodes for, and far more than a rule takes.
        @Test func hundredThousandFiles() throws {
            var run = try HostileRun("many-files . 100000")
            run.results = "[{path: '**', when: any, max_count: 2000}]"
            run.limits["disk"] = "64MiB"
            let outcome = try run.run()
            let made = try #require(outcome["many-files"]["files"].int)
            #expect(made < 65_536 && outcome["many-files"]["errno"].string == "ENOSPC", "\(outcome)")
            #expect(outcome.taken.count == 2000 && outcome.strange.isEmpty)
            #expect(outcome.refused.last == "and about \(made - 2000 - 100) more", "\(outcome.refused.last ?? "none")")
            #expect(outcome.ended.elapsed < .seconds(200))
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(run.site.directory)/state/runs").isEmpty)
        }

        @Test func depthOfFiveThousand() throws {
            let outcome = try HostileRun("batch deep . 5000 -- write a.txt x").run()
            #expect(outcome["deep"]["depth"].int == 5000)
            #expect(outcome.state == "complete" && outcome.taken.map { $0["path"].string } == ["a.txt"], "\(outcome)")
            #expect(outcome.ended.elapsed < .seconds(100))
        }

        /// 30 × 256 bytes are more than PATH_MAX: what cannot be named is refused by name, in bounded words.
        @Test func pathsLongerThanAnyCallTakes() throws {
            let outcome = try HostileRun("long-path").run()
            #expect(outcome["long-path"]["depth"].int == 30 && outcome.state == "complete", "\(outcome)")
            #expect(try outcome.resultsAreAsReported())
            #expect(outcome.taken.count + outcome.refused.count > 1 && outcome.strange.isEmpty)
            #expect(outcome.ended.stderrBytes.count < 1 << 20)
        }

        /// Unless its program file says otherwise, no file of a run is larger than the run's whole disk.
        @Test func sparseTerabyteIsNotEvenMade() throws {
            let outcome = try HostileRun("batch sparse huge.bin 1TiB -- write a.txt x").run()
            #expect(outcome["sparse"]["signal"].string == "SIGXFSZ", "\(outcome)")
        }

        /// It costs the program two pages; nobody else may pay for a terabyte.
        @Test func sparseTerabyte() throws {
            var run = try HostileRun("batch sparse huge.bin 1TiB -- write a.txt x")
            run.limits["file_size"] = "2TiB"
            let outcome = try run.run()
            #expect(outcome["sparse"]["size"].int == 1 << 40, "\(outcome)")
            #expect(outcome.taken.map { $0["path"].string } == ["a.txt"])
            #expect(outcome.refused.count == 1 && outcome.refused.first?.hasPrefix("'huge.bin': ") == true)
            #expect(outcome.ended.elapsed < .seconds(60))
        }

        /// Also where the rule takes what fits of it.
        @Test func sparseTerabyteCutOff() throws {
            var run = try HostileRun("sparse huge.bin 1TiB")
            run.limits["file_size"] = "2TiB"
            run.results = "[{path: huge.bin, when: any, max_size: 512MiB, excess: truncate}]"
            let outcome = try run.run()
            var facts = stat()
            try #require(lstat("\(outcome.output)/huge.bin", &facts) == 0, "\(outcome)")
            #expect(facts.st_size == 512 << 20 && facts.st_blocks * 512 < 1 << 20)
            #expect(outcome.taken.first?["truncated"].bool == true)
        }

        @Test func directoryInPlaceOfAFile() throws {
            var run = try HostileRun("batch mkdir answer.txt -- write answer.txt/answer.txt x")
            run.results = "[{path: answer.txt, when: any, required: true}]"
            let outcome = try run.run()
            #expect(outcome.cause == "result" && outcome.taken.isEmpty && outcome.strange.isEmpty, "\(outcome)")
        }

        @Test func fileInPlaceOfADirectory() throws {
            var run = try HostileRun("batch write d x -- write a.txt x")
            run.results = "[{path: 'd/*', when: any}, {path: a.txt, when: any}]"
            let outcome = try run.run()
            #expect(outcome.taken.map { $0["path"].string } == ["a.txt"], "\(outcome)")
        }

        /// The report names what it refuses; a name cannot write another line, or colour the terminal, or be an option.
        @Test func namesInReportAndOnTheTerminal() throws {
            let outcome = try HostileRun("odd-names .").run()
            #expect(outcome.state == "complete" && outcome.strange.isEmpty)
            let texts = outcome.refused + outcome.taken.compactMap { $0["path"].string }
            #expect(texts.count == 12, "\(texts)")
            #expect(texts.allSatisfy { text in text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0 != "\u{7f}" } })
            #expect(outcome.taken.allSatisfy { $0["path"].string?.hasPrefix("-") == false })
            #expect(try outcome.resultsAreAsReported())
        }
    }
}
