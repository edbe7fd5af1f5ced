/// Matches one argument list against a grammar and collects everything that is wrong with it.
///
/// First the flags and options are taken out, in whatever order they stand; what remains are the positionals, which
/// `PositionalMatch` divides among their rules. Then the counts, `one_of`, `requires` and `conflicts` are looked at.
struct ArgumentMatcher {
    /// Most arguments of one request, and most bytes in all of them: what `execve` takes with an 8 MiB stack, less
    /// room for the environment.
    static let maxArguments = 20_000
    static let maxTotalBytes = 1_500_000
    /// Suggestions cost time; somebody who is wrong this often needs the manual instead.
    static let maxSuggestions = 20

    let arguments: [String]
    /// Names of the request's input files.
    let inputs: Set<ExactText>
    private(set) var violations: [Violation] = []
    private(set) var outputs: [String] = []

    init(arguments: [String], inputs: [String]) {
        self.arguments = arguments
        self.inputs = Set(inputs.map(ExactText.init))
    }

    mutating func match(_ grammar: ArgumentGrammar) {
        let total = arguments.reduce(0) { $0 + $1.utf8.count + 1 }
        guard arguments.count <= Self.maxArguments, total <= Self.maxTotalBytes else {
            refuse("at most \(Self.maxArguments) arguments of \(Self.maxTotalBytes) bytes altogether are accepted")
            return
        }
        match(grammar.index, from: 0)
    }

    private mutating func match(_ grammar: GrammarIndex, from start: Int) {
        var level = Level(grammar: grammar)
        var position = start
        var onlyPositionals = false
        while position < arguments.count, !isHopeless {
            let text = arguments[position]
            if onlyPositionals {
                level.positionals.append(position)
            } else if text == "--", grammar.hasSeparator {
                onlyPositionals = true
            } else if let hit = grammar.hit(text) {
                position = take(hit, at: position, &level)
            } else if !grammar.commands.isEmpty, !looksLikeOption(text) {
                matchCommand(at: position, level)
                return
            } else if looksLikeOption(text), !grammar.allowsDashedPositional(text) {
                position = refuseUnknown(at: position, &level)
            } else {
                level.positionals.append(position)
            }
            position += 1
        }
        if !grammar.commands.isEmpty { refuse("a command is required: \(shortList(grammar.commands.map(\.name)))") }
        finish(&level)
    }

    /// What stands behind a command belongs to it alone.
    private mutating func matchCommand(at position: Int, _ level: Level) {
        var level = level
        finish(&level)
        let commands = level.grammar.commands
        if let command = commands.first(where: { isSame($0.name, arguments[position]) }) {
            match(command.arguments.index, from: position + 1)
            return
        }
        let names = commands.map(\.name)
        refuse(
            "not a command\(suggestion(for: arguments[position], among: names, else: ";")) commands: \(shortList(names))",
            at: position)
    }

    // MARK: Flags and options

    /// Returns the position of the last argument that was used.
    private mutating func take(_ hit: GrammarIndex.Hit, at position: Int, _ level: inout Level) -> Int {
        switch hit {
        case .flag(let leaf): count(leaf, at: position, &level)
        case .unwantedValue(let leaf):
            count(leaf, at: position, &level)
            refuse("takes no value; accepted: \(level.rule(leaf).usage)", at: position)
        case .misplacedValue(let leaf):
            count(leaf, at: position, &level)
            refuse("takes its value in the next argument; accepted: \(level.rule(leaf).usage)", at: position)
        case .missingInlineValue(let leaf):
            count(leaf, at: position, &level)
            refuse("needs its value in the same argument; accepted: \(level.rule(leaf).usage)", at: position)
        case .inline(let leaf, let value):
            count(leaf, at: position, &level)
            checkValue(value, of: level.rule(leaf), at: position)
        case .separate(let leaf):
            count(leaf, at: position, &level)
            guard position + 1 < arguments.count else {
                let accepted = level.rule(leaf).value?.summary ?? ""
                refuse("needs a value behind it; accepted: \(accepted)", at: position)
                return position
            }
            checkValue(arguments[position + 1], of: level.rule(leaf), at: position + 1)
            return position + 1
        }
        return position
    }

    private mutating func count(_ leaf: Int, at position: Int, _ level: inout Level) {
        level.counts[leaf] += 1
        let most = level.rule(leaf).maxCount
        if level.counts[leaf] == most + 1 { refuse("may be given at most \(times(most))", at: position) }
    }

    /// If the argument is nearly an option with a value, the value is passed over: it is not a second mistake.
    private mutating func refuseUnknown(at position: Int, _ level: inout Level) -> Int {
        let name = String(arguments[position].prefix { $0 != "=" })
        let names = violations.count < Self.maxSuggestions ? level.grammar.leafByName.keys.map(\.text).sorted() : []
        refuse("no rule accepts it\(suggestion(for: name, among: names, else: ";")) \(level.accepted)", at: position)
        guard let near = nearest(to: name, among: names), let leaf = level.grammar.leafByName[ExactText(near)] else {
            return position
        }
        level.counts[leaf] += 1
        guard case .option(_, _, let forms) = level.rule(leaf).kind, forms.contains(.separate),
            name == arguments[position], position + 1 < arguments.count
        else { return position }
        return position + 1
    }

