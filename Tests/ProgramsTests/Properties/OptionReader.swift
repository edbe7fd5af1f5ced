/// What each argument is, by the page's order: a whole name, then the longest name before `=`, then the longest name
/// with something attached, then several letters behind one dash.
struct OptionReader {
    enum Use {
        /// A rule's number and the value.
        case option(Int, String?)
        /// `isDashed`: it begins like an option, and no `--` stands before it.
        case positional(String, isDashed: Bool)
        case separator
    }

    struct Reading {
        var uses: [Use] = []
        /// Where the command stands.
        var command: Int?
    }

    private let grammar: GrammarModel
    private let options: [RuleModel]

    init(_ grammar: GrammarModel) {
        self.grammar = grammar
        options = grammar.rules.filter { !$0.isPositional }
    }

    /// `nil` when some argument is none of those that are described.
    func read(_ list: [String]) -> Reading? {
        var reading = Reading()
        var rest = list[...]
        while let text = rest.popFirst() {
            if text == "--", grammar.hasSeparator {
                reading.uses += [.separator] + rest.map { .positional($0, isDashed: false) }
                return reading
            }
            switch what(text) {
            case .refused: return nil
            case .uses(let uses): reading.uses += uses
            case .needsValue(let uses, let rule):
                guard let value = rest.popFirst(), rule.value?.accepts(value) == true else { return nil }
                reading.uses += uses + [.option(rule.number, value)]
            case .positional:
                if !grammar.commands.isEmpty {
                    reading.command = rest.startIndex - 1
                    return reading
                }
                reading.uses.append(.positional(text, isDashed: startsLikeOption(text)))
            }
        }
        return reading
    }

    private enum What {
        case refused
        case uses([Use])
        /// The value is the next argument.
        case needsValue([Use], RuleModel)
        case positional
    }

    private func what(_ text: String) -> What {
        if let rule = rule(text) {
            switch rule.kind {
            case .flag: return .uses([.option(rule.number, nil)])
            case .option(_, _, let forms, _) where forms.contains(.separate): return .needsValue([], rule)
            default: if startsLikeOption(text) { return .refused }
            }
        }
        if let equals = text.utf8.firstIndex(of: 61), let rule = rule(String(text[..<equals])) {
            let value = String(text[text.utf8.index(after: equals)...])
            switch rule.kind {
            case .option(_, _, let forms, _) where forms.contains(.equals): return inline(rule, value)
            // `-o=x` is then `-o` with `=x` attached.
            case .option(_, _, let forms, _) where forms.contains(.attached): break
            default: return .refused
            }
        }
        if let (rule, value) = attached(text) { return inline(rule, value) }
        if !startsLikeOption(text) || isNamed(text) { return .positional }
        if grammar.clusters, let cluster = cluster(text) { return cluster }
        return isNegative(text) ? .positional : .refused
    }

    private func inline(_ rule: RuleModel, _ value: String) -> What {
        rule.value?.accepts(value) == true ? .uses([.option(rule.number, value)]) : .refused
    }

    private func rule(_ name: String) -> RuleModel? {
        options.first { $0.names.contains { sameBytes($0, name) } }
    }

    private func attached(_ text: String) -> (RuleModel, String)? {
        var best: (rule: RuleModel, name: String)?
        for rule in options {
            guard case .option(let names, _, let forms, _) = rule.kind, forms.contains(.attached) else { continue }
            for name in names where text.utf8.count > name.utf8.count && text.utf8.starts(with: name.utf8) {
                if name.utf8.count > best?.name.utf8.count ?? 0 { best = (rule, name) }
            }
        }
        return best.map { ($0.rule, String(decoding: text.utf8.dropFirst($0.name.utf8.count), as: UTF8.self)) }
    }

    /// `-abc VALUE`: flags of one letter, of which the last may be an option. An option that takes its value in the
    /// same argument has it behind its letter, as it has alone.
    private func cluster(_ text: String) -> What? {
        var uses: [Use] = []
        var rest = text.unicodeScalars.dropFirst()
        guard rest.count > 1, rest.first != "-" else { return nil }
        while let letter = rest.popFirst() {
            guard let rule = rule("-\(letter)") else { return nil }
            guard case .option(_, _, let forms, _) = rule.kind else {
                uses.append(.option(rule.number, nil))
                continue
            }
            if rest.isEmpty { return forms.contains(.separate) ? .needsValue(uses, rule) : .refused }
            let hasEquals = forms.contains(.equals) && rest.first == "="
            guard hasEquals || forms.contains(.attached) else { return .refused }
            let value = String(String.UnicodeScalarView(hasEquals ? rest.dropFirst() : rest))
            guard case .uses(let last) = inline(rule, value) else { return .refused }
            return .uses(uses + last)
        }
        return .uses(uses)
    }

    // MARK: A dash in front

    private func startsLikeOption(_ text: String) -> Bool { text.utf8.first == 45 && text.utf8.count > 1 }

    /// A literal or a choice names exactly this text.
    private func isNamed(_ text: String) -> Bool {
        grammar.rules.contains { rule in
            switch rule.kind {
            case .literal(let literal): sameBytes(literal, text)
            case .argument(_, .choice(let texts)): texts.contains { sameBytes($0, text) }
            case .argument, .flag, .option: false
            }
        }
    }

    /// A number takes it as a negative one.
    private func isNegative(_ text: String) -> Bool {
        grammar.rules.contains { rule in
            switch rule.kind {
            case .argument(_, .integer), .argument(_, .decimal): rule.value?.accepts(text) == true
            case .argument, .literal, .flag, .option: false
            }
        }
    }
}
