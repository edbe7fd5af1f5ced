/// Reads a program from the tree of its file. Goes on after an error, so that an author sees all of them at once.
struct ProgramDecoder {
    let findings: Findings
    let fileName: String
    /// What must be there may also come from whoever extends the program.
    var isAbstract = false

    static let keys = [
        "program", "extends", "abstract", "summary", "version", "executable", "arguments", "inputs", "results", "stdin",
        "stdout",
        "stderr", "environment", "success", "stop", "suspend", "limits", "security", "who", "warm",
    ]

    var read: ValueReader { ValueReader(findings: findings) }

    /// The program, or `nil` with findings. A value that could not be read is replaced by a harmless one so that the
    /// rest can be looked at; the findings then keep the result from being used.
    func program(_ root: YAMLNode) -> Program? {
        guard let fields = Fields(root, what: "a program file", keys: Self.keys, findings: findings) else {
            return nil
        }
        let limits = needed("limits", fields).flatMap(limitRules)
        let security = needed("security", fields).flatMap(securityProfile)
        let name = fields.required("program", in: "program").flatMap(programName)
        let summary = needed("summary", fields).flatMap { read.prose($0, "summary") }
        let executable = needed("executable", fields).flatMap { read.absolutePath($0, "executable") }
        let program = Program(
            name: name ?? "", summary: summary ?? "",
            version: fields.node("version").flatMap { read.prose($0, "version") },
            executable: executable ?? "",
            arguments: fields.node("arguments").map(argumentGrammar) ?? .empty,
            inputs: fields.node("inputs").map(inputRules) ?? [],
            results: fields.node("results").map(resultRules) ?? [],
            stdin: fields.node("stdin").flatMap(streamSource) ?? .ignore,
            stdout: fields.node("stdout").flatMap { streamSink($0, "stdout") } ?? .stream,
            stderr: fields.node("stderr").flatMap { streamSink($0, "stderr") } ?? .stream,
            streamCaps: streamCaps(fields),
            environment: fields.node("environment").map(environmentRules) ?? EnvironmentRules(set: [:], accept: []),
            successExitCodes: fields.node("success").flatMap(exitCodes) ?? [0],
            stop: fields.node("stop").flatMap { stopRule($0, "stop") }
                ?? StopRule(signal: .term, graceMilliseconds: StopRule.defaultGraceMilliseconds),
            suspend: fields.node("suspend").flatMap { stopRule($0, "suspend") },
            limits: limits ?? LimitRules { _ in LimitRule(default: 1, max: 1) },
            security: security ?? SecurityProfile(),
            who: fields.node("who").flatMap(whoRule),
            warm: fields.node("warm").flatMap { read.integer($0, "warm", in: 0...Int64(Program.mostWarm)) }.map(
                Int.init) ?? 0)
        checkAcross(program, fields)
        return program
    }

    // MARK: Single keys

    private func needed(_ key: String, _ fields: Fields) -> YAMLNode? {
        isAbstract ? fields.node(key) : fields.required(key, in: "program")
    }

    func programName(_ node: YAMLNode) -> String? {
        guard let name = read.checked(node, "program", reasonAgainstName) else { return nil }
        let file = fileName.split(separator: "/").last.map(String.init) ?? ""
        for suffix in [".yaml", ".yml"] where file.hasSuffix(suffix) && file.dropLast(suffix.count) != name {
            findings.add(node.mark, "program: \(quoted(name)) must be called like its file \(quoted(file))")
        }
        return name
    }

    private func exitCodes(_ node: YAMLNode) -> Set<UInt8>? {
        guard let fields = Fields(node, what: "success", keys: ["exit_codes"], findings: findings),
            let codes = fields.required("exit_codes", in: "success")
        else { return nil }
        let items = read.list(codes, "exit_codes")
        let numbers = (items ?? []).compactMap { read.integer($0, "exit_codes", in: 0...255) }
        if items?.isEmpty == true { findings.add(codes.mark, "exit_codes: at least one exit code must mean success") }
        return Set(numbers.map { UInt8($0) })
    }

    private func stopRule(_ node: YAMLNode, _ what: String) -> StopRule? {
        guard let fields = Fields(node, what: what, keys: ["signal", "grace"], findings: findings) else { return nil }
        return StopRule(
            signal: fields.node("signal").flatMap { read.word($0, "\(what).signal", StopSignal.self) } ?? .term,
            graceMilliseconds: fields.node("grace").flatMap { read.duration($0, "\(what).grace") }
                ?? StopRule.defaultGraceMilliseconds)
    }

    private func whoRule(_ node: YAMLNode) -> WhoRule? {
        guard let fields = Fields(node, what: "who", keys: ["users", "groups"], findings: findings) else { return nil }
        return WhoRule(
            users: fields.node("users").map { accountNames($0, "who.users") } ?? [],
            groups: fields.node("groups").map { accountNames($0, "who.groups") } ?? [])
    }

    private func accountNames(_ node: YAMLNode, _ what: String) -> [String] {
        (read.list(node, what) ?? []).compactMap { item in
            read.checked(item, what) { name in
                name.isEmpty || name.utf8.contains { $0 <= 32 || $0 == 127 || $0 == 58 }
                    ? "not a possible account name" : nil
            }
        }
    }

    // MARK: Rules that look at several keys

    private func checkAcross(_ program: Program, _ fields: Fields) {
        // An input rule that could not be read may be the one that is meant.
        let isComplete = program.inputRules.count == fields.node("inputs").map(writtenInputRules) ?? 0
        if isComplete, !isAbstract, case .file(let name) = program.stdin, let node = fields.node("stdin"),
            !program.inputRules.contains(where: { $0.path.matches(name) })
        {
            findings.add(node.mark, "stdin: no rule under 'inputs' accepts the file \(quoted(name))")
        }
        if case .file(let out) = program.stdout, case .file(let err) = program.stderr, out == err,
            let node = fields.node("stderr")
        {
            findings.add(node.mark, "stderr: for one file with both streams in order, write 'stderr: stdout'")
        }
    }

    /// How many input rules the file has, readable or not; at least one where there is no telling.
    private func writtenInputRules(_ node: YAMLNode) -> Int {
        guard case .sequence(let items) = node.content else { return 1 }
        return items.reduce(0) { count, item in
            guard case .sequence(let members)? = item["one_of"]?.content else { return count + 1 }
            return count + members.count
        }
    }
}

/// Why a text cannot be a program's or an image's name, or `nil`.
public func reasonAgainstName(_ name: String) -> String? {
    func isAlphanumeric(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (97...122).contains(byte) }
    guard let first = name.utf8.first, isAlphanumeric(first), name.utf8.count <= 64,
        name.utf8.allSatisfy({ isAlphanumeric($0) || "._-".utf8.contains($0) })
    else { return "a name is 1 to 64 characters of a-z, 0-9, '.', '_' and '-', the first a letter or digit" }
    return nil
}
