import Testing

@testable import Programs

@Suite struct RequestFormTests {
    private func parsed(_ json: String) throws -> RequestForm { try RequestForm.parse(Array(json.utf8)).get() }

    private func wrong(_ json: String) -> [String] {
        switch RequestForm.parse(Array(json.utf8)) {
        case .success: []
        case .failure(let violations): violations.violations.map(\.description)
        }
    }

    @Test func everyKey() throws {
        let form = try parsed(
            #"""
            {"$schema": "x", "program": "glpsol", "arguments": ["--min"],
             "inputs": {"a.mod": {"text": "é"}, "b": {"base64": "/wA="}, "c": {"file": "dir/c"}},
             "environment": {"OMP_NUM_THREADS": 4},
             "limits": {"wall": "1.5s", "memory": "1GiB", "disk": 4096, "processes": 4, "open_files": "9"}}
            """#)
        #expect(form.program == "glpsol" && form.hasArguments && form.variables == ["OMP_NUM_THREADS"])
        #expect(
            form.inputs == [
                .init(name: "a.mod", content: .bytes([0xC3, 0xA9])), .init(name: "b", content: .bytes([255, 0])),
                .init(name: "c", content: .file("dir/c")),
            ])
        #expect(form.limits == [.wall: 1500, .memory: 1 << 30, .disk: 4096, .processes: 4, .open_files: 9])
        let resolved = form.resolved(by: try Sample.program(Sample.glpsol))
        #expect(resolved == ResolvedForm(arguments: ["--min"], environment: ["OMP_NUM_THREADS": "4"]))
    }

    @Test func everythingWrongAtOnce() {
        #expect(
            wrong(
                #"""
                {"limit": {}, "arguments": "--min", "environment": [],
                 "inputs": {"a": {"txt": ""}, "b": {}, "c": {"text": "", "file": "x"}, "d": "x", "e": {"text": null},
                            "f": {"base64": "AAAAAAAAAAAAAAAAAAA!"}, "g": {"file": ""}},
                 "limits": {"wall": 30, "wal": "1s", "cpu": true, "disk": "9 MB", "memory": 1e3, "processes": -1}}
                """#) == [
                    "$.limit: not known here; did you mean 'limits'? allowed: $schema, program, arguments, inputs, environment, limits",
                    "$.arguments: expected a list of texts or an object, found '--min'",
                    "$.environment: expected an object, found a list",
                    "$.inputs.a.txt: not known here; did you mean 'text'? allowed: text, base64, file",
                    "$.inputs.b: expected exactly one of text, base64, file",
                    "$.inputs.c: expected exactly one of text, base64, file",
                    "$.inputs.d: expected an object, found 'x'", "$.inputs.e.text: expected a text, found null",
                    "$.inputs.f.base64: character 20 is not base64", "$.inputs.g.file: not a possible path",
                    "$.limits.wal: not known here; did you mean 'wall'? allowed: wall, cpu, memory, processes, open_files, file_size, output, disk, temporary, cpus, io",
                    "$.limits.wall: '30' is not a duration with its unit, such as 500ms, 10s, 10m, 2h or 1d",
                    "$.limits.cpu: expected a text or a number, found true",
                    "$.limits.disk: '9 MB' is not a size such as 4096, 512KiB, 10MiB or 2MB",
                    "$.limits.memory: '1e3' is not a size such as 4096, 512KiB, 10MiB or 2MB",
                    "$.limits.processes: '-1' is not a whole number",
                    "$: the required key 'program' is missing",
                ])
        #expect(wrong("[]") == ["$: expected an object, found a list"])
        #expect(wrong("{") == ["request: line 1, column 2: expected a key in double quotes"])
        #expect(wrong(#"{"program": "../x"}"#).count == 1)
        #expect(wrong(#"{"program": 7}"#) == ["$.program: expected a text, found the number 7"])
    }

    /// Keys that are not bytes alike are not the same key, however alike they look.
    @Test func keysAreComparedByteByByte() {
        #expect(wrong("{\"program\": \"a\", \"limits\": {\"dis\u{212A}\": 1}}").count == 1)
        #expect(
            wrong("{\"program\": \"a\", \"inputs\": {\"\u{E9}\": {\"text\": \"\"}, \"e\u{301}\": {\"text\": \"\"}}}")
                == [])
    }

    @Test func pathsAreReadable() {
        #expect(
            JSONPath().key("a_1").key("--x y").key("1").key("").index(3).description == "$.a_1['--x y']['1'][''][3]")
    }

    @Test func manyMistakesAreCutOff() {
        let keys = (0..<5000).map { "\"x\($0)\": 1" }.joined(separator: ", ")
        let found = wrong("{\"program\": \"a\", \(keys)}")
        #expect(found.count == 201 && found.last == "request: more is wrong; the first 200 are shown")
    }
}

@Suite struct ArgumentAssemblyTests {
    /// The list that an object becomes, or what is wrong with it.
    private func assembled(_ rules: [String], _ json: String, head: String = "") throws -> [String] {
        let list = rules.map { "\n    - \($0)" }.joined()
        let program = try Sample.program(Sample.file("arguments:\n    \(head)\(list)".replacing("    \n", with: "\n")))
        let form = try RequestForm.parse(Array("{\"program\": \"tool\", \"arguments\": \(json)}".utf8)).get()
        let resolved = form.resolved(by: program)
        return resolved.violations.isEmpty ? resolved.arguments : resolved.violations.map(\.description)
    }

    private static let every = [
        "{flag: [-v, --verbose], repeat: 3}", "{option: [--model, -m], value: {string: {}}}",
        "{option: -l, form: attached, value: {string: {}}, repeat: 9}",
        "{option: if, form: equals, value: {string: {}}}",
        "{option: -n, value: {integer: {}}}", "{option: --ratio, value: {decimal: {}}}",
        "{option: --size, value: {size: {}}}", "{option: --columns, value: {list: {of: {integer: {}}}}}",
        "{literal: run}", "{argument: FILE, value: {string: {}}, repeat: {min: 0, max: 5}}", "{flag: -q}",
    ]

    @Test(
        arguments: [
            ("{}", ["run"]), (#"{"-q": true, "run": true, "-v": true}"#, ["-v", "run", "-q"]),
            (#"{"-v": 3}"#, ["-v", "-v", "-v", "run"]),
            (#"{"FILE": ["b", "a"], "--model": "a b"}"#, ["--model", "a b", "run", "b", "a"]),
            (#"{"-l": ["m", "z"], "if": "x=y"}"#, ["-lm", "-lz", "if=x=y", "run"]),
            (
                #"{"-n": 9007199254740993, "--ratio": 0.10, "--size": 4096}"#,
                ["-n", "9007199254740993", "--ratio", "0.10", "--size", "4096", "run"]
            ),
            (
                #"{"-n": "-5", "--ratio": "1e5", "--size": "1K"}"#,
                ["-n", "-5", "--ratio", "1e5", "--size", "1K", "run"]
            ),
            (#"{"-n": 1e2}"#, ["-n", "1e2", "run"]), (#"{"--columns": [1, "2"]}"#, ["--columns", "1,2", "run"]),
            (#"{"--columns": []}"#, ["--columns", "", "run"]), (#"{"--model": "-x"}"#, ["--model", "-x", "run"]),
        ] as [(String, [String])])
    func inTheOrderOfTheRules(_ json: String, _ list: [String]) throws {
        #expect(try assembled(Self.every, json) == list)
    }

    /// The key is the first name; what is written is a name that takes the form.
    @Test func anOptionIsWrittenWithANameThatTakesItsForm() throws {
        let rules = [
            "{option: [-f, --file], value: {integer: {}}, form: equals}",
            "{option: [--num, -n], value: {integer: {}}, form: attached}",
        ]
        #expect(try assembled(rules, #"{"-f": 3, "--num": 4}"#) == ["--file=3", "-n4"])
    }

    @Test(arguments: [
        (
            #"{"--modle": "x"}"#,
            "$.arguments['--modle']: not known here; did you mean '--model'? allowed: -v, --model, -l, if, -n, --ratio, --size, --columns, run, FILE, -q"
        ),
        (
            #"{"-m": "x"}"#,
            "$.arguments['-m']: not known here; allowed: -v, --model, -l, if, -n, --ratio, --size, --columns, run, FILE, -q"
        ),
        (#"{"-q": false}"#, "$.arguments['-q']: what is not used is left out"),
        (#"{"-q": 1}"#, "$.arguments['-q']: expected true, found the number 1"),
        (#"{"-v": 0}"#, "$.arguments['-v']: expected true, or a count from 1 to 3"),
        (#"{"-v": 999999999999}"#, "$.arguments['-v']: expected true, or a count from 1 to 3"),
        (#"{"-v": "x"}"#, "$.arguments['-v']: expected true, or a count from 1 to 3, found 'x'"),
        (#"{"--model": 5}"#, "$.arguments['--model']: expected a text, found the number 5"),
        (#"{"--model": null}"#, "$.arguments['--model']: expected a text, found null"),
        (#"{"-n": true}"#, "$.arguments['-n']: expected a text or a number, found true"),
        (#"{"-n": [1]}"#, "$.arguments['-n']: expected a text or a number, found a list"),
        (#"{"FILE": "a"}"#, "$.arguments.FILE: may be repeated: expected a list of values, found 'a'"),
        (#"{"FILE": []}"#, "$.arguments.FILE: what is not used is left out"),
        (#"{"FILE": ["a", 1]}"#, "$.arguments.FILE[1]: expected a text, found the number 1"),
        (#"{"FILE": ["a", "-b"]}"#, "$.arguments.FILE[1]: '-b' would be taken for an option"),
        (#"{"FILE": ["if=b"]}"#, "$.arguments.FILE[0]: 'if=b' would be taken for an option"),
        (#"{"FILE": ["-q"]}"#, "$.arguments.FILE[0]: '-q' would be taken for an option"),
        (#"{"--columns": "1,2"}"#, "$.arguments['--columns']: expected a list of values, found '1,2'"),
        (#"{"--columns": [1, "2,3"]}"#, "$.arguments['--columns']: element 2 '2,3': contains the separator ','"),
        (
            #"{"--columns": [1, false]}"#,
            "$.arguments['--columns']: element 2: expected a text or a number, found false"
        ),
        (
            #"{"--columns": [""]}"#,
            "$.arguments['--columns']: a list of one empty text cannot be told from an empty list"
        ),
        (
            #"{"-l": [""]}"#,
            "$.arguments['-l'][0]: '' cannot be written behind '-l': it would be read as something else"
        ),
        (#"["a", 1]"#, "$.arguments[1]: expected a text, found the number 1"),
    ])
    func refused(_ json: String, _ reason: String) throws { #expect(try assembled(Self.every, json) == [reason]) }

    /// `-list` is the flag, never `-l` with "ist".
    @Test func aValueIsNeverReadAsAnotherRule() throws {
        let rules = ["{option: -l, form: [attached], value: {string: {}}}", "{flag: -list}"]
        #expect(try assembled(rules, #"{"-l": "isp"}"#) == ["-lisp"])
        #expect(
            try assembled(rules, #"{"-l": "ist"}"#) == [
                "$.arguments['-l']: 'ist' cannot be written behind '-l': it would be read as something else"
            ])
    }

    @Test func aSeparatorIsPutInWhereItIsNeeded() throws {
        let rules = [
            "{argument: A, value: {string: {}}}", "{flag: -x}", "{argument: B, value: {string: {}}}",
            "{separator: true}", "{flag: -y}",
        ]
        #expect(try assembled(rules, #"{"A": "a", "-x": true, "B": "b", "-y": true}"#) == ["a", "-x", "b", "-y"])
        #expect(
            try assembled(rules, #"{"A": "a", "-x": true, "B": "-b", "-y": true}"#) == ["-x", "-y", "a", "--", "-b"])
        #expect(try assembled(rules, #"{"A": "-x", "-x": true, "B": "--"}"#) == ["-x", "--", "-x", "--"])
        #expect(try assembled(rules, #"{"A": "-", "B": ""}"#) == ["-", ""])
    }

    @Test func commands() throws {
        let rules = [
            "{flag: -v}", "{option: command, form: equals, value: {string: {}}}",
            "{command: sort, arguments: [{option: -o, required: true, value: {string: {}}}, {argument: A, value: {string: {}}}]}",
            "{command: info}",
            "{command: remote, arguments: [{command: add, arguments: [{argument: N, value: {string: {}}}]}]}",
        ]
        #expect(
            try assembled(rules, #"{"arguments": {"A": "a", "-o": "b"}, "command": "sort", "-v": true}"#)
                == ["-v", "sort", "-o", "b", "a"])
        #expect(try assembled(rules, #"{"command": "info", "command#2": "x"}"#) == ["command=x", "info"])
        #expect(try assembled(rules, #"{"command": "sort", "arguments": ["a", "-ob"]}"#) == ["sort", "a", "-ob"])
        #expect(
            try assembled(rules, #"{"command": "remote", "arguments": {"command": "add", "arguments": {"N": "n"}}}"#)
                == ["remote", "add", "n"])
        #expect(
            try assembled(rules, #"{"command": "sort", "arguments": {"A": 1, "-o": "b"}}"#) == [
                "$.arguments.arguments.A: expected a text, found the number 1"
            ])
        #expect(
            try assembled(rules, #"{"arguments": {}}"#) == [
                "$.arguments.arguments: belongs to a command; the key 'command' is missing"
            ])
        #expect(
            try assembled(rules, #"{"command": 1}"#) == [
                "$.arguments.command: expected the name of a command, found the number 1"
            ])
    }

    @Test func literalsOfTheSameText() throws {
        let rules = [
            "{literal: '!', required: false}", "{argument: A, value: {string: {pattern: '[a-z]+'}}}",
            "{literal: '!', required: false}",
        ]
        #expect(try assembled(rules, ##"{"!#2": true, "A": "a"}"##) == ["a", "!"])
        #expect(try assembled(rules, ##"{"!": true, "A": "a", "!#2": true}"##) == ["!", "a", "!"])
    }

    /// What must be there and leaves no choice is filled in; a choice is not.
    @Test func impliedRules() throws {
        let rules = [
            "{literal: -I}", "{flag: [-b, --batch], required: true}", "{flag: -w, repeat: {min: 2, max: 3}}",
            "{one_of: [{flag: -x}, {flag: -y}]}", "{option: -o, required: true, value: {string: {}}}",
        ]
        #expect(try assembled(rules, #"{"-o": "a"}"#) == ["-I", "-b", "-w", "-w", "-o", "a"])
        #expect(
            try assembled(rules, #"{"-w": 3, "-b": true, "-o": "a"}"#) == ["-I", "-b", "-w", "-w", "-w", "-o", "a"])
        #expect(try assembled(rules, "{}") == ["$.arguments['-o']: is required"])
    }

    /// A count of a few bytes must not become a list of any length.
    @Test func repetitionIsBounded() throws {
        let rules = (0..<9).map { "{flag: -\($0), repeat: 20000}" }
        let all = "{" + (0..<9).map { "\"-\($0)\": 19999" }.joined(separator: ", ") + "}"
        let found = try assembled(rules, all)
        #expect(found.first == "$.arguments['-1']: at most 20000 arguments are accepted")
    }
}
