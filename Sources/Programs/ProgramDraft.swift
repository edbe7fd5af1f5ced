/// A beginning of a program file, made from what an executable says of itself: for `jrun program new`.
///
/// What it writes is always a good program file, whatever the help text said; what is only guessed says so.
public struct ProgramDraft: Sendable {
    /// A path of the node that the run has to see, and why.
    public struct Place: Sendable {
        public var path: String
        public var reason: String

        public init(path: String, reason: String) {
            self.path = path
            self.reason = reason
        }
    }

    /// What the program is called; made possible where it is not.
    public var name: String
    public var executable: String
    /// Its own help; nil leaves the arguments to the reader.
    public var helpText: String?
    /// Sentences for the head of the file.
    public var notes: [String] = []
    public var execute: [Place] = []
    public var read: [Place] = []

    public init(name: String, executable: String) {
        self.name = Self.possibleName(name)
        self.executable = executable
    }

    /// Lower case, and nothing that a program's name cannot have.
    public static func possibleName(_ text: String) -> String {
        let possible = text.lowercased().unicodeScalars.map { scalar -> Character in
            let isPossible = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isPossible || "._-".unicodeScalars.contains(scalar) ? Character(scalar) : "-"
        }
        let name = String(possible.drop { $0 == "." || $0 == "_" || $0 == "-" }.prefix(64))
        return name.isEmpty ? "program" : name
    }

    /// Whether any option can be read from a help text.
    public static func findsOptions(in text: String) -> Bool { !HelpText(text).options.isEmpty }

    /// The file's text.
    public func yaml() -> String {
        let help = helpText.map { HelpText($0) }
        return yaml(help, DraftRule.all(help?.options ?? []))
    }

    /// The linter is the judge: a rule that it does not take becomes a comment.
    func yaml(_ help: HelpText?, _ wanted: [DraftRule]) -> String {
        var rules = wanted
        for _ in 0..<8 {
            let (text, lines) = compose(help, rules)
            guard case .failure(let found) = ProgramFile.parse(Array(text.utf8), fileName: "draft") else { return text }
            let wrong = Set(found.errors.compactMap { error in lines.firstIndex { $0.contains(error.line) } })
            if wrong.isEmpty { break }
            for rule in wrong { rules[rule].isActive = false }
        }
        for rule in rules.indices { rules[rule].isActive = false }
        return compose(help, rules).text
    }

    /// The text, and the lines of each rule in it, counted from 1.
    private func compose(_ help: HelpText?, _ rules: [DraftRule]) -> (text: String, lines: [Range<Int>]) {
        var lines = head(help)
        var places: [Range<Int>] = []
        lines.append(rules.contains(where: \.isActive) ? "arguments:" : "arguments: []")
        for rule in rules {
            let first = lines.count + 1
            lines += rule.lines
            places.append(first..<(lines.count + 1))
        }
        lines += usage(help) + tail
        return (lines.joined(separator: "\n") + "\n", places)
    }

    private func head(_ help: HelpText?) -> [String] {
        let source = help == nil ? "without its help text" : "from its help text"
        let summary = help?.summary.map { yamlText($0) } ?? yamlText("Run \(name)")
        return [
            "# A beginning, written by `jrun program new` \(source). Go through it before anybody uses it: what is not",
            "# described here is refused, and every \"check:\" marks a guess. The language: docs/program-file.md.",
        ] + notes.map { "# \(plainText($0))" } + [
            "", "program: \(yamlText(name))", "summary: \(summary)  # check: say what it does in one line",
            "executable: \(yamlText(executable))", "",
        ]
    }

    private func usage(_ help: HelpText?) -> [String] {
        let lines = (help?.usage ?? []).map { "  #     \($0)" }
        return (lines.isEmpty ? [] : ["  # check: what else does it take? Its help says:"] + lines) + [
            "  # check: a file that it reads, at its place:",
            "  # - argument: FILE",
            "  #   value: {file: input}",
            "",
        ]
    }

    private var tail: [String] {
        [
            "# check: the files that a request brings, for example",
            "#   - {path: \"*.txt\", required: true, max_size: 10MiB}",
            "inputs: []", "",
            "# check: the files that it leaves, for example",
            "#   - {path: \"*.out\", when: complete, required: true, max_size: 100MiB}",
            "results: []", "",
            "stdin: ignore                   # check: stream, if it reads its standard input",
            "stdout: stream", "stderr: stream", "", "environment: {set: {LC_ALL: C}}",
            "success: {exit_codes: [0]}", "stop: {signal: TERM, grace: 5s}", "",
            "# check: what an ordinary run needs; {default: 10m, max: 2h} lets a request ask for more",
            "limits:", "  wall: 10m", "  cpu: 10m", "  memory: 1GiB", "  processes: 16", "  open_files: 256",
            "  output: 64MiB", "  disk: 1GiB", "", "security:", "  root: host",
        ] + files + ["  network: none", "  seccomp: default", "  devices: []"]
    }

    private var files: [String] {
        if execute.isEmpty, read.isEmpty { return ["  files: {read: []}"] }
        func list(_ key: String, _ places: [Place]) -> [String] {
            if places.isEmpty { return [] }
            return ["    \(key):"] + places.map { "      - \(yamlText($0.path))  # \(plainText($0.reason))" }
        }
        return ["  files:"] + list("execute", execute) + list("read", read)
    }
}

/// One option of a help text as a rule, active or as a comment.
struct DraftRule {
    var option: HelpText.Option
    var isActive = true

