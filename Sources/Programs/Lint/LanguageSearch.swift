/// Questions about all the texts that patterns and globs accept: is there one at all, one that two of them accept, one
/// that the one accepts and the others do not?
///
/// Every question is the same search: for the shortest text that some automata accept and others refuse. They are
/// walked together (the product construction, made on the way): one that must accept in any one of its states, one
/// that must refuse in the set of all of them. There can be exponentially many such sets, so a question ends without
/// an answer after `maxSteps` looks at a state, and all questions about one file together after `maxTotalSteps`.
struct LanguageSearch {
    enum Answer: Equatable {
        /// There is one; the shortest has so many bytes of UTF-8.
        case shortest(Int)
        case none
        /// The search was given up.
        case unknown
    }

    static let maxSteps = 200_000
    static let maxTotalSteps = 1_000_000

    private(set) var remaining = maxTotalSteps

    /// The shortest text that each of `all` accepts and each of `others` refuses.
    mutating func shortest(acceptedBy all: [Automaton], butNot others: [Automaton] = []) -> Answer {
        let granted = min(remaining, Self.maxSteps)
        var walk = Walk(all: all, others: others, steps: granted)
        let answer = walk.search()
        remaining -= granted - max(walk.steps, 0)
        return answer
    }

    /// Whether it is certain that no text is accepted by all of them.
    mutating func isEmpty(_ all: Automaton...) -> Bool { shortest(acceptedBy: all) == .none }

    /// Whether it is certain that whatever `one` accepts is accepted by one of `others`.
    mutating func isCovered(_ one: Automaton, by others: [Automaton]) -> Bool {
        !others.isEmpty && shortest(acceptedBy: [one], butNot: others) == .none
    }
}

/// Dijkstra's algorithm over the sets of states, with the bytes of the text as the distance.
private struct Walk {
    /// For each automaton the states that it is in, sorted: those that wait for a character or for the end. One of those
    /// that must accept is in a single state.
    typealias Place = [[Int]]

    private let automata: [Automaton]
    /// So many of the first must accept, the rest must not.
    private let wanted: Int
    /// How many more looks at a state are allowed.
    private(set) var steps: Int
    private var visited = Set<Place>()
    /// By the distance from the start.
    private var waiting: [[Place]] = []
    /// In which round a state was last entered, so that a round enters each state once.
    private var entered: [[Int]]
    private var round = 0

    init(all: [Automaton], others: [Automaton], steps: Int) {
        automata = all + others
        wanted = all.count
        self.steps = steps
        entered = automata.map { Array(repeating: 0, count: $0.states.count) }
    }

    mutating func search() -> LanguageSearch.Answer {
        let beginnings: Place = automata.map { _ in [0] }
        let empty = automata.indices.map { closure($0, beginnings[$0], isStart: true, isEnd: true) }
        if steps < 0 { return .unknown }
        if isWanted(empty) { return .shortest(0) }
        let start = automata.indices.map { closure($0, beginnings[$0], isStart: true, isEnd: false) }
        for place in places(start) { extend(place, from: 0) }
        var distance = 1
        while distance < waiting.count {
            for place in waiting[distance] where visited.insert(place).inserted {
                if isAccepted(place) { return steps < 0 ? .unknown : .shortest(distance) }
                extend(place, from: distance)
                if steps < 0 { return .unknown }
            }
            waiting[distance] = []
            distance += 1
        }
        return steps < 0 ? .unknown : .none
    }

    private mutating func isAccepted(_ place: Place) -> Bool {
        isWanted(automata.indices.map { closure($0, place[$0], isStart: false, isEnd: true) })
    }

    private func isWanted(_ place: Place) -> Bool {
        place.indices.allSatisfy { number in
            let accepts = place[number].contains { automata[number].states[$0] == .accept }
            return accepts == (number < wanted)
        }
    }

    /// One step over every kind of character that makes a difference here.
    private mutating func extend(_ place: Place, from distance: Int) {
        for scalar in representatives(of: place) {
            let next = automata.indices.map { number in
                let hit = place[number].filter { automata[number].states[$0].takes(scalar) }
                steps -= place[number].count
                return closure(number, hit.map { $0 + 1 }, isStart: false, isEnd: false)
            }
            if steps < 0 { return }
            let length = UTF8.width(Unicode.Scalar(scalar) ?? " ")
            while waiting.count <= distance + length { waiting.append([]) }
            waiting[distance + length] += places(next)
        }
    }

    /// Every choice of one state for each automaton that must accept; none when one of them has none left.
    private func places(_ reached: Place) -> [Place] {
        var places = [Array(reached[wanted...])]
        for states in reached[..<wanted].reversed() {
            places = states.flatMap { state in places.map { [[state]] + $0 } }
        }
        return places
    }

    /// The least character, which is also the shortest, of every stretch that all waiting states treat alike.
    private func representatives(of place: Place) -> [UInt32] {
        // 0xD800 to 0xDFFF are no characters.
        var borders: Set<UInt32> = [0, 0xE000]
        for number in automata.indices {
            for state in place[number] {
                switch automata[number].states[state] {
                case .literal(let value): borders.formUnion([value, value + 1])
                case .set(let set):
                    for range in set.ranges { borders.formUnion([range.lowerBound, range.upperBound + 1]) }
                default: break
                }
            }
        }
        return borders.filter { Unicode.Scalar($0) != nil }.sorted()
    }

    /// All states that are reached without reading a character.
    private mutating func closure(_ number: Int, _ first: [Int], isStart: Bool, isEnd: Bool) -> [Int] {
        round += 1
        var pending = first
        var reached: [Int] = []
        let states = automata[number].states
        while let state = pending.popLast() {
            guard state < states.count, entered[number][state] != round else { continue }
            entered[number][state] = round
            steps -= 1
            switch states[state] {
            case .literal, .set, .accept: reached.append(state)
            case .split(let one, let other): pending += [other, one]
            case .jump(let target): pending.append(target)
            case .atStart: if isStart { pending.append(state + 1) }
            case .atEnd: if isEnd { pending.append(state + 1) } else { reached.append(state) }
            }
        }
        return reached.sorted()
    }
}

extension Automaton.State {
    fileprivate func takes(_ value: UInt32) -> Bool {
        switch self {
        case .literal(let literal): literal == value
        case .set(let set): set.contains(value)
        case .split, .jump, .atStart, .atEnd, .accept: false
        }
    }
}
