extension Program {
    /// The rules as a person reads them, for `jrun program show`; several lines, without a newline at the end.
    public func describe() -> String {
        let sections: [(String, [String])] = [
            ("arguments", arguments.items.flatMap(describe)),
            ("inputs", inputs.flatMap(describe)),
            ("results", results.map(describe)),
            (
                "streams",
                [
                    "stdin: \(stdin)\(describe(streamCaps.stdin))", "stdout: \(stdout)\(describe(streamCaps.stdout))",
                    "stderr: \(stderr)\(describe(streamCaps.stderr))",
                ]
            ),
            ("environment", describeEnvironment()),
            ("end", describeEnd()),
            ("limits", LimitName.allCases.map(describe)),
            ("security", security.describe()),
        ]
        let title = name + (version.map { " \($0)" } ?? "") + " - " + summary
        let body = sections.flatMap { heading, lines in
            ["", "\(heading):"] + (lines.isEmpty ? ["none"] : lines).map { "  \($0)" }
        }
        return ([title, "executable: \(executable)"] + body).joined(separator: "\n")
    }

    // MARK: Arguments

    private func describe(_ item: ArgumentItem) -> [String] {
        switch item {
        case .rule(let rule): return [rule.describe()]
        case .separator: return ["--  (everything behind it is a value)"]
        case .oneOf(let members, let required, _):
            return [required ? "one of:" : "at most one of:"] + members.flatMap(describe).map { "  \($0)" }
        case .allOf(let members, _): return ["together:"] + members.flatMap(describe).map { "  \($0)" }
        case .command(let command):
            let lines = command.arguments.items.flatMap(describe)
            return ["command \(command.name)" + (command.help.map { "  \($0)" } ?? "")] + lines.map { "  \($0)" }
        }
    }

    // MARK: Files

    private func describe(_ item: InputItem) -> [String] {
        switch item {
        case .rule(let rule): return [describe(rule, rule.required ? "required, " : "optional, ")]
        case .oneOf(let rules, let required, _):
            return [required ? "exactly one of:" : "at most one of:"] + rules.map { "  " + describe($0, "") }
        }
    }

    private func describe(_ rule: InputRule, _ need: String) -> String {
        var line = "\(rule.path.source)  \(need)at most \(formatBytes(rule.maxSize))"
        if rule.maxCount > 1 { line += " each, at most \(rule.maxCount) files" }
        if let total = rule.maxTotal { line += ", at most \(formatBytes(total)) altogether" }
        if !rule.types.isEmpty { line += ", content: \(rule.types.map(\.rawValue).joined(separator: " or "))" }
        return line + (rule.help.map { "  \($0)" } ?? "")
    }

    private func describe(_ rule: ResultRule) -> String {
        var line = "\(rule.path.source)  \(rule.required ? "required" : "optional"), after \(rule.when)"
        if let size = rule.maxSize { line += ", at most \(formatBytes(size)) each" }
        if rule.excess == .truncate { line += ", larger ones are cut off" }
        if !rule.path.isPlain { line += ", at most \(rule.maxCount) files" }
        return line + (rule.help.map { "  \($0)" } ?? "")
    }

    private func describe(_ cap: StreamCap?) -> String {
        guard let cap else { return "" }
        let end = cap.excess == .kill ? "then the run is killed" : "the rest is dropped"
        return ", at most \(formatBytes(cap.maxSize)), \(end)"
    }

    // MARK: The rest

    private func describeEnvironment() -> [String] {
        environment.set.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            + environment.accept.map { "\($0.name)=\($0.value.placeholder)  accepted: \($0.value.summary)" }
    }

    private func describeEnd() -> [String] {
        let codes = successExitCodes.sorted().map { String($0) }.joined(separator: ", ")
        let who = who.map { ["who: users \(list($0.users)); groups \(list($0.groups))"] } ?? []
        return ["success: exit codes \(codes)", "stop: \(stop)"] + (suspend.map { ["suspend: \($0)"] } ?? []) + who
    }

    private func describe(_ name: LimitName) -> String {
        let rule = limits[name]
        let most = rule.max == rule.default ? "" : "  (at most \(name.format(rule.max)))"
        return "\(name.rawValue): \(name.format(rule.default))\(most)"
    }
}

extension ArgumentRule {
    /// `--model FILE, -m  required: the name of an input file`
    func describe() -> String {
        var line = usage
        if case .option(let names, _, _) = kind, names.count > 1 {
            line += ", " + names.dropFirst().joined(separator: ", ")
        }
        if case .flag(let names) = kind, names.count > 1 { line += ", " + names.dropFirst().joined(separator: ", ") }
        line += "  \(minCount > 0 ? "required" : "optional")"
        if maxCount > 1 { line += ", \(minCount) to \(maxCount) times" }
        if let value { line += ": \(value.summary)" }
        if !requires.isEmpty { line += "; requires \(requires.joined(separator: ", "))" }
        if !conflicts.isEmpty { line += "; not with \(conflicts.joined(separator: ", "))" }
        return line + (help.map { "  \($0)" } ?? "")
    }
}

extension SecurityProfile {
    func describe() -> [String] {
        [
            "root: \(root)", "read: \(list(read))", "execute: \(list(execute))", "network: \(network.rawValue)",
            "seccomp: \(seccomp)", "devices: \(list(devices))",
        ]
    }
}

private func list(_ items: [String]) -> String {
    items.isEmpty ? "none" : items.joined(separator: ", ")
}

extension ResultRule.Condition: CustomStringConvertible {
    public var description: String {
        switch self {
        case .any: "any end"
        case .only(let states, let causes):
            (states.map(\.rawValue).sorted() + causes.map(\.rawValue).sorted()).joined(separator: ", ")
        }
    }
}

extension StreamSource: CustomStringConvertible {
    public var description: String {
        switch self {
        case .ignore: "ignore"
        case .stream: "stream"
        case .file(let name): "file \(name)"
        }
    }
}

extension StreamSink: CustomStringConvertible {
    public var description: String {
        switch self {
        case .ignore: "ignore"
        case .stream: "stream"
        case .file(let name): "file \(name)"
        case .stdout: "into stdout"
        }
    }
}

extension StopRule: CustomStringConvertible {
    public var description: String {
        "SIG\(signal.name), then \(formatDuration(milliseconds: graceMilliseconds)) of grace"
    }
}

extension RootSource: CustomStringConvertible {
    public var description: String {
        switch self {
        case .host: "host"
        case .image(let name): "image \(name)"
        }
    }
}

extension SeccompChoice: CustomStringConvertible {
    public var description: String {
        switch self {
        case .default: "default"
        case .file(let path): "file \(path)"
        case .extended(let allow, let deny): "default, also allowed: \(list(allow)), denied: \(list(deny))"
        }
    }
}
