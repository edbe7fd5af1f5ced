/// Writes argument lists that a grammar accepts, and changes them.
struct ListWriter {
    let grammar: GrammarModel

    /// `nil` when the choices that were made leave no list, such as a rule that conflicts with a required one.
    func accepted(_ dice: inout Dice) -> [String]? {
        var chunks: [Chunk] = []
        for item in grammar.items { guard write(item, isNeeded: false, into: &chunks, &dice) else { return nil } }
        let used = Set(chunks.map(\.rule))
        let rules = grammar.rules.filter { used.contains($0.number) }
        let names = Set(rules.flatMap(\.names))
        guard rules.allSatisfy({ names.isSuperset(of: $0.requires) && names.isDisjoint(with: $0.conflicts) }) else {
            return nil
        }
        let list = arranged(chunks, &dice)
        guard let (name, inner) = dice.pickIfAny(grammar.commands) else { return list }
        return ListWriter(grammar: inner).accepted(&dice).map { list + [name] + $0 }
    }

    /// One use of a rule.
    private struct Chunk {
        var rule: Int
        var words: [String]
        var isPositional: Bool
        /// The letter of a flag or option that may stand in a cluster.
        var letter: String?
    }

    /// - Parameter isNeeded: Whether at least one use must come of it.
    private func write(_ item: ItemModel, isNeeded: Bool, into chunks: inout [Chunk], _ dice: inout Dice) -> Bool {
        switch item {
        case .rule(let rule):
            let count = dice.number(max(rule.min, isNeeded ? 1 : 0)...rule.max)
            for _ in 0..<count {
                guard let chunk = chunk(rule, &dice) else { return false }
                chunks.append(chunk)
            }
            return true
        case .oneOf(let members, let required):
            if !required, !isNeeded, dice.once(in: 2) { return true }
            return write(dice.pick(members), isNeeded: true, into: &chunks, &dice)
        case .allOf(let parts):
            let before = chunks.count
            for part in parts where !write(part, isNeeded: false, into: &chunks, &dice) { return false }
            return chunks.count > before
        case .command, .separator: return true
        }
    }

    private func chunk(_ rule: RuleModel, _ dice: inout Dice) -> Chunk? {
        switch rule.kind {
        case .flag(let names):
            let name = dice.pick(names)
            return Chunk(rule: rule.number, words: [name], isPositional: false, letter: Self.letter(name))
        case .literal(let text): return Chunk(rule: rule.number, words: [text], isPositional: true)
        case .argument(_, let value):
            return value.example(&dice).map { Chunk(rule: rule.number, words: [$0], isPositional: true) }
        case .option(let names, let value, let forms, _):
            let name = dice.pick(names)
            guard let text = value.example(&dice) else { return nil }
            switch dice.pick(RuleModel.Form.allCases.filter(forms.contains)) {
            case .separate:
                return Chunk(
                    rule: rule.number, words: [name, text], isPositional: false, letter: Self.letter(name))
            case .equals: return Chunk(rule: rule.number, words: ["\(name)=\(text)"], isPositional: false)
            case .attached: return Chunk(rule: rule.number, words: [name + text], isPositional: false)
            }
        }
    }

    private static func letter(_ name: String) -> String? {
        name.utf8.count == 2 && name.utf8.first == 45 ? String(name.unicodeScalars.dropFirst()) : nil
    }

    // MARK: In order

    private func arranged(_ chunks: [Chunk], _ dice: inout Dice) -> [String] {
        if grammar.isFixed { return chunks.flatMap(\.words) }
        var list = chunks.filter(\.isPositional).map(\.words)
        // Where nothing but positionals follows, they may stand behind the separator.
        if grammar.hasSeparator, dice.once(in: 2) { list.insert(["--"], at: dice.number(0...list.count)) }
        let limit = list.firstIndex(of: ["--"]) ?? list.count
        var options = dice.shuffle(chunks.filter { !$0.isPositional })
        if grammar.clusters { options = clustered(options, &dice) }
        var places = options.map { _ in dice.number(0...limit) }.sorted()
        while let place = places.popLast(), let option = options.popLast() { list.insert(option.words, at: place) }
        return list.flatMap { $0 }
    }

    private func clustered(_ options: [Chunk], _ dice: inout Dice) -> [Chunk] {
        options.reduce(into: []) { result, next in
            guard let last = result.last, last.words.count == 1, let letters = last.letter, let letter = next.letter,
                dice.once(in: 2)
            else { return result.append(next) }
            result[result.count - 1] = Chunk(
                rule: next.rule, words: ["-\(letters)\(letter)"] + next.words.dropFirst(), isPositional: false,
                letter: letters + letter)
        }
    }
}

extension Dice {
    fileprivate mutating func pickIfAny<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : pick(elements)
    }
}
