/// One thing that a shell may put in place of the word under the cursor.
public struct CompletionCandidate: Sendable, Equatable {
    /// The whole word.
    public var text: String
    /// One line.
    public var help: String?
    /// The word goes on behind it, so no space follows: `--name=`.
    public var isOpen: Bool

    public init(_ text: String, help: String? = nil, isOpen: Bool = false) {
        self.text = text
        self.help = help
        self.isOpen = isOpen
    }
}

extension Program {
    /// What may stand at the end of an argument list: only what the rules still allow there.
    ///
    /// - Parameters:
    ///   - arguments: those before the word.
    ///   - word: what is there of the word; every candidate begins with it.
    ///   - inputs: names of the request's input files.
    public func completions(of word: String, after arguments: [String], inputs: [String]) -> [CompletionCandidate] {
        guard arguments.count <= ArgumentMatcher.maxArguments else { return [] }
        var walk = CompletionWalk(self.arguments)
        for argument in arguments {
            if let command = walk.read(argument) { walk = CompletionWalk(command.arguments) }
        }
        let results = results.filter { $0.path.isPlain }.map(\.path.source)
        let values = CompletionValues(inputs: inputs, results: results)
        return walk.candidates(for: word, values).filter { candidate in
            // The beginning of a word that is there already is no help.
            candidate.text.utf8.starts(with: word.utf8) && !(candidate.isOpen && isSame(candidate.text, word))
        }
    }

    /// What may be given to `--env`: `NAME=VALUE`.
    public func environmentCompletions(of word: String) -> [CompletionCandidate] {
        let values = CompletionValues(inputs: [], results: [])
        let candidates = environment.accept.flatMap { rule -> [CompletionCandidate] in
            let head = "\(rule.name)="
            guard word.utf8.starts(with: head.utf8) else {
                return [CompletionCandidate(head, help: rule.value.summary, isOpen: true)]
            }
            let typed = String(decoding: word.utf8.dropFirst(head.utf8.count), as: UTF8.self)
            return values.candidates(of: rule.value, typed: typed, prefix: head)
        }
        return candidates.filter { $0.text.utf8.starts(with: word.utf8) }
    }
}

/// The values that can be enumerated.
struct CompletionValues {
    let inputs: [String]
    /// Names that a result must have to be taken, where they are plain.
    let results: [String]

    /// - Parameters:
    ///   - typed: what is there of the value.
    ///   - prefix: what stands before it in the same word.
    func candidates(of rule: ValueRule, typed: String, prefix: String = "") -> [CompletionCandidate] {
        switch rule {
        case .choice(let texts): texts.map { CompletionCandidate(prefix + $0) }
        case .file(.input, let filter): names(inputs, filter, prefix)
        case .file(.output, let filter): names(results, filter, prefix)
        case .file(.any, let filter): names(inputs + results.filter { !inputs.contains($0) }, filter, prefix)
        case .list(let separator, let element, let count):
            lastElement(of: typed, separator, element, count, prefix)
        case .integer, .decimal, .string, .duration, .size, .date: []
        }
    }

    private func names(_ names: [String], _ filter: NameFilter, _ prefix: String) -> [CompletionCandidate] {
        names.filter(filter.accepts).map { CompletionCandidate(prefix + $0) }
    }

    private func lastElement(
        of typed: String, _ separator: String, _ element: ValueRule, _ count: ClosedRange<Int>, _ prefix: String
    ) -> [CompletionCandidate] {
        guard let byte = separator.utf8.first else { return [] }
        let elements = typed.utf8.split(separator: byte, omittingEmptySubsequences: false)
        guard elements.count <= count.upperBound, let last = elements.last else { return [] }
        let before = typed.utf8.prefix(typed.utf8.count - last.count)
        return candidates(
            of: element, typed: String(decoding: last, as: UTF8.self),
            prefix: prefix + String(decoding: before, as: UTF8.self))
    }
}
