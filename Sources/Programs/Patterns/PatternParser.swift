/// Recursive descent over the pattern's code points.
struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0

    private static let maxDepth = 32
    private static let maxRepeat = 1000

    init(_ source: String) { scalars = Array(source.unicodeScalars) }

    mutating func parse() throws(PatternError) -> Expression {
        let expression = try alternatives()
        guard peek == nil else { throw error("')' without '('") }
        return expression
    }

    private var peek: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private func error(_ reason: String) -> PatternError {
        PatternError(description: "\(reason) (character \(min(position, scalars.count - 1) + 1))")
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        position += 1
        return true
    }

    private mutating func alternatives() throws(PatternError) -> Expression {
        var parts = [try sequence()]
        while take("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .alternatives(parts)
    }

    private mutating func sequence() throws(PatternError) -> Expression {
        var parts: [Expression] = []
        while let scalar = peek, scalar != "|", scalar != ")" {
            parts.append(try repetition(of: atom()))
        }
        return parts.isEmpty ? .empty : .sequence(parts)
    }

    private mutating func atom() throws(PatternError) -> Expression {
        let scalar = scalars[position]
        position += 1
        switch scalar {
        case "(": return try group()
        case "[": return .set(try characterClass())
        case ".": return .set(CharacterSet(ranges: [10...10], isNegated: true))
        case "^": return .start
        case "$": return .end
        case "\\": return try escape()
        case "*", "+", "?", "{":
            position -= 1
            throw error("'\(scalar)' has nothing before it to repeat")
        default: return .literal(scalar.value)
        }
    }

    private mutating func group() throws(PatternError) -> Expression {
        depth += 1
        guard depth <= Self.maxDepth else { throw error("groups nested deeper than \(Self.maxDepth)") }
        if take("?") {
            guard take(":") else { throw error("look-around and group options '(?…' are not supported") }
        }
        let inner = try alternatives()
        guard take(")") else { throw error("'(' is not closed") }
        depth -= 1
        return inner
    }

    // MARK: Repetition

    private mutating func repetition(of atom: Expression) throws(PatternError) -> Expression {
        guard let scalar = peek else { return atom }
        let bounds: (min: Int, max: Int?)
        switch scalar {
        case "*": bounds = (0, nil)
        case "+": bounds = (1, nil)
        case "?": bounds = (0, 1)
        case "{": bounds = try countedBounds()
        default: return atom
        }
        position += 1
        if let next = peek, ["*", "+", "?", "{"].contains(next) {
            throw error("a repetition cannot be repeated or made lazy; use a group")
        }
        return .repeated(atom, min: bounds.min, max: bounds.max)
    }

    /// `{m}`, `{m,}` or `{m,n}`; leaves the position on the closing brace.
    private mutating func countedBounds() throws(PatternError) -> (min: Int, max: Int?) {
        position += 1
        let least = try number()
        var most: Int? = least
        if take(",") { most = peek == "}" ? nil : try number() }
        guard peek == "}" else { throw error("'{' must be {m}, {m,} or {m,n}") }
        if let most, most < least { throw error("the repetition's maximum is less than its minimum") }
        return (least, most)
    }

    private mutating func number() throws(PatternError) -> Int {
        var value: Int?
        while let scalar = peek, ("0"..."9").contains(scalar) {
            value = (value ?? 0) * 10 + Int(scalar.value - 48)
            guard value! <= Self.maxRepeat else { throw error("a repetition count is at most \(Self.maxRepeat)") }
            position += 1
        }
        guard let value else { throw error("'{' must be {m}, {m,} or {m,n}") }
        return value
    }

    // MARK: Escapes and classes

    private mutating func escape() throws(PatternError) -> Expression {
        let set = try escapedSet()
        if !set.isNegated, set.ranges.count == 1, set.ranges[0].count == 1 {
            return .literal(set.ranges[0].lowerBound)
        }
        return .set(set)
    }

    private mutating func escapedSet() throws(PatternError) -> CharacterSet {
        guard let scalar = peek else { throw error("'\\' at the end") }
        position += 1
        switch scalar {
        case "d", "D": return CharacterSet(ranges: [48...57], isNegated: scalar == "D")
        case "w", "W": return CharacterSet(ranges: [48...57, 65...90, 95...95, 97...122], isNegated: scalar == "W")
        case "s", "S": return CharacterSet(ranges: [9...13, 32...32], isNegated: scalar == "S")
        case "n": return CharacterSet(ranges: [10...10])
        case "t": return CharacterSet(ranges: [9...9])
        case "1"..."9": throw error("back-references are not supported")
        case "0", "a"..."z", "A"..."Z": throw error("the escape '\\\(scalar)' is not known")
        default: return CharacterSet(ranges: [scalar.value...scalar.value])
        }
    }

    private mutating func characterClass() throws(PatternError) -> CharacterSet {
        var set = CharacterSet()
        set.isNegated = take("^")
        var isFirst = true
        while isFirst || peek != "]" {
            guard peek != nil else { throw error("'[' is not closed") }
            isFirst = false
            set.ranges += try classMember()
        }
        position += 1
        return set
    }

    private mutating func classMember() throws(PatternError) -> [ClosedRange<UInt32>] {
        let low = try classCharacter()
        guard peek == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else { return low }
        position += 1
        let high = try classCharacter()
        guard low.count == 1, high.count == 1, low[0].count == 1, high[0].count == 1,
            low[0].lowerBound <= high[0].lowerBound
        else { throw error("the range in '[…]' is not from a lower to a higher character") }
        return [low[0].lowerBound...high[0].lowerBound]
    }

    private mutating func classCharacter() throws(PatternError) -> [ClosedRange<UInt32>] {
        guard let scalar = peek else { throw error("'[' is not closed") }
        position += 1
        guard scalar == "\\" else { return [scalar.value...scalar.value] }
        let set = try escapedSet()
        guard !set.isNegated else { throw error("a negated class cannot be inside '[…]'") }
        return set.ranges
    }
}
