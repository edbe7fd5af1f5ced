extension ManualPage {
    // MARK: Inputs and results

    mutating func writeFiles() {
        if !program.inputs.isEmpty {
            page.heading("INPUTS")
            page.paragraph("Brought by --input FILE, or --input FILE=NAME under another name.")
        }
        for item in program.inputs {
            switch item {
            case .rule(let rule): page.entry(rule.path.source, [rule.help ?? "", rule.conditions(isMember: false)])
            case .oneOf(let rules, let required, let help):
                let what = required ? "Exactly one of these:" : "At most one of these:"
                page.paragraph(help.map { "\($0). \(what)" } ?? what)
                for rule in rules {
                    page.entry(rule.path.source, [rule.help ?? "", rule.conditions(isMember: true)], level: 2)
                }
            }
        }
        if program.results.isEmpty { return }
        page.heading("RESULTS")
        page.paragraph("Put into the current directory, or that of --output-dir.")
        for rule in program.results { page.entry(rule.path.source, [rule.help ?? "", rule.conditions]) }
    }

    // MARK: Streams

    mutating func writeStreams() {
        page.heading("STREAMS")
        page.table([
            ["stdin", program.stdin.sentence + caps(program.streamCaps.stdin)],
            ["stdout", program.stdout.sentence + caps(program.streamCaps.stdout)],
            ["stderr", program.stderr.sentence + caps(program.streamCaps.stderr)],
        ])
    }

    private func caps(_ cap: StreamCap?) -> String {
        guard let cap else { return "" }
        let excess = cap.excess == .kill ? "more ends the run" : "the rest is dropped"
        return "; at most \(formatBytes(cap.maxSize)), \(excess)"
    }
}

extension InputRule {
    fileprivate func conditions(isMember: Bool) -> String {
        var phrases: [String] = isMember ? [] : [required ? "required" : "optional"]
        if !types.isEmpty { phrases.append("content: \(types.map(\.rawValue).joined(separator: " or "))") }
        phrases.append("at most \(formatBytes(maxSize))" + (maxCount > 1 ? " each" : ""))
        if !path.isPlain { phrases.append("at most \(maxCount) file\(maxCount == 1 ? "" : "s")") }
        if let total = maxTotal { phrases.append("at most \(formatBytes(total)) altogether") }
        return phrases.joined(separator: "; ")
    }
}

extension ResultRule {
    fileprivate var conditions: String {
        var phrases = [required ? "required" : "optional", "after \(when)"]
        if let size = maxSize {
            let cut = excess == .truncate ? ", the rest is cut off" : ""
            phrases.append("at most \(formatBytes(size))" + (maxCount > 1 ? " each" : "") + cut)
        }
        if !path.isPlain { phrases.append("at most \(maxCount) file\(maxCount == 1 ? "" : "s")") }
        return phrases.joined(separator: "; ")
    }
}

extension StreamSource {
    fileprivate var sentence: String {
        switch self {
        case .ignore: "empty"
        case .stream: "jrun's own"
        case .file(let name): "read from the input \(name), which is required"
        }
    }
}

extension StreamSink {
    fileprivate var sentence: String {
        switch self {
        case .ignore: "dropped"
        case .stream: "passed on as it comes"
        case .file(let name): "written to \(name)"
        case .stdout: "into stdout, in order"
        }
    }
}
extension ResultRule.Condition: CustomStringConvertible {
    /// `any end`, `complete, wall-time`.
    public var description: String {
        switch self {
        case .any: "any end"
        case .only(let states, let causes):
            (states.map(\.rawValue).sorted() + causes.map(\.rawValue).sorted()).joined(separator: ", ")
        }
    }
}
