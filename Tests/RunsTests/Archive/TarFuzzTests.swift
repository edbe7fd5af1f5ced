import FoundationEssentials
import Testing

@testable import Runs

/// Good archives, changed at random: an answer, never a crash, and never more than the archive holds. `JRUN_SEED=N` takes
/// another seed, and every failure names the one that it came from; `JRUN_CASES=0.1` tries a tenth of them.
@Suite struct TarFuzzTests {
    private static let seed = ProcessInfo.processInfo.environment["JRUN_SEED"].flatMap { UInt64($0) } ?? 1
    private static let cases = max(
        100, Int(6000 * (ProcessInfo.processInfo.environment["JRUN_CASES"].flatMap { Double($0) } ?? 1)))

    @Test(.timeLimit(.minutes(20))) func changedArchivesNeverCrash() {
        print("tar: \(Self.cases) changed archives; JRUN_SEED=\(Self.seed) repeats them")
        let samples = Self.samples
        var taken = 0, refused = 0
        for number in 0..<UInt64(Self.cases) {
            var random = SplitMix(state: Self.seed &* 1_000_003 &+ number)
            var bytes = samples[Int(number) % samples.count]
            for _ in 0..<Int.random(in: 1...4, using: &random) { Self.change(&bytes, &random) }
            // Where the checksum fits again, the change gets further.
            if Bool.random(using: &random) { Self.mendChecksums(&bytes) }
            var reader = TarReader(maxBytes: 1 << 20)
            var collector = TarCollector()
            var rest = bytes[...]
            do {
                while !rest.isEmpty {
                    let count = Int.random(in: 1...2000, using: &random)
                    try reader.feed(rest.prefix(count)) { try collector.take($0) }
                    rest = rest.dropFirst(count)
                }
                try reader.finish()
                taken += 1
                #expect(collector.isBetweenFiles, "JRUN_SEED=\(Self.seed), case \(number)")
            } catch {
                refused += 1
                #expect(error is TarError, "JRUN_SEED=\(Self.seed), case \(number): \(error)")
            }
            let total = collector.files.reduce(0) { $0 + $1.content.count }
            #expect(total <= bytes.count, "JRUN_SEED=\(Self.seed), case \(number)")
            for file in collector.files {
                #expect(
                    !file.name.hasPrefix("/") && !file.name.split(separator: "/").contains(".."),
                    "JRUN_SEED=\(Self.seed), case \(number): \(file.name)")
            }
        }
        // Both ends are reached.
        #expect(taken > Self.cases / 50 && refused > Self.cases / 4, "\(taken) taken, \(refused) refused")
    }

    private static let samples: [[UInt8]] = [
        writeTar([
            TarFile(name: "a", content: [1, 2, 3]), TarFile(name: "b/c", content: [UInt8](repeating: 9, count: 700)),
        ]),
        writeTar(TarFormatTests.longNames + TarFormatTests.pax),
        paxHeader([("path", "one"), ("size", "3"), ("mtime", "1.5")]) + RawHeader("x", size: 3).entry([1, 2, 3])
            + RawHeader("d/", type: "5").entry() + paxHeader([("comment", "x")], type: "g")
            + RawHeader("l", size: 5, type: "L").entry(Array("long\0".utf8)) + RawHeader("y", size: 0).entry()
            + TarWriter.end,
    ]

    private static func change(_ bytes: inout [UInt8], _ random: inout SplitMix) {
        guard !bytes.isEmpty else { return }
        let block = Int.random(in: 0..<max(1, bytes.count / 512), using: &random) * 512
        // Names, sizes, types, magics and prefixes are what a reader acts on.
        let fields = [0, 1, 100, 124, 125, 134, 148, 156, 257, 263, 345]
        let place = min(
            bytes.count - 1,
            Bool.random(using: &random)
                ? block + fields.randomElement(using: &random)! : Int.random(in: 0..<bytes.count, using: &random))
        switch Int.random(in: 0...5, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[place] = Array("01257xgLKS./\0\u{7f}=\n ".utf8).randomElement(using: &random)!
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...600, using: &random)))
        case 3: bytes.insert(contentsOf: bytes[block..<min(bytes.count, block + 512)], at: block)
        case 4: bytes.removeSubrange(block..<min(bytes.count, block + 512))
        default: bytes[place] = bytes[place] ^ (1 << UInt8.random(in: 0...7, using: &random))
        }
    }

    private static func mendChecksums(_ bytes: inout [UInt8]) {
        for block in stride(from: 0, to: bytes.count - 511, by: 512)
        where bytes[(block + 257)..<(block + 262)].elementsEqual("ustar".utf8) {
            bytes.replaceSubrange((block + 148)..<(block + 156), with: repeatElement(32, count: 8))
            let sum = bytes[block..<(block + 512)].reduce(0) { $0 + Int($1) }
            let text = Array(String(sum, radix: 8).utf8)
            bytes.replaceSubrange((block + 148)..<(block + 148 + text.count), with: text)
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
