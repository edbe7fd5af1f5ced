import Testing

@testable import Programs

/// One wrong line, put in as line 4 of a good file, and the message that it must give.
private let wrongLines: [(line: String, error: String)] = [
    (
        "argumnts: []",
        "4:1: key 'argumnts' is not known here; did you mean 'arguments'? allowed: program, extends, abstract, summary, "
            + "version, executable, arguments, inputs, results, stdin, stdout, stderr, environment, success, stop, "
            + "suspend, limits, security, who, warm"
    ),
    ("summary: again", "4:1: key 'summary' is given twice (first in line 2)"),
    ("version: &v 1", "4:10: anchors (&name) are not allowed"),
    ("version: !!str 1", "4:10: tags (!name) are not allowed"),
    ("version: *v", "4:10: aliases (*name) are not allowed"),
    ("version: \"a\\0b\"", "4:10: the character NUL is not allowed"),
    ("version: \"a\\eb\"", "4:10: version: contains a control character"),
    ("version: [1]", "4:10: version: expected a text, found a list"),
    ("version:", "4:9: version: expected a text, found nothing"),
    ("? [a]\n: b", "4:3: a key must be a text, not a list"),
    // inputs
    ("inputs: x", "4:9: inputs: expected a list, found 'x'"),
    (
        "inputs: [x]",
        "4:10: inputs: expected a mapping with the keys path, required, max_size, max_count, max_total, "
            + "type, help, found 'x'"
    ),
    ("inputs: [{path: a}]", "4:10: inputs: the required key 'max_size' is missing"),
    ("inputs: [{max_size: 1}]", "4:10: inputs: the required key 'path' is missing"),
    ("inputs: [{path: /a, max_size: 1}]", "4:17: path: '/a': absolute; names are relative to the run's directory"),
    ("inputs: [{path: a, max_size: 0}]", "4:30: max_size: zero is not possible here, the smallest is 1"),
    ("inputs: [{path: a, max_size: 1, required: yes}]", "4:43: required: expected true or false, found 'yes'"),
    ("inputs: [{path: a, max_size: 1, max_count: 0}]", "4:44: max_count: 0 is not between 1 and 100000"),
    ("inputs: [{path: a, max_size: 1, max_count: \"1\"}]", "4:44: max_count: expected a whole number, found '1'"),
    // results
    ("results: [{path: a}]", "4:11: results: the required key 'when' is missing"),
    (
        "results: [{path: a, when: [compleet]}]",
        "4:28: when: 'compleet' is not possible here; did you mean 'complete'? "
            + "allowed: any, complete, failed, interrupted, killed, exit, signal, launch-error, wall-time, cpu-time, memory, "
            + "processes, output, disk, seccomp, terminate-request, kill-request, lost, result, input"
    ),
    ("results: [{path: a, when: []}]", "4:27: when: the list is empty"),
    ("results: [{path: \"a**\", when: any}]", "4:18: path: 'a**': '**' must be a whole component, as in 'a/**/b'"),
    // streams
    (
        "stdin: stdout",
        "4:8: stdin: 'stdout' is not possible here; allowed: ignore, stream, {file: NAME}, {stream: true, max_size: SIZE}"
    ),
    (
        "stdout: stdout",
        "4:9: stdout: 'stdout' is not possible here; allowed: stream, ignore, {file: NAME}, {stream: true, max_size: SIZE}"
    ),
    (
        "stderr: file",
        "4:9: stderr: 'file' is not possible here; allowed: stream, ignore, {file: NAME}, {stream: true, max_size: SIZE}, stdout"
    ),
    ("stdout: {file: ../a}", "4:16: stdout.file: '../a': contains the component '..'"),
    ("stdin: {file: a}", "4:8: stdin: no rule under 'inputs' accepts the file 'a'"),
    (
        "stdout: {file: a}\nstderr: {file: a}",
        "5:9: stderr: for one file with both streams in order, write 'stderr: stdout'"
    ),
    // environment
    (
        "environment: {set: {1A: b}}",
        "4:21: environment.set: '1A': a name is letters, digits and '_', the first not a digit"
    ),
    (
        "environment: {accept: [{name: LD_PRELOAD, value: {string: {}}}]}",
        "4:31: environment.accept: 'LD_PRELOAD': "
            + "can make the program run other code, so a request may not give it; 'set' may"
    ),
    ("environment: {accept: [{name: A}]}", "4:24: environment.accept: the required key 'value' is missing"),
    (
        "environment: {accept: [{name: A, value: {date: true}}, {name: A, value: {date: true}}]}",
        "4:63: environment.accept: 'A': accepted twice"
    ),
    // the rest
    ("success: {exit_codes: [256]}", "4:24: exit_codes: 256 is not between 0 and 255"),
    ("success: {exit_codes: []}", "4:23: exit_codes: at least one exit code must mean success"),
    (
        "stop: {signal: SIGTERM}",
        "4:16: stop.signal: 'SIGTERM' is not possible here; allowed: TERM, INT, HUP, QUIT, "
            + "USR1, USR2, KILL"
    ),
    ("stop: {grace: 10}", "4:15: stop.grace: '10' is not a duration with its unit, such as 500ms, 10s, 10m, 2h or 1d"),
    ("who: {users: [\"a b\"]}", "4:15: who.users: 'a b': not a possible account name"),
    // arguments
    ("arguments: [--x]", "4:13: arguments: expected a rule such as {flag: --name}, found '--x'"),
    (
        "arguments: [{flags: --x}]",
        "4:13: arguments: a rule has exactly one of the keys flag, option, argument, literal, "
            + "separator, one_of, command (did you mean 'flag' for 'flags'?)"
    ),
    (
        "arguments: [{flag: --x, option: --y}]",
        "4:13: arguments: a rule has exactly one of the keys flag, option, "
            + "argument, literal, separator, one_of, command"
    ),
    (
        "arguments: [{flag: --x, value: {date: true}}]",
        "4:25: key 'value' is not known here; allowed: flag, required, "
            + "repeat, requires, conflicts, help"
    ),
    ("arguments: [{option: --x}]", "4:13: option: the required key 'value' is missing"),
    ("arguments: [{flag: x}]", "4:20: flag: 'x': a name starts with '-' or '+'"),
    ("arguments: [{flag: --}]", "4:20: flag: '--': write {separator: true} for it"),
    ("arguments: [{flag: --x=}]", "4:20: flag: '--x=': a name has no '='; form: [equals] is what accepts one"),
    ("arguments: [{flag: []}]", "4:20: flag: the list is empty"),
    ("arguments: [{flag: \"--K\\u212A\"}]", "4:20: flag: '--K\u{212A}': only printable ASCII characters are possible"),
    ("arguments: [{flag: --x}, {flag: [-x, --x]}]", "4:26: arguments: '--x' is described twice"),
    (
        "arguments: [{flag: --x, requires: --yes}, {flag: --yess}]",
        "4:13: arguments: no rule of this list is called "
            + "'--yes'; did you mean '--yess'?"
    ),
    ("arguments: [{command: a}, {command: a}]", "4:27: command: 'a' is described twice"),
    (
        "arguments: [{command: a}, {literal: b}]",
        "4:27: arguments: positionals, literals and a separator cannot stand "
            + "beside commands; put them inside"
    ),
    (
        "arguments: [{one_of: []}]", "4:22: one_of: the list is empty"
    ),
    (
        "arguments: [{one_of: [{command: a}], required: false}]", "4:38: one_of: a command is always required"
    ),
    (
        "arguments: [{flag: --x, repeat: 0}]", "4:25: repeat: max 0 is less than min or 1"
    ),
    ("arguments: [{flag: --x, repeat: {min: 3, max: 2}}]", "4:25: repeat: max 2 is less than min or 1"),
    (
        "arguments: [{flag: --x, repeat: {min: 1, max: 2}, required: false}]",
        "4:51: required: false contradicts repeat.min: 1"
    ),
    ("arguments: [{option: --x, value: {integer: {min: 2, max: 1}}}]", "4:44: integer: min is above max"),
    (
        "arguments: [{option: --x, value: {integer: {mim: 2}}}]",
        "4:45: key 'mim' is not known here; did you mean 'min'? "
            + "allowed: min, max, units"
    ),
    (
        "arguments: [{option: --x, value: {intger: {}}}]",
        "4:35: key 'intger' is not known here; did you mean 'integer'? "
            + "allowed: integer, decimal, choice, string, file, duration, size, date, list"
    ),
    (
        "arguments: [{option: --x, value: {}}]",
        "4:34: value: expected exactly one of integer, decimal, choice, string, "
            + "file, duration, size, date, list"
    ),
    ("arguments: [{option: --x, value: {choice: []}}]", "4:43: choice: the list is empty"),
    ("arguments: [{option: --x, value: {choice: [a, a]}}]", "4:47: choice: 'a' is given twice"),
    (
        "arguments: [{option: --x, value: {file: in}}]",
        "4:41: file: 'in' is not possible here; allowed: input, output, any"
    ),
    ("arguments: [{option: --x, value: {date: false}}]", "4:41: date: expected true"),
    (
        "arguments: [{option: --x, value: {string: {pattern: \"(\"}}}]",
        "4:53: pattern: '(': '(' is not closed (character 1)"
    ),
    (
        "arguments: [{option: --x, value: {string: {max: 200000}}}]",
        "4:49: string.max: 200000 is not between 1 and 131071"
    ),
    (
        "arguments: [{option: --x, value: {list: {of: {list: {of: {date: true}}}}}}]",
        "4:46: list: a list cannot hold lists"
    ),
    (
        "arguments: [{option: --x, value: {list: {separator: ab, of: {date: true}}}}]",
        "4:53: list.separator: 'ab': "
            + "expected one ASCII character"
    ),
    ("arguments: [{option: --x, value: {date: true}, form: []}]", "4:54: form: the list is empty"),
    (
        "arguments: [{option: --x, value: {date: true}, form: [joined]}]",
        "4:55: form: 'joined' is not possible here; "
            + "allowed: separate, equals, attached"
    ),
]

