/// What an argument turns out to be.
enum OptionReading: Equatable {
    case flag(Int)
    /// The value is the next argument.
    case separate(Int)
    case inline(Int, value: String)
    /// A flag was given a value.
    case unwantedValue(Int)
    /// An option was given its value in the same argument, but takes it only in the next one.
    case misplacedValue(Int)
    /// An option stands alone but takes its value only in the same argument.
    case missingInlineValue(Int)

    /// The rule that it belongs to.
    var leaf: Int {
        switch self {
        case .flag(let leaf), .separate(let leaf), .inline(let leaf, _), .unwantedValue(let leaf),
            .misplacedValue(let leaf), .missingInlineValue(let leaf):
            leaf
        }
    }

    /// What is wrong with it, if anything.
    func reason(_ rule: ArgumentRule) -> String? {
        switch self {
        case .flag, .separate, .inline: nil
        case .unwantedValue: "takes no value; accepted: \(rule.usage)"
        case .misplacedValue:
            rule.names(taking: .separate).isEmpty
                ? "cannot have its value like this; accepted: \(rule.usage)"
                : "takes its value in the next argument; accepted: \(rule.usage)"
        case .missingInlineValue: "needs its value in the same argument; accepted: \(rule.usage)"
        }
    }
}

extension GrammarIndex {
    /// The flag or option that an argument is, if any; several only where a fixed order knows the name at several
    /// places. The most exact reading wins: a whole name, then the longest name before `=`, then the longest name
    /// with something attached.
    func readings(_ text: String) -> [OptionReading] {
        if let leaves = leavesByName[ExactText(text)] {
            let readings = leaves.compactMap { exactReading($0, text) }
            if !readings.isEmpty { return readings }
        }
        if let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")),
            let leaves = leavesByName[ExactText(String(text[..<equals]))]
        {
            let name = String(text[..<equals])
            let readings = leaves.compactMap { equalsReading($0, name, text[text.utf8.index(after: equals)...]) }
            if !readings.isEmpty { return readings }
        }
        return attachedReadings(text)
    }

    private func exactReading(_ leaf: Int, _ text: String) -> OptionReading? {
        guard case .option(_, _, let forms) = leaves[leaf].kind else { return .flag(leaf) }
        if forms.contains(.separate) { return .separate(leaf) }
        // A name such as `if` (of `if=FILE`) may also be an ordinary value when it stands alone.
        return looksLikeOption(text) ? .missingInlineValue(leaf) : nil
    }

    private func equalsReading(_ leaf: Int, _ name: String, _ value: Substring) -> OptionReading? {
        guard case .option(_, _, let forms) = leaves[leaf].kind else { return .unwantedValue(leaf) }
        if leaves[leaf].takes(.equals, as: name) { return .inline(leaf, value: String(value)) }
        return forms.contains(.attached) ? nil : .misplacedValue(leaf)
    }

    private func attachedReadings(_ text: String) -> [OptionReading] {
        for length in attachedLengths where length < text.utf8.count {
            let name = String(decoding: text.utf8.prefix(length), as: UTF8.self)
            let readings = (leavesByName[ExactText(name)] ?? []).compactMap { leaf -> OptionReading? in
                guard leaves[leaf].takes(.attached, as: name) else { return nil }
                return .inline(leaf, value: String(decoding: text.utf8.dropFirst(length), as: UTF8.self))
            }
            if !readings.isEmpty { return readings }
        }
        return []
    }

    // MARK: Clusters

    /// Letters behind one dash; those that are known.
    struct Cluster {
        var readings: [OptionReading] = []
        /// The first that is none of the names.
        var unknownLetter: String?
    }

    /// `nil` for an argument that cannot be a cluster at all.
    func cluster(_ text: String) -> Cluster? {
        guard clusters, text.utf8.count > 2, looksLikeOption(text), !text.utf8.starts(with: "--".utf8) else {
            return nil
        }
        var cluster = Cluster()
        var rest = text.unicodeScalars.dropFirst()
        while let letter = rest.popFirst() {
            guard letter.isASCII, let leaf = leafByLetter[UInt8(letter.value)] else {
                cluster.unknownLetter = cluster.unknownLetter ?? String(letter)
                continue
            }
            guard case .option(_, _, let forms) = leaves[leaf].kind else {
                cluster.readings.append(.flag(leaf))
                continue
            }
            cluster.readings.append(last(leaf, "-\(letter)", forms, String(rest)))
            return cluster
        }
        return cluster
    }

    /// Everything behind the letter of an option is its value.
    private func last(_ leaf: Int, _ name: String, _ forms: Set<OptionForm>, _ rest: String) -> OptionReading {
        if rest.isEmpty { return forms.contains(.separate) ? .separate(leaf) : .missingInlineValue(leaf) }
        if leaves[leaf].takes(.equals, as: name), rest.utf8.first == UInt8(ascii: "=") {
            return .inline(leaf, value: String(decoding: rest.utf8.dropFirst(), as: UTF8.self))
        }
        return forms.contains(.attached) ? .inline(leaf, value: rest) : .misplacedValue(leaf)
    }
}

extension ArgumentRule {
    /// Whether the name takes a value in this form. Of aliases of both kinds, those with two dashes take `=VALUE` and
    /// those with one take an attached value: to a program, `-f=x` is the value `=x`, and `--filex` another option.
    func takes(_ form: OptionForm, as name: String) -> Bool {
        guard case .option(let names, _, let forms) = kind, forms.contains(form) else { return false }
        let isLong = { (name: String) in name.utf8.starts(with: "--".utf8) }
        return switch form {
        case .separate: true
        case .equals: isLong(name) || !names.contains(where: isLong)
        case .attached: !isLong(name) || names.allSatisfy(isLong)
        }
    }

    /// The names that take a value in this form; at least one where the rule has the form.
    func names(taking form: OptionForm) -> [String] { names.filter { takes(form, as: $0) } }
}
