import Testing

@testable import Programs

@Suite struct HelpTextTests {
    private func read(_ line: String) -> HelpText.Option? { HelpText(line).options.first }

    @Test(
        arguments: [
            (
                "  -b, --ignore-leading-blanks  ignore leading blanks", ["-b", "--ignore-leading-blanks"], nil,
                "separate"
            ),
            ("      --random-source=FILE    get random bytes", ["--random-source"], "FILE", "equals"),
            ("  -S, --suffix=SUF  use suffix SUF", ["-S", "--suffix"], "SUF", "separate"),
            ("   -m filename, --model filename", ["-m", "--model"], "filename", "separate"),
            ("   --seed value      initialize generator", ["--seed"], "value", "separate"),
            ("  -@, --threads INT", ["-@", "--threads"], "INT", "separate"),
            ("  -o <file>                Place the output into <file>.", ["-o"], "<file>", "separate"),
            ("  -std=<standard>          Assume that", ["-std"], "<standard>", "equals"),
            ("  -O<level>  optimise", ["-O"], "<level>", "attached"),
            ("  --mode {fast,slow}  how", ["--mode"], "{fast,slow}", "separate"),
            ("-c cmd : program passed in", ["-c"], "cmd", "separate"),
            ("-b     : issue warnings", ["-b"], nil, "separate"),
            ("-t duration         stop transcoding", ["-t"], "duration", "separate"),
            ("      --synchronous synchronous output (safer)", ["--synchronous"], nil, "separate"),
            ("  -print-multi-os-directory Display the path", ["-print-multi-os-directory"], nil, "separate"),
            ("  -x or --extract  take out", ["-x", "--extract"], nil, "separate"),
            ("  -q  --quiet        print less", ["-q", "--quiet"], nil, "separate"),
            ("\t-v\tsay more", ["-v"], nil, "separate"),
        ] as [(String, [String], String?, String)])
    func layoutsAreRead(line: String, names: [String], value: String?, form: String) throws {
        let option = try #require(read(line))
        #expect(option.names == names)
        #expect(option.value == value)
        #expect(option.form.rawValue == form)
    }

    @Test func aGapBetweenNamesIsNoDescription() throws {
        #expect(try #require(read("  -q  --quiet        print less")).help == "print less")
    }

    @Test(arguments: ["Error: tool: option -- unrecognized", "tool: invalid option -- '-'", "Options (and more):"])
    func complaintsAndHeadingsAreNoSummary(line: String) {
        #expect(HelpText("\(line)\nDo a thing well.\n  -a  first\n").summary == "Do a thing well.")
    }

    @Test(arguments: ["- a list item", "--", "-", "no option", "                    -deep in a description", ""])
    func otherLinesAreNoOptions(line: String) { #expect(read(line) == nil) }

    @Test func descriptionsGoOn() {
        let text = HelpText(
            "Usage: tool [OPTION]... FILE\nDo a thing well.\n\n  -a  first\n      and more\n\n  none\n  -b  second\n")
        #expect(text.options.map(\.help) == ["first and more", "second"])
        #expect(text.usage == ["Usage: tool [OPTION]... FILE"])
        #expect(text.summary == "Do a thing well.")
    }

    @Test(arguments: [
        ("FILE", "write it to FILE", "{file: output}"), ("filename", "read model from filename", "{file: input}"),
        ("FILE", "the log", "{file: any}"), ("N", "", "{integer: {min: 0, max: 1000000}}"),
        ("<int>", "", "{integer: {min: 0, max: 1000000}}"), ("{a,b}", "", "{choice: [a, b]}"),
        ("<on|off>", "", "{choice: [\"on\", \"off\"]}"), ("SIZE", "", "{size: {min: 1, max: 1GiB}}"),
        ("FLOAT", "", "{decimal: {}}"), ("WORD", "", "{string: {max: 256}}"),
    ])
    func kindsAreGuessed(placeholder: String, help: String, yaml: String) {
        #expect(ValueGuess(placeholder, help: help, names: ["--x"]).yaml == yaml)
    }
}

@Suite struct ProgramDraftTests {
    private func parsed(_ draft: ProgramDraft) throws -> Program {
        let text = draft.yaml()
        do { return try ProgramFile.parse(Array(text.utf8), fileName: "\(draft.name).yaml").get() } catch {
            Issue.record("\(error)\n\(text)")
            throw error
        }
    }

    @Test func isAGoodProgramFile() throws {
        var draft = ProgramDraft(name: "Sort.Tool", executable: "/opt/sort/bin/Sort.Tool")
        draft.helpText = """
            Usage: sort [OPTION]... [FILE]...
            Write sorted concatenation of all FILE(s) to standard output.

              -b, --blanks       ignore "leading" blanks
              -o, --output=FILE  write result to FILE
              -b                 twice
                  --sort={general,month}  by this
              -h, --help         show this
            """
        draft.notes = ["A note."]
        draft.execute = [ProgramDraft.Place(path: "/opt/sort", reason: "the executable")]
        let program = try parsed(draft)
        #expect(program.name == "sort.tool")
        #expect(program.summary == "Write sorted concatenation of all FILE(s) to standard output.")
        #expect(program.security.execute == ["/opt/sort"])
        let rules = program.arguments.items.flatMap(\.leaves)
        #expect(rules.map(\.names) == [["-b", "--blanks"], ["-o", "--output"], ["--sort"]])
        #expect(rules[0].help == "ignore \"leading\" blanks")
        #expect(rules[1].value == .file(.output))
        #expect(rules[2].value == .choice(["general", "month"]))
        let text = draft.yaml()
        #expect(text.contains("# A note."))
        #expect(text.contains("  #     Usage: sort [OPTION]... [FILE]..."))
        #expect(text.contains("- /opt/sort  # the executable"))
    }

