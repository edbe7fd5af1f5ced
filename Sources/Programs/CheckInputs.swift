extension Program {
    /// Most files of one request.
    static let maxInputs = 100_000

    func inputViolations(_ files: [RequestedInput], mayFollow: Bool = false) -> [Violation] {
        guard files.count <= Self.maxInputs else {
            return [Violation(rule: "inputs", place: "inputs", message: "at most \(Self.maxInputs) files are accepted")]
        }
        var violations: [Violation] = []
        let inputs = inputRules
        var tallies = Array(repeating: InputTally(), count: inputs.count)
        var seen = Set<ExactText>()
        for file in files {
            func refuse(_ message: String) {
                violations.append(Violation(rule: "inputs", place: "input \(quoted(file.name))", message: message))
            }
            if let reason = checkFileName(file.name) {
                refuse(reason)
                continue
            }
            guard seen.insert(ExactText(file.name)).inserted else {
                refuse("given twice")
                continue
            }
            guard let rule = inputs.firstIndex(where: { $0.path.matches(file.name) }) else {
                refuse("no rule accepts it; accepted: \(acceptedInputs)")
                continue
            }
            if let reason = tallies[rule].add(file, to: inputs[rule]) { refuse(reason) }
        }
        violations += directoryViolations(seen)
        violations += missingViolations(tallies, mayFollow: mayFollow)
        if case .file(let name) = stdin, !mayFollow, !seen.contains(ExactText(name)) {
            violations.append(
                Violation(rule: "stdin", place: "input \(quoted(name))", message: "required: stdin is read from it"))
        }
        return violations
    }

    /// A name cannot be a file and the directory of another one at once.
    private func directoryViolations(_ names: Set<ExactText>) -> [Violation] {
        names.map(\.text).sorted().compactMap { name in
            var parent = name[...]
            while let slash = parent.utf8.lastIndex(of: UInt8(ascii: "/")) {
                parent = parent[..<slash]
                guard names.contains(ExactText(String(parent))) else { continue }
                return Violation(
                    rule: "inputs", place: "input \(quoted(name))",
                    message: "\(quoted(String(parent))) is a file, so nothing can be inside it")
            }
            return nil
        }
    }

    private var acceptedInputs: String {
        inputs.isEmpty ? "no input at all" : shortList(inputRules.map(\.path.source))
    }

    // MARK: Rules that need files, or exclude each other

    private func missingViolations(_ tallies: [InputTally], mayFollow: Bool) -> [Violation] {
        var next = 0
        return inputs.compactMap { item in
            defer { next += item.rules.count }
            switch item {
            case .rule(let rule): return mayFollow ? nil : tallies[next].missing(rule)
            case .oneOf(let rules, let required, _):
                return choiceViolation(
                    Array(zip(rules, tallies[next..<(next + rules.count)])), required: required && !mayFollow)
            }
        }
    }

    private func choiceViolation(_ members: [(rule: InputRule, tally: InputTally)], required: Bool) -> Violation? {
        let used = members.filter { $0.tally.count > 0 }
        let names = shortList(members.map { quoted($0.rule.path.source) })
        func violation(_ message: String) -> Violation { Violation(rule: "inputs", place: "inputs", message: message) }
        if used.isEmpty { return required ? violation("exactly one of \(names) is required; none is there") : nil }
        guard used.count > 1 else { return nil }
        let found = used.map { "\(quoted($0.tally.first ?? "")) for \(quoted($0.rule.path.source))" }
        return violation(
            "\(required ? "exactly" : "at most") one of \(names) is accepted; found \(shortList(found))")
    }
}

extension Program {
    /// The kinds of content that an input of this name may have; empty when its rule does not say, when there is none,
    /// and when the file is too large anyway: then nobody need read it.
    public func contentTypes(ofInput name: String, size: Int64) -> [ContentType] {
        guard let rule = inputRules.first(where: { $0.path.matches(name) }) else { return [] }
        return size > rule.maxSize ? [] : rule.types
    }
}

/// How much the rules take of one input.
public struct InputBounds: Sendable, Equatable {
    /// Which rule it is, among all of the program.
    public var rule: Int
    /// Bytes of one file.
    public var maxSize: Int64
    /// Files of this rule.
    public var maxCount: Int
    /// Bytes of all files of this rule; `nil`: as many as they are.
    public var maxTotal: Int64?
}

extension Program {
    /// `nil` when no rule accepts an input of this name.
    public func inputBounds(of name: String) -> InputBounds? {
        let rules = inputRules
        guard let index = rules.firstIndex(where: { $0.path.matches(name) }) else { return nil }
        let rule = rules[index]
        return InputBounds(rule: index, maxSize: rule.maxSize, maxCount: rule.maxCount, maxTotal: rule.maxTotal)
    }

    /// What is wrong with one input by itself; what the rules say of several together is not looked at.
    public func violation(of input: RequestedInput) -> Violation? {
        inputViolations([input], mayFollow: true).first
    }
}

/// What has matched one input rule so far.
private struct InputTally {
    var count = 0
    var total: Int64 = 0
    /// The first file, as an example in messages.
    var first: String?

    mutating func add(_ file: RequestedInput, to rule: InputRule) -> String? {
        count += 1
        if first == nil { first = file.name }
        let sum = total.addingReportingOverflow(max(file.size, 0))
        total = sum.overflow ? .max : sum.partialValue
        if file.size > rule.maxSize {
            return
                "\(file.size) bytes is too large; at most \(rule.maxSize) (\(formatBytes(rule.maxSize))) are accepted"
        }
        if count == rule.maxCount + 1 {
            return "one too many for \(quoted(rule.path.source)); at most \(rule.maxCount) accepted"
        }
        if let most = rule.maxTotal, total > most, total - max(file.size, 0) <= most {
            return "too much for \(quoted(rule.path.source)); at most \(formatBytes(most)) altogether"
        }
        return file.content?.reasonToRefuse(as: rule.types)
    }

    func missing(_ rule: InputRule) -> Violation? {
        guard rule.required, count == 0 else { return nil }
        let what = rule.path.isPlain ? "this input is required" : "at least one input of this name is required"
        return Violation(rule: "inputs", place: "input \(quoted(rule.path.source))", message: what)
    }
}
