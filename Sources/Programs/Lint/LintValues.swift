extension Lint {
    // MARK: Values that cannot be given

    mutating func lintValue(of placed: PlacedRules.Placed) {
        guard let value = placed.rule.value else { return }
        lintValue(value, at: "\(placed.keyPath).value", of: placed.name)
    }

    mutating func lintValue(_ value: ValueRule, at keyPath: String, of name: String) {
        switch value {
        case .string(let pattern?, let maxBytes): lint(pattern, maxBytes, at: keyPath, of: name)
        case .choice(let texts):
            for text in texts where text.utf8.count > ValueRule.maxBytes {
                warn(keyPath, "\(quoted(text)) can never be given: no value is longer than \(ValueRule.maxBytes) bytes")
            }
        case .file(let direction, let names): lint(direction, names, at: keyPath, of: name)
        case .size(let range, let units): lint(units, of: .size, range, at: keyPath)
        case .duration(let range, let units): lint(units, of: .duration, range, at: keyPath)
        case .list(let separator, let element, _):
            lintValue(element, at: "\(keyPath).list.of", of: name)
            lintElement(element, separator, at: keyPath)
        case .integer, .decimal, .string, .date: break
        }
    }

    private mutating func lint(
        _ units: [String], of kind: QuantityKind, _ range: ClosedRange<Int64>, at keyPath: String
    ) {
        for unit in units where kind.numbers(before: unit, in: range) == nil {
            warn(
                keyPath,
                "the unit \(quoted(unit)) can never be given: no whole number of it is from \(kind.format(range.lowerBound)) to \(kind.format(range.upperBound)); leave it out"
            )
        }
    }

    private mutating func lint(_ pattern: Pattern, _ maxBytes: Int, at keyPath: String, of name: String) {
        switch search.shortest(acceptedBy: [pattern.automaton]) {
        case .none:
            warn(keyPath, "\(name) can never be given: no text matches the pattern \(pattern.source)")
        case .shortest(let bytes) where bytes > maxBytes:
            warn(
                keyPath,
                "\(name) can never be given: the shortest text that matches the pattern has \(bytes) bytes, but max is \(maxBytes)"
            )
        case .shortest, .unknown: break
        }
    }

    private mutating func lint(_ direction: FileDirection, _ names: NameFilter, at keyPath: String, of name: String) {
        if names != .any, names.languages.allSatisfy({ isEmpty($0, .fileName, names) }) {
            let which = names.patterns.isEmpty ? "" : " that matches \(names.quotedPatterns)"
            let reason =
                names.exceptions.isEmpty
                ? "no possible file name matches \(names.quotedPatterns)"
                : "'except' leaves no possible file name\(which)"
            warn(keyPath, "\(name) can never be given: \(reason)")
            return
        }
        guard direction == .input else { return }
        let rules = program.inputRules
        if rules.isEmpty {
            warn(
                keyPath,
                "\(name) can never be given: it names an input file, but the file has no 'inputs'; add a rule there, or write {file: output}"
            )
            return
        }
        guard names != .any else { return }
        for rule in rules {
            for language in names.languages where !isEmpty(language, rule.path.language, names) { return }
        }
        let which = names.patterns.isEmpty ? "" : " that matches \(names.quotedPatterns)"
        let left = names.exceptions.isEmpty ? "" : which.isEmpty ? " that 'except' leaves" : " and that 'except' leaves"
        warn(keyPath, "\(name) can never be given: no rule of 'inputs' accepts a file name\(which)\(left)")
    }

    /// Whether it is certain that no text is in both languages and none of the exceptions.
    private mutating func isEmpty(_ one: Automaton, _ other: Automaton, _ names: NameFilter) -> Bool {
        search.shortest(acceptedBy: [one, other], butNot: names.exceptions.map(\.language)) == .none
    }

    private mutating func lintElement(_ element: ValueRule, _ separator: String, at keyPath: String) {
        switch element {
        case .choice(let texts):
            for text in texts where text.utf8.contains(where: separator.utf8.contains) {
                warn(
                    keyPath,
                    "\(quoted(text)) can never be given: it contains \(quoted(separator)), which separates the values; choose another separator"
                )
            }
        case .string(let pattern?, _) where search.isEmpty(pattern.automaton, .without(separator)):
            // An empty language has been named already.
            guard !search.isEmpty(pattern.automaton) else { return }
            warn(
                keyPath,
                "no value can ever be given: whatever matches \(pattern.source) contains \(quoted(separator)), which separates the values"
            )
        case .date where separator == "-":
            warn(keyPath, "no value can ever be given: a date contains '-', which separates the values")
        case .integer, .decimal, .string, .file, .duration, .size, .date, .list: break
        }
    }

    // MARK: Values that are taken for something else

    mutating func lintReach(of placed: PlacedRules.Placed, in grammar: ArgumentGrammar, hasSeparator: Bool) {
        switch placed.rule.kind {
        case .flag: break
        case .literal(let text):
            guard !hasSeparator, let winner = grammar.index.option(taking: text) else { return }
            warn(
                placed.keyPath,
                "\(quoted(text)) can never be given: \(quoted(winner.usage)) takes this text first; remove one of the two"
            )
        case .positional(_, let value):
            if !hasSeparator { lintPositional(value, placed, grammar) }
        case .option(let names, let value, let forms):
            if forms == [.attached] { lintAttached(names, value, placed, grammar) }
        }
    }

    private mutating func lintPositional(
        _ value: ValueRule, _ placed: PlacedRules.Placed, _ grammar: ArgumentGrammar
    ) {
        switch value {
        case .choice(let texts):
            for text in texts {
                guard let winner = grammar.index.option(taking: text) else { continue }
                warn(
                    "\(placed.keyPath).value",
                    "\(quoted(text)) can never be given: \(quoted(winner.usage)) takes this text first; remove one of the two"
                )
            }
        case .string(let pattern?, _) where !grammar.namesDashedTexts:
            guard search.isEmpty(pattern.automaton, .undashed), !search.isEmpty(pattern.automaton) else { return }
            warn(
                "\(placed.keyPath).value",
                "\(placed.name) can never be given: all that matches \(pattern.source) begins with '-' and is refused as an unknown option; write a choice, an option or {separator: true}"
            )
        default: break
        }
    }

    /// A longer name, or a whole one, counts before a name with something attached.
    private mutating func lintAttached(
        _ names: [String], _ value: ValueRule, _ placed: PlacedRules.Placed, _ grammar: ArgumentGrammar
    ) {
        switch value {
        case .choice(let texts):
            for text in texts {
                let winners = names.map { text.isEmpty ? nil : grammar.index.option(taking: $0 + text) }
                guard winners.allSatisfy({ $0 != placed.rule }) else { continue }
                let winner = winners.compactMap { $0 }.first
                let reason = winner.map { "\(quoted($0.usage)) takes \(quoted(names[0] + text)) first" }
                warn(
                    "\(placed.keyPath).value",
                    "\(quoted(text)) can never be given: \(reason ?? "nothing would be attached"); remove one of the two"
                )
            }
        case .string(let pattern?, _):
            let rivals = names.map { name in
                grammar.attachedNames(longerThan: name).map { ($0, $0.utf8.count - name.utf8.count) }
            }
            for (name, longer) in zip(names, rivals) where !longer.isEmpty {
                let rests = longer.map {
                    Automaton.longer(than: String(decoding: $0.0.utf8.suffix($0.1), as: UTF8.self))
                }
                guard search.isCovered(pattern.automaton, by: rests), !search.isEmpty(pattern.automaton) else {
                    continue
                }
                warn(
                    placed.keyPath,
                    "\(quoted(name)) can never be given: \(quoted(longer[0].0)) is the longer name of all that its pattern allows, and counts first"
                )
            }
        default: break
        }
    }
}

