// Flags and options in any order.

extension ArgumentMatcher {
    /// Suggestions cost time; somebody who is wrong this often needs the manual instead.
    private static let maxSuggestions = 20

    mutating func matchFree(_ grammar: GrammarIndex, from start: Int) {
        var level = Level(grammar: grammar, end: arguments.count)
        var position = start
        var onlyPositionals = false
        while position < arguments.count, !isHopeless {
            let text = arguments[position]
            if onlyPositionals {
                level.positionals.append(position)
            } else if text == "--", grammar.hasSeparator {
                onlyPositionals = true
                level.separator = position
            } else if let reading = grammar.readings(text).first {
                position = take(reading, at: position, &level)
            } else if !grammar.commands.isEmpty, !looksLikeOption(text) {
                level.end = position
                finish(&level)
                matchCommand(of: grammar, at: position)
                return
            } else if let last = takeDashed(text, at: position, &level) {
                position = last
            } else {
                level.positionals.append(position)
            }
            position += 1
        }
        if !grammar.commands.isEmpty {
            refuse("a command is required: \(shortList(grammar.commands.map(\.name)))", at: arguments.count)
        }
        finish(&level)
    }

    // MARK: Flags and options

    /// Returns the position of the last argument that was used.
    private mutating func take(_ reading: OptionReading, at position: Int, _ level: inout Level) -> Int {
        let leaf = reading.leaf
        let rule = level.rule(leaf)
        level.use(leaf, at: position)
        if level.counts[leaf] == rule.maxCount + 1 {
            let isPlain = rule.names.contains { arguments[position].utf8.starts(with: $0.utf8) }
            let who = isPlain ? "" : "\(quoted(rule.names[0])) "
            refuse("\(who)may be given at most \(times(rule.maxCount))", at: position)
        }
        if let reason = reading.reason(rule) { refuse(reason, at: position) }
        switch reading {
        case .inline(_, let value): checkValue(value, of: rule, at: position)
        case .separate:
            guard position + 1 < arguments.count else {
                refuse("needs a value behind it; accepted: \(rule.value?.summary ?? "")", at: position)
                return position
            }
            checkValue(arguments[position + 1], of: rule, at: position + 1)
            return position + 1
        case .flag, .unwantedValue, .misplacedValue, .missingInlineValue: break
        }
        return position
    }

    /// What begins with `-` and is no name. A text that a rule names is more exact than a cluster, a cluster more
    /// exact than a number. Returns the position of the last argument that was used, or `nil` for a positional.
    private mutating func takeDashed(_ text: String, at position: Int, _ level: inout Level) -> Int? {
        guard looksLikeOption(text), !level.grammar.namesDashed(text) else { return nil }
        let cluster = level.grammar.cluster(text)
        let unknown = cluster?.unknownLetter
        if let cluster, unknown == nil { return take(cluster, at: position, &level) }
        if level.grammar.allowsDashedPositional(text) { return nil }
        return refuseUnknown(at: position, cluster, &level)
    }

    private mutating func take(_ cluster: GrammarIndex.Cluster, at position: Int, _ level: inout Level) -> Int {
        cluster.readings.reduce(position) { _, reading in take(reading, at: position, &level) }
    }

    /// If the argument is nearly an option with a value, the value is passed over: it is not a second mistake. If it is
    /// nearly a name, it is no cluster; otherwise the letters that are known count, so that they are not missed.
    private mutating func refuseUnknown(
        at position: Int, _ attempt: GrammarIndex.Cluster?, _ level: inout Level
    ) -> Int {
        let name = String(arguments[position].prefix { $0 != "=" })
        let names = foundCount < Self.maxSuggestions ? level.grammar.leavesByName.keys.map(\.text).sorted() : []
        let cluster =
            attempt?.unknownLetter.map { ", and no flag or option is the letter \(quoted($0)) of a cluster" } ?? ""
        refuse(
            "no rule accepts it\(cluster)\(suggestion(for: name, among: names, else: ";")) \(level.accepted)",
            at: position)
        guard let near = nearest(to: name, among: names), let leaf = level.grammar.leavesByName[ExactText(near)]?.first
        else { return use(attempt?.readings ?? [], at: position, &level) }
        level.use(leaf, at: position)
        guard case .option(_, _, let forms) = level.rule(leaf).kind, forms.contains(.separate),
            name == arguments[position], position + 1 < arguments.count
        else { return position }
        return position + 1
    }

    /// The letters of an argument that was refused already. Returns the position of the last argument that was used.
    private mutating func use(_ letters: [OptionReading], at position: Int, _ level: inout Level) -> Int {
        for letter in letters { level.use(letter.leaf, at: position) }
        guard case .separate(let leaf)? = letters.last, position + 1 < arguments.count else { return position }
        checkValue(arguments[position + 1], of: level.rule(leaf), at: position + 1)
        return position + 1
    }

    // MARK: The rest

    private mutating func finish(_ level: inout Level) {
        let before = foundCount
        let isDivided = matchPositionals(&level)
        checkWholeList(level)
        // What cannot be divided must never pass, even if every single value looks right.
        if !isDivided, foundCount == before {
            refuse("the arguments cannot be divided among the rules; \(level.accepted)", at: level.end)
        }
    }

    /// Whether every positional found a rule and every rule its positionals.
    private mutating func matchPositionals(_ level: inout Level) -> Bool {
        let match = PositionalMatch(level: level, arguments: arguments, files: files)
        // A list of the right shape is told which of its files are missing.
        let solution = match.solve() ?? PositionalMatch(level: level, arguments: arguments, files: nil).solve()
        let outcome = solution ?? match.bestEffort()
        for (position, leaf) in outcome.assigned where !isHopeless {
            level.use(leaf, at: position)
            checkValue(arguments[position], of: level.grammar.leaves[leaf], at: position)
        }
        for position in outcome.left where !isHopeless { refuse("no rule accepts it; \(level.accepted)", at: position) }
        for missing in outcome.missing { refuseMissing(missing, level) }
        return solution != nil
    }
}
