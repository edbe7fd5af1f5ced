/// A grammar prepared for matching: made once for a program, used by every request.
struct GrammarIndex: Sendable {
    /// Positionals that compete for one place; more than one only inside `one_of`.
    struct Slot: Sendable {
        var alternatives: [Int]
        var group: Int?
    }

    struct Group: Sendable {
        var members: Range<Int>
        var isRequired: Bool
    }

    /// What an argument turns out to be.
    enum Hit: Equatable {
        case flag(Int)
        /// The value is the next argument.
        case separate(Int)
        case inline(Int, value: String)
        /// A flag was given a value.
        case unwantedValue(Int)
        /// An option was given its value after `=`, but takes it only as the next argument.
        case misplacedValue(Int)
        /// An option stands alone but takes its value only in the same argument.
        case missingInlineValue(Int)
    }

    /// All rules, those inside `one_of` too, in the order of the file.
    private(set) var leaves: [ArgumentRule] = []
    private(set) var groups: [Group] = []
    private(set) var slots: [Slot] = []
    private(set) var commands: [CommandRule] = []
    private(set) var hasSeparator = false
    /// Flag and option names.
    private(set) var leafByName: [ExactText: Int] = [:]
    /// Names of options that take an attached value, longest first.
    private var attachedNames: [String] = []

    init(_ items: [ArgumentItem]) {
        for item in items {
            switch item {
            case .rule(let rule): add(rule)
            case .oneOf(let members, let required, _): add(group: members, required: required)
            case .allOf: preconditionFailure("allOf stands inside oneOf")
            case .command(let command): commands.append(command)
            case .separator: hasSeparator = true
            }
        }
        attachedNames.sort { $0.utf8.count > $1.utf8.count }
    }

    private mutating func add(_ rule: ArgumentRule) {
        let leaf = leaves.count
        leaves.append(rule)
        switch rule.kind {
        case .flag(let names):
            for name in names { leafByName[ExactText(name)] = leaf }
        case .option(let names, _, let forms):
            for name in names { leafByName[ExactText(name)] = leaf }
            if forms.contains(.attached) { attachedNames += names }
        case .positional, .literal: slots.append(Slot(alternatives: [leaf], group: nil))
        }
    }

    private mutating func add(group members: [ArgumentItem], required: Bool) {
        let slotCount = slots.count
        let first = leaves.count
        addFlat(members)
        // The positional members share one place: whichever is used stands there.
        let alternatives = slots[slotCount...].flatMap(\.alternatives)
        slots.removeSubrange(slotCount...)
        if !alternatives.isEmpty { slots.append(Slot(alternatives: alternatives, group: groups.count)) }
        groups.append(Group(members: first..<leaves.count, isRequired: required))
    }

    private mutating func addFlat(_ items: [ArgumentItem]) {
        for item in items {
            switch item {
            case .rule(let rule): add(rule)
            case .oneOf(let members, _, _), .allOf(let members, _): addFlat(members)
            case .command, .separator: break
            }
        }
    }

    // MARK: Looking up

    /// The flag or option that an argument is, if any. The most exact reading wins: a whole name, then the longest
    /// name before `=`, then the longest name with something attached.
    func hit(_ text: String) -> Hit? {
        if let leaf = leafByName[ExactText(text)], let hit = exactHit(leaf, text) { return hit }
        if let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")),
            let leaf = leafByName[ExactText(String(text[..<equals]))]
        {
            switch leaves[leaf].kind {
            case .option(_, _, let forms) where forms.contains(.equals):
                return .inline(leaf, value: String(text[text.utf8.index(after: equals)...]))
            case .flag: return .unwantedValue(leaf)
            case .option(_, _, let forms) where !forms.contains(.attached): return .misplacedValue(leaf)
            default: break
            }
        }
        return attachedHit(text)
    }

    private func exactHit(_ leaf: Int, _ text: String) -> Hit? {
        guard case .option(_, _, let forms) = leaves[leaf].kind else { return .flag(leaf) }
        if forms.contains(.separate) { return .separate(leaf) }
        // A name such as `if` (of `if=FILE`) may also be an ordinary value when it stands alone.
        return looksLikeOption(text) ? .missingInlineValue(leaf) : nil
    }

    private func attachedHit(_ text: String) -> Hit? {
        for name in attachedNames where text.utf8.count > name.utf8.count && text.utf8.starts(with: name.utf8) {
            guard let leaf = leafByName[ExactText(name)] else { continue }
            return .inline(leaf, value: String(decoding: text.utf8.dropFirst(name.utf8.count), as: UTF8.self))
        }
        return nil
    }

    /// Whether an argument that begins like an option may all the same be a positional: a text that a literal or a
    /// choice names, or a negative number. A free text may not: that is how options get smuggled in.
    func allowsDashedPositional(_ text: String) -> Bool {
        slots.contains { slot in
            slot.alternatives.contains { leaf in
                switch leaves[leaf].kind {
                case .literal(let literal): isSame(literal, text)
                case .positional(_, let value): value.namesDashed(text)
                case .flag, .option: false
                }
            }
        }
    }
}

/// `-x` and `--xx`, but not `-`, which by custom means a stream.
func looksLikeOption(_ text: String) -> Bool {
    text.utf8.count > 1 && text.utf8.first == UInt8(ascii: "-")
}

extension ValueRule {
    fileprivate func namesDashed(_ text: String) -> Bool {
        switch self {
        case .choice(let texts): texts.contains { isSame($0, text) }
        case .integer(_, let units):
            Double(text)?.isFinite ?? NumberText(text, isDecimal: false)?.hasUnit(of: units) ?? false
        case .decimal(_, _, let units):
            Double(text)?.isFinite ?? NumberText(text, isDecimal: true)?.hasUnit(of: units) ?? false
        case .string, .file, .duration, .size, .date, .list: false
        }
    }
}
