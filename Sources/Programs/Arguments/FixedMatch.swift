/// What single rules take in a fixed order, and how far that has led.
struct FixedMatch: Taking {
    let grammar: GrammarIndex
    let arguments: [String]
    /// Whether a wrong value keeps a rule from taking it.
    let checksValues: Bool
    private var files: RequestedFiles
    /// The last place that anything could be accepted at, and the rules that were asked for there.
    private(set) var furthest: Int
    private(set) var expected: [Int] = []
    /// Of values that were looked at there, why they were refused.
    private(set) var reasons: [String] = []
    /// By position: every argument is read once, however many rules are asked about it.
    private var readings: [[OptionReading]?]

    init(
        _ grammar: GrammarIndex, _ arguments: [String], files: RequestedFiles, from start: Int, checksValues: Bool
    ) {
        self.grammar = grammar
        self.arguments = arguments
        self.checksValues = checksValues
        self.files = files
        furthest = start
        readings = Array(repeating: nil, count: arguments.count)
    }

    func hasPlace(_ leaf: Int) -> Bool { true }

    /// Nothing is known of a list before it is divided.
    func isUsed(_ leaves: Range<Int>) -> Bool { false }

    func isSeparator(at place: Int) -> Bool { place < arguments.count && arguments[place] == "--" }

    /// How the rule reads this argument.
    func reading(_ leaf: Int, at place: Int) -> OptionReading? {
        (readings[place] ?? grammar.readings(arguments[place])).first { $0.leaf == leaf }
    }

    mutating func length(of leaf: Int, at place: Int, behindSeparator: Bool) -> Int {
        guard place < arguments.count else { return miss(leaf, at: place) }
        let length =
            grammar.leaves[leaf].isPositional
            ? positional(leaf, at: place, behindSeparator: behindSeparator)
            : behindSeparator ? miss(leaf, at: place) : option(leaf, at: place)
        if length > 0 { reach(place + length) }
        return length
    }

    // MARK: Kinds

    private mutating func option(_ leaf: Int, at place: Int) -> Int {
        if readings[place] == nil { readings[place] = grammar.readings(arguments[place]) }
        guard let reading = reading(leaf, at: place) else { return miss(leaf, at: place) }
        let rule = grammar.leaves[leaf]
        if let reason = reading.reason(rule) { return miss(leaf, at: place, reason) }
        switch reading {
        case .inline(_, let value): return takes(value, leaf, at: place) ? 1 : 0
        case .separate:
            guard place + 1 < arguments.count else {
                return miss(leaf, at: place, "needs a value behind it; accepted: \(rule.value?.summary ?? "")")
            }
            return takes(arguments[place + 1], leaf, at: place + 1) ? 2 : 0
        default: return 1
        }
    }

    private mutating func positional(_ leaf: Int, at place: Int, behindSeparator: Bool) -> Int {
        let text = arguments[place]
        if case .literal(let literal) = grammar.leaves[leaf].kind {
            return isSame(literal, text) ? 1 : miss(leaf, at: place)
        }
        if !behindSeparator {
            // A name is a more exact reading than a value, wherever the program may look for it.
            if readings[place] == nil { readings[place] = grammar.readings(text) }
            let isName = readings[place]?.isEmpty == false
            let isDashed = looksLikeOption(text) && grammar.leaves[leaf].value?.namesDashed(text) == false
            if isName || isDashed { return miss(leaf, at: place) }
        }
        return takes(text, leaf, at: place) ? 1 : 0
    }

    private mutating func takes(_ text: String, _ leaf: Int, at place: Int) -> Bool {
        let rule = grammar.leaves[leaf]
        guard checksValues, let value = rule.value else { return true }
        var named: [NamedFile] = []
        guard let reason = value.reasonToRefuse(text, files: &named) else {
            guard let missing = named.first(where: files.isMissing) else { return true }
            let reason = files.reason(missing)
            miss(leaf, at: place, reason)
            return false
        }
        let what = text == arguments[place] ? "" : "value \(quoted(text)): "
        miss(leaf, at: place, "\(what)\(reason); \(quoted(rule.names[0])) accepts \(value.summary)")
        return false
    }

    // MARK: How far

    private mutating func reach(_ place: Int) {
        guard place > furthest else { return }
        furthest = place
        expected = []
        reasons = []
    }

    @discardableResult
    private mutating func miss(_ leaf: Int, at place: Int, _ reason: @autoclosure () -> String? = nil) -> Int {
        reach(place)
        guard place == furthest else { return 0 }
        if !expected.contains(leaf) { expected.append(leaf) }
        if reasons.count < 2, let reason = reason() { reasons.append(reason) }
        return 0
    }
}
