import Foundation
import Glibc
import Testing

/// The shipped programs on their examples: what comes out is what the examples' READMEs say, on the node's own files and
/// on those of an image.
extension Privileged {
    @Suite struct Programs {
        /// One run of an example: `NAME.args` and `NAME.inputs` beside its files.
        private func example(
            _ program: String, _ run: String = "run", at place: ProgramPlace, from earlier: Outcome? = nil,
            input: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
        ) throws -> Outcome {
            var request = try Request()
            let examples = "\(request.site.examples)/\(program)"
            func lines(_ file: String) throws -> [String] {
                try String(contentsOfFile: "\(examples)/\(file)", encoding: .utf8).split(separator: "\n").map(
                    String.init)
            }
            let inputs = try lines("\(run).inputs").flatMap { name in
                let made = earlier.map { "\($0.request.output)/\(name)" }
                return ["--input", made.flatMap { access($0, F_OK) == 0 ? $0 : nil } ?? "\(examples)/\(name)"]
            }
            let options = ["--best-effort", "--programs", place.programs, "--report", request.reportPath]
            var command = Command(
                [request.site.jrun, "exec"] + options + ["--output-dir", request.output] + inputs + [program, "--"]
                    + (try lines("\(run).args")))
            command.environment = place.environment
            command.input = try input.map { [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(examples)/\($0)"))) }
            request.input = command.input.map { Bytes($0) }
            let outcome = request.outcome(try command.run())
            try #require(
                outcome.status == 0 && outcome.state == "complete", "\(outcome)", sourceLocation: sourceLocation)
            return outcome
        }

        private func text(_ outcome: Outcome, _ name: String) throws -> String {
            String(decoding: try #require(outcome.result(name), "\(outcome)"), as: UTF8.self)
        }

        /// The number behind `name =` on a line of its own.
        private func value(_ name: String, in text: String) -> Double? {
            let line = text.split(separator: "\n").first { $0.split(separator: " ").first == Substring(name) }
            return line.flatMap { $0.split(separator: "=").last?.split(separator: " ").first }.flatMap { Double($0) }
        }

        @Test(arguments: ProgramRoot.allCases)
        func glpsolFindsTheOptimumOfALinearModel(on root: ProgramRoot) throws {
            let place = try ProgramPlace("glpsol", on: root)
            let outcome = try example("glpsol", "lp", at: place)
            #expect(outcome.results == ["lp.sol"])
            let solution = try text(outcome, "lp.sol")
            #expect(
                solution.contains("Objective:  total_profit = 390 (MAXimum)")
                    && solution.contains("Status:     OPTIMAL"))
            #expect(outcome.text.contains("profit 390"))
        }

        @Test(arguments: ProgramRoot.allCases)
        func glpsolFindsTheOptimumOfAnIntegerModel(on root: ProgramRoot) throws {
            let place = try ProgramPlace("glpsol", on: root)
            let outcome = try example("glpsol", "mip", at: place)
            let solution = try text(outcome, "mip.sol")
            #expect(
                solution.contains("Objective:  total_value = 43 (MAXimum)")
                    && solution.contains("Status:     INTEGER OPTIMAL"))
            #expect(outcome.text.contains("value 43"))
        }

        @Test(arguments: ProgramRoot.allCases)
        func ngspiceChargesACapacitor(on root: ProgramRoot) throws {
            let place = try ProgramPlace("ngspice", on: root)
            let outcome = try example("ngspice", at: place)
            #expect(outcome.results == ["rc.data", "rc.log"])
            let log = try text(outcome, "rc.log")
            for (name, milliseconds) in [("v_1ms", 1.0), ("v_2ms", 2.0), ("v_5ms", 5.0)] {
                let measured = try #require(value(name, in: log), "\(name) in \(log.prefix(3000))")
                #expect(abs(measured - 5 * (1 - exp(-milliseconds))) < 0.00001, "\(name)")
            }
            let half = try #require(value("t_half", in: log))
            #expect(abs(half - log2Milliseconds) < 0.00000001)
            let last = try #require(
                text(outcome, "rc.data").split(separator: "\n").last?.split(separator: " ").compactMap { Double($0) })
            #expect(abs(last[0] - 0.005) < 1e-9 && abs(last[1] - 4.966310) < 0.00001)
        }

