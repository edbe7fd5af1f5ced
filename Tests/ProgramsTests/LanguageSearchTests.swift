import Testing

@testable import Programs

/// Questions about all texts that patterns and globs accept.
@Suite struct LanguageSearchTests {
    private func shortest(_ pattern: String) throws -> LanguageSearch.Answer {
        var search = LanguageSearch()
        return search.shortest(acceptedBy: [try Pattern(pattern).automaton])
    }

    private func isCovered(_ glob: String, by others: String...) throws -> Bool {
        var search = LanguageSearch()
        return search.isCovered(try Glob(glob).language, by: try others.map { try Glob($0).language })
    }

    @Test func shortestTextsAreFound() throws {
        #expect(try shortest("") == .shortest(0))
        #expect(try shortest("^$") == .shortest(0))
        #expect(try shortest("a{3}|b{5}") == .shortest(3))
        #expect(try shortest("(ab|c)+d") == .shortest(2))
        #expect(try shortest("[é-ü]") == .shortest(2))
        #expect(try shortest("é|abc") == .shortest(2))
        #expect(try shortest("€|abc") == .shortest(3))
        #expect(try shortest("[^a]{900}") == .shortest(900))
    }

    @Test func emptyLanguagesAreKnown() throws {
        #expect(try shortest("a^b") == .none)
        #expect(try shortest("a$b") == .none)
        #expect(try shortest("(a$)+b") == .none)
        #expect(try shortest("a$") == .shortest(1))
        #expect(try shortest("(^a|b$)") == .shortest(1))
        #expect(try shortest("[^a]") == .shortest(1))
    }

    @Test func inclusionIsExact() throws {
        #expect(try isCovered("*.sol", by: "*"))
        #expect(try !isCovered("*", by: "*.sol"))
        #expect(try isCovered("a/*.txt", by: "**/*.txt"))
        #expect(try isCovered("*.txt", by: "**/*.txt"))
        #expect(try !isCovered("**/*.txt", by: "*.txt", "a/*.txt"))
        #expect(try isCovered("[ab].c", by: "a.c", "b.c"))
        #expect(try !isCovered("[abc].c", by: "a.c", "b.c"))
        #expect(try isCovered("a.c", by: "[a-z].c"))
        #expect(try isCovered("x?", by: "x*"))
        #expect(try !isCovered("x*", by: "x?"))
        #expect(try isCovered("[!a]", by: "?"))
        #expect(try !isCovered("?", by: "[!a]"))
    }

    @Test func intersectionIsExact() throws {
        var search = LanguageSearch()
        let isApart = { (a: String, b: String, search: inout LanguageSearch) in
            search.isEmpty(try Glob(a).language, try Glob(b).language)
        }
        #expect(try isApart("*.mod", "*.dat", &search))
        #expect(try !isApart("*.mod", "model.*", &search))
        #expect(try isApart("a/*", "*", &search))
        #expect(try !isApart("a/**", "**/b", &search))
    }

    /// The languages of possible names say the same as the check that every name goes through.
    @Test func fileNamesAreThoseOfTheCheck() {
        let names = [
            "a", ".", "..", "...", ".a", "..a", "a.", "-", "-a", "a-", "a/b", "a//b", "a/", "/a", "a/..", "a/../b",
            "a/.",
            "../a", "./a", "a/.b", "a/..b", "a/-b", "", "a\u{7}b", "a\u{85}", "é", "a\u{2028}", " ",
        ]
        for name in names { #expect(Automaton.fileName.matches(name) == (checkFileName(name) == nil), "\(name)") }
        let deep = { Array(repeating: "d", count: $0).joined(separator: "/") + "/f" }
        #expect(Automaton.resultName.matches(deep(maxResultDepth - 1)))
        #expect(!Automaton.resultName.matches(deep(maxResultDepth)))
        #expect(Automaton.fileName.matches(deep(maxResultDepth)))
    }

    /// To refuse `(a|b)*a(a|b){n}` takes 2^n sets of states: there the search must end without an answer.
    @Test func hardQuestionsAreGivenUp() throws {
        var search = LanguageSearch()
        let hard = try Pattern("(a|b)*a(a|b){40}").automaton
        let same = try Pattern("(a|b)*a(a|b){40}c?").automaton
        let both = search.shortest(acceptedBy: [hard, try Pattern("b*.*").automaton])
        #expect(both == .shortest(41))
        while search.remaining > 0 {
            let before = search.remaining
            let isCovered = search.isCovered(hard, by: [same])
            #expect(!isCovered)
            #expect(search.remaining == max(before - LanguageSearch.maxSteps, 0))
        }
        let answers = [search.shortest(acceptedBy: [hard]), search.shortest(acceptedBy: [Automaton.text("")])]
        #expect(answers == [.unknown, .unknown])
    }

    /// Against the matcher itself, on texts that are made at random.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func answersAgreeWithTheMatcher(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let pieces = ["a", "b", "*", "?", "/", "[ab]", "[!a]", "."]
        var answered = 0
        for _ in 0..<PropertyRun.scaled(400) {
            let globs = (0..<2).compactMap { _ in
                try? Glob(
                    (0..<Int.random(in: 1...4, using: &generator)).map { _ in pieces.randomElement(using: &generator)! }
                        .joined())
            }
            guard globs.count == 2 else { continue }
            var search = LanguageSearch()
            let answer = search.shortest(acceptedBy: [globs[0].language], butNot: [globs[1].language])
            let witness = Self.shortTexts.filter { globs[0].matches($0) && !globs[1].matches($0) }.map(\.utf8.count)
                .min()
            answered += 1
            if let witness {
                #expect(answer == .shortest(witness), "seed \(seed): '\(globs[0].source)' without '\(globs[1].source)'")
            } else {
                let isLonger = if case .shortest(let bytes) = answer { bytes > 4 } else { answer == .none }
                #expect(isLonger, "seed \(seed): '\(globs[0].source)' without '\(globs[1].source)'")
            }
        }
        #expect(PropertyRun.isSample || answered > 100)
    }

    /// Every text of at most four of these characters; `!` stands for all that no glob names.
    private static let shortTexts: [String] = {
        var texts = [""], all: [String] = [""]
        for _ in 0..<4 {
            texts = texts.flatMap { text in ["a", "b", ".", "/", "!"].map { text + $0 } }
            all += texts
        }
        return all
    }()
}
