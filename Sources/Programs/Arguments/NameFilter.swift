/// Which file names a value takes.
public struct NameFilter: Sendable, Equatable {
    /// One of them must match; empty: any name.
    public var patterns: [Glob]
    /// None of them may match.
    public var exceptions: [Glob]

    /// Most globs in each of the two lists.
    static let maxGlobs = 32
    static let any = NameFilter()

    public init(patterns: [Glob] = [], exceptions: [Glob] = []) {
        self.patterns = patterns
        self.exceptions = exceptions
    }

    func accepts(_ name: String) -> Bool { reasonToRefuse(name) == nil }

    func reasonToRefuse(_ name: String) -> String? {
        if !patterns.isEmpty, !patterns.contains(where: { $0.matches(name) }) {
            let sources = patterns.map(\.source)
            return sources.count == 1 ? "does not match \(sources[0])" : "matches none of \(shortList(sources))"
        }
        return exceptions.first { $0.matches(name) }.map { "matches the exception \($0.source)" }
    }

    /// ` matching one of *.c, *.o, but not **/@*`, or nothing.
    var phrase: String {
        let kept = patterns.map(\.source), refused = exceptions.map(\.source)
        let matching = kept.isEmpty ? "" : " matching " + (kept.count == 1 ? kept[0] : "one of \(shortList(kept))")
        return refused.isEmpty
            ? matching : "\(matching), but " + (refused.count == 1 ? "not " : "none of ") + shortList(refused)
    }
}
