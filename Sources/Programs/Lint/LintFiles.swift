extension Lint {
    // MARK: Inputs

    mutating func lintInputs() {
        let rules = inputRules
        for (number, (keyPath, rule)) in rules.enumerated() {
            guard !search.isEmpty(rule.path.language, .fileName) else {
                warn(keyPath, "no possible file name matches \(quoted(rule.path.source)); the rule accepts nothing")
                continue
            }
            let earlier = rules[..<number].map(\.rule.path)
            if let reason = shadowing(rule.path, by: earlier) {
                let effect = rule.required ? "; as it is required, every request is refused" : ""
                warn(keyPath, "the rule never applies: \(reason), and the first rule that matches counts\(effect)")
            }
            lintSizes(keyPath, rule)
        }
        lintInputOfStdin()
    }

    private mutating func lintSizes(_ keyPath: String, _ rule: InputRule) {
        if let total = rule.maxTotal, total < rule.maxSize {
            warn(
                "\(keyPath).max_size",
                "\(formatBytes(rule.maxSize)) can never be reached: 'max_total' is only \(formatBytes(total))")
        }
        lintSize(rule.maxSize, at: keyPath)
        lintCount(rule.maxCount, rule.path, at: keyPath)
    }

    private mutating func lintSize(_ size: Int64, at keyPath: String) {
        for limit in [LimitName.disk, .file_size] where size > program.limits[limit].max {
            let most = formatBytes(program.limits[limit].max)
            warn(
                "\(keyPath).max_size",
                "\(formatBytes(size)) can never be reached: limit '\(limit.rawValue)' ends at \(most); raise the limit or lower the size"
            )
            return
        }
    }

    private mutating func lintCount(_ count: Int, _ path: Glob, at keyPath: String) {
        guard path.isPlain, count > 1 else { return }
        warn(
            "\(keyPath).max_count",
            "\(count) files can never be there: \(quoted(path.source)) is the name of one file; leave 'max_count' out")
    }

    /// A file that every request must bring settles a choice once and for all.
    private mutating func lintInputOfStdin() {
        guard case .file(let name) = program.stdin else { return }
        for (number, item) in program.inputs.enumerated() {
            guard case .oneOf(let rules, _, _) = item else {
                if item.rules.contains(where: { $0.path.matches(name) }) { return }
                continue
            }
            guard let taken = rules.firstIndex(where: { $0.path.matches(name) }) else { continue }
            for other in rules.indices where other != taken {
                warn(
                    "inputs[\(number)].one_of[\(other)]",
                    "the rule never applies: stdin is read from \(quoted(name)), so 'one_of' is always settled by the rule \(quoted(rules[taken].path.source))"
                )
            }
            return
        }
    }

    /// Why no file is left for a glob behind these.
    private mutating func shadowing(_ path: Glob, by earlier: [Glob]) -> String? {
        if let same = earlier.first(where: { isSame($0.source, path.source) }) {
            return "an earlier rule has the same path \(quoted(same.source))"
        }
        for one in earlier where search.isCovered([path.language, .fileName], by: [one.language]) {
            return "every name that matches \(quoted(path.source)) matches \(quoted(one.source)) of an earlier rule"
        }
        guard earlier.count > 1,
            search.isCovered([path.language, .fileName], by: earlier.map(\.language))
        else { return nil }
        return "every name that matches \(quoted(path.source)) matches one of the earlier rules"
    }

    // MARK: Results

    mutating func lintResults() {
        for (number, rule) in program.results.enumerated() {
            let keyPath = "results[\(number)]"
            if search.isEmpty(rule.path.language, .resultName) {
                warn(
                    keyPath,
                    "no file can be this result: no possible name that lies at most \(maxResultDepth - 1) directories deep matches \(quoted(rule.path.source))"
                )
                continue
            }
            lintShadow(number, rule, at: keyPath)
            lintCondition(rule, at: keyPath)
            if let size = rule.maxSize { lintSize(size, at: keyPath) }
            lintCount(rule.maxCount == 1000 ? 1 : rule.maxCount, rule.path, at: keyPath)
            lintUntouched(rule, at: keyPath)
        }
    }

    /// Whatever the end of the run: the earlier rules that apply then leave nothing for this one.
    private mutating func lintShadow(_ number: Int, _ rule: ResultRule, at keyPath: String) {
        var asked = Set<[Int]>()
        var reason: String?
        for (state, cause) in Self.ends where rule.applies(state: state, cause: cause) {
            let earlier = (0..<number).filter { program.results[$0].applies(state: state, cause: cause) }
            guard asked.insert(earlier).inserted else { continue }
            guard let found = shadowing(rule.path, by: earlier.map { program.results[$0].path }) else { return }
            reason = reason ?? found
        }
        guard let reason else { return }
        let effect =
            rule.required && rule.applies(state: .complete, cause: .exit) ? "; as it is required, every run fails" : ""
        warn(keyPath, "the rule never applies: \(reason), and the first rule that matches counts\(effect)")
    }

    private static let ends = RunState.allCases.filter(\.isFinal).flatMap { state in
        Cause.allCases.map { (state, $0) }
    }

    private mutating func lintCondition(_ rule: ResultRule, at keyPath: String) {
        if rule.required, !rule.applies(state: .complete, cause: .exit) {
            warn(
                "\(keyPath).required",
                "has no effect: only a run that would be 'complete' fails for want of a result, and 'when' leaves 'complete' out; add it there, or leave 'required' out"
            )
        }
        guard case .only(_, let causes) = rule.when else { return }
        if causes.contains(.input), program.streamCaps.stdin?.excess != .kill {
            warn(
                "\(keyPath).when",
                "the cause 'input' cannot occur: stdin has no 'max_size' with 'excess: kill'; add one, or leave the cause out"
            )
        }
        let canMiss = program.results.contains { $0.required && $0.applies(state: .complete, cause: .exit) }
        if causes.contains(.result), !canMiss {
            warn("\(keyPath).when", "the cause 'result' cannot occur: no result is required; leave the cause out")
        }
    }

    /// An input that the program has not changed is no result. Said only where the arguments show that the file is
    /// read, and nothing shows that it could be written.
    private mutating func lintUntouched(_ rule: ResultRule, at keyPath: String) {
        let name = rule.path.source
        let isBrought = program.inputRules.contains { $0.required && $0.path.isPlain && isSame($0.path.source, name) }
        let isWritten = [program.stdout, program.stderr].contains(.file(name))
        guard rule.path.isPlain, isBrought, !isWritten else { return }
        let values = program.arguments.values.filter {
            var files: [NamedFile] = []
            return $0.reasonToRefuse(name, files: &files) == nil
        }
        let isRead = values.contains { if case .file(.input, _) = $0 { true } else { false } }
        let isOnlyRead = values.allSatisfy { if case .file(.input, _) = $0 { true } else { false } }
        guard isRead, isOnlyRead else { return }
        warn(
            keyPath,
            "\(quoted(name)) is an input that the arguments only read, and an unchanged input is never collected; leave the rule out unless the program changes it"
        )
    }
}

extension LanguageSearch {
    fileprivate mutating func isCovered(_ all: [Automaton], by others: [Automaton]) -> Bool {
        shortest(acceptedBy: all, butNot: others) == .none
    }
}

extension ArgumentGrammar {
    /// The values of all options and positionals, those of commands too.
    fileprivate var values: [ValueRule] { items.flatMap(\.values) }
}

extension ArgumentItem {
    fileprivate var values: [ValueRule] {
        switch self {
        case .rule(let rule): rule.value.map { [$0] } ?? []
        case .oneOf(let members, _, _), .allOf(let members, _): members.flatMap(\.values)
        case .command(let command): command.arguments.values
        case .separator: []
        }
    }
}