@Suite struct ProgramFileErrorTests {
    @Test(arguments: wrongLines)
    func aWrongLineIsNamed(line: String, error: String) {
        #expect(Sample.errors(Sample.file(line)) == ["test:" + error])
    }

    @Test(arguments: [
        ("program", "program: program: the required key 'program' is missing"), ("limits", ""), ("security", ""),
        ("summary", ""), ("executable", ""),
    ])
    func aRequiredKeyIsMissed(key: String, _: String) {
        let text = Sample.file("").split(separator: "\n").filter { !$0.hasPrefix(key) }.joined(separator: "\n")
        #expect(Sample.errors(text) == ["test:1:1: program: the required key '\(key)' is missing"])
    }

    @Test(arguments: LimitName.allCases.filter { ![.file_size, .temporary, .cpus, .io].contains($0) })
    func noLimitMayBeAbsent(name: LimitName) {
        let limits = Sample.limits.dropFirst().dropLast().split(separator: ",")
            .filter { !$0.drop { $0 == " " }.hasPrefix(name.rawValue) }.joined(separator: ",")
        let text = "program: a\nsummary: b\nexecutable: /c\nlimits: {\(limits)}\nsecurity: {}"
        #expect(Sample.errors(text) == ["test:4:9: limits: the required key '\(name.rawValue)' is missing"])
    }