    /// Each name once; the first to use it has it.
    static func all(_ options: [HelpText.Option]) -> [DraftRule] {
        var taken = Set<String>()
        var rules: [DraftRule] = []
        for var option in options {
            if option.names.contains(where: { ["--help", "-help", "--version", "--usage"].contains($0) }) { continue }
            if option.names == ["-h"], option.help.lowercased().contains("help") { continue }
            option.names = option.names.filter { !taken.contains($0) }
            taken.formUnion(option.names)
            if !option.names.isEmpty { rules.append(DraftRule(option: option, isActive: !option.isUnclear)) }
        }
        return rules
    }

    var lines: [String] {
        let names = option.names.map { yamlText($0) }
        let list = names.count == 1 ? names[0] : "[\(names.joined(separator: ", "))]"
        var lines = ["  - \(option.value == nil ? "flag" : "option"): \(list)"]
        if let placeholder = option.value {
            let guess = ValueGuess(placeholder, help: option.help, names: option.names)
            lines.append("    form: [\(option.form.rawValue)]")
            lines.append("    value: \(guess.yaml)" + (guess.doubt.map { "  # check: \(plainText($0))" } ?? ""))
        }
        if !option.help.isEmpty { lines.append("    help: \(yamlText(option.help))") }
        lines += option.doubts.map { "    # check: \(plainText($0))" }
        return isActive ? lines : ["  # check: not taken as it stands:"] + lines.map { "  #\($0.dropFirst(1))" }
    }
}

/// The kind of value that a placeholder seems to stand for.
struct ValueGuess: Equatable {
    var yaml: String
    /// What is not certain.
    var doubt: String?

    init(_ placeholder: String, help: String, names: [String]) {
        let inner = placeholder.drop { "<[(=".contains($0) }.prefix { !">])".contains($0) }
        if let choices = Self.choices(String(placeholder)) {
            yaml = "{choice: [\(choices.map { yamlText($0) }.joined(separator: ", "))]}"
            return
        }
        let word = inner.uppercased().filter { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" || $0 == "#" }
        self = Self.kind(of: word, help: help.lowercased(), names: names)
        if placeholder.contains("...") || placeholder.contains(",") {
            doubt = (doubt.map { "\($0); " } ?? "") + "perhaps several values: '\(placeholder)'"
        }
    }

    private init(_ yaml: String, _ doubt: String? = nil) {
        self.yaml = yaml
        self.doubt = doubt
    }

    private static func kind(of word: String, help: String, names: [String]) -> ValueGuess {
        func isAny(_ words: String...) -> Bool { words.contains(word) }
        if word.contains("DIR") || word == "FOLDER" {
            return ValueGuess("{file: any}", "a directory: a run has its own, so perhaps leave the option out")
        }
        if word.contains("FILE") || isAny("PATH", "INPUT", "OUTPUT", "IN", "OUT", "FNAME", "PREFIX") {
            return file(word, help, names)
        }
        if isAny(
            "N", "NUM", "NUMBER", "INT", "INTEGER", "COUNT", "NNN", "K", "LEVEL", "#", "NLINES", "LINES", "COLS",
            "COLUMNS", "PORT")
            || word.hasPrefix("NUM")
        {
            return ValueGuess("{integer: {min: 0, max: 1000000}}", "the smallest and the largest that are sensible")
        }
        if isAny("FLOAT", "REAL", "DOUBLE", "DECIMAL", "FRACTION", "RATIO") {
            return ValueGuess("{decimal: {}}", "its bounds")
        }
        if word.hasSuffix("SIZE") || isAny("BYTES", "SZ") {
            return ValueGuess("{size: {min: 1, max: 1GiB}}", "its bounds, and whether it takes units")
        }
        if isAny("SEC", "SECS", "SECONDS") { return ValueGuess("{integer: {min: 1, max: 86400}}", "seconds") }
        return ValueGuess("{string: {max: 256}}", "what may it be? a pattern or a choice says it better")
    }

    private static func file(_ word: String, _ help: String, _ names: [String]) -> ValueGuess {
        let isOutput =
            word.contains("OUT") || names.contains { $0.contains("out") || $0 == "-o" }
            || ["write", "output", "save", "create"].contains { help.hasPrefix($0) || help.contains(" \($0) ") }
        let isInput =
            word.contains("IN") && !word.contains("LINE")
            || ["read", "load", "input", "get"].contains { help.contains($0) }
        let direction = isOutput == isInput ? "any" : isOutput ? "output" : "input"
        return ValueGuess("{file: \(direction)}", "input or output?")
    }

    /// `{a,b,c}`, `a|b`, `<a|b>`; at most 64 of them.
    private static func choices(_ placeholder: String) -> [String]? {
        let inner = placeholder.drop { "<[({=".contains($0) }.prefix { !">])}".contains($0) }
        let separator: Character = inner.contains("|") ? "|" : ","
        guard placeholder.first == "{" || separator == "|" else { return nil }
        let parts = inner.split(separator: separator).map(String.init)
        let isPlain = parts.allSatisfy { part in
            part.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || "-_.+".utf8.contains($0)
            }
        }
        return (2...64).contains(parts.count) && isPlain && Set(parts).count == parts.count ? parts : nil
    }
}

/// The text as a double-quoted scalar, on one line; plain where nothing else could be meant.
func yamlText(_ text: String) -> String {
    let plain = plainText(text)
    let isSimple = plain.utf8.allSatisfy { byte in
        (97...122).contains(byte) || (65...90).contains(byte) || byte == UInt8(ascii: "/")
    }
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
    if isSimple, !plain.isEmpty, !words.contains(plain.lowercased()) { return plain }
    var quoted = "\""
    for scalar in plain.unicodeScalars {
        if scalar == "\"" || scalar == "\\" { quoted += "\\" }
        quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
}