extension NameFilter {
    /// What each of its patterns matches.
    fileprivate var languages: [Automaton] { patterns.isEmpty ? [.fileName] : patterns.map(\.language) }

    fileprivate var quotedPatterns: String { shortList(patterns.map { quoted($0.source) }) }
}

extension ArgumentGrammar {
    /// Whether some positional may begin with `-`: the matcher then lets such a text through to all of them.
    fileprivate var namesDashedTexts: Bool {
        index.leaves.contains { rule in
            switch rule.kind {
            case .literal(let text): looksLikeOption(text)
            case .positional(_, .choice(let texts)): texts.contains(where: looksLikeOption)
            case .positional(_, .integer), .positional(_, .decimal): true
            case .positional, .flag, .option: false
            }
        }
    }

    fileprivate func attachedNames(longerThan name: String) -> [String] {
        index.leaves.flatMap { rule -> [String] in
            guard case .option(let names, _, let forms) = rule.kind, forms.contains(.attached) else { return [] }
            return names.filter { $0.utf8.count > name.utf8.count && $0.utf8.starts(with: name.utf8) }
        }
    }
}

extension GrammarIndex {
    /// The flag or option as which the matcher would read a text.
    fileprivate func option(taking text: String) -> ArgumentRule? {
        readings(text).first.map { leaves[$0.leaf] }
    }
}