    @Test(arguments: [
        (
            "wall: 10m", "wall: ten",
            "4:16: wall: 'ten' is not a duration with its unit, such as 500ms, 10s, 10m, 2h or 1d"
        ),
        ("wall: 10m", "wall: 0s", "4:16: wall: zero is not possible here, the smallest is 1"),
        (
            "wall: 10m", "wall: unlimited",
            "4:16: wall: 'unlimited' is not a duration with its unit, such as 500ms, 10s, 10m, 2h or 1d"
        ),
        (
            "wall: 10m", "wal: 10m, wall: 10m",
            "4:10: key 'wal' is not known here; did you mean 'wall'? allowed: wall, cpu, "
                + "memory, processes, open_files, file_size, output, disk, temporary, cpus, io"
        ),
        ("memory: 1GiB", "memory: 1G", "4:39: memory: '1G' is not a size such as 4096, 512KiB, 10MiB or 2MB"),
        ("memory: 1GiB", "memory: 9999999TiB", "4:39: memory: '9999999TiB' is too large"),
        ("memory: 1GiB", "memory: ", "4:39: memory: expected a text, found nothing"),
        ("processes: 32", "processes: -1", "4:56: processes: '-1' is not a whole number"),
        ("wall: 10m", "cpus: 0.001, wall: 10m", "4:16: cpus: '0.001' is too little, the smallest is 0.01"),
        (
            "wall: 10m", "cpus: two, wall: 10m",
            "4:16: cpus: 'two' is not a number of processors such as 1, 1.5 or 8"
        ),
        (
            "wall: 10m", "cpus: 1.0005, wall: 10m",
            "4:16: cpus: '1.0005' has more than three decimals"
        ),
        ("wall: 10m", "cpus: 0, wall: 10m", "4:16: cpus: zero is not possible here, the smallest is 0.01"),
        ("wall: 10m", "io: fast, wall: 10m", "4:14: io: 'fast' is not a size such as 4096, 512KiB, 10MiB or 2MB"),
        (
            "wall: 10m", "io: {default: unlimited, max: 1MiB}, wall: 10m",
            "4:15: limits.io: the default unlimited is above the max 1 MiB/s"
        ),
        ("wall: 10m", "wall: {default: 2m, max: 1m}", "4:17: limits.wall: the default 2 m is above the max 1 m"),
        ("wall: 10m", "wall: {default: 2m}", "4:16: limits.wall: the required key 'max' is missing"),
    ])
    func aWrongLimitIsNamed(good: String, bad: String, error: String) throws {
        let range = try #require(Sample.limits.range(of: good))
        let limits = Sample.limits.replacing(range, with: bad)
        let text = "program: a\nsummary: b\nexecutable: /c\nlimits: \(limits)\nsecurity: {}"
        #expect(Sample.errors(text) == ["test:" + error])
    }

