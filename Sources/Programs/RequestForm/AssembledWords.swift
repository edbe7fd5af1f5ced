// From what an object says of one list of rules to the words that the grammar reads the same way.

extension AssembledLevel {
    /// The arguments in the order of their rules, unless a positional has to stand behind `--`: then flags and options
    /// come first where they may.
    func words() throws(AssemblyError) -> [String] {
        let (before, behind) = try divided()
        try checkReading(before + behind, separatorAt: behind.isEmpty ? nil : before.count)
        return before.flatMap(\.words) + (behind.isEmpty ? [] : ["--"]) + behind.flatMap(\.words)
    }

    /// What stands before `--`, and what behind it.
    private func divided() throws(AssemblyError) -> (before: [Piece], behind: [Piece]) {
        guard let first = pieces.firstIndex(where: needsSeparator) else { return (pieces, []) }
        let isFree = grammar.order == .free
        guard keys.hasSeparator, isFree || first >= piecesBeforeSeparator else {
            let text = pieces[first].words[0]
            throw AssemblyError(path: pieces[first].path, reason: "\(quoted(text)) would be taken for an option")
        }
        // In a fixed order, `--` stands where its rule stands.
        guard isFree else {
            return (Array(pieces[..<piecesBeforeSeparator]), Array(pieces[piecesBeforeSeparator...]))
        }
        let positionals = pieces.filter(\.isPositional)
        let start = positionals.firstIndex(where: needsSeparator) ?? 0
        return (pieces.filter { !$0.isPositional } + positionals[..<start], Array(positionals[start...]))
    }

    private func needsSeparator(_ piece: Piece) -> Bool {
        guard piece.isPositional else { return false }
        let text = piece.words[0]
        if !grammar.readings(text).isEmpty { return true }
        guard looksLikeOption(text), !grammar.namesDashed(text) else { return false }
        if let cluster = grammar.cluster(text), cluster.unknownLetter == nil { return true }
        return !grammar.allowsDashedPositional(text)
    }

    // MARK: Reading it back

    /// Of two positionals that can both be left out, the second would be read as the first when that is missing: what
    /// the object says and what the grammar then checks must be the same. A list that the grammar refuses is its own
    /// matter.
    private func checkReading(_ pieces: [Piece], separatorAt separator: Int?) throws(AssemblyError) {
        let read = grammar.order == .free ? readFree(pieces) : readFixed(pieces, separatorAt: separator)
        guard let read else { return }
        for (piece, leaf) in zip(pieces, read) where piece.leaf != leaf {
            let name = keys.entries[leaf].key
            throw AssemblyError(
                path: piece.path,
                reason: "\(quoted(piece.words.joined(separator: " "))) would be read as \(quoted(name)) here")
        }
    }

    /// The rules of the pieces as the grammar sees them, or `nil` if it refuses them.
    private func readFree(_ pieces: [Piece]) -> [Int]? {
        var level = Level(grammar: grammar, end: pieces.count)
        // Which rule a flag or an option belongs to is known; one word for each will do.
        for (position, piece) in pieces.enumerated() where !piece.isPositional { level.use(piece.leaf, at: position) }
        level.positionals = pieces.indices.filter { pieces[$0].isPositional }
        guard let outcome = PositionalMatch(level: level, arguments: pieces.map { $0.words[0] }, files: files).solve()
        else {
            return nil
        }
        var leaves = pieces.map(\.leaf)
        for (position, leaf) in outcome.assigned { leaves[position] = leaf }
        return leaves
    }

    private func readFixed(_ pieces: [Piece], separatorAt separator: Int?) -> [Int]? {
        var words = pieces.flatMap(\.words)
        if let separator { words.insert("--", at: pieces[..<separator].reduce(0) { $0 + $1.words.count }) }
        if let command = keys.commands.first { words.append(command.name) }
        let attempt = FixedAttempt.best(grammar, words, files: files, from: 0, checksValues: true)
        guard let takes = attempt.end.flatMap({ attempt.division.takes(endingAt: $0) }), takes.count == pieces.count
        else { return nil }
        return takes.map(\.leaf)
    }
}
