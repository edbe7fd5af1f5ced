/// A grammar prepared for matching: made once for a program, used by every request.
struct GrammarIndex: Sendable {
    /// The rules as a tree; node 0 is the list itself.
    struct Node: Sendable {
        enum Kind: Sendable, Equatable {
            case rule(Int)
            case oneOf(required: Bool)
            /// What is accepted one behind the other; the list itself is one, too.
            case allOf
            case separator
        }

        var kind: Kind
        var children: [Int] = []
        /// All rules beneath it.
        var leaves: Range<Int>
    }

    /// What a name under `requires` or `conflicts` means: any of these rules.
    struct Reference: Sendable {
        var name: String
        var leaves: [Int]
    }

    /// All rules, those inside `one_of` and `all_of` too, in the order of the file.
    private(set) var leaves: [ArgumentRule] = []
    private(set) var nodes: [Node] = [Node(kind: .allOf, leaves: 0..<0)]
    private(set) var commands: [CommandRule] = []
    private(set) var hasSeparator = false
    let order: ArgumentGrammar.Order
    let clusters: Bool
    /// By rule.
    private(set) var requires: [[Reference]] = []
    private(set) var conflicts: [[Reference]] = []
    /// Flags and options; a fixed order may know a name at several places.
    private(set) var leavesByName: [ExactText: [Int]] = [:]
    /// By the letter of flags and options with one dash and one letter.
    private(set) var leafByLetter: [UInt8: Int] = [:]
    /// Lengths of the names that take an attached value, longest first.
    private(set) var attachedLengths: [Int] = []
    /// Texts that begin with `-` and are named by a literal or a choice.
    private var dashedTexts = Set<ExactText>()
    private var numbers: [ValueRule] = []

    init(_ items: [ArgumentItem], order: ArgumentGrammar.Order, clusters: Bool) {
        self.order = order
        self.clusters = clusters
        nodes[0].children = items.compactMap { add($0) }
        nodes[0].leaves = 0..<leaves.count
        attachedLengths = Set(attachedLengths).sorted(by: >)
        var byName: [ExactText: [Int]] = [:]
        for (leaf, rule) in leaves.enumerated() {
            for name in rule.names { byName[ExactText(name), default: []].append(leaf) }
        }
        func references(_ names: [String]) -> [Reference] {
            names.map { Reference(name: $0, leaves: byName[ExactText($0)] ?? []) }
        }
        requires = leaves.map { references($0.requires) }
        conflicts = leaves.map { references($0.conflicts) }
    }

    /// The new node; none for a command, which has no place among the rules.
    private mutating func add(_ item: ArgumentItem) -> Int? {
        let node = nodes.count
        let first = leaves.count
        switch item {
        case .rule(let rule):
            nodes.append(Node(kind: .rule(first), leaves: first..<(first + 1)))
            add(rule)
        case .oneOf(let members, let required, _): add(members, as: .oneOf(required: required))
        case .allOf(let parts, _): add(parts, as: .allOf)
        case .separator:
            hasSeparator = true
            nodes.append(Node(kind: .separator, leaves: first..<first))
        case .command(let command):
            commands.append(command)
            return nil
        }
        return node
    }

    private mutating func add(_ items: [ArgumentItem], as kind: Node.Kind) {
        let node = nodes.count
        let first = leaves.count
        nodes.append(Node(kind: kind, leaves: first..<first))
        let children = items.compactMap { add($0) }
        nodes[node].children = children
        nodes[node].leaves = first..<leaves.count
    }

    private mutating func add(_ rule: ArgumentRule) {
        let leaf = leaves.count
        leaves.append(rule)
        switch rule.kind {
        case .flag(let names): add(names, leaf)
        case .option(let names, _, let forms):
            add(names, leaf)
            if forms.contains(.attached) { attachedLengths += names.map(\.utf8.count) }
        case .literal(let text):
            if looksLikeOption(text) { dashedTexts.insert(ExactText(text)) }
        case .positional(_, let value):
            switch value {
            case .choice(let texts):
                for text in texts where looksLikeOption(text) { dashedTexts.insert(ExactText(text)) }
            case .integer, .decimal: numbers.append(value)
            default: break
            }
        }
    }

    private mutating func add(_ names: [String], _ leaf: Int) {
        for name in names {
            leavesByName[ExactText(name), default: []].append(leaf)
            let bytes = Array(name.utf8)
            if bytes.count == 2, bytes[0] == UInt8(ascii: "-") { leafByLetter[bytes[1]] = leaf }
        }
    }

    // MARK: Positionals that begin with '-'

    /// Whether a literal or a choice names exactly this text.
    func namesDashed(_ text: String) -> Bool { dashedTexts.contains(ExactText(text)) }

    /// Whether an argument that begins like an option may all the same be a positional: a text that a literal or a
    /// choice names, or a negative number. A free text may not: that is how options get smuggled in.
    func allowsDashedPositional(_ text: String) -> Bool {
        namesDashed(text) || numbers.contains { $0.namesDashed(text) }
    }
}

/// `-x` and `--xx`, but not `-`, which by custom means a stream.
func looksLikeOption(_ text: String) -> Bool {
    text.utf8.count > 1 && text.utf8.first == UInt8(ascii: "-")
}

extension ValueRule {
    /// Whether a text that begins with `-` is such a value by its form alone.
    func namesDashed(_ text: String) -> Bool {
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