    @Test(arguments: [
        ("[]", "5:11: security: expected a mapping with the keys root, files, network, seccomp, devices, found a list"),
        (
            "{root: hots}",
            "5:18: security.root: 'hots' is not possible here; allowed: host, {image: NAME}, {image: NAME, writable: true}"
        ),
        (
            "{root: {image: a@sha256:12}}",
            "5:26: security.root.image: 'a@sha256:12': behind '@' stands sha256: and 64 digits of 0-9 and a-f"
        ),
        ("{root: {writable: true}}", "5:18: security.root: the required key 'image' is missing"),
        ("{root: {image: a, writable: 2}}", "5:39: security.root.writable: expected true or false, found '2'"),
        (
            "{root: {image: a/b}}",
            "5:26: security.root.image: 'a/b': a name is 1 to 64 characters of a-z, 0-9, '.', '_' "
                + "and '-', the first a letter or digit"
        ),
        ("{files: {write: []}}", "5:20: key 'write' is not known here; allowed: read, execute"),
        ("{files: {read: [etc]}}", "5:27: security.files.read: 'etc': must be an absolute path"),
        ("{files: {read: [/]}}", "5:27: security.files.read: '/': must not be the root directory"),
        ("{files: {read: [/a/../b]}}", "5:27: security.files.read: '/a/../b': contains the component '..'"),
        (
            "{network: nnone}",
            "5:21: security.network: 'nnone' is not possible here; did you mean 'none'? allowed: none, host"
        ),
        (
            "{seccomp: unconfined}",
            "5:21: security.seccomp: 'unconfined': expected default, the name of a .json file, or a mapping"
        ),
        ("{seccomp: {allow: [a]}}", "5:21: security.seccomp: the required key 'extends' is missing"),
        (
            "{seccomp: {extends: default, allow: [\"a b\"]}}",
            "5:48: security.seccomp.allow: 'a b': not the name of a system call"
        ),
        ("{devices: [/etc/passwd]}", "5:22: security.devices: '/etc/passwd': must be beneath /dev"),
        ("{devices: [/dev/../etc]}", "5:22: security.devices: '/dev/../etc': contains the component '..'"),
    ])
    func aWrongProfileIsNamed(profile: String, error: String) {
        let text = "program: a\nsummary: b\nexecutable: /c\nlimits: \(Sample.limits)\nsecurity: \(profile)"
        #expect(Sample.errors(text) == ["test:" + error])
    }

