import Glibc
import Synchronization
import Testing

/// How much the property tests generate, and from which seed.
///
/// `JRUN_SEED=N` chooses another seed than the fixed one, `JRUN_CASES=N` makes N times as many cases, or 1/50 of them
/// with `0.02`, for a sanitizer under which each takes many times as long. Every failure names the seed that repeats it.
enum PropertyRun {
    static let seed = getenv("JRUN_SEED").flatMap { UInt64(String(cString: $0)) } ?? 1
    static let factor = getenv("JRUN_CASES").flatMap { Double(String(cString: $0)) } ?? 1

    /// Cases of each property before `factor`; a test holds the sum over 100,000.
    static let plan = [
        "argument lists": 80_000, "patterns": 15_000, "globs": 5000, "values": 15_000, "printed grammars": 4000,
    ]

    /// Every property is cut into this many parts, so that they share the processors.
    static let parts = 8

    private static let counts = Mutex<[String: Int]>([:])

    /// The choices of one case, which follow from the seed and the case's number alone.
    static func dice(_ property: String, part: Int, case number: Int) -> Dice {
        let name = property.utf8.reduce(seed &* 0x100_0000_01B3) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return Dice(seed: name &+ UInt64(part) << 40 &+ UInt64(number))
    }

    static func cases(_ property: String) -> Int { max(10, scaled(plan[property] ?? 0) / parts) }

    /// How many of `count` random cases are tried, wherever a test makes some.
    static func scaled(_ count: Int) -> Int { max(1, Int(Double(count) * min(max(factor, 0), 1_000_000))) }

    static func seeds(_ count: Int) -> ClosedRange<UInt64> { 1...UInt64(scaled(count)) }

    /// Fewer cases than planned: how many of a handful are accepted says nothing about a test.
    static let isSample = factor < 1

    /// Counts cases that were tried, for the line at the end.
    static func count(_ property: String, _ cases: Int) {
        counts.withLock { counts in
            if counts.isEmpty { atexit { PropertyRun.printLine() } }
            counts[property, default: 0] += cases
        }
    }

    private static func printLine() {
        let counts = counts.withLock { $0 }
        let list = counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        fflush(nil)
        print("properties: \(counts.values.reduce(0, +)) cases (\(list)); JRUN_SEED=\(seed) repeats them")
        fflush(nil)
    }

    /// Reports a case that failed, with what repeats it.
    static func fail(
        _ property: String, part: Int, case number: Int, _ what: String, at place: SourceLocation = #_sourceLocation
    ) {
        Issue.record(
            "JRUN_SEED=\(seed), \(property), part \(part), case \(number):\n\(what)", sourceLocation: place)
    }
}
