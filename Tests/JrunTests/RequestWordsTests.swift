import ArgumentParser
import Testing

@testable import jrun

/// The reader by hand against ArgumentParser, which has the options' definitions.
@Suite struct RequestWordsTests {
    private static let seed: UInt64 = 20_261_122
    /// ArgumentParser takes milliseconds for each line in a debug build.
    private static let lines = 500

    @Test(arguments: ["exec", "check", "plan"])
    func meansWhatArgumentParserMeans(subcommand: String) throws {
        var random = Dice(state: Self.seed)
        var read = 0, accepted = 0
        for number in 0..<Self.lines {
            let words = Line.any(&random)
            let expected = try? byArgumentParser(subcommand, words)
            let found = byHand(subcommand, words)
            if expected != nil { accepted += 1 }
            guard let found else { continue }
            read += 1
            #expect(found == expected, "line \(number): \(subcommand) \(words)")
        }
        // Otherwise nothing was compared.
        #expect(read > Self.lines / 10 && accepted >= read)
    }

    @Test(arguments: ["exec", "check", "plan"])
    func readsEveryOrdinaryLine(subcommand: String) throws {
        var random = Dice(state: Self.seed)
        for number in 0..<Self.lines / 2 {
            let words = Line.ordinary(flag: Self.flag(of: subcommand), &random)
            let expected = try byArgumentParser(subcommand, words)
            #expect(byHand(subcommand, words) == expected, "line \(number): \(subcommand) \(words)")
        }
    }

    /// An option that is added to the definitions is read by hand too, or leaves the line to ArgumentParser.
    @Test func leavesTheUnknownAlone() {
        for word in ["--help", "-h", "--version", "--unknown", "-k", "--best-effort=yes", "--program", "---completion"]
        {
            #expect(byHand("exec", ["true", word, "x"]) == nil, "\(word)")
            #expect(byHand("exec", ["true", "--", word])?.words.arguments == [word])
        }
    }

    fileprivate static func flag(of subcommand: String) -> String { subcommand == "exec" ? "--keep" : "--json" }
}

private struct Meaning: Equatable {
    var words: RequestWords
    var hasFlag: Bool
}

private func byHand(_ subcommand: String, _ words: [String]) -> Meaning? {
    RequestWords.read(words[...], flag: RequestWordsTests.flag(of: subcommand)).map { Meaning(words: $0, hasFlag: $1) }
}

private func byArgumentParser(_ subcommand: String, _ words: [String]) throws -> Meaning {
    switch try Jrun.parseAsRoot([subcommand] + words) {
    case let command as ExecCommand: Meaning(words: command.options.words, hasFlag: command.keep)
    case let command as CheckCommand: Meaning(words: command.options.words, hasFlag: command.json)
    case let command as PlanCommand: Meaning(words: command.options.words, hasFlag: command.json)
    case let other: throw ValidationError("'\(other)'")
    }
}

private enum Line {
    private static let options = [
        "--programs", "--request", "--input", "--output-dir", "--report", "--limit", "--env",
    ]
    private static let repeatable = ["--programs", "--input", "--limit", "--env"]
    private static let values = ["true", "a=b", "wall=30s", "in.txt", "./x y", "é", "'", "=", "a==b", "x-", "0"]
    private static let odd = [
        "", "-", "--", "---", "-h", "--help", "--version", "-x", "-5", "--best-effort", "--keep", "--json", "--keep=1",
        "--Keep", "--unknown", "--unknown=1", "--prog", "-programs", "--program", "--input=", "--env=\u{301}x",
        "-\u{301}",
        "--env=\u{20dd}", "\u{301}", "=x", "--=x", "\n", "--limit=\n", "exec", "help", "\u{2d}\u{2d}\u{fe0f}",
        "--generate-completion-script", "--generate-completion-script=bash", "--experimental-dump-help", "--no-keep",
    ]

    static func any(_ random: inout Dice) -> [String] {
        var words: [String] = []
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            switch Int.random(in: 0..<10, using: &random) {
            case 0...3: words += option(options, &random)
            case 4: words.append(options.randomElement(using: &random)!)
            case 5: words.append(odd.randomElement(using: &random)!)
            case 6: words.append(["--best-effort", "--keep", "--json", "--"].randomElement(using: &random)!)
            default: words.append(values.randomElement(using: &random)!)
            }
        }
        return words
    }

    /// No option twice that takes one value, one program, every value one that stands by itself.
    static func ordinary(flag: String, _ random: inout Dice) -> [String] {
        var pieces: [[String]] = [["true"]]
        for word in ["--best-effort", flag] where Bool.random(using: &random) { pieces.append([word]) }
        for name in ["--request", "--report", "--output-dir"] where Bool.random(using: &random) {
            pieces.append(option([name], &random))
        }
        for _ in 0..<Int.random(in: 0...4, using: &random) { pieces.append(option(repeatable, &random)) }
        pieces.shuffle(using: &random)
        let words = pieces.flatMap(\.self)
        if Bool.random(using: &random) { return words }
        return words + ["--"] + (0..<3).map { _ in (values + odd).randomElement(using: &random)! }
    }

    private static func option(_ names: [String], _ random: inout Dice) -> [String] {
        let name = names.randomElement(using: &random)!, value = values.randomElement(using: &random)!
        return Bool.random(using: &random) && value.utf8.allSatisfy { $0 < 0x80 }
            ? ["\(name)=\(value)"] : [name, value]
    }
}

/// Source: Vigna, SplitMix64.
private struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
