/// Says what single rules take; `Division` finds out how they share the arguments.
protocol Taking {
    /// Whether the rule takes its arguments at its place. What has no place is passed over.
    func hasPlace(_ leaf: Int) -> Bool

    /// Whether any rule among these was used at no place of its own, which decides for its member of `one_of`.
    func isUsed(_ leaves: Range<Int>) -> Bool

    /// How many arguments the rule takes there: 0 for none, 1, or 2 for an option with its value behind it.
    mutating func length(of leaf: Int, at place: Int, behindSeparator: Bool) -> Int

    func isSeparator(at place: Int) -> Bool
}

/// Divides a row of arguments among the rules of a grammar.
///
/// Rules may be optional, repeated and alternatives of each other, so there can be many divisions. This goes through
/// the rules once, keeping for each of them every place that it can begin and end at; each rule is asked at most once
/// about each place, so it costs (arguments × rules) steps and never more. The way back through these sets is one
/// division.
struct Division<Taker: Taking> {
    /// A rule and the arguments that it takes once.
    struct Take {
        var leaf: Int
        var place: Int
        var length: Int
    }

    /// What is known of a node once it was gone through.
    struct Passage {
        /// Where it can begin; of these, where something of the same parent was taken before.
        var starts: PlaceSet
        var startsBehindOthers: PlaceSet
        /// Where it can end when it takes something.
        var ends: PlaceSet
        /// Whether it may also take nothing.
        var canSkip = false
        /// Of a rule: where it takes one argument, and where two.
        var ones: PlaceSet
        var twos: PlaceSet
    }

    let grammar: GrammarIndex
    let count: Int
    /// Whether `--` is there, at its place in a fixed order; without it, nothing is behind it.
    let hasSeparator: Bool
    private(set) var taker: Taker
    private(set) var passages: [Passage?]
    private let none: PlaceSet
    private var isBehindSeparator = false

    /// Goes through all rules, the first of which begins at `start`.
    init(_ grammar: GrammarIndex, count: Int, from start: Int = 0, hasSeparator: Bool = false, taker: Taker) {
        self.grammar = grammar
        self.count = count
        self.hasSeparator = hasSeparator
        self.taker = taker
        none = PlaceSet(upTo: count)
        passages = Array(repeating: nil, count: grammar.nodes.count)
        var starts = none
        starts.insert(start)
        pass(0, from: starts, behindOthers: none, isChosen: true)
    }

    /// The places that a division of all rules can end at.
    var ends: PlaceSet {
        guard let root = passages[0] else { return none }
        var ends = root.ends
        if root.canSkip { ends.formUnion(root.starts) }
        return ends
    }

    // MARK: Forwards

    /// - Parameter isChosen: Whether the node is certain to be part of the division, so that the flags that it lacks
    ///   can be complained about elsewhere; a member of `one_of` that is only possible is no choice without them.
    private mutating func pass(_ node: Int, from starts: PlaceSet, behindOthers: PlaceSet, isChosen: Bool) {
        var passage = Passage(starts: starts, startsBehindOthers: behindOthers, ends: none, ones: none, twos: none)
        defer { passages[node] = passage }
        guard !starts.isEmpty else { return }
        switch grammar.nodes[node].kind {
        case .rule(let leaf):
            let rule = grammar.leaves[leaf]
            passage.canSkip = rule.minCount == 0 || (isChosen && !taker.hasPlace(leaf))
            if taker.hasPlace(leaf) { take(leaf, rule, &passage) }
        case .oneOf(let required): passOne(node, isRequired: required, &passage)
        case .allOf: passAll(node, isChosen: isChosen, &passage)
        case .separator: passSeparator(&passage)
        }
    }

    private mutating func passOne(_ node: Int, isRequired: Bool, _ passage: inout Passage) {
        let members = grammar.nodes[node].children
        let used = members.filter { taker.isUsed(grammar.nodes[$0].leaves) }
        passage.canSkip = used.isEmpty && !isRequired
        for member in used.isEmpty ? members : used {
            pass(member, from: passage.starts, behindOthers: none, isChosen: !used.isEmpty)
            guard let result = passages[member] else { continue }
            passage.ends.formUnion(result.ends)
            if !used.isEmpty, result.canSkip { passage.canSkip = true }
        }
    }