    /// Whatever a help text could ever be taken for, the linter has the last word.
    @Test func whatTheLinterRefusesIsAComment() throws {
        let options = [["-a"], ["no-dash"], ["-b", "-a"], ["-c"]].map { HelpText.Option(names: $0) }
        let text = ProgramDraft(name: "x", executable: "/usr/bin/x").yaml(nil, options.map { DraftRule(option: $0) })
        let program = try ProgramFile.parse(Array(text.utf8), fileName: "x.yaml").get()
        #expect(program.arguments.items.flatMap(\.leaves).map(\.names) == [["-a"], ["-c"]])
        #expect(text.contains("  # - flag: \"no-dash\""))
    }

    @Test func whatIsUnclearIsAComment() throws {
        var draft = ProgramDraft(name: "x", executable: "/usr/bin/x")
        draft.helpText =
            "  -h, --human  sizes\n  -C, --check=quiet, --check=silent  like -c\n  -q  say less\n  -?, --help  this"
        #expect(try parsed(draft).arguments.items.flatMap(\.leaves).map(\.names) == [["-h", "--human"], ["-q"]])
        #expect(draft.yaml().contains("  # check: not taken as it stands:\n  # - option: [\"-C\", \"--check\"]"))
    }

    @Test func withoutAHelpTextThereAreNoArguments() throws {
        #expect(try parsed(ProgramDraft(name: "x", executable: "/usr/bin/x")).arguments.items.isEmpty)
    }

    @Test(arguments: [
        ("gcc-12", "gcc-12"), ("a b", "a-b"), ("--x", "x"), ("Ünder", "nder"), ("", "program"), ("G++", "g--"),
        (String(repeating: "a", count: 99), String(repeating: "a", count: 64)),
    ])
    func namesAreMadePossible(text: String, name: String) { #expect(ProgramDraft.possibleName(text) == name) }

    /// Each line of a help text may be anything; what is written is always a good file.
    @Test(arguments: [
        "  -a\u{0}b  x", "  --x=\"y\"  'z' #: {", "  -x: [a, b]", "  --true  yes\n  --null=null  null",
        "  -\u{202E}x  y",
        "  -a, -a, -a  same\n  -a  again", "  --é=É  é", "  -x\u{1B}[31m  red", "  -%  percent\n  -?  what\n  -#  N",
        "  -: x", "  ---  dashes\n  --- x", "  -x={a,a,b}  same choice", "  --x={,}  none", "  -x <<<>>>", "  -x [[[[",
        "  -x \u{FEFF}y\n\u{85}  -y  z", "  --\(String(repeating: "long", count: 100))  x",
        "  -x ]  # c\n...\n---\n- a",
        "  -a=b=c=d  x\n  -a=  y", "Usage: \u{7}\nusage: \"x: [", "# comment: {\n%YAML 1.1\n  -z  &a *b !c",
    ])
    func nastyHelpTextsDoNoHarm(text: String) throws {
        var draft = ProgramDraft(name: "x", executable: "/usr/bin/x")
        draft.helpText = text
        draft.notes = [text]
        _ = try parsed(draft)
    }

    @Test func randomHelpTextsDoNoHarm() throws {
        var random = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: 0 ... .max, using: &random)
        var numbers = SeededNumbers(seed: seed)
        let pieces = [
            "  -", "--", "a", "FILE", "=", ",", " ", "  ", "\n", "{", "}", "|", "[", "]", "<n>", "\"", "'", "#", ": ",
            "\\",
            "é", "\u{202E}", "\t", "%", "@", "x", "N", "...", "- ", "help", "\u{1F600}", "usage: ", "&", "*", "!",
        ]
        for _ in 0..<PropertyRun.scaled(2000) {
            var text = ""
            for _ in 0..<Int.random(in: 1...40, using: &numbers) { text += pieces.randomElement(using: &numbers) ?? "" }
            var draft = ProgramDraft(name: "x", executable: "/usr/bin/x")
            draft.helpText = text
            let yaml = draft.yaml()
            if case .failure(let errors) = ProgramFile.parse(Array(yaml.utf8), fileName: "x.yaml") {
                Issue.record("seed \(seed): \(errors) for \(text.debugDescription)")
                return
            }
        }
    }

    @Test func hugeHelpTextsAreBounded() throws {
        var draft = ProgramDraft(name: "x", executable: "/usr/bin/x")
        draft.helpText = (0..<100_000).map { "  --option\($0)=FILE  text" }.joined(separator: "\n")
        #expect(try parsed(draft).arguments.items.count == HelpText.maxOptions)
        draft.helpText = "  -a " + String(repeating: "[", count: 3_000_000)
        _ = try parsed(draft)
    }
}

private struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        // SplitMix64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
