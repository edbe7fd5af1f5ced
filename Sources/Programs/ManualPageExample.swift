extension Program {
    /// Small requests that the rules accept: one for each command, or one where there are none. Each is made from the
    /// rules and then put to them; what they refuse is not among these.
    func exampleRequests() -> [Request] {
        let commands = arguments.items.compactMap(\.command)
        if commands.isEmpty { return [exampleRequest(of: nil)].compactMap(\.self) }
        return commands.compactMap { exampleRequest(of: $0) }
    }

    /// How many ways are tried through the alternatives of `one_of`.
    private static let maxAttempts = 12

    private func exampleRequest(of command: CommandRule?) -> Request? {
        for attempt in 0..<Self.maxAttempts {
            var builder = ExampleBuilder(program: self, attempt: attempt)
            let request = builder.request(command)
            if case .success = check(request) { return request }
        }
        return nil
    }
}

/// Puts together one request: what is required, and what that requires.
private struct ExampleBuilder {
    let program: Program
    /// Which of the alternatives to take, where there are some.
    let attempt: Int
    private var inputs: [String] = []
    private var outputs: [String] = []
    /// Names of rules that a used rule requires.
    private var wanted = Set<ExactText>()
    private var nothingIsRequired = false

    init(program: Program, attempt: Int) {
        self.program = program
        self.attempt = attempt
    }

    mutating func request(_ command: CommandRule?) -> Request {
        var arguments = words(of: program.arguments)
        if let command {
            wanted = []
            arguments += [command.name] + words(of: command.arguments)
        }
        bringRequiredInputs()
        return Request(arguments: arguments, inputs: inputs.map { RequestedInput(name: $0, size: 1) })
    }

    /// Again and again, until nothing more is required by what was used.
    private mutating func words(of grammar: ArgumentGrammar) -> [String] {
        let before = (inputs, outputs)
        nothingIsRequired = !grammar.items.contains { item in
            if case .oneOf(_, let required, _) = item { return required }
            return item.leaves.contains { $0.minCount > 0 }
        }
        while true {
            (inputs, outputs) = before
            let known = wanted.count
            let found = grammar.items.flatMap { words(of: $0) }
            if wanted.count == known { return found }
        }
    }

    private mutating func words(of item: ArgumentItem) -> [String] {
        switch item {
        case .rule(let rule): return words(of: rule, least: 0)
        case .oneOf(let members, let required, _):
            let asked = members.firstIndex { $0.leaves.contains(where: isWanted) }
            guard let chosen = asked ?? (required ? attempt % members.count : nil) else { return [] }
            return memberWords(members[chosen])
        case .allOf(let members, _): return members.flatMap { words(of: $0) }
        case .command, .separator: return []
        }
    }

    /// A member that was chosen has to be seen.
    private mutating func memberWords(_ member: ArgumentItem) -> [String] {
        if case .rule(let rule) = member { return words(of: rule, least: 1) }
        let found = words(of: member)
        guard found.isEmpty, let first = member.leaves.first else { return found }
        return words(of: first, least: 1)
    }

    private func isWanted(_ rule: ArgumentRule) -> Bool { rule.names.contains { wanted.contains(ExactText($0)) } }

    private mutating func words(of rule: ArgumentRule, least: Int) -> [String] {
        let count = max(rule.minCount, least, isWanted(rule) || isWorthShowing(rule) ? 1 : 0)
        if count == 0 { return [] }
        wanted.formUnion(rule.requires.map { ExactText($0) })
        return (0..<count).flatMap { _ in spelled(rule) }
    }

    /// An input at its place makes the example one that does something; so do files where nothing at all is required.
    private func isWorthShowing(_ rule: ArgumentRule) -> Bool {
        guard rule.conflicts.isEmpty, attempt == 0, case .file(let direction, _) = rule.value else { return false }
        if direction == .output { return nothingIsRequired }
        return !program.inputs.isEmpty && (nothingIsRequired || rule.isPositional)
    }

    private mutating func spelled(_ rule: ArgumentRule) -> [String] {
        switch rule.kind {
        case .flag(let names): return [names[0]]
        case .literal(let text): return [text]
        case .positional(let name, let value): return [example(value, called: name, help: rule.help)]
        case .option(let names, let value, let forms):
            let text = example(value, called: names[0], help: rule.help)
            if forms.contains(.separate) { return [names[0], text] }
            let name = rule.names(taking: forms.contains(.equals) ? .equals : .attached).first ?? names[0]
            return [name + (forms.contains(.equals) ? "=" : "") + text]
        }
    }

    // MARK: Values

