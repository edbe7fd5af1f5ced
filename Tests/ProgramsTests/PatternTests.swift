import Testing

@testable import Programs

@Suite struct PatternTests {
    @Test(arguments: [
        ("", ""), ("abc", "abc"), ("a.c", "aéc"), ("[a-c]+", "abcab"), ("[^a-c]", "d"), ("[]a]+", "]a"),
        ("[a-]+", "a-"),
        (#"\d{2,3}"#, "123"), (#"\w+\s\W"#, "ab_9 !"), ("(ab|cd)*", "abcdab"), ("a?b", "b"), ("a{3}", "aaa"),
        ("a{2,}", "aaaaa"), ("^abc$", "abc"), ("(?:x|)y", "y"), (#"\.\*\\"#, #".*\"#), (#"[\d.]+"#, "1.2"),
        ("(^a|b)$", "a"), ("a|", ""), ("(a*)*", "aaa"), ("(a|a)*b", "aaab"), (#"\S\D"#, "xy"), ("x{0}y", "y"),
        (#"[\]]"#, "]"), (#"\n"#, "\n"),
    ])
    func matches(pattern: String, text: String) throws {
        #expect(try Pattern(pattern).matches(text))
    }

    @Test(arguments: [
        ("", "a"), ("abc", "abcd"), ("abc", "xabc"), ("abc", "ab"), ("a.c", "a\nc"), ("[a-c]+", "abd"), ("[^a-c]", "b"),
        (#"\d{2,3}"#, "1234"), (#"\d{2,3}"#, "1"), (#"\d"#, "٣"), ("(ab|cd)*", "abc"), ("a{2,}", "a"), ("a^b", "ab"),
        ("a$b", "ab"), ("x{0}y", "xy"), ("a|b", "ab"), (#"\w"#, "é"), ("^", "a"),
    ])
    func doesNotMatch(pattern: String, text: String) throws {
        #expect(try !Pattern(pattern).matches(text))
    }

    @Test(arguments: [
        ("(", "'(' is not closed (character 1)"), ("a)", "')' without '(' (character 2)"),
        ("[a", "'[' is not closed (character 2)"), ("*a", "'*' has nothing before it to repeat (character 1)"),
        ("a**", "a repetition cannot be repeated or made lazy; use a group (character 3)"),
        ("a+?", "a repetition cannot be repeated or made lazy; use a group (character 3)"),
        (#"(a)\1"#, "back-references are not supported (character 5)"),
        ("(?=a)", "look-around and group options '(?…' are not supported (character 3)"),
        ("(?<n>a)", "look-around and group options '(?…' are not supported (character 3)"),
        ("a{2,1}", "the repetition's maximum is less than its minimum (character 6)"),
        ("a{x}", "'{' must be {m}, {m,} or {m,n} (character 3)"), ("a\\", "'\\' at the end (character 2)"),
        ("[z-a]", "the range in '[…]' is not from a lower to a higher character (character 5)"),
        (#"\b"#, #"the escape '\b' is not known (character 2)"#),
        ("a{1001}", "a repetition count is at most 1000 (character 6)"),
        ("(a{100}){100}", "too complex: it needs more than 1000 states"),
        ("((((){1000}){1000}){1000}){1000}", "too complex: it needs more than 1000 states"),
        ("(((a{0}){1000}){1000}){1000}", "too complex: it needs more than 1000 states"),
        (String(repeating: "(", count: 40), "groups nested deeper than 32 (character 34)"),
        (String(repeating: "a", count: 1025), "longer than 1024 bytes"),
    ])
    func isRefused(pattern: String, message: String) {
        #expect(throws: PatternError(description: message)) { try Pattern(pattern) }
    }

    /// Each of these takes a backtracking engine time exponential in the text.
    @Test(arguments: ["(a+)+$", "(a*)*b", "(a|a)*b", "(a|aa)+b", "(.*)(.*)(.*)(.*)b", "((a{0,8}){0,8})*b"])
    func takesLinearTime(pattern: String) throws {
        let pattern = try Pattern(pattern)
        let length = max(256, PropertyRun.scaled(pattern.stateCount < 20 ? 65_536 : 4096))
        let (_, steps) = pattern.simulate(String(repeating: "a", count: length))
        #expect(steps <= pattern.stateCount * (length + 1))
        let (_, twice) = pattern.simulate(String(repeating: "a", count: 2 * length))
        #expect(twice <= 2 * steps + 4 * pattern.stateCount)
    }

    /// Against a matcher that simply tries everything, on texts short enough for that.
    @Test func agreesWithTryingEverything() throws {
        for seed in PropertyRun.seeds(2000) {
            var random = SeededGenerator(seed: seed)
            let source = randomPattern(depth: 3, &random)
            guard let pattern = try? Pattern(source) else { continue }
            var parser = PatternParser(source)
            let expression = try parser.parse()
            for _ in 0..<5 {
                let text = String(
                    (0..<Int.random(in: 0...6, using: &random)).map { _ in "ab".randomElement(using: &random)! })
                let scalars = Array(text.unicodeScalars)
                let expected = ends(of: expression, in: scalars, from: 0).contains(scalars.count)
                #expect(pattern.matches(text) == expected, "seed \(seed): \(source) on '\(text)'")
            }
        }
    }

    private func randomPattern(depth: Int, _ random: inout SeededGenerator) -> String {
        switch Int.random(in: 0...(depth == 0 ? 2 : 8), using: &random) {
        case 0: return "a"
        case 1: return "b"
        case 2: return "[ab]"
        case 3: return "(\(randomPattern(depth: depth - 1, &random)))*"
        case 4: return "(\(randomPattern(depth: depth - 1, &random)))+"
        case 5: return "(\(randomPattern(depth: depth - 1, &random))){0,2}"
        case 6: return "(\(randomPattern(depth: depth - 1, &random))|\(randomPattern(depth: depth - 1, &random)))"
        case 7: return "^\(randomPattern(depth: depth - 1, &random))"
        default: return randomPattern(depth: depth - 1, &random) + randomPattern(depth: depth - 1, &random)
        }
    }

    private func ends(of expression: Expression, in text: [Unicode.Scalar], from start: Int) -> Set<Int> {
        switch expression {
        case .empty: return [start]
        case .start: return start == 0 ? [start] : []
        case .end: return start == text.count ? [start] : []
        case .literal(let value): return start < text.count && text[start].value == value ? [start + 1] : []
        case .set(let set): return start < text.count && set.contains(text[start].value) ? [start + 1] : []
        case .sequence(let parts):
            return parts.reduce([start]) { from, part in
                from.reduce(into: []) { $0.formUnion(ends(of: part, in: text, from: $1)) }
            }
        case .alternatives(let parts):
            return parts.reduce(into: []) { $0.formUnion(ends(of: $1, in: text, from: start)) }
        case .repeated(let part, let min, let max):
            var all: Set<Int> = min == 0 ? [start] : []
            var current: Set<Int> = [start]
            // After as many rounds as there are characters, a round can only add what is already there.
            for round in 1...Swift.max(1, Swift.min(max ?? Int.max, text.count + min + 1)) where max != 0 {
                current = current.reduce(into: []) { $0.formUnion(ends(of: part, in: text, from: $1)) }
                if round >= min { all.formUnion(current) }
            }
            return all
        }
    }
}

@Suite struct GlobTests {
    @Test(arguments: [
        ("a.txt", "a.txt"), ("*.txt", "a.txt"), ("*.txt", ".txt"), ("*", "ab"), ("a?c", "aéc"), ("[abc].x", "b.x"),
        ("[!a]", "b"), ("[a-f]*", "e1"), ("**", "a/b/c"), ("**", "a"), ("**/x", "x"), ("**/x", "a/b/x"),
        ("a/**/b", "a/b"), ("a/**/b", "a/x/y/b"), ("a/**", "a/b/c"), ("*/*", "a/b"), ("*a*b*", "xaybz"), ("[]]", "]"),
        ("[*]", "*"), ("frame-*.png", "frame-1.png"), ("é*", "éa"),
    ])
    func matches(glob: String, path: String) throws {
        #expect(try Glob(glob).matches(path))
    }

    @Test(arguments: [
        ("a.txt", "b.txt"), ("*.txt", "a/b.txt"), ("*", "a/b"), ("?", "/"), ("[!a]", "a"), ("[!a]", "/"), ("a/**", "a"),
        ("**/x", "ax"), ("a/**/b", "ab"), ("*/*", "a"), ("*.txt", "a.txtx"), ("a?c", "ac"), ("K", "\u{212A}"),
    ])
    func doesNotMatch(glob: String, path: String) throws {
        #expect(try !Glob(glob).matches(path))
    }

    @Test(arguments: [
        "", "/a", "../a", "a/../*", "-*", "a//b", "[a", "a**", "**a", "a/b**/c", "[/]", "a\\*", "[z-a]", "[.-9]",
    ])
    func isRefused(glob: String) {
        #expect(throws: PatternError.self) { try Glob(glob) }
    }

    @Test func takesLinearTime() throws {
        let glob = try Glob("**/*a*a*a*a*a*a*a*/**/*a*a*a*a*b")
        let path = Array(repeating: String(repeating: "a", count: 200), count: 5).joined(separator: "/")
        let (isMatch, steps) = try #require(glob.simulate(path))
        #expect(!isMatch)
        #expect(steps <= glob.stateCount * (path.unicodeScalars.count + 1))
    }
}
