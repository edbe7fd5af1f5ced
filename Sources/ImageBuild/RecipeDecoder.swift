import Images
import Programs

extension Recipe {
    /// Reads a recipe. All that is wrong is told at once.
    ///
    /// - Parameter directory: what relative paths in it are relative to.
    public static func parse(
        _ bytes: [UInt8], fileName: String, directory: String
    ) -> Result<Recipe, ProgramFileErrors> {
        let findings = Findings(file: fileName)
        let decoder = RecipeDecoder(findings: findings, directory: directory)
        let text = String(decoding: bytes, as: UTF8.self)
        let recipe = YAMLComposer.compose(bytes, findings: findings).flatMap { decoder.recipe($0, text: text) }
        guard let recipe, findings.isEmpty else { return .failure(findings.sorted()) }
        return .success(recipe)
    }
}

private enum SourceKind: String, CaseIterable {
    case debian, host, oci, directory, tar

    var keys: [String] {
        switch self {
        case .debian: ["suite", "mirror", "packages"]
        case .host: ["executables", "data", "trial"]
        case .oci: ["path", "reference"]
        case .directory, .tar: ["path"]
        }
    }
}

private struct RecipeDecoder {
    let findings: Findings
    let directory: String

    private static let common = ["image", "summary", "from", "remove", "limits"]

    private var read: ValueReader { ValueReader(findings: findings) }

    func recipe(_ root: YAMLNode, text: String) -> Recipe? {
        // Which keys are known depends on one of them.
        let any = Self.common + ["suite", "mirror", "packages", "executables", "data", "trial", "path", "reference"]
        guard let first = Fields(root, what: "the recipe", keys: any, findings: Findings(file: "")),
            let kind = first.node("from").flatMap({ SourceKind(rawValue: scalar($0)) })
        else {
            guard let fields = Fields(root, what: "the recipe", keys: any, findings: findings) else { return nil }
            _ = name(fields)
            _ = fields.required("from", in: "the recipe").flatMap { read.word($0, "from", SourceKind.self) }
            return nil
        }
        guard let fields = Fields(root, what: "the recipe", keys: Self.common + kind.keys, findings: findings) else {
            return nil
        }
        let name = name(fields), source = source(kind, fields), limits = limits(fields.node("limits"))
        let summary = fields.node("summary").flatMap { read.prose($0, "summary") }
        let remove = fields.node("remove").map { list($0, "remove", reasonAgainstPathInImage) } ?? []
        guard let name, let source else { return nil }
        return Recipe(name: name, summary: summary, source: source, remove: remove, limits: limits, text: text)
    }

    private func scalar(_ node: YAMLNode) -> String {
        if case .scalar(let text, _) = node.content { return text }
        return ""
    }

    private func name(_ fields: Fields) -> String? {
        fields.required("image", in: "the recipe").flatMap { read.checked($0, "image", reasonAgainstImageName) }
    }

    // MARK: Sources

    private func source(_ kind: SourceKind, _ fields: Fields) -> Recipe.Source? {
        switch kind {
        case .debian: debian(fields).map { .debian($0) }
        case .host: host(fields).map { .host($0) }
        case .oci:
            path(fields).map { path in
                .oci(
                    path: path,
                    reference: fields.node("reference").flatMap { read.checked($0, "reference", reasonAgainstWord) })
            }
        case .directory: path(fields).map { .directory(path: $0) }
        case .tar: path(fields).map { .tar(path: $0) }
        }
    }

    private func debian(_ fields: Fields) -> DebianSource? {
        let suite = fields.required("suite", in: "the recipe").flatMap {
            read.checked($0, "suite", reasonAgainstPackage)
        }
        let packages = fields.required("packages", in: "the recipe").map {
            list($0, "packages", reasonAgainstPackage)
        }
        let mirror = fields.node("mirror").flatMap { read.checked($0, "mirror", reasonAgainstMirror) }
        guard let suite, let packages else { return nil }
        return DebianSource(suite: suite, mirror: mirror ?? DebianSource.defaultMirror, packages: packages)
    }

    private func host(_ fields: Fields) -> HostSource? {
        let executables = fields.required("executables", in: "the recipe").map(paths("executables"))
        let data = fields.node("data").map(paths("data")) ?? []
        let trial = fields.node("trial").map { read.texts($0, "trial") } ?? []
        if executables?.isEmpty == true, let node = fields.node("executables") {
            findings.add(node.mark, "executables: the list is empty")
        }
        return executables.map { HostSource(executables: $0, data: data, trial: trial) }
    }

    private func path(_ fields: Fields) -> String? {
        fields.required("path", in: "the recipe").flatMap { read.checked($0, "path", reasonAgainstWord) }
            .map { $0.hasPrefix("/") ? $0 : "\(directory)/\($0)" }
    }

    // MARK: Values

    private func limits(_ node: YAMLNode?) -> Recipe.Limits {
        var limits = Recipe.Limits()
        guard let node,
            let fields = Fields(node, what: "limits", keys: ["size", "entries"], findings: findings)
        else { return limits }
        if let size = fields.node("size").flatMap({ read.size($0, "limits.size") }) { limits.bytes = size }
        if let entries = fields.node("entries").flatMap({ read.integer($0, "limits.entries", in: 1...100_000_000) }) {
            limits.entries = Int(entries)
        }
        return limits
    }

    private func list(_ node: YAMLNode, _ what: String, _ reason: @escaping (String) -> String?) -> [String] {
        (read.list(node, what) ?? []).compactMap { read.checked($0, what, reason) }
    }

    private func paths(_ what: String) -> (YAMLNode) -> [String] {
        { node in (read.list(node, what) ?? []).compactMap { read.absolutePath($0, what) } }
    }
}

private func reasonAgainstWord(_ text: String) -> String? {
    text.unicodeScalars.contains { $0.value < 32 || $0.value == 127 } ? "contains a control character" : nil
}

/// Of a package or a suite: what reaches a command line must not be an option of it.
/// Source: Debian Policy, 5.6.1 and 5.6.12.
private func reasonAgainstPackage(_ text: String) -> String? {
    let isWord = text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
            || "+-.:~=".utf8.contains(byte)
    }
    return isWord && text.utf8.first.map { $0 != 0x2d && $0 != 0x3d } == true
        ? nil
        : "no Debian name; write NAME or NAME=VERSION"
}

private func reasonAgainstMirror(_ text: String) -> String? {
    let isURL = ["http://", "https://", "file:/"].contains { text.hasPrefix($0) }
    return isURL && text.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != 0x5d && $0 != 0x5b }
        ? nil
        : "a mirror is an address that begins with http://, https:// or file:/"
}

private func reasonAgainstPathInImage(_ text: String) -> String? {
    if text.hasPrefix("/") { return "paths in the image are relative to its root: \(quoted(String(text.dropFirst())))" }
    return checkFileName(text)
}
