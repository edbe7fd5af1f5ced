// Patterns and globs in the words of ECMA-262, which JSON Schema uses, in mode `u`. Only what Python's `re` reads alike
// is written: classes are spelled out (`\d` means more there), and so is `.` (which leaves out more in ECMA-262).

extension Pattern {
    /// `^(?:…)$`
    var regularExpression: String { "^(?:\(expression.regularExpression))$" }
}

extension Glob {
    /// `^(?:…)$`
    var regularExpression: String { "^(?:\(expression.regularExpression))$" }
}

extension Expression {
    var regularExpression: String {
        switch self {
        case .empty: "(?:)"
        case .set(let set): set.regularExpression
        case .literal(let value): Self.escaped(value)
        case .start: "^"
        case .end: "$"
        case .sequence(let parts): parts.map(\.inSequence).joined()
        case .alternatives(let parts): parts.map(\.regularExpression).joined(separator: "|")
        case .repeated(let part, let min, let max): part.asAtom + Self.bounds(min, max)
        }
    }

    private var inSequence: String {
        if case .alternatives = self { return "(?:\(regularExpression))" }
        return regularExpression
    }

    /// Something that a repetition can follow. An assertion cannot, in mode `u`.
    private var asAtom: String {
        switch self {
        case .set, .literal: regularExpression
        default: "(?:\(regularExpression))"
        }
    }

    private static func bounds(_ min: Int, _ max: Int?) -> String {
        switch (min, max) {
        case (0, nil): "*"
        case (1, nil): "+"
        case (0, 1): "?"
        case (let min, nil): "{\(min),}"
        case (let min, let max?): min == max ? "{\(min)}" : "{\(min),\(max)}"
        }
    }

    /// One character outside of a class.
    static func escaped(_ value: UInt32) -> String { escape(value, special: "^$\\.*+?()[]{}|/") }

    /// Everything that is no plain character is written by its number, where four digits are enough for it.
    static func escape(_ value: UInt32, special: String) -> String {
        guard let scalar = Unicode.Scalar(value) else { return "" }
        if special.unicodeScalars.contains(scalar) { return "\\" + String(Character(scalar)) }
        guard isControl(scalar) else { return String(Character(scalar)) }
        let digits = String(value, radix: 16)
        return "\\u" + String(repeating: "0", count: Swift.max(0, 4 - digits.utf8.count)) + digits
    }
}

extension CharacterSet {
    var regularExpression: String {
        if ranges.isEmpty { return isNegated ? "[\\s\\S]" : "(?!)" }
        let members = ranges.map { range in
            range.count == 1
                ? Self.member(range.lowerBound) : "\(Self.member(range.lowerBound))-\(Self.member(range.upperBound))"
        }
        return "[\(isNegated ? "^" : "")\(members.joined())]"
    }

    /// `&` and `~` would be plain, but two of them in a row mean something to some engines.
    private static func member(_ value: UInt32) -> String {
        if value == 0x26 || value == 0x7E { return value == 0x26 ? "\\x26" : "\\x7e" }
        return Expression.escape(value, special: "^\\[]-|/")
    }
}
