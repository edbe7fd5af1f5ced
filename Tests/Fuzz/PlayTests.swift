import FoundationEssentials
import Testing

/// What `make test` does of fuzzing: every seed, everything that was ever found, and changes of both that follow from
/// `JRUN_SEED`. `make fuzz` searches on. One after the other: jrun-init is a program of one thread, its steps too.
@Suite(.serialized) struct PlayTests {
    private static let seed = ProcessInfo.processInfo.environment["JRUN_SEED"].flatMap { UInt64($0) } ?? 1
    private static let cases: UInt64 = 1500

    @Test(.timeLimit(.minutes(20)), arguments: FuzzTarget.all)
    func promisesHold(target: FuzzTarget) throws {
        let known = try Inputs(of: target)
        for (name, bytes) in known.all {
            do { try target.run(bytes) } catch { Issue.record("\(target.name), \(name): \(error)") }
        }
        print(
            "fuzz: \(target.name): \(known.all.count) inputs, \(Self.cases) changes; JRUN_SEED=\(Self.seed) repeats them"
        )
        for number in 0..<Self.cases {
            var changes = Changes(seed: Self.seed &* 1_000_003 &+ number)
            let bytes = changes.changed(known.all.map(\.bytes), upTo: target.maxBytes)
            do { try target.run(bytes) } catch {
                Issue.record("\(target.name), JRUN_SEED=\(Self.seed), change \(number): \(error)")
                return
            }
        }
    }

    /// A search that starts from nothing finds little: each target has seeds, and no directory is nobody's.
    @Test func everyTargetHasSeeds() throws {
        for target in FuzzTarget.all { #expect(try !Inputs(of: target).seeds.isEmpty, "\(target.name)") }
        let names = Set(FuzzTarget.all.map(\.name))
        for kind in ["corpus", "regressions"] {
            let directories = try FileManager.default.contentsOfDirectory(atPath: "\(Inputs.place)/\(kind)")
            #expect(Set(directories).subtracting(names) == [], "\(kind) of no target")
        }
    }
}

extension FuzzTarget: CustomTestStringConvertible {
    var testDescription: String { name }
}

/// The inputs that are kept of a target.
private struct Inputs {
    static let place = URL(filePath: #filePath).deletingLastPathComponent().path

    var seeds: [(name: String, bytes: [UInt8])]
    var regressions: [(name: String, bytes: [UInt8])]
    var all: [(name: String, bytes: [UInt8])] { seeds + regressions }

    init(of target: FuzzTarget) throws {
        seeds = try Self.files("corpus", target)
        regressions = try Self.files("regressions", target)
    }

    private static func files(_ kind: String, _ target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        let directory = "\(place)/\(kind)/\(target.name)"
        guard FileManager.default.fileExists(atPath: directory) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: directory).sorted().map { name in
            ("\(kind)/\(target.name)/\(name)", Array(try Data(contentsOf: URL(filePath: "\(directory)/\(name)"))))
        }
    }
}
