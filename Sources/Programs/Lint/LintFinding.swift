/// A warning with its place in the program's file, or in the one that it extends.
public struct LintFinding: Sendable, Equatable, CustomStringConvertible {
    public var origin: Origin
    public var warning: LintWarning

    /// `FILE:LINE:COLUMN: warning: KEYPATH: MESSAGE`; errors without the word, as those of the file's form are.
    public var description: String { "\(origin): \(warning.isError ? "" : "warning: ")\(warning)" }
}

extension ProgramSource {
    /// The program's warnings and those that only its text shows, in the order of the file. None for a program that is
    /// only there to be extended: what looks wrong in it may be right in its extensions.
    ///
    /// - Parameter others: What somebody found who has looked at the node.
    public func lint(with others: [LintWarning] = []) -> [LintFinding] {
        if isAbstract { return [] }
        let origins = origins
        let start = Origin(file: files.first?.path ?? program.name, line: 1, column: 1)
        let findings = (program.warnings() + repeatedWords() + others).map { warning in
            LintFinding(origin: origin(of: warning.keyPath, in: origins) ?? start, warning: warning)
        }
        let fileNumbers = Dictionary(files.enumerated().map { ($1.path, $0) }) { first, _ in first }
        let places = findings.enumerated().map { number, finding in
            (fileNumbers[finding.origin.file] ?? 0, finding.origin.line, finding.origin.column, number)
        }
        return places.sorted(by: <).map { findings[$0.3] }
    }

    /// A key that is not written has the place of the mapping that it belongs to.
    private func origin(of keyPath: String, in origins: [String: Origin]) -> Origin? {
        var path = keyPath[...]
        while true {
            if let origin = origins[String(path)] { return origin }
            guard let end = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return nil }
            path = path[..<end]
        }
    }

    /// Lists that are sets: there a word that stands twice was probably meant to be another one.
    private func repeatedWords() -> [LintWarning] {
        var lists = [("success.exit_codes", root["success"]?["exit_codes"])]
        if case .sequence(let results)? = root["results"]?.content {
            lists += results.enumerated().map { ("results[\($0)].when", $1["when"]) }
        }
        return lists.flatMap { keyPath, node -> [LintWarning] in
            guard case .sequence(let items)? = node?.content else { return [] }
            return items.indices.filter { place in items[..<place].contains { $0.content == items[place].content } }
                .map { LintWarning(keyPath: "\(keyPath)[\($0)]", message: "\(items[$0].kind) is listed twice") }
        }
    }
}