    @Test(arguments: [
        (
            "program: Tool",
            "1:10: program: 'Tool': a name is 1 to 64 characters of a-z, 0-9, '.', '_' and '-', the first a "
                + "letter or digit"
        ),
        ("executable: bin/tool", "3:13: executable: 'bin/tool': must be an absolute path"),
        ("executable: /bin/../tool", "3:13: executable: '/bin/../tool': contains the component '..'"),
    ])
    func aWrongHeadIsNamed(line: String, error: String) {
        let key = line.prefix { $0 != ":" }
        let lines = Sample.file("").split(separator: "\n").map { $0.hasPrefix(key + ":") ? line : String($0) }
        #expect(Sample.errors(lines.joined(separator: "\n")) == ["test:" + error])
    }

    @Test func allErrorsComeAtOnceInTheirOrder() {
        let text = Sample.file("argumnts: []\nstdin: foo\nsuccess: {exit_codes: [999]}\nstop: {grace: 0s}")
        #expect(Sample.errors(text).map { $0.prefix(9) } == ["test:4:1:", "test:5:8:", "test:6:24", "test:7:15"])
    }

    @Test(arguments: [
        ("", "1:1: the file is empty"), ("# only a comment\n", "1:1: the file is empty"),
        ("- a\n- b", "1:1: a program file: expected a mapping"),
        ("a: b\n---\nc: d", "2:1: a second document starts here"),
        ("a: [b", "not valid YAML: did not find expected ',' or ']'"),
        ("a: 'b", "not valid YAML: found unexpected end"),
        ("a: b: c", "1:5: not valid YAML: mapping values are not allowed in this context"),
        ("\ta: b", "not valid YAML: found character that cannot start any token"),
        ("é: \u{1}", "1:4: control characters are not allowed"),
    ])
    func whatIsNoProgramFileSaysWhy(text: String, part: String) {
        let errors = Sample.errors(text)
        #expect(errors.contains { $0.contains(part) }, "\(errors)")
    }

    @Test func invalidUTF8HasAPlace() {
        #expect(Sample.errors(Array("a: b\né: ".utf8) + [0xFF]) == ["test:2:4: not valid UTF-8"])
        #expect(Sample.errors([0xC0, 0x80]) == ["test:1:1: not valid UTF-8"])
    }

    @Test func sizesAreBounded() {
        #expect(
            Sample.errors([UInt8](repeating: 32, count: 1 << 20 + 1)) == ["test:1:1: the file is larger than 1 MiB"])
        let deep = String(repeating: "[", count: 33) + String(repeating: "]", count: 33)
        #expect(Sample.errors("a: " + deep) == ["test:1:35: nested deeper than 32"])
        let wide = "a: [" + String(repeating: "b,", count: 20_000) + "]"
        #expect(Sample.errors(wide) == ["test:1:39999: more than 20000 values"])
        let many = (0..<5000).map { "k\($0): 1" }.joined(separator: "\n")
        let errors = Sample.errors(many)
        #expect(errors.count == 101)
        #expect(errors.last?.hasSuffix("there are more errors than the 100 that are shown") == true)
        let pattern = "{argument: A%, value: {string: {pattern: \"a{900}\"}}}"
        let rules = (0..<200).map { pattern.replacing("%", with: "\($0)") }.joined(separator: ", ")
        #expect(Sample.errors(Sample.file("arguments: [\(rules)]")).first?.contains("too many and too complex") == true)
    }
}
