// The sets of texts that lint compares.

extension Glob {
    /// What the glob matches; a plain name is a language of one text.
    var language: Automaton { automaton ?? .text(source) }
}

extension Automaton {
    /// Exactly this text.
    static func text(_ text: String) -> Automaton {
        Automaton(states: text.unicodeScalars.map { .literal($0.value) } + [.accept])
    }

    /// Everything that begins with this text and goes on.
    static func longer(than text: String) -> Automaton {
        let end = text.unicodeScalars.count
        let any = State.set(CharacterSet(isNegated: true))
        return Automaton(
            states: text.unicodeScalars.map { .literal($0.value) } + [any, .split(end, end + 2), .accept])
    }

    /// Texts that contain no such character.
    static func without(_ separator: String) -> Automaton {
        let scalars = separator.unicodeScalars.map { $0.value...$0.value }
        return .made(of: .repeated(.set(CharacterSet(ranges: scalars, isNegated: true)), min: 0, max: nil))
    }

    /// Texts that do not look like an option: no `-` in front, or nothing but that.
    static let undashed = made(
        of: .alternatives([
            .empty, .literal(45),
            .sequence([
                .set(CharacterSet(ranges: [45...45], isNegated: true)),
                .repeated(.set(CharacterSet(isNegated: true)), min: 0, max: nil),
            ]),
        ]))

    /// What `checkFileName` accepts, lengths apart.
    static let fileName = fileNames(maxDirectories: nil)

    /// The same, as deep as results are looked for.
    static let resultName = fileNames(maxDirectories: maxResultDepth - 1)

    private static func fileNames(maxDirectories: Int?) -> Automaton {
        let more = Expression.sequence([.literal(47), component(butNotFirst: [])])
        return made(of: .sequence([component(butNotFirst: [45...45]), .repeated(more, min: 0, max: maxDirectories)]))
    }

    /// Neither empty, `.` nor `..`, without control characters.
    private static func component(butNotFirst refused: [ClosedRange<UInt32>]) -> Expression {
        let outside: [ClosedRange<UInt32>] = [0...0x1F, 0x2F...0x2F, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069]
        let dot: [ClosedRange<UInt32>] = [46...46]
        func one(butNot ranges: [ClosedRange<UInt32>]) -> Expression {
            .set(CharacterSet(ranges: outside + ranges, isNegated: true))
        }
        let rest = Expression.repeated(one(butNot: []), min: 0, max: nil)
        return .alternatives([
            .sequence([one(butNot: dot + refused), rest]),
            .sequence([.literal(46), one(butNot: dot), rest]),
            .sequence([.literal(46), .literal(46), .repeated(one(butNot: []), min: 1, max: nil)]),
        ])
    }

    /// The expressions here are our own and small.
    private static func made(of expression: Expression) -> Automaton {
        (try? Automaton(expression)) ?? Automaton()
    }
}