    private mutating func passAll(_ node: Int, isChosen: Bool, _ passage: inout Passage) {
        passage.canSkip = true
        for child in grammar.nodes[node].children {
            var starts = passage.ends
            if passage.canSkip { starts.formUnion(passage.starts) }
            pass(child, from: starts, behindOthers: passage.ends, isChosen: isChosen)
            guard let result = passages[child] else { continue }
            if !result.canSkip {
                passage.ends = none
                passage.canSkip = false
            }
            passage.ends.formUnion(result.ends)
        }
    }

    private mutating func passSeparator(_ passage: inout Passage) {
        passage.canSkip = !hasSeparator
        guard hasSeparator else { return }
        isBehindSeparator = true
        var place = passage.starts.next(from: 0)
        while let here = place {
            if taker.isSeparator(at: here) { passage.ends.insert(here + 1) }
            place = passage.starts.next(from: here + 1)
        }
    }

    /// Follows the rule from all its starts at once. `rounds` is how often it may still be repeated at a place: of
    /// several ways to get there, the one that may go on longest is the only one that matters.
    private mutating func take(_ leaf: Int, _ rule: ArgumentRule, _ passage: inout Passage) {
        // No step is longer than two places, so four are all that can be ahead.
        var rounds = [0, 0, 0, 0]
        var pending = passage.starts
        var place = pending.next(from: 0)
        while let here = place {
            place = pending.next(from: here + 1)
            let left = max(passage.starts.contains(here) ? rule.maxCount : 0, rounds[here & 3])
            rounds[here & 3] = 0
            guard left > 0 else { continue }
            let length = taker.length(of: leaf, at: here, behindSeparator: isBehindSeparator)
            guard length > 0 else { continue }
            if length == 1 { passage.ones.insert(here) } else { passage.twos.insert(here) }
            passage.ends.insert(here + length)
            rounds[(here + length) & 3] = max(left - 1, rounds[(here + length) & 3])
            pending.insert(here + length)
            place = pending.next(from: here + 1)
        }
        if rule.minCount > 1 { passage.ends = ends(rule.minCount...max(rule.minCount, rule.maxCount), passage) }
    }

    /// The ends of a rule that must be repeated: the first `least` steps are jumped over, the others followed.
    private func ends(_ range: ClosedRange<Int>, _ passage: Passage) -> PlaceSet {
        let jumps = jumps(range.lowerBound, passage)
        var rounds = Array(repeating: -1, count: count + 1)
        var start = passage.starts.next(from: 0)
        while let here = start {
            if jumps[here] >= 0 { rounds[jumps[here]] = range.upperBound - range.lowerBound }
            start = passage.starts.next(from: here + 1)
        }
        var ends = none
        for place in 0...count where rounds[place] >= 0 {
            ends.insert(place)
            let next = passage.next(place)
            if next >= 0 { rounds[next] = max(rounds[next], rounds[place] - 1) }
        }
        return ends
    }

    /// Where `steps` steps lead to from each place, or -1; by repeated doubling.
    private func jumps(_ steps: Int, _ passage: Passage) -> [Int] {
        func joined(_ first: [Int], _ second: [Int]) -> [Int] { first.map { $0 < 0 ? -1 : second[$0] } }
        var result = Array(0...count)
        var power = (0...count).map(passage.next)
        var rest = steps
        while rest > 0 {
            if rest & 1 == 1 { result = joined(result, power) }
            rest >>= 1
            if rest > 0 { power = joined(power, power) }
        }
        return result
    }
}

extension Division.Passage {
    /// Where taking once at this place leads to, or -1.
    func next(_ place: Int) -> Int {
        ones.contains(place) ? place + 1 : twos.contains(place) ? place + 2 : -1
    }
}
