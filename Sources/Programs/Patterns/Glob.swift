/// A pattern for relative file names: `*` and `?` match within one component, `[abc]` one character of a set,
/// `**` as a component any number of directories, also none. Runs in time linear in the name's length.
public struct Glob: Sendable, Equatable {
    public let source: String
    /// `nil` for a plain name, which is simply compared.
    let automaton: Automaton?

    /// - Throws: when the text is not a relative name apart from its wildcards, or is too complex.
    public init(_ source: String) throws(PatternError) {
        if let reason = checkFileName(source) { throw PatternError(description: reason) }
        self.source = source
        guard source.utf8.contains(where: { "*?[\\".utf8.contains($0) }) else {
            automaton = nil
            return
        }
        var parser = GlobParser(source)
        automaton = try Automaton(.sequence(parser.parse()))
    }

    /// Whether it names exactly one file.
    public var isPlain: Bool { automaton == nil }

    public func matches(_ path: String) -> Bool {
        guard let automaton else { return path.utf8.elementsEqual(source.utf8) }
        return automaton.matches(path)
    }

    func simulate(_ path: String) -> (isMatch: Bool, steps: Int)? { automaton?.simulate(path) }

    var stateCount: Int { automaton?.states.count ?? 0 }
}

private struct GlobParser {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private static let notSlash = Expression.set(CharacterSet(ranges: [47...47], isNegated: true))

    init(_ source: String) { scalars = Array(source.unicodeScalars) }

    mutating func parse() throws(PatternError) -> [Expression] {
        var parts: [Expression] = []
        while position < scalars.count {
            let scalar = scalars[position]
            position += 1
            switch scalar {
            case "*": parts.append(try star())
            case "?": parts.append(Self.notSlash)
            case "[": parts.append(try characterClass())
            case "\\": throw PatternError(description: "'\\' is not possible here; write '[*]' to mean a '*' itself")
            default: parts.append(.literal(scalar.value))
            }
        }
        return parts
    }

    private mutating func star() throws(PatternError) -> Expression {
        guard position < scalars.count, scalars[position] == "*" else {
            return .repeated(Self.notSlash, min: 0, max: nil)
        }
        let startsComponent = position == 1 || scalars[position - 2] == "/"
        position += 1
        let isLast = position == scalars.count
        guard startsComponent, isLast || scalars[position] == "/" else {
            throw PatternError(description: "'**' must be a whole component, as in 'a/**/b'")
        }
        if isLast { return .repeated(.set(CharacterSet(isNegated: true)), min: 1, max: nil) }
        position += 1
        let directory = Expression.sequence([.repeated(Self.notSlash, min: 1, max: nil), .literal(47)])
        return .repeated(directory, min: 0, max: nil)
    }

    private mutating func characterClass() throws(PatternError) -> Expression {
        let notClosed = PatternError(description: "'[' is not closed")
        var set = CharacterSet()
        if position < scalars.count, ["!", "^"].contains(scalars[position]) {
            set.isNegated = true
            position += 1
        }
        let first = position
        while true {
            guard position < scalars.count else { throw notClosed }
            let low = scalars[position]
            if low == "]", position > first { break }
            position += 1
            guard low != "/" else { throw PatternError(description: "'/' is not possible in '[…]'") }
            set.ranges.append(try rangeEnd(from: low))
        }
        position += 1
        // A name's separator is never matched by a set, not even by a negated one.
        if set.isNegated { set.ranges.append(47...47) }
        return .set(set)
    }

    private mutating func rangeEnd(from low: Unicode.Scalar) throws(PatternError) -> ClosedRange<UInt32> {
        guard position + 1 < scalars.count, scalars[position] == "-", scalars[position + 1] != "]" else {
            return low.value...low.value
        }
        let high = scalars[position + 1]
        position += 2
        guard low <= high, !(low.value...high.value).contains(47) else {
            throw PatternError(description: "the range '\(low)-\(high)' in '[…]' is not possible")
        }
        return low.value...high.value
    }
}
