@testable import Programs

/// What a grammar accepts, found by trying everything: short, obviously right, and far too slow for anything but the
/// small grammars of a test. Knows flags, options with a separate value, and values out of a choice.
struct GrammarOracle {
    let grammar: ArgumentGrammar
    let arguments: [String]

    var accepts: Bool { grammar.order == .fixed ? acceptsFixed : acceptsFree }

    // MARK: Fixed order

    private struct Place: Hashable {
        var position: Int
        var isBehindSeparator = false
    }

    private var acceptsFixed: Bool {
        ends(of: grammar.items, from: Place(position: 0)).contains { $0.position == arguments.count }
    }

    private func ends(of items: [ArgumentItem], from start: Place) -> Set<Place> {
        items.reduce([start]) { starts, item in Set(starts.flatMap { ends(of: item, from: $0) }) }
    }

    private func ends(of item: ArgumentItem, from start: Place) -> Set<Place> {
        switch item {
        case .command: return []
        case .separator:
            let isThere = start.position < arguments.count && arguments[start.position] == "--"
            let behind = Place(position: start.position + 1, isBehindSeparator: true)
            return isThere && !start.isBehindSeparator ? [start, behind] : [start]
        case .allOf(let parts, _): return ends(of: parts, from: start)
        case .oneOf(let members, let required, _):
            let ways = members.flatMap { ends(of: $0, from: start) }.filter { $0 != start }
            return Set(ways + (required ? [] : [start]))
        case .rule(let rule):
            var reached: Set<Place> = [start]
            var ends: Set<Place> = rule.minCount == 0 ? [start] : []
            for round in 1...rule.maxCount {
                reached = Set(reached.compactMap { step(rule, from: $0) })
                if round >= rule.minCount { ends.formUnion(reached) }
            }
            return ends
        }
    }

    private func step(_ rule: ArgumentRule, from start: Place) -> Place? {
        guard start.position < arguments.count else { return nil }
        let text = arguments[start.position]
        var end = start
        switch rule.kind {
        case .flag(let names): end.position += !start.isBehindSeparator && names.contains(text) ? 1 : 0
        case .option(let names, let value, _):
            let isValue = start.position + 1 < arguments.count && value.accepts(arguments[start.position + 1])
            end.position += !start.isBehindSeparator && names.contains(text) && isValue ? 2 : 0
        case .positional(_, let value): end.position += value.accepts(text) ? 1 : 0
        case .literal(let literal): end.position += literal == text ? 1 : 0
        }
        return end == start ? nil : end
    }

    // MARK: Free order

    /// How many positionals were taken and which flags were used by a choice of members.
    private struct Way: Hashable {
        var taken: Int
        var used: Set<String> = []
    }

    private var acceptsFree: Bool {
        guard let (counts, positionals) = scanned() else { return false }
        let all = Way(taken: positionals.count, used: Set(counts.keys))
        return ways(grammar.items, from: Way(taken: 0), counts, positionals).contains(all)
    }

    /// Flags and options by name, and what is left.
    private func scanned() -> (counts: [String: Int], positionals: [String])? {
        var values: [String: ValueRule?] = [:]
        for rule in grammar.index.leaves {
            switch rule.kind {
            case .flag(let names): for name in names { values[name] = .some(nil) }
            case .option(let names, let value, _): for name in names { values[name] = value }
            case .positional, .literal: break
            }
        }
        var counts: [String: Int] = [:]
        var positionals: [String] = []
        var rest = arguments[...]
        while let text = rest.popFirst() {
            if text == "--", grammar.index.hasSeparator { return (counts, positionals + rest) }
            guard let value = values[text] else {
                if text.hasPrefix("-") { return nil }
                positionals.append(text)
                continue
            }
            counts[text, default: 0] += 1
            guard let value else { continue }
            guard let next = rest.popFirst(), value.accepts(next) else { return nil }
        }
        return (counts, positionals)
    }

    private func ways(
        _ items: [ArgumentItem], from start: Way, _ counts: [String: Int], _ texts: [String]
    ) -> Set<Way> {
        items.reduce([start]) { ways, item in Set(ways.flatMap { self.ways(item, from: $0, counts, texts) }) }
    }

