// MARK: Files

extension InputItem {
    var printed: PrintedNode {
        switch self {
        case .rule(let rule): .mapping(rule.entries)
        case .oneOf(let rules, let required, let help):
            .mapping(
                [("one_of", .list(rules.map { .mapping($0.entries) }))]
                    + (required ? [] : [("required", .word("false"))]) + optional("help", help.map { .text($0) }))
        }
    }
}

extension InputRule {
    fileprivate var entries: [PrintedNode.Entry] {
        [("path", .text(path.source))] + (required ? [("required", .word("true"))] : [])
            + [("max_size", .word(exactSize(maxSize)))]
            + (maxCount == (path.isPlain ? 1 : 1000) ? [] : [("max_count", .word("\(maxCount)"))])
            + optional("max_total", maxTotal.map { .word(exactSize($0)) }) + optional("type", oneOrList(types))
            + optional("help", help.map { .text($0) })
    }
}

extension ResultRule {
    var printed: PrintedNode {
        .mapping(
            [("path", .text(path.source)), ("when", when.printed)] + (required ? [("required", .word("true"))] : [])
                + optional("max_size", maxSize.map { .word(exactSize($0)) })
                + (excess == .refuse ? [] : [("excess", .word(excess.rawValue))])
                + (maxCount == 1000 ? [] : [("max_count", .word("\(maxCount)"))])
                + optional("help", help.map { .text($0) }))
    }
}

extension ResultRule.Condition {
    fileprivate var printed: PrintedNode {
        guard case .only(let states, let causes) = self else { return .word("any") }
        let names =
            RunState.allCases.filter(states.contains).map(\.rawValue)
            + Cause.allCases.filter(causes.contains).map(\.rawValue)
        return names.count == 1 ? .word(names[0]) : .list(names.map { .word($0) })
    }
}

/// Nothing, one word, or a list of words.
private func oneOrList<Word: RawRepresentable<String>>(_ words: [Word]) -> PrintedNode? {
    switch words.count {
    case 0: nil
    case 1: .word(words[0].rawValue)
    default: .list(words.map { .word($0.rawValue) })
    }
}

// MARK: Streams

extension StreamSource {
    func printed(_ cap: StreamCap?) -> PrintedNode {
        switch self {
        case .ignore: .word("ignore")
        case .stream: capped(cap)
        case .file(let name): .mapping([("file", .text(name))])
        }
    }
}

extension StreamSink {
    func printed(_ cap: StreamCap?) -> PrintedNode {
        switch self {
        case .ignore: .word("ignore")
        case .stream: capped(cap)
        case .file(let name): .mapping([("file", .text(name))] + (cap?.entries ?? []))
        case .stdout: .word("stdout")
        }
    }
}

private func capped(_ cap: StreamCap?) -> PrintedNode {
    cap.map { .mapping([("stream", .word("true"))] + $0.entries) } ?? .word("stream")
}

extension StreamCap {
    fileprivate var entries: [PrintedNode.Entry] {
        [("max_size", .word(exactSize(maxSize)))] + (excess == .kill ? [] : [("excess", .word(excess.rawValue))])
    }
}

// MARK: Environment, end, limits

extension EnvironmentRules {
    var printed: PrintedNode {
        let set = set.sorted { $0.key < $1.key }.map { PrintedNode.Entry($0.key, .text($0.value)) }
        let accept = accept.map { PrintedNode.mapping([("name", .text($0.name)), ("value", $0.value.printed)]) }
        return .section([("set", .section(set)), ("accept", .rules(accept))])
    }
}

extension StopRule {
    var printed: PrintedNode {
        .section([("signal", .word(signal.rawValue)), ("grace", .word(exactDuration(graceMilliseconds)))])
    }
}

extension LimitName {
    func printed(_ rule: LimitRule) -> PrintedNode {
        let most = PrintedNode.word(exactText(rule.max))
        return rule.default == rule.max ? most : .mapping([("default", .word(exactText(rule.default))), ("max", most)])
    }
}

// MARK: Security

extension SecurityProfile {
    var printed: PrintedNode {
        .section([
            ("root", root.printed),
            ("files", .section([("read", .texts(read)), ("execute", .texts(execute))])),
            ("network", .word(network.rawValue)), ("seccomp", seccomp.printed), ("devices", .texts(devices)),
        ])
    }
}

extension RootSource {
    fileprivate var printed: PrintedNode {
        switch self {
        case .host: .word("host")
        case .image(let image):
            .mapping([("image", .text(image.reference))] + (image.isWritable ? [("writable", .word("true"))] : []))
        }
    }
}

extension SeccompChoice {
    fileprivate var printed: PrintedNode {
        switch self {
        case .default: .word("default")
        case .file(let path): .text(path)
        case .extended(let allow, let deny):
            .mapping(
                [("extends", .word("default"))] + (allow.isEmpty ? [] : [("allow", .texts(allow))])
                    + (deny.isEmpty ? [] : [("deny", .texts(deny))]))
        }
    }
}