        /// Seconds until half of the voltage is reached: RC times the natural logarithm of 2.
        private var log2Milliseconds: Double { 0.001 * log(2) }

        @Test(arguments: ProgramRoot.allCases)
        func gnuplotDrawsAPicture(on root: ProgramRoot) throws {
            let place = try ProgramPlace("gnuplot", on: root)
            let outcome = try example("gnuplot", at: place)
            let picture = [UInt8](try #require(outcome.result("plot.png")))
            #expect(picture.prefix(8) == [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
            func number(_ at: Int) -> UInt32 { picture[at..<(at + 4)].reduce(0) { $0 << 8 | UInt32($1) } }
            try #require(picture.count > 1000)
            #expect(number(16) == 800 && number(20) == 600)
            #expect(picture.suffix(8) == [0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82], "the file is whole")
            // Fonts and axes need thousands of colours' worth of data; a blank picture would be far smaller.
            #expect(picture.count > 5000)
        }

        @Test(arguments: ProgramRoot.allCases)
        func pythonFitsALine(on root: ProgramRoot) throws {
            let place = try ProgramPlace("python3", on: root)
            let outcome = try example("python3", at: place)
            let fit = try JSON(parsing: #require(outcome.result("fit.json")))
            let expected = [
                "count": 8, "mean": 7.5, "std": 34.0625.squareRoot(), "slope": 2.5, "intercept": -1.25,
                "residual_sum_of_squares": 10,
            ]
            for (name, number) in expected {
                let found = try #require((fit[name].value as? NSNumber)?.doubleValue, "\(name)")
                #expect(abs(found - number) < 1e-11, "\(name)")
            }
            #expect(outcome.text == "8 points: y = 2.500000 x -1.250000\n")
        }

        @Test(arguments: ProgramRoot.allCases)
        func gccBuildsAProgramThatRuns(on root: ProgramRoot) throws {
            let place = try ProgramPlace("gcc", on: root)
            let outcome = try example("gcc", at: place)
            #expect(outcome.results == ["prog"] && outcome.stderr.isEmpty, "\(outcome)")
            let built = try Command(["\(outcome.request.output)/prog"]).run()
            #expect(built.text.hasPrefix("primes below 1000: 168, sum 76127\nroot mean square of 1 to 24: 14.288690"))
        }

        @Test(arguments: ProgramRoot.allCases)
        func sqliteAnswersQueries(on root: ProgramRoot) throws {
            let place = try ProgramPlace("sqlite3", on: root)
            #expect(try example("sqlite3", at: place).text == "31075\n")
            let table = try example("sqlite3", "stdin", at: place, input: "stdin.sql").text.replacingOccurrences(
                of: "\r", with: "")
            #expect(table == "name,sold,cents\nlamp,5,12250\nclock,5,9450\nkettle,3,9375\n")
        }

        @Test(arguments: ProgramRoot.allCases)
        func samtoolsSortsIndexesViewsAndCounts(on root: ProgramRoot) throws {
            let place = try ProgramPlace("samtools", on: root)
            let sorted = try example("samtools", "1-sort", at: place)
            let bam = [UInt8](try #require(sorted.result("sorted.bam")))
            #expect(bam.prefix(4) == [0x1f, 0x8b, 0x08, 0x04], "BGZF, the blocked gzip of BAM")
            let content = try Command(["/usr/bin/gzip", "-dc", "\(sorted.request.output)/sorted.bam"]).run().stdout
                .array
            #expect(content.prefix(4) == [0x42, 0x41, 0x4d, 0x01], "BAM\\1")
            let indexed = try example("samtools", "2-index", at: place, from: sorted)
            #expect(indexed.result("sorted.bam.bai")?.prefix(4) == Data([0x42, 0x41, 0x49, 0x01]))
            try FileManager.default.copyItem(
                atPath: "\(sorted.request.output)/sorted.bam", toPath: "\(indexed.request.output)/sorted.bam")
            let view = try example("samtools", "3-view", at: place, from: indexed).text.split(separator: "\n").map {
                $0.split(separator: "\t")
            }
            #expect(
                view.map { $0[0] } == ["r04", "r05", "p01", "p01"] && view.map { $0[3] } == ["5", "5", "41", "121"])
            let counts = try example("samtools", "4-flagstat", at: place, from: indexed).text
            for words in [
                "12 + 0 in total", "10 + 0 mapped", "1 + 0 duplicates", "4 + 0 paired in sequencing",
                "4 + 0 properly paired",
            ] {
                #expect(counts.contains(words), "\(words) in \(counts)")
            }
        }

        @Test(arguments: ProgramRoot.allCases)
        func tarPacksListsAndUnpacks(on root: ProgramRoot) throws {
            let place = try ProgramPlace("tar", on: root)
            let packed = try example("tar", "1-pack", at: place)
            #expect(packed.results == ["pair.tar.gz"])
            #expect(try example("tar", "2-list", at: place, from: packed).text == "first.txt\nsecond.txt\n")
            let unpacked = try example("tar", "3-unpack", at: place, from: packed)
            #expect(try text(unpacked, "extracted/first.txt") == "The first file.\n")
            #expect(try text(unpacked, "extracted/second.txt") == "The second file.\n")
        }

        @Test(arguments: ProgramRoot.allCases)
        func convertHalvesAPicture(on root: ProgramRoot) throws {
            let place = try ProgramPlace("convert", on: root)
            let picture = [UInt8](try #require(try example("convert", at: place).result("half.jpg")))
            #expect(picture.prefix(3) == [0xff, 0xd8, 0xff])
            // The frame header: its marker, length, depth, height and width.
            let frame = try #require(picture.indices.first { picture[$0...].starts(with: [0xff, 0xc0, 0, 17, 8]) })
            #expect(picture[(frame + 5)..<(frame + 9)].elementsEqual([0, 24, 0, 32]))
        }

        @Test(arguments: ProgramRoot.allCases)
        func ffmpegKeepsHalfATone(on root: ProgramRoot) throws {
            let place = try ProgramPlace("ffmpeg", on: root)
            let sound = [UInt8](try #require(try example("ffmpeg", at: place).result("tone.flac")))
            #expect(sound.prefix(4).elementsEqual("fLaC".utf8))
            // The number of samples, the last 32 of its 36 bits.
            #expect(sound[22..<26].reduce(0) { $0 << 8 | Int($1) } == 800)
        }

        @Test func everyShippedProgramFileIsGood() throws {
            let site = try Site.shared.get()
            let files = try FileManager.default.contentsOfDirectory(atPath: site.programs).filter {
                $0.hasSuffix(".yaml")
            }
            #expect(files.count >= 8)
            var lint = Command([site.jrun, "program", "lint"] + files.map { "\(site.programs)/\($0)" })
            lint.environment = ["JRUN_IMAGES": try site.makeDirectory()]
            let ended = try lint.run()
            // No image is there, and that is all there is to say.
            let warnings = ended.stderr.split(separator: "\n")
            #expect(ended.status == 0 && warnings.allSatisfy { $0.contains("is not in the store") }, "\(ended.stderr)")
            #expect(warnings.count == 2)
            #expect(ended.text.split(separator: "\n").count == files.count)
        }

        @Test func planNamesEveryStepAndLaunchesNothing() throws {
            let request = try Request()
            var command = Command([
                request.site.jrun, "plan", "--best-effort", "--programs", request.site.programs, "true",
            ])
            command.environment = request.environment
            let ended = try command.run()
            #expect(ended.status == 0 && ended.stderr.isEmpty)
            for words in [
                "set no_new_privs", "load the seccomp filter", "empty the capability sets", "execute '/usr/bin/true'",
            ] {
                #expect(ended.text.contains(words), "\(words)")
            }
            command.arguments.insert(Array("--json".utf8), at: 2)
            #expect(try JSON(parsing: command.run().stdout.array).exists)
        }
    }
}
