// Every rule at its place.

extension ArgumentMatcher {
    mutating func matchFixed(_ grammar: GrammarIndex, from start: Int) {
        let strict = FixedAttempt.best(grammar, arguments, files: files, from: start, checksValues: true)
        if let end = strict.end {
            accept(strict, upTo: end)
            if end < arguments.count { matchCommand(of: grammar, at: end) }
            return
        }
        // With the values left out of account, every wrong value of a list of the right shape can be named.
        let before = foundCount
        let shape = FixedAttempt.best(grammar, arguments, files: files, from: start, checksValues: false)
        if let end = shape.end { accept(shape, upTo: end) }
        if foundCount == before {
            let (position, reason) = strict.reason
            refuse(reason, at: position)
        }
        if shape.end == nil, shape.match.furthest > strict.match.furthest {
            let (position, reason) = shape.reason
            refuse(reason, at: position)
        }
    }

    private mutating func accept(_ attempt: FixedAttempt, upTo end: Int) {
        var level = Level(grammar: attempt.grammar, end: end)
        for take in attempt.division.takes(endingAt: end) ?? [] where !isHopeless {
            level.use(take.leaf, at: take.place)
            let rule = attempt.grammar.leaves[take.leaf]
            if take.length == 2 {
                checkValue(arguments[take.place + 1], of: rule, at: take.place + 1)
            } else if case .inline(_, let value)? = attempt.match.reading(take.leaf, at: take.place) {
                checkValue(value, of: rule, at: take.place)
            } else if rule.isPositional {
                checkValue(arguments[take.place], of: rule, at: take.place)
            }
        }
        checkReferences(level)
    }
}

/// One attempt to divide the arguments.
struct FixedAttempt {
    let grammar: GrammarIndex
    let division: Division<FixedMatch>
    /// Where the list ends, if it matches: behind the last argument, or at the name of a command.
    let end: Int?

    var match: FixedMatch { division.taker }

    /// With `--` at its place if that leads to the end, otherwise without, otherwise what got further.
    static func best(
        _ grammar: GrammarIndex, _ arguments: [String], files: RequestedFiles, from start: Int, checksValues: Bool
    ) -> FixedAttempt {
        let match = FixedMatch(grammar, arguments, files: files, from: start, checksValues: checksValues)
        let without = { FixedAttempt(match, from: start, hasSeparator: false) }
        guard grammar.hasSeparator, arguments[start...].contains("--") else { return without() }
        let with = FixedAttempt(match, from: start, hasSeparator: true)
        if with.end != nil { return with }
        let other = without()
        return other.end != nil || other.match.furthest > with.match.furthest ? other : with
    }

    private init(_ match: FixedMatch, from start: Int, hasSeparator: Bool) {
        let arguments = match.arguments
        grammar = match.grammar
        division = Division(
            grammar, count: arguments.count, from: start, hasSeparator: hasSeparator, taker: match)
        let ends = division.ends
        if grammar.commands.isEmpty {
            end = ends.contains(arguments.count) ? arguments.count : nil
        } else {
            let names = Set(grammar.commands.map { ExactText($0.name) })
            end = (start..<arguments.count).last { ends.contains($0) && names.contains(ExactText(arguments[$0])) }
        }
    }

    // MARK: Why not

    /// Where the attempt got stuck, and what would have been accepted there.
    var reason: (position: Int, sentence: String) {
        let position = match.furthest
        let expected = match.expected
        if position == match.arguments.count { return (position, missing) }
        if match.reasons.count == 1 { return (position, match.reasons[0]) }
        let text = match.arguments[position]
        let mayEnd = division.ends.contains(position)
        let commands = mayEnd ? grammar.commands.map(\.name) : []
        if expected.isEmpty, !commands.isEmpty, !looksLikeOption(text) {
            return (
                position,
                "not a command\(suggestion(for: text, among: commands, else: ";")) commands: \(shortList(commands))"
            )
        }
        let usages = expected.map { grammar.leaves[$0].usage } + commands
        let accepted = usages.isEmpty ? "nothing more" : shortList(usages)
        let isElsewhere = !grammar.readings(text).isEmpty && !expected.contains { grammar.reads(text, as: $0) }
        if let most = exceeded(at: position) { return (position, "may be given at most \(times(most))") }
        if isElsewhere { return (position, "stands at the wrong place; accepted here: \(accepted)") }
        let hint = suggestion(for: text, among: grammar.leaves.flatMap(\.names) + commands, else: ";")
        return (position, "no rule accepts it here\(hint) accepted here: \(accepted)")
    }

    /// The most times that the flag or option there may be given, if the arguments before it are so many of it in a row
    /// and it has no other place.
    private func exceeded(at position: Int) -> Int? {
        let readings = grammar.readings(match.arguments[position])
        guard readings.count == 1, let leaf = readings.first?.leaf,
            let node = grammar.nodes.firstIndex(where: { $0.kind == .rule(leaf) }),
            let passage = division.passages[node]
        else { return nil }
        let most = grammar.leaves[leaf].maxCount
        var place = position
        for _ in 0..<most {
            guard let before = [place - 1, place - 2].first(where: { $0 >= 0 && passage.next($0) == place }) else {
                return nil
            }
            place = before
        }
        return most
    }

    /// What the end of the arguments lacks.
    private var missing: String {
        let count = match.arguments.count
        if division.ends.contains(count) {
            return "a command is required: \(shortList(grammar.commands.map(\.name)))"
        }
        let open = grammar.nodes[0].children.first { node in
            guard let passage = division.passages[node] else { return false }
            return !passage.canSkip && passage.starts.contains(count)
        }
        if let open {
            if case .rule(let leaf) = grammar.nodes[open].kind {
                return grammar.leaves[leaf].missing(grammar.leaves[leaf].minCount)
            }
            let members = grammar.nodes[open].children.map { quoted(grammar.usage($0)) }
            return "one of \(shortList(members)) is required"
        }
        return "more is required; accepted here: \(shortList(match.expected.map { grammar.leaves[$0].usage }))"
    }
}

extension GrammarIndex {
    fileprivate func reads(_ text: String, as leaf: Int) -> Bool { readings(text).contains { $0.leaf == leaf } }
}
