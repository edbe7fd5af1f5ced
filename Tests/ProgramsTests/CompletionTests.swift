import Testing

@testable import Programs

@Suite struct CompletionTests {
    private func program(_ rules: String...) throws -> Program { try Sample.program(rules: rules) }

    private func texts(_ program: Program, _ line: String, inputs: [String] = []) -> [String] {
        var words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        let word = words.removeLast()
        return program.completions(of: word, after: words, inputs: inputs).map(\.text)
    }

    @Test func offersOnlyWhatIsStillAllowed() throws {
        let tool = try program(
            "{flag: [-v, --verbose], repeat: 2}", "{flag: --min, conflicts: [--max]}", "{flag: --max}",
            "{one_of: [{flag: --fast}, {flag: --slow}], required: false}",
            "{option: --level, value: {choice: [low, high]}}")
        let all = ["-v", "--verbose", "--min", "--max", "--fast", "--slow", "--level"]
        #expect(texts(tool, "") == all)
        #expect(texts(tool, "--m") == ["--min", "--max"])
        #expect(texts(tool, "-v ") == all)
        #expect(texts(tool, "-v -v ") == Array(all.dropFirst(2)))
        #expect(texts(tool, "--min --") == ["--verbose", "--fast", "--slow", "--level"])
        #expect(texts(tool, "--max --m") == [])
        #expect(texts(tool, "--slow --") == ["--verbose", "--min", "--max", "--level"])
        #expect(texts(tool, "--level low --l") == [])
        #expect(texts(tool, "--nonsense --l") == ["--level"])
    }

    @Test func offersValuesInEveryForm() throws {
        let tool = try program(
            "{option: --level, value: {choice: [low, high]}}",
            "{option: -l, form: [attached], value: {choice: [m, dl]}, repeat: 3}",
            "{option: if, form: [equals], value: {file: input}}",
            "{option: --set, value: {list: {of: {choice: [red, green]}, max: 2}}}")
        #expect(texts(tool, "--level ") == ["low", "high"])
        #expect(texts(tool, "--level h") == ["high"])
        #expect(texts(tool, "--level=") == ["--level=low", "--level=high"])
        #expect(texts(tool, "--level=l") == ["--level=low"])
        #expect(texts(tool, "-l") == ["-lm", "-ldl"])
        #expect(texts(tool, "-ld") == ["-ldl"])
        #expect(texts(tool, "-lm -ldl -lm -l") == [])
        #expect(texts(tool, "if=", inputs: ["a", "b"]) == ["if=a", "if=b"])
        #expect(texts(tool, "--set ") == ["red", "green"])
        #expect(texts(tool, "--set=red,g") == ["--set=red,green"])
        #expect(texts(tool, "--set red,") == ["red,red", "red,green"])
        #expect(texts(tool, "--set red,red,") == [])
    }

    @Test func offersNamesInTheFormsThatTheyTake() throws {
        let tool = try program(
            "{option: [-f, --file], form: [equals], value: {choice: [a, b]}}",
            "{option: [--num, -n], form: [attached], value: {choice: ['1', '2']}}")
        #expect(texts(tool, "") == ["--file=", "-n"])
        #expect(texts(tool, "-f=") == [])
        #expect(texts(tool, "--file=") == ["--file=a", "--file=b"])
        #expect(texts(tool, "-n") == ["-n1", "-n2"])
    }

    @Test func offersFilesOfTheRequest() throws {
        var tool = try program(
            "{option: --model, value: {file: {direction: input, pattern: \"*.mod\"}}}",
            "{argument: OUT, value: {file: output}, required: false}")
        tool.results = try ["out.txt", "*.log"].map {
            ResultRule(path: try Glob($0), when: .any, required: false, maxSize: nil, maxCount: 1)
        }
        #expect(texts(tool, "--model ", inputs: ["a.mod", "b.dat"]) == ["a.mod"])
        #expect(texts(tool, "", inputs: ["a.mod"]) == ["--model", "out.txt"])
        #expect(texts(tool, "out.txt ") == ["--model"])
    }

