extension Program {
    /// Says whether the rules allow the request, and if not, everything that is wrong with it.
    ///
    /// The answer is what a run then gets: nothing that the requester wrote passes by unchecked.
    ///
    /// - Parameter inputsMayFollow: Input files that are not there yet are no violation: they can come before the start,
    ///   when all is checked again.
    public func check(_ request: Request, inputsMayFollow: Bool = false) -> Result<AcceptedRequest, Violations> {
        var matcher = ArgumentMatcher(
            arguments: request.arguments, inputs: request.inputs.map(\.name), inputsMayFollow: inputsMayFollow)
        matcher.match(arguments)
        var violations = matcher.violations
        violations += inputViolations(request.inputs, mayFollow: inputsMayFollow)
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
            guard let value = values[name], value < name.smallest || value > limits[name].max else { return nil }
            let accepted = "accepted: \(name.format(name.smallest)) to \(name.format(limits[name].max))"
            let message =
                value < name.smallest
                ? "must be at least \(name.smallest == 1 ? "1" : name.format(name.smallest)); \(accepted)"
                : "\(name.format(value)) is too much; \(accepted)"
            return Violation(rule: "limits", place: "limit '\(name.rawValue)'", message: message)
        }
    }
}
