/// Divides the positional arguments among the positional rules.
///
/// Rules may be optional or repeated, so there can be many divisions; `solve` finds one by going through the rules
/// and keeping, for each, every position that it can end at. That costs (positionals × rules) steps, never more.
struct PositionalMatch {
    struct Outcome {
        /// Position in the argument list, and the leaf that takes it.
        var assigned: [(position: Int, leaf: Int)] = []
        /// Positions that no rule takes.
        var left: [Int] = []
        /// Sentences about what is not there.
        var missing: [String] = []
    }

    let level: Level
    let arguments: [String]

    private var slots: [GrammarIndex.Slot] { level.grammar.slots }
    private var count: Int { level.positionals.count }

    /// A division in which every rule is satisfied, or `nil` if there is none.
    func solve() -> Outcome? {
        var reached: [[Bool]] = [[true] + Array(repeating: false, count: count)]
        for slot in slots {
            var ends = canSkip(slot) ? reached[reached.count - 1] : Array(repeating: false, count: count + 1)
            for leaf in usable(slot) { extend(&ends, from: reached[reached.count - 1], by: leaf) }
            reached.append(ends)
        }
        return reached[slots.count][count] ? traceBack(reached) : nil
    }

    /// In `one_of`, positionals are out of the question once another member has been used.
    private func usable(_ slot: GrammarIndex.Slot) -> [Int] {
        guard let group = slot.group else { return slot.alternatives }
        return level.grammar.groups[group].members.contains { level.counts[$0] > 0 } ? [] : slot.alternatives
    }

    private func canSkip(_ slot: GrammarIndex.Slot) -> Bool {
        guard let group = slot.group else { return level.rule(slot.alternatives[0]).minCount == 0 }
        return !level.grammar.groups[group].isRequired || usable(slot).isEmpty
    }

    /// A member of `one_of` that is used at all is used at least once.
    private func range(_ leaf: Int) -> ClosedRange<Int> {
        let rule = level.rule(leaf)
        let least = max(1, rule.minCount)
        return least...max(least, rule.maxCount)
    }

    /// Marks every end that `leaf` reaches from a start, in one pass: `starts` before an end are counted by prefix
    /// sums, and `run` is how many positionals before it are possible values without a gap.
    private func extend(_ ends: inout [Bool], from starts: [Bool], by leaf: Int) {
        let range = range(leaf)
        var sums = [0]
        for isStart in starts { sums.append(sums[sums.count - 1] + (isStart ? 1 : 0)) }
        var run = 0
        for end in 1..<max(1, count + 1) {
            let first = end - min(range.upperBound, run + 1)
            let hasStart = sums[end] > sums[first]
            run = hasStart && accepts(leaf, end - 1) ? run + 1 : 0
            guard run >= range.lowerBound else { continue }
            let from = end - min(range.upperBound, run)
            if sums[end - range.lowerBound + 1] > sums[from] { ends[end] = true }
        }
    }

    /// From the end backwards; the later rules take as little as possible, so the earlier ones take as much.
    private func traceBack(_ reached: [[Bool]]) -> Outcome {
        var outcome = Outcome()
        var end = count
        for number in slots.indices.reversed() {
            let starts = reached[number]
            if canSkip(slots[number]), starts[end] { continue }
            for leaf in usable(slots[number]) {
                guard let start = start(of: leaf, end: end, starts) else { continue }
                outcome.assigned += (start..<end).map { (level.positionals[$0], leaf) }
                end = start
                break
            }
        }
        outcome.assigned.sort { $0.position < $1.position }
        return outcome
    }

    private func start(of leaf: Int, end: Int, _ starts: [Bool]) -> Int? {
        let range = range(leaf)
        var start = end
        while start > 0, end - start < range.upperBound, accepts(leaf, start - 1) {
            start -= 1
            if end - start >= range.lowerBound, starts[start] { return start }
        }
        return nil
    }

    private func accepts(_ leaf: Int, _ positional: Int) -> Bool {
        let text = arguments[level.positionals[positional]]
        switch level.rule(leaf).kind {
        case .literal(let literal): return isSame(literal, text)
        case .positional(_, let value):
            var files: [NamedFile] = []
            return value.reasonToRefuse(text, files: &files) == nil
        case .flag, .option: return false
        }
    }

    // MARK: When there is no division

    /// The division by counts alone that a reader would make: each rule takes what it may, leaving the later ones
    /// what they must have. Checking its values then gives the reasons for the refusal.
    func bestEffort() -> Outcome {
        var outcome = Outcome()
        var next = 0
        for (number, slot) in slots.enumerated() {
            let later = slots[(number + 1)...].reduce(0) { $0 + minimum($1) }
            guard let leaf = usable(slot).first(where: { next < count && accepts($0, next) }) ?? usable(slot).first
            else { continue }
            let taken = max(0, min(range(leaf).upperBound, count - next - later))
            let least = minimum(slot)
            let share = min(max(taken, min(least, count - next)), count - next)
            outcome.assigned += (next..<(next + share)).map { (level.positionals[$0], leaf) }
            next += share
            if share < least, slot.group == nil { outcome.missing.append(missing(leaf, least)) }
        }
        outcome.left = (next..<count).map { level.positionals[$0] }
        return outcome
    }

    private func minimum(_ slot: GrammarIndex.Slot) -> Int {
        if slot.group == nil { return level.rule(slot.alternatives[0]).minCount }
        return canSkip(slot) ? 0 : usable(slot).map { range($0).lowerBound }.min() ?? 0
    }

    private func missing(_ leaf: Int, _ least: Int) -> String {
        let rule = level.rule(leaf)
        let accepted = rule.value.map { " (\($0.summary))" } ?? ""
        let often = least == 1 ? "" : " \(least) times"
        return "\(quoted(rule.usage))\(accepted) is required\(often)"
    }
}
