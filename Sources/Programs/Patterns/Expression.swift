/// A regular expression or glob, taken apart.
indirect enum Expression: Sendable, Equatable {
    case empty
    case set(CharacterSet)
    case literal(UInt32)
    case sequence([Expression])
    case alternatives([Expression])
    /// `max == nil` is without end.
    case repeated(Expression, min: Int, max: Int?)
    case start, end
}

/// Why a pattern or glob is refused; a phrase that fits after "pattern 'x': ".
public struct PatternError: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String
}

extension Automaton {
    /// Builds the automaton of an expression.
    ///
    /// - Throws: when it would have more than `maxStates` states; found while building, so a huge one costs nothing.
    init(_ expression: Expression) throws(PatternError) {
        try add(expression)
        try add(.accept)
    }

    private mutating func add(_ state: State) throws(PatternError) {
        guard states.count < Self.maxStates else {
            throw PatternError(description: "too complex: it needs more than \(Self.maxStates) states")
        }
        states.append(state)
    }

    // Every expression adds at least one state, even an empty one: repetitions of nothing then run into `maxStates`
    // too instead of looping for as long as their counts say.
    private mutating func add(_ expression: Expression) throws(PatternError) {
        switch expression {
        case .empty: try add(.jump(states.count + 1))
        case .set(let set): try add(State.set(set))
        case .literal(let value): try add(State.literal(value))
        case .start: try add(.atStart)
        case .end: try add(.atEnd)
        case .sequence(let parts): for part in parts { try add(part) }
        case .alternatives(let parts): try addAlternatives(parts)
        case .repeated(let part, let min, let max): try addRepeated(part, min: min, max: max)
        }
    }

    private mutating func addAlternatives(_ parts: [Expression]) throws(PatternError) {
        var jumps: [Int] = []
        for part in parts.dropLast() {
            let split = states.count
            try add(.split(split + 1, 0))
            try add(part)
            jumps.append(states.count)
            try add(.jump(0))
            states[split] = .split(split + 1, states.count)
        }
        try add(parts.last ?? .empty)
        for jump in jumps { states[jump] = .jump(states.count) }
    }

    private mutating func addRepeated(_ part: Expression, min: Int, max: Int?) throws(PatternError) {
        try add(.jump(states.count + 1))
        for _ in 0..<min { try add(part) }
        guard let max else {
            let split = states.count
            try add(.split(split + 1, 0))
            try add(part)
            try add(.jump(split))
            states[split] = .split(split + 1, states.count)
            return
        }
        var splits: [Int] = []
        for _ in min..<max {
            splits.append(states.count)
            try add(.split(states.count + 1, 0))
            try add(part)
        }
        for split in splits { states[split] = .split(split + 1, states.count) }
    }
}