    private func ways(_ item: ArgumentItem, from start: Way, _ counts: [String: Int], _ texts: [String]) -> Set<Way> {
        switch item {
        case .command, .separator: return [start]
        case .allOf(let parts, _): return ways(parts, from: start, counts, texts)
        case .oneOf(let members, let required, _):
            let ways = members.flatMap { self.ways($0, from: start, counts, texts) }.filter { $0 != start }
            return Set(ways + (required ? [] : [start]))
        case .rule(let rule):
            let range = rule.minCount...rule.maxCount
            switch rule.kind {
            case .flag(let names), .option(let names, _, _):
                let count = counts[names[0], default: 0]
                guard range.contains(count) else { return [] }
                return [Way(taken: start.taken, used: start.used.union(count > 0 ? [names[0]] : []))]
            case .positional(_, let value):
                let most = texts[start.taken...].prefix(while: value.accepts).count
                return Set(range.filter { $0 <= most }.map { Way(taken: start.taken + $0, used: start.used) })
            case .literal(let literal):
                let most = texts[start.taken...].prefix { $0 == literal }.count
                return Set(range.filter { $0 <= most }.map { Way(taken: start.taken + $0, used: start.used) })
            }
        }
    }
}

extension ValueRule {
    fileprivate func accepts(_ text: String) -> Bool {
        guard case .choice(let texts) = self else { return false }
        return texts.contains(text)
    }
}

/// Small random grammars.
struct GrammarGenerator {
    var random: SeededGenerator
    private var flags: [String] = []
    private var positionalCount = 0

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func grammar(_ order: ArgumentGrammar.Order) -> ArgumentGrammar {
        flags = ["-a", "-b", "-c", "-d"]
        positionalCount = 0
        var items = (0..<Int.random(in: 1...3, using: &random)).compactMap { _ in item(depth: 3, order) }
        if Int.random(in: 0..<4, using: &random) == 0 {
            items.insert(.separator(help: nil), at: Int.random(in: 0...items.count, using: &random))
        }
        return ArgumentGrammar(items, order: order)
    }

    private mutating func item(depth: Int, _ order: ArgumentGrammar.Order) -> ArgumentItem? {
        guard depth > 0, Int.random(in: 0..<3, using: &random) == 0 else { return rule(order).map { .rule($0) } }
        let members = (0..<Int.random(in: 1...3, using: &random)).compactMap { _ -> ArgumentItem? in
            guard Bool.random(using: &random) else { return rule(order).map { .rule($0) } }
            let parts = (0..<Int.random(in: 1...3, using: &random)).compactMap { _ in item(depth: depth - 1, order) }
            return parts.isEmpty ? nil : .allOf(parts, help: nil)
        }
        return members.isEmpty ? nil : .oneOf(members, required: Bool.random(using: &random), help: nil)
    }

    /// In a free order each flag is there once.
    private mutating func rule(_ order: ArgumentGrammar.Order) -> ArgumentRule? {
        let values = ValueRule.choice([["x"], ["y"], ["x", "y"]].randomElement(using: &random)!)
        var kind = ArgumentRule.Kind.literal("x")
        switch Int.random(in: 0..<5, using: &random) {
        case 0, 1:
            guard let flag = flags.randomElement(using: &random) else { return nil }
            if order == .free { flags.removeAll { $0 == flag } }
            let isOption = flag == "-d"
            kind = isOption ? .option([flag], value: values, forms: [.separate]) : .flag([flag])
        case 2: break
        default:
            positionalCount += 1
            kind = .positional("P\(positionalCount)", value: values)
        }
        let least = [0, 0, 1, 1, 2, 3].randomElement(using: &random)!
        let most = max(1, least) + Int.random(in: 0...2, using: &random)
        return ArgumentRule(kind: kind, minCount: least, maxCount: most, requires: [], conflicts: [], help: nil)
    }

    mutating func arguments() -> [String] {
        (0..<Int.random(in: 0...6, using: &random)).map { _ in
            ["-a", "-b", "-c", "-d", "x", "x", "x", "y", "y", "--", "z"].randomElement(using: &random)!
        }
    }
}