    private mutating func example(_ rule: ValueRule, called name: String, help: String?) -> String {
        switch rule {
        case .file(.output, let filter), .file(.any, let filter):
            let file = outputName(filter, called: name, help: help)
            outputs.append(file)
            return file
        case .file(.input, let filter):
            let file = inputName(filter, called: name, help: help)
            if !inputs.contains(where: { isSame($0, file) }) { inputs.append(file) }
            return file
        case .list(let separator, let element, let count):
            let values = (0..<max(1, count.lowerBound)).map { _ in example(element, called: name, help: help) }
            return values.joined(separator: separator)
        default: return rule.plainExample
        }
    }

    private func inputName(_ filter: NameFilter, called name: String, help: String?) -> String {
        let globs = program.inputRules.map(\.path)
        let ranked = rank(globs, called: name, help: help) { program.inputRules[$0].required }
        return fileName(filter, ranked, stem: stem(name, else: "input"))
    }

    private func outputName(_ filter: NameFilter, called name: String, help: String?) -> String {
        let globs = program.results.map(\.path)
        let ranked = rank(globs, called: name, help: help) { program.results[$0].required }
        return fileName(filter, ranked, stem: stem(name, else: "output"))
    }

    private func fileName(_ filter: NameFilter, _ globs: [Glob], stem: String) -> String {
        for glob in globs + filter.patterns {
            guard let name = glob.example(stem: stem), filter.accepts(name) else { continue }
            return name
        }
        return stem
    }

    /// The likeliest first: whose ending the help or the name speaks of, then the required ones. The other attempts
    /// begin elsewhere.
    private func rank(_ globs: [Glob], called name: String, help: String?, isRequired: (Int) -> Bool) -> [Glob] {
        let word = stem(name, else: "")
        func score(_ index: Int) -> Int {
            guard let dot = globs[index].source.lastIndex(of: ".") else { return isRequired(index) ? 1 : 0 }
            let ending = globs[index].source[globs[index].source.index(after: dot)...]
            let isNamed = word.hasPrefix(ending) || help?.contains(".\(ending)") == true
            return (isNamed ? 2 : 0) + (isRequired(index) ? 1 : 0)
        }
        let order = globs.indices.sorted { (-score($0), $0) < (-score($1), $1) }
        let start = order.isEmpty ? 0 : attempt % order.count
        return (order[start...] + order[..<start]).map { globs[$0] }
    }

    /// `model` for `--model` and `MODEL`; a letter alone says nothing.
    private func stem(_ name: String, else otherwise: String) -> String {
        let letters = name.lowercased().filter { $0.isASCII && $0.isLetter }
        return letters.count < 2 || ["file", "out", "in"].contains(letters) ? otherwise : letters
    }

    private mutating func bringRequiredInputs() {
        if case .file(let name) = program.stdin { bring([name]) }
        for item in program.inputs {
            switch item {
            case .rule(let rule): if rule.required { bring(rule) }
            case .oneOf(let rules, let required, _):
                let isThere = rules.contains { rule in inputs.contains { rule.path.matches($0) } }
                if required, !isThere { bring(rules[attempt % rules.count]) }
            }
        }
    }

    private mutating func bring(_ rule: InputRule) {
        if inputs.contains(where: { rule.path.matches($0) }) { return }
        bring([rule.path.example(stem: "input") ?? rule.path.source])
    }

    private mutating func bring(_ names: [String]) {
        inputs += names.filter { name in !inputs.contains { isSame($0, name) } }
    }
}

extension ValueRule {
    /// Of values that are no files.
    fileprivate var plainExample: String {
        switch self {
        case .integer(let range, let units): "\(min(max(1, range.lowerBound), range.upperBound))" + (units.first ?? "")
        case .decimal(let low, let high, let units): Self.number(low, high) + (units.first ?? "")
        case .choice(let texts): texts.first ?? ""
        case .string(let pattern, let maxBytes): pattern.map { $0.example ?? "" } ?? String("text".prefix(maxBytes))
        case .duration(let range, []): "\(min(max(1000, range.lowerBound), range.upperBound))ms"
        case .size(let range, []): "\(min(max(1 << 20, range.lowerBound), range.upperBound))"
        case .duration(let range, let units): QuantityKind.duration.example(near: 1000, in: range, units: units)
        case .size(let range, let units): QuantityKind.size.example(near: 1 << 20, in: range, units: units)
        case .date: "2026-01-31"
        case .file, .list: ""
        }
    }

    private static func number(_ low: Double?, _ high: Double?) -> String {
        let value = min(max(1, low ?? 1), high ?? .infinity)
        return value.rounded() == value && abs(value) < 1e9 ? String(Int64(value)) : String(value)
    }
}
