/// Makes one tree of a program file and those that it extends.
///
/// The trees are merged before anything is decoded, so that the rules of a family are checked where they are used, once
/// and as a whole. Every node keeps its mark, which names the file that it stands in.
struct Composition {
    /// Most files of one program.
    static let maxFiles = 8

    let findings: Findings
    let find: (String) -> FoundProgramFile
    /// In the order of their numbers.
    private(set) var files: [ProgramSourceFile] = []
    /// The program says so of itself, or what it extends is missing; then nothing more is said about what is needed.
    private(set) var isAbstract = false
    /// Whose files are read, to see when one comes again.
    private var names: [String] = []

    init(findings: Findings, find: @escaping (String) -> FoundProgramFile) {
        self.findings = findings
        self.find = find
    }

    /// The merged tree, or `nil` when the first file is none; reasons go to `findings`.
    mutating func compose(_ bytes: [UInt8], fileName: String) -> YAMLNode? {
        guard let root = tree(of: ProgramSourceFile(path: fileName, bytes: bytes), number: 0) else { return nil }
        isAbstract = flag("abstract", of: root)
        if case .scalar(let name, _) = root["program"]?.content { names.append(name) }
        var chain = [root]
        while let reference = chain[chain.count - 1]["extends"] {
            guard let next = extended(reference) else {
                isAbstract = true
                break
            }
            chain.append(next)
        }
        let merge = Merge(findings: findings)
        return chain.dropLast().reversed().reduce(chain[chain.count - 1]) { base, own in
            merge.program(own, onto: base)
        }
    }

    private mutating func tree(of file: ProgramSourceFile, number: Int) -> YAMLNode? {
        files.append(file)
        // A byte order mark says nothing in UTF-8; editors that write it should not make a file unreadable.
        let text = file.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(file.bytes.dropFirst(3)) : file.bytes
        return YAMLComposer.compose(text, findings: findings, file: number)
    }

    private func flag(_ key: String, of root: YAMLNode) -> Bool {
        root[key].flatMap { ValueReader(findings: findings).bool($0, key) } ?? false
    }

    // MARK: The file that another one extends

    private mutating func extended(_ reference: YAMLNode) -> YAMLNode? {
        let reader = ValueReader(findings: findings)
        guard let name = reader.checked(reference, "extends", reasonAgainstName) else { return nil }
        if let reason = reasonAgainst(name) {
            findings.add(reference.mark, "extends: \(reason)")
            return nil
        }
        switch find(name) {
        case .file(let file):
            names.append(name)
            return root(of: file)
        case .unknown(let known):
            let hint = suggestion(for: name, among: known, else: "")
            findings.add(reference.mark, "extends: no program file is called \(quoted(name))\(hint)")
        case .unreadable(let reason): findings.add(reference.mark, "extends: \(reason)")
        case .notHere: findings.add(reference.mark, "extends: other program files cannot be read here")
        }
        return nil
    }

    private func reasonAgainst(_ name: String) -> String? {
        if names == [name] { return "a program cannot extend itself" }
        if let first = names.firstIndex(of: name) {
            let circle = (names[first...] + [name]).map { quoted($0) }.joined(separator: " extends ")
            return "this is a circle: \(circle)"
        }
        return files.count < Self.maxFiles ? nil : "more than \(Self.maxFiles) files in a row"
    }

    /// The tree of such a file, whose own keys are looked at here: the merged tree has only those of the first file.
    private mutating func root(of file: ProgramSourceFile) -> YAMLNode? {
        guard let root = tree(of: file, number: findings.addFile(file.path)) else { return nil }
        let decoder = ProgramDecoder(findings: findings, fileName: file.path)
        guard let fields = Fields(root, what: "a program file", keys: ProgramDecoder.keys, findings: findings) else {
            return nil
        }
        _ = fields.required("program", in: "program").flatMap(decoder.programName)
        _ = flag("abstract", of: root)
        return root
    }
}
