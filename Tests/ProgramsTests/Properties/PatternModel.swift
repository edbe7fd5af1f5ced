/// A pattern as the tests know it: a tree that is written as text for the reader under test, makes texts that match,
/// and says, slowly and in the most obvious way, which texts do.
indirect enum PatternModel: Sendable {
    case character(Unicode.Scalar)
    /// As it is written, the characters to choose examples from, and what it contains.
    case set(String, examples: [Unicode.Scalar], contains: @Sendable (Unicode.Scalar) -> Bool)
    case sequence([PatternModel])
    case alternatives([PatternModel])
    case repeated(PatternModel, min: Int, max: Int?, mark: String)

    static func random(_ dice: inout Dice, depth: Int = 3) -> PatternModel {
        switch dice.number(below: depth > 0 ? 8 : 4) {
        case 0, 1: .character(dice.pick(["a", "b", "-", "0", "é", "."]))
        case 2, 3: sets[dice.number(below: sets.count)]
        case 4: .sequence((0..<dice.number(0...3)).map { _ in random(&dice, depth: depth - 1) })
        case 5: .alternatives((0..<dice.number(1...3)).map { _ in random(&dice, depth: depth - 1) })
        default: repetition(of: random(&dice, depth: depth - 1), &dice)
        }
    }

    private static func repetition(of part: PatternModel, _ dice: inout Dice) -> PatternModel {
        let least = dice.number(0...2), more = dice.number(0...2)
        let marks: [(Int, Int?, String)] = [
            (0, nil, "*"), (1, nil, "+"), (0, 1, "?"), (least, least, "{\(least)}"), (least, nil, "{\(least),}"),
            (least, least + more, "{\(least),\(least + more)}"),
        ]
        let (min, max, mark) = dice.pick(marks)
        return .repeated(part, min: min, max: max, mark: mark)
    }

    private static let sets: [PatternModel] = [
        .set(".", examples: ["a", "é", "-", "\t"]) { $0 != "\n" },
        .set("[ab]", examples: ["a", "b"]) { "ab".unicodeScalars.contains($0) },
        .set("[a-c0-]", examples: ["a", "b", "c", "0", "-"]) { "abc0-".unicodeScalars.contains($0) },
        .set("[^ab]", examples: ["c", "0", "é", "\n"]) { !"ab".unicodeScalars.contains($0) },
        .set("[]a]", examples: ["]", "a"]) { "]a".unicodeScalars.contains($0) },
        .set("\\d", examples: ["0", "9"]) { ("0"..."9").contains($0) },
        .set("\\D", examples: ["a", "é"]) { !("0"..."9").contains($0) },
        .set("\\w", examples: ["a", "Z", "_", "0"]) { isWord($0) },
        .set("\\W", examples: ["-", "é", " "]) { !isWord($0) },
        .set("\\s", examples: [" ", "\t"]) { " \t\n\r\u{B}\u{C}".unicodeScalars.contains($0) },
        .set("\\S", examples: ["a", "-"]) { !" \t\n\r\u{B}\u{C}".unicodeScalars.contains($0) },
        .set("\\n", examples: ["\n"]) { $0 == "\n" },
        .set("[\\d_x-z]", examples: ["5", "_", "y"]) { "0123456789_xyz".unicodeScalars.contains($0) },
    ]

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "_"
    }

    var source: String {
        switch self {
        case .character("."): "\\."
        case .character(let scalar): String(scalar)
        case .set(let text, _, _): text
        case .sequence(let parts): parts.map(\.grouped).joined()
        case .alternatives(let parts): "(" + parts.map(\.source).joined(separator: "|") + ")"
        case .repeated(let part, _, _, let mark): "(\(part.source))\(mark)"
        }
    }

    private var grouped: String {
        if case .sequence = self { return "(?:\(source))" }
        return source
    }

    /// A text that matches.
    func example(_ dice: inout Dice) -> String {
        switch self {
        case .character(let scalar): return String(scalar)
        case .set(_, let examples, _): return String(dice.pick(examples))
        case .sequence(let parts): return parts.map { $0.example(&dice) }.joined()
        case .alternatives(let parts): return dice.pick(parts).example(&dice)
        case .repeated(let part, let min, let max, _):
            return (0..<dice.number(min...(max ?? min + 2))).map { _ in part.example(&dice) }.joined()
        }
    }

    func matches(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        return ends(scalars, from: [0]).contains(scalars.count)
    }

    /// Where a match can end that begins at one of `starts`.
    private func ends(_ text: [Unicode.Scalar], from starts: Set<Int>) -> Set<Int> {
        switch self {
        case .character(let scalar): return Set(starts.filter { $0 < text.count && text[$0] == scalar }.map { $0 + 1 })
        case .set(_, _, let contains):
            return Set(starts.filter { $0 < text.count && contains(text[$0]) }.map { $0 + 1 })
        case .sequence(let parts): return parts.reduce(starts) { $1.ends(text, from: $0) }
        case .alternatives(let parts): return parts.reduce(into: []) { $0.formUnion($1.ends(text, from: starts)) }
        case .repeated(let part, let min, let max, _):
            var round = starts
            for _ in 0..<min { round = part.ends(text, from: round) }
            var all = round
            // Every further round that is worth something reads at least one character.
            for _ in 0..<((max ?? min + text.count) - min) {
                round = part.ends(text, from: round).subtracting(all)
                all.formUnion(round)
            }
            return all
        }
    }
}
