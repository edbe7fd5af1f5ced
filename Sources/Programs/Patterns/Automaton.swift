// Patterns and globs run here: Thompson's construction, simulated with all states at once (Pike). A text of n
// characters costs at most n × states steps, whatever the author wrote; nothing is ever tried twice.

/// A set of characters as ranges of code points.
struct CharacterSet: Sendable, Equatable {
    var ranges: [ClosedRange<UInt32>] = []
    var isNegated = false

    func contains(_ value: UInt32) -> Bool {
        for range in ranges where range.contains(value) { return !isNegated }
        return isNegated
    }
}

/// A non-deterministic automaton over code points, always anchored at both ends of the text.
struct Automaton: Sendable, Equatable {
    enum State: Sendable, Equatable {
        case literal(UInt32)
        case set(CharacterSet)
        case split(Int, Int)
        case jump(Int)
        case atStart, atEnd
        case accept
    }

    /// More states than this are refused, so that the cost of one text is bounded by its length.
    static let maxStates = 1000

    var states: [State] = []

    func matches(_ text: String) -> Bool { simulate(text).isMatch }

    /// Runs the automaton and counts the states it looked at: at most `states.count` for each position of the text.
    func simulate(_ text: String) -> (isMatch: Bool, steps: Int) {
        var run = Simulation(automaton: self)
        run.enter(0, at: .start(isEnd: text.isEmpty))
        var rest = text.unicodeScalars.makeIterator()
        var next = rest.next()
        while let scalar = next, !run.current.isEmpty {
            next = rest.next()
            run.advance(over: scalar.value, isEnd: next == nil)
        }
        return (next == nil && run.isAccepting, run.steps)
    }
}

/// One text's way through an automaton.
private struct Simulation {
    struct Place {
        var isStart: Bool
        var isEnd: Bool
        static func start(isEnd: Bool) -> Place { Place(isStart: true, isEnd: isEnd) }
    }

    let automaton: Automaton
    /// States that wait for the next character.
    private(set) var current: [Int] = []
    private(set) var isAccepting = false
    private(set) var steps = 0
    /// In which round a state was last entered, so that a round enters each state once.
    private var entered: [Int]
    private var round = 1
    private var pending: [Int] = []

    init(automaton: Automaton) {
        self.automaton = automaton
        entered = Array(repeating: 0, count: automaton.states.count)
    }

    mutating func advance(over value: UInt32, isEnd: Bool) {
        let waiting = current
        current.removeAll(keepingCapacity: true)
        isAccepting = false
        round += 1
        for state in waiting {
            let isHit =
                switch automaton.states[state] {
                case .literal(let literal): literal == value
                case .set(let set): set.contains(value)
                default: false
                }
            if isHit { enter(state + 1, at: Place(isStart: false, isEnd: isEnd)) }
        }
    }

    /// Enters a state and all that it reaches without reading a character.
    mutating func enter(_ first: Int, at place: Place) {
        pending.append(first)
        while let state = pending.popLast() {
            guard entered[state] != round else { continue }
            entered[state] = round
            steps += 1
            switch automaton.states[state] {
            case .literal, .set: current.append(state)
            case .split(let one, let other): pending += [other, one]
            case .jump(let target): pending.append(target)
            case .atStart: if place.isStart { pending.append(state + 1) }
            case .atEnd: if place.isEnd { pending.append(state + 1) }
            case .accept: isAccepting = true
            }
        }
    }
}
