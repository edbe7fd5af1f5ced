/// A glob as the tests know it: its components, each a list of pieces.
struct GlobModel {
    enum Piece {
        case text(String)
        case star
        case question
        case set(String, examples: [Unicode.Scalar], contains: @Sendable (Unicode.Scalar) -> Bool)
    }

    /// `nil` is `**`.
    var components: [[Piece]?]

    static func random(_ dice: inout Dice) -> GlobModel {
        GlobModel(
            components: (0..<dice.number(1...3)).map { _ in
                dice.once(in: 4) ? nil : [.text(dice.pick(["a", "in", "d", "x."]))] + pieces(&dice)
            })
    }

    private static func pieces(_ dice: inout Dice) -> [Piece] {
        // A star never beside another: `**` is a component of its own.
        (0..<dice.number(0...2)).map { place in
            switch dice.number(below: 6) {
            case 0: .text(dice.pick(["a", ".b", "é"]))
            case 1, 2: place == 0 ? .star : .text("b")
            case 3: .question
            case 4: .set("[ab-d]", examples: ["a", "c"]) { "abcd".unicodeScalars.contains($0) }
            default: .set("[!a]", examples: ["b", "."]) { $0 != "a" && $0 != "/" }
            }
        }
    }

    var source: String {
        components.map { pieces in
            guard let pieces else { return "**" }
            return pieces.map { piece in
                switch piece {
                case .text(let text): text
                case .star: "*"
                case .question: "?"
                case .set(let text, _, _): text
                }
            }.joined()
        }.joined(separator: "/")
    }

    /// A name that matches.
    func example(_ dice: inout Dice) -> String {
        var names: [String] = []
        for (number, pieces) in components.enumerated() {
            if let pieces {
                names.append(pieces.map { Self.example($0, &dice) }.joined())
            } else {
                // At the end `**` is everything below, which is at least one name; before, it may be nothing.
                let least = number == components.count - 1 ? 1 : 0
                names += (0..<dice.number(least...least + 1)).map { _ in dice.pick(["p", "q.r"]) }
            }
        }
        return names.joined(separator: "/")
    }

    private static func example(_ piece: Piece, _ dice: inout Dice) -> String {
        switch piece {
        case .text(let text): text
        case .star: dice.pick(["", "z", ".yy"])
        case .question: dice.pick(["a", "é", "."])
        case .set(_, let examples, _): String(dice.pick(examples))
        }
    }

    func matches(_ name: String) -> Bool {
        let names = name.split(separator: "/", omittingEmptySubsequences: false).map { Array($0.unicodeScalars) }
        return Self.matches(components[...], names[...])
    }

    private static func matches(_ components: ArraySlice<[Piece]?>, _ names: ArraySlice<[Unicode.Scalar]>) -> Bool {
        guard let first = components.first else { return names.isEmpty }
        if let pieces = first {
            guard let name = names.first else { return false }
            return matches(pieces[...], name[...]) && matches(components.dropFirst(), names.dropFirst())
        }
        let least = components.count == 1 ? 1 : 0
        guard names.count >= least else { return false }
        return (least...names.count).contains { matches(components.dropFirst(), names.dropFirst($0)) }
    }

    private static func matches(_ pieces: ArraySlice<Piece>, _ name: ArraySlice<Unicode.Scalar>) -> Bool {
        guard let first = pieces.first else { return name.isEmpty }
        let rest = pieces.dropFirst()
        switch first {
        case .text(let text):
            return name.starts(with: text.unicodeScalars) && matches(rest, name.dropFirst(text.unicodeScalars.count))
        case .star: return (0...name.count).contains { matches(rest, name.dropFirst($0)) }
        case .question: return !name.isEmpty && matches(rest, name.dropFirst())
        case .set(_, _, let contains):
            guard let scalar = name.first else { return false }
            return contains(scalar) && matches(rest, name.dropFirst())
        }
    }
}
