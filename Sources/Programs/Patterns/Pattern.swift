/// A regular expression that a value must match as a whole, in time linear in the value's length.
///
/// The language: literals, `.` (any character but a newline), classes `[a-z]` `[^a-z]`, `\d \w \s \D \W \S`,
/// `\n \t`, escaped punctuation, groups, `|`, `* + ?` and `{m}`, `{m,}`, `{m,n}`; `^` and `$` are allowed and
/// redundant. There are no back-references and no look-around: they are what makes other engines slow.
public struct Pattern: Sendable, Equatable {
    public let source: String
    let automaton: Automaton

    /// Longest pattern, bytes.
    public static let maxBytes = 1024

    public init(_ source: String) throws(PatternError) {
        guard source.utf8.count <= Self.maxBytes else {
            throw PatternError(description: "longer than \(Self.maxBytes) bytes")
        }
        var parser = PatternParser(source)
        self.source = source
        automaton = try Automaton(parser.parse())
    }

    public func matches(_ text: String) -> Bool { automaton.matches(text) }

    /// The same, and how many steps it took; for tests and lint.
    func simulate(_ text: String) -> (isMatch: Bool, steps: Int) { automaton.simulate(text) }

    /// Upper bound of the steps that one character of a text costs.
    var stateCount: Int { automaton.states.count }
}