    // MARK: Values

    private mutating func checkValue(_ text: String, of rule: ArgumentRule, at position: Int) {
        guard let value = rule.value else { return }
        var files: [NamedFile] = []
        if let reason = value.reasonToRefuse(text, files: &files) {
            let what = text == arguments[position] ? "" : "value \(quoted(text)): "
            refuse("\(what)\(reason); \(quoted(rule.names[0])) accepts \(value.summary)", at: position)
        }
        for file in files { note(file, at: position) }
    }

    private mutating func note(_ file: NamedFile, at position: Int) {
        switch file.direction {
        case .output: outputs.append(file.name)
        case .any where inputs.contains(ExactText(file.name)): break
        case .any: outputs.append(file.name)
        case .input:
            guard !inputs.contains(ExactText(file.name)) else { return }
            let brought = inputs.isEmpty ? "none" : shortList(inputs.map(\.text).sorted().map(quoted))
            refuse("the request brings no input file \(quoted(file.name)); inputs: \(brought)", at: position)
        }
    }

    // MARK: The whole list

    private mutating func finish(_ level: inout Level) {
        matchPositionals(&level)
        for (leaf, rule) in level.grammar.leaves.enumerated() where !level.isInGroup(leaf) && !rule.isPositional {
            checkMinimum(rule, count: level.counts[leaf])
        }
        for group in level.grammar.groups { check(group, level) }
        for (leaf, rule) in level.grammar.leaves.enumerated() where level.counts[leaf] > 0 {
            for name in rule.requires where !level.isUsed(name) {
                refuse("\(quoted(rule.names[0])) requires \(quoted(name)), which is missing")
            }
            for name in rule.conflicts where level.isUsed(name) {
                refuse("\(quoted(rule.names[0])) and \(quoted(name)) cannot be used together")
            }
        }
    }

    private mutating func checkMinimum(_ rule: ArgumentRule, count: Int) {
        guard count < rule.minCount else { return }
        refuse(
            rule.minCount == 1
                ? "\(quoted(rule.usage)) is required" : "\(quoted(rule.usage)) is required \(times(rule.minCount))")
    }

    private mutating func check(_ group: GrammarIndex.Group, _ level: Level) {
        let used = group.members.filter { level.counts[$0] > 0 }
        let usages = group.members.map { quoted(level.rule($0).usage) }
        if used.count > 1 {
            refuse("only one of \(usages.joined(separator: ", ")) can be used")
        } else if used.isEmpty, group.isRequired {
            refuse("one of \(usages.joined(separator: ", ")) is required")
        }
        for leaf in used where !level.rule(leaf).isPositional {
            checkMinimum(level.rule(leaf), count: level.counts[leaf])
        }
    }

    private mutating func matchPositionals(_ level: inout Level) {
        let match = PositionalMatch(level: level, arguments: arguments)
        let outcome = match.solve() ?? match.bestEffort()
        for (position, leaf) in outcome.assigned where !isHopeless {
            level.counts[leaf] += 1
            switch level.rule(leaf).kind {
            case .literal(let text) where !isSame(arguments[position], text):
                refuse("accepted here: \(quoted(text))", at: position)
            default: checkValue(arguments[position], of: level.rule(leaf), at: position)
            }
        }
        for position in outcome.left where !isHopeless { refuse("no rule accepts it; \(level.accepted)", at: position) }
        for missing in outcome.missing { refuse(missing) }
    }

    // MARK: Words

    /// Each sentence costs time, and no more will be shown.
    private var isHopeless: Bool { violations.count > Violations.maxCount }

    private mutating func refuse(_ message: String, at position: Int? = nil) {
        let place = position.map { "argument \($0 + 1) \(quoted(arguments[$0]))" } ?? "arguments"
        violations.append(Violation(rule: "arguments", place: place, message: message))
    }

    private func times(_ count: Int) -> String {
        count == 1 ? "once" : "\(count) times"
    }
}

/// The state of matching one grammar: the program's own or that of a command.
struct Level {
    let grammar: GrammarIndex
    /// How often each leaf of the grammar was used.
    var counts: [Int]
    /// Positions of the arguments that are neither flags nor options.
    var positionals: [Int] = []

    init(grammar: GrammarIndex) {
        self.grammar = grammar
        counts = Array(repeating: 0, count: grammar.leaves.count)
    }

    func rule(_ leaf: Int) -> ArgumentRule { grammar.leaves[leaf] }

    func isInGroup(_ leaf: Int) -> Bool { grammar.groups.contains { $0.members.contains(leaf) } }

    func isUsed(_ name: String) -> Bool {
        grammar.leaves.indices.contains { counts[$0] > 0 && grammar.leaves[$0].names.contains(name) }
    }

    /// `accepted here: --model FILE, --min, …`
    var accepted: String {
        let usages =
            grammar.leaves.map(\.usage) + (grammar.hasSeparator ? ["--"] : []) + grammar.commands.map(\.name)
        return "accepted here: " + (usages.isEmpty ? "no arguments" : shortList(usages))
    }
}