    @Test func followsPositionals() throws {
        let tool = try program(
            "{literal: run}", "{argument: MODE, value: {choice: [fast, slow]}, repeat: {min: 1, max: 2}}",
            "{argument: END, value: {choice: [now, later]}, required: false}", "{separator: true}", "{flag: -q}")
        #expect(texts(tool, "") == ["run", "-q", "--"])
        #expect(texts(tool, "run ") == ["fast", "slow", "-q", "--"])
        #expect(texts(tool, "run fast ") == ["fast", "slow", "now", "later", "-q", "--"])
        #expect(texts(tool, "run fast fast ") == ["now", "later", "-q", "--"])
        #expect(texts(tool, "run -- ") == ["fast", "slow"])
        #expect(texts(tool, "run fast now ") == ["-q", "--"])
    }

    @Test func commandsHaveTheirOwnRules() throws {
        let tool = try program(
            "{flag: -v}", "{command: sort, help: put in order, arguments: [{flag: -n}]}", "{command: index}")
        #expect(texts(tool, "") == ["-v", "sort", "index"])
        #expect(texts(tool, "-v s") == ["sort"])
        #expect(texts(tool, "sort ") == ["-n"])
        #expect(texts(tool, "index ") == [])
        let sort = tool.completions(of: "s", after: [], inputs: [])
        #expect(sort == [CompletionCandidate("sort", help: "put in order")])
    }

    /// Nested groups, a fixed order and clusters.
    @Test func knowsTheWholeLanguage() throws {
        var tool = try Sample.program(
            Sample.file(
                """
                arguments:
                  cluster: true
                  rules:
                    - one_of:
                        - {all_of: [{flag: -c}, {one_of: [{flag: -d}, {flag: -e}], required: false}]}
                        - {all_of: [{flag: -x}, {flag: -y}]}
                """))
        #expect(texts(tool, "-c ") == ["-d", "-e"])
        #expect(texts(tool, "-d ") == ["-c"])
        #expect(texts(tool, "-x ") == ["-y"])
        #expect(texts(tool, "-cd ") == [])
        tool = try Sample.program(
            Sample.file("arguments: {order: fixed, rules: [{flag: -a}, {flag: -b, required: true}, {flag: -c}]}"))
        #expect(texts(tool, "") == ["-a", "-b"])
        #expect(texts(tool, "-b ") == ["-c"])
        #expect(texts(tool, "-c ") == [])
    }

    @Test func environmentValuesAreOffered() throws {
        let text = "environment: {accept: [{name: LANG, value: {choice: [C, de]}}, {name: N, value: {integer: {}}}]}"
        let tool = try Sample.program(Sample.file(text))
        #expect(tool.environmentCompletions(of: "").map(\.text) == ["LANG=", "N="])
        #expect(tool.environmentCompletions(of: "LANG=").map(\.text) == ["LANG=C", "LANG=de"])
        #expect(tool.environmentCompletions(of: "LANG=d").map(\.text) == ["LANG=de"])
    }
}

@Suite struct ShellLineTests {
    @Test(arguments: [
        ("jrun exec gl", ["jrun", "exec", "gl"], "gl"), ("jrun  exec ", ["jrun", "exec", ""], ""),
        ("a 'b c' \"d e", ["a", "b c", "d e"], "\"d e"), ("a b\\ c\\\"", ["a", "b c\""], "b\\ c\\\""),
        ("x \"a\\b\\$\"", ["x", "a\\b$"], "\"a\\b\\$\""), ("x '' ", ["x", "", ""], ""), ("", [""], ""),
        ("x --a=b", ["x", "--a=b"], "--a=b"),
    ])
    func isTakenApart(line: String, words: [String], last: String) {
        let parsed = ShellLine(line)
        #expect(parsed.words == words)
        #expect(parsed.lastTyped == last)
    }
}
