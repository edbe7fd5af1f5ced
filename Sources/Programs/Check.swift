extension Program {
    /// Says whether the rules allow the request, and if not, everything that is wrong with it.
    ///
    /// The answer is what a run then gets: nothing that the requester wrote passes by unchecked.
    public func check(_ request: Request) -> Result<AcceptedRequest, Violations> {
        var matcher = ArgumentMatcher(arguments: request.arguments, inputs: request.inputs.map(\.name))
        matcher.match(arguments)
        var violations = matcher.violations
        violations += inputViolations(request.inputs)
        var files = matcher.files
        violations += environmentViolations(request.environment, &files)
        violations += limitViolations(request.limits)
        guard violations.isEmpty else { return .failure(Violations(violations)) }
        return .success(
            AcceptedRequest(
                arguments: request.arguments,
                environment: environment.set.merging(request.environment) { _, asked in asked },
                limits: Limits { request.limits[$0] ?? limits[$0].default },
                inputs: request.inputs.map(\.name),
                outputs: files.outputs))
    }

    // MARK: Inputs

    /// Most files of one request.
    static let maxInputs = 100_000

    private func inputViolations(_ files: [RequestedInput]) -> [Violation] {
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
        violations += zip(inputs, tallies).compactMap { $1.missing($0) }
        if case .file(let name) = stdin, !seen.contains(ExactText(name)) {
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

    // MARK: Environment and limits

    private func environmentViolations(_ values: [String: String], _ files: inout RequestedFiles) -> [Violation] {
        values.sorted { $0.key < $1.key }.compactMap { name, value in
            environmentReason(name, value, &files).map {
                Violation(rule: "environment", place: "environment variable \(quoted(name))", message: $0)
            }
        }
    }

    private func environmentReason(_ name: String, _ value: String, _ files: inout RequestedFiles) -> String? {
        let names = environment.accept.map(\.name)
        guard let rule = environment.accept.first(where: { isSame($0.name, name) }) else {
            let accepted = names.isEmpty ? "no variable at all" : shortList(names)
            return "no rule accepts it\(suggestion(for: name, among: names, else: ";")) accepted: \(accepted)"
        }
        var named: [NamedFile] = []
        let reason = rule.value.reasonToRefuse(value, files: &named)
        let missing = named.compactMap { files.note($0) }
        return (reason ?? missing.first).map { "\(quoted(value)): \($0); accepted: \(rule.value.summary)" }
    }

    private func limitViolations(_ values: [LimitName: Int64]) -> [Violation] {
        LimitName.allCases.compactMap { name in
            guard let value = values[name], value < 1 || value > limits[name].max else { return nil }
            let accepted = "accepted: \(name.format(1)) to \(name.format(limits[name].max))"
            let message =
                value < 1 ? "must be at least 1; \(accepted)" : "\(name.format(value)) is too much; \(accepted)"
            return Violation(rule: "limits", place: "limit '\(name.rawValue)'", message: message)
        }
    }
}

/// What has matched one input rule so far.
private struct InputTally {
    var count = 0
    var total: Int64 = 0

    mutating func add(_ file: RequestedInput, to rule: InputRule) -> String? {
        count += 1
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
        return nil
    }

    func missing(_ rule: InputRule) -> Violation? {
        guard rule.required, count == 0 else { return nil }
        let what = rule.path.isPlain ? "this input is required" : "at least one input of this name is required"
        return Violation(rule: "inputs", place: "input \(quoted(rule.path.source))", message: what)
    }
}
