import Foundation
import Glibc
import Testing

/// Program files that were made to hurt, read by the built binary: each is answered, in bounded memory, and takes no
/// more than a few times the processor time of a good file of the same size.
extension Privileged {
    @Suite struct HostileFiles {
        /// What a program may allocate at all; RLIMIT_DATA counts every private writable page, malloc's included.
        private static let memory = 50 << 20
        /// Far from what a slow machine does to a ratio, near to what a quadratic reader would need.
        private static let mostTimes = 10.0

        @Test func everyFileIsAnsweredInBoundedTimeAndMemory() throws {
            let site = try Site.shared.get()
            let good = try leastTime(Hostile.good, site, status: 0)
            for (name, bytes) in Hostile.files {
                let time = try leastTime(bytes, site, status: 125, name)
                #expect(time <= Self.mostTimes * max(good, 5), "\(name): \(time) ms, a good file: \(good) ms")
            }
        }

        /// A limit that is too small does end it, so the one above means something.
        @Test func theMemoryLimitIsHeld() throws {
            let site = try Site.shared.get()
            let path = try write(Hostile.good, site)
            let ended = try Command(["prlimit", "--data=\(1 << 20)", site.jrun, "program", "lint", path]).run()
            #expect(ended.status != 0)
            #expect(!ended.text.contains("good"))
        }

        private func write(_ bytes: [UInt8], _ site: Site) throws -> String {
            let path = "\(try site.makeDirectory())/hostile.yaml"
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            return path
        }

        /// Milliseconds of processor time, the least of a few runs.
        private func leastTime(
            _ bytes: [UInt8], _ site: Site, status: Int32, _ name: String = "good"
        ) throws -> Double {
            let path = try write(bytes, site)
            defer { unlink(path) }
            let times = try (0..<3).map { _ in
                let script = "TIMEFORMAT='cpu %3U %3S'; time \"$@\""
                let command = ["prlimit", "--data=\(Self.memory)", site.jrun, "program", "lint", path]
                let ended = try Command(["bash", "-c", script, "bash"] + command).run()
                #expect(ended.status == status, "\(name): \(ended.stderr.prefix(2000))")
                let words = try #require(ended.stderr.split(separator: "\n").last { $0.hasPrefix("cpu ") })
                return words.split(separator: " ").compactMap { Double($0) }.reduce(0, +) * 1000
            }
            return times.min() ?? .infinity
        }
    }
}

/// The files, most of them as large as a file may be.
private enum Hostile {
    private static let size = 1 << 20

    private static let head = """
        program: hostile
        summary: x
        executable: /usr/bin/true
        limits: {wall: 1s, cpu: 1s, memory: 1, processes: 1, open_files: 1, output: 1, disk: 1}
        security: {}

        """

    static let good = bytes(
        head + "arguments:\n" + lines(500) { "  - {flag: --f\($0), help: \"\(String(repeating: "x", count: 2000))\"}" })

    static let files: [(String, [UInt8])] =
        repeated.map { ("only \($0.debugDescription)", bytes(String(repeating: $0, count: size / $0.utf8.count))) } + [
            ("random bytes", random), ("NUL alone", Array(repeating: 0, count: size)),
            ("invalid UTF-8", Array(repeating: 0xFF, count: size)), ("billion laughs", bytes(laughs)),
            ("a value too many", bytes(head + lines(90_000) { "k\($0): 1" })),
            ("many unknown keys", bytes(head + lines(9900) { "k\($0): 1" })),
            (
                "many keys nearly right",
                bytes(head + lines(9900) { "limits\(String(repeating: "s", count: 50))\($0): 1" })
            ),
            ("one key again and again", bytes(head + lines(9900) { _ in "a: 1" })),
            ("one long line", bytes(head + "version: [" + String(repeating: "x", count: size - 1000) + "]")),
            ("a long quoted text", bytes(head + "help: \"" + String(repeating: "\\\"", count: size / 2 - 200) + "\"")),
            ("many patterns", patterns("(a|b)", times: 180)),
            ("repeated repetitions", patterns("((a{1000}){1000}){1000}", times: 1)),
            ("empty repetitions", patterns("((){1000}){1000}", times: 1)),
            ("nested groups", patterns("(", times: 1000)),
            ("large patterns", patterns("(a{30}b?){30}", times: 1)), ("(a+)+$", patterns("(a+)+$", times: 100)),
            ("many globs", globs("**/" + String(repeating: "*a", count: 120))),
            ("globs of stars", globs(String(repeating: "*", count: 300))),
            ("many choices", bytes(head + "arguments:\n  - {argument: A, value: {choose: [" + list(19_000) + "]}}")),
            ("many aliases", bytes(head + "arguments:\n  - flag: [" + list(19_000) + ", -c0]")),
            ("nested choices", bytes(head + "arguments: " + String(repeating: "[{one_of: ", count: 15))),
        ]

    private static let repeated = [
        "[", "{", "- ", "? ", "a: ", "[a, ", "{a: ", "!", "!!a ", "&a ", "*a ", "'", "\"", "|\n ", ">\n ", "\n", "#",
        "%", "é", ",",
        "---\n", "a: b\n", "- a\n", ": ", "? a\n", "\t", " ", "{? ", "[[],", "\"\\u0041", "'' ", "\u{FEFF}", "- - ",
    ]

    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8.prefix(size)) }

    private static func lines(_ count: Int, _ line: (Int) -> String) -> String {
        (0..<count).map { line($0) + "\n" }.joined()
    }

    private static func list(_ count: Int) -> String { (0..<count).map { "-c\($0)" }.joined(separator: ", ") }

    private static func patterns(_ part: String, times: Int) -> [UInt8] {
        let pattern = String(repeating: part, count: times)
        return bytes(
            head + "arguments:\n" + lines(400) { "  - {option: --o\($0), value: {string: {pattern: '\(pattern)'}}}" }
                + "x: 1\n")
    }

    private static func globs(_ glob: String) -> [UInt8] {
        bytes(head + "x: 1\ninputs:\n" + lines(2500) { "  - {path: '\(glob)\($0)', max_size: 1}" })
    }

    private static let laughs =
        "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + (1...9).map { level in
            "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n"
        }.joined()

    /// The same bytes in every run.
    private static let random: [UInt8] = {
        var state: UInt64 = 1
        return (0..<size).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
    }()
}
