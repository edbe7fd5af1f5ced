/// Programs, and requests of each with what the schema and the rules must say of them.
struct RequestSamples {
    let name: String
    let yaml: String
    /// Accepted by the rules, and so by the schema.
    let accepted: [String]
    /// Refused by both.
    let refused: [String]
    /// Refused by the rules alone: what a schema cannot say, as docs/request.md lists it.
    var beyondTheSchema: [String] = []

    /// `arguments` alone, with whatever a request of the program needs beside it.
    static func arguments(_ lists: [String], beside: String = "") -> [String] {
        lists.map { "{\"program\": \"tool\", \"arguments\": \($0)\(beside)}" }
    }

    static let all = [values, texts, rules, commands, inputs, rest, units, groups, fixed, choices]

    static let values = RequestSamples(
        name: "numbers, quantities, choices, dates, lists",
        yaml: Sample.file(
            """
            arguments:
              - {option: -i, value: {integer: {min: -5, max: 64}}}
              - {option: -I, value: {integer: {}}}
              - {option: -d, value: {decimal: {min: 0.1, max: 9.5}}}
              - {option: -D, value: {decimal: {min: -9007199254740992, max: 9007199254740992}}}
              - {option: -c, value: {choice: [fast, "1", "it's \\"x\\""]}}
              - {option: -t, value: {duration: {min: 1s, max: 1h}}}
              - {option: -s, value: {size: {min: 1KiB, max: 1GiB}}}
              - {option: -y, value: {date: true}}
              - {option: -l, value: {list: {of: {integer: {min: 0, max: 9}}, min: 2, max: 3}}}
              - {option: -L, value: {list: {separator: ":", of: {choice: [a, b]}, min: 0}}, repeat: 2}
            """),
        accepted: arguments([
            #"{"-i": -5}"#, #"{"-i": "-5"}"#, #"{"-i": 64}"#, #"{"-i": -0}"#, #"{"-I": 9223372036854775807}"#,
            #"{"-I": -9223372036854775808}"#, #"{"-d": 0.1}"#, #"{"-d": 9.5}"#, #"{"-d": 95e-1}"#, #"{"-d": "9.5E+0"}"#,
            #"{"-d": 9.50000000000000000001}"#, #"{"-D": 9007199254740993}"#, #"{"-D": -9007199254740993}"#,
            #"{"-c": "fast"}"#, #"{"-c": "1"}"#, #"{"-c": "it's \"x\""}"#, #"{"-t": "1s"}"#, #"{"-t": "1.5m"}"#,
            #"{"-t": "3600000ms"}"#, #"{"-s": 1024}"#, #"{"-s": "1K"}"#, #"{"-s": "1.5MiB"}"#, #"{"-s": "2kB"}"#,
            #"{"-s": "4096B"}"#, #"{"-y": "2024-02-29"}"#, #"{"-l": [0, "9"]}"#, #"{"-L": [[]]}"#,
            #"{"-L": [["a", "b", "a"], ["b"]]}"#, "[]", "{}", #"["-i", "5", "-l", "1,2"]"#,
        ]),
        refused: arguments([
            #"{"-i": -6}"#, #"{"-i": 65}"#, #"{"-i": 1.5}"#, #"{"-i": "05"}"#, #"{"-i": "+5"}"#, #"{"-i": ""}"#,
            #"{"-i": true}"#, #"{"-i": null}"#, #"{"-i": [1]}"#, #"{"-I": 9223372036854775808}"#, #"{"-d": 0.09}"#,
            #"{"-d": 9.6}"#, #"{"-d": ".5"}"#, #"{"-d": "1."}"#, #"{"-d": "inf"}"#, #"{"-d": "0x1"}"#,
            #"{"-D": 9007199254740996}"#, #"{"-c": "slow"}"#, #"{"-c": 1}"#, #"{"-c": "Fast"}"#, #"{"-t": 60}"#,
            #"{"-t": "60"}"#, #"{"-t": "1 s"}"#, #"{"-t": "1w"}"#, #"{"-s": 1023}"#, #"{"-s": 1073741825}"#,
            #"{"-s": "1 K"}"#, #"{"-s": "1k"}"#, #"{"-s": -1}"#, #"{"-y": "2024-13-01"}"#, #"{"-y": "24-01-01"}"#,
            #"{"-y": "2024-02-30"}"#, #"{"-y": 20240101}"#, #"{"-l": [1]}"#, #"{"-l": [1, 2, 3, 4]}"#,
            #"{"-l": [1, 10]}"#, #"{"-l": "1,2"}"#, #"{"-l": 1}"#, #"{"-L": []}"#, #"{"-L": [["c"]]}"#,
            #"{"-L": [[], [], []]}"#, #"{"-L": ["a"]}"#, #"{"-x": 1}"#, #"{"i": 1}"#, #"[1]"#, #""-i""#, "null", "7",
        ]),
        beyondTheSchema: arguments([
            #"{"-i": "65"}"#, #"{"-i": 1.0}"#, #"{"-i": 1e1}"#, #"{"-t": "2h"}"#, #"{"-t": "0.0001s"}"#,
            #"{"-s": "1B"}"#, #"["-i", "65"]"#, #"["x"]"#, #"["-i"]"#,
        ]))

    static let texts = RequestSamples(
        name: "texts, patterns, files",
        yaml: Sample.file(
            #"""
            arguments:
              - {option: --plain, value: {string: {max: 5}}}
              - {option: --word, value: {string: {pattern: "[a-z]+|[0-9]{2,3}"}}}
              - {option: --any, value: {string: {pattern: ".{1,3}"}}}
              - {option: --class, value: {string: {pattern: '[^\w.&&~~\]-]+(\.\d)?'}}}
              - {option: --space, value: {string: {pattern: '\S\s\S'}}}
              - {option: --nothing, value: {string: {pattern: '()|(^$){2}x*'}}}
              - {option: --special, value: {string: {pattern: '\$\^\{\}\(\)\|\/"/[/]'}}}
              - {option: --in, value: {file: input}}
              - {option: --out, value: {file: {direction: output, pattern: "out/**/[!a]?*.t[xy]t"}}}
              - {option: --no, value: {file: {direction: output, pattern: ["*.a", "d/**"], except: ["**/*:*", "d/x"]}}}
              - {option: --but, value: {file: {direction: output, except: ["**/@*", "**/@*/**"]}}}
            inputs: [{path: "**", max_size: 10}]
            """#),
        accepted: arguments([
            #"{"--plain": "abcde"}"#, #"{"--plain": ""}"#, #"{"--plain": "é😀"}"#.replacing("é", with: ""),
            #"{"--word": "abc"}"#, #"{"--word": "123"}"#, #"{"--any": "\r\u2028x"}"#, #"{"--any": "😀😀😀"}"#,
            #"{"--class": "+é/.5"}"#, #"{"--class": "²"}"#, #"{"--class": "^["}"#, #"{"--space": "a\tb"}"#,
            #"{"--space": "a\u000bb"}"#, #"{"--space": "\u00a0 \u00a0"}"#, #"{"--nothing": ""}"#,
            ##"{"--special": "$^{}()|/\"//"}"##, #"{"--out": "out/bc.txt"}"#, #"{"--out": "out/x/y/bcd.tyt"}"#,
            #"{"--no": "x.a"}"#, #"{"--no": "d/y"}"#, #"{"--no": "d/x/y"}"#, #"{"--no": "d/e:/y"}"#, #"{"--but": "a"}"#,
            #"{"--but": "d/a@"}"#,
        ]) + arguments([#"{"--in": "a/.b"}"#], beside: #", "inputs": {"a/.b": {"text": "x"}}"#),
        refused: arguments([
            #"{"--plain": "abcdef"}"#, #"{"--plain": "a\nb"}"#, #"{"--plain": "\u0085"}"#, #"{"--plain": "\u202e"}"#,
            #"{"--word": "abc1"}"#, #"{"--word": "1"}"#, #"{"--word": "1234"}"#, #"{"--word": ""}"#,
            #"{"--any": "a\nb"}"#, #"{"--any": "😀😀😀😀"}"#, #"{"--class": "a"}"#, #"{"--class": "]"}"#,
            #"{"--class": "&"}"#, #"{"--class": "~"}"#, #"{"--class": "+.٣"}"#.replacing("+", with: "_"),
            #"{"--space": "a\u00a0b"}"#, #"{"--nothing": "y"}"#, #"{"--special": "$"}"#, #"{"--in": "/etc/x"}"#,
            #"{"--in": "../x"}"#, #"{"--in": "a/../x"}"#, #"{"--in": "a//x"}"#, #"{"--in": "a/"}"#, #"{"--in": "-x"}"#,
            #"{"--in": "."}"#, #"{"--in": ""}"#, #"{"--in": "a\u0000"}"#, #"{"--out": "out/ac.txt"}"#,
            #"{"--no": "x.b"}"#, #"{"--no": "d"}"#, #"{"--no": "d/x"}"#, #"{"--no": "x:.a"}"#, #"{"--no": "d/y/:"}"#,
            #"{"--no": "../x.a"}"#, #"{"--but": "@a"}"#, #"{"--but": "@d/a"}"#, #"{"--but": "d/@a"}"#,
            #"{"--but": "d/@e/a"}"#, #"{"--but": "/a"}"#,
            #"{"--out": "bc.txt"}"#, #"{"--out": "out/b/.txt"}"#, #"{"--out": "out//bc.txt"}"#,
        ]),
        beyondTheSchema: arguments([
            #"{"--plain": "ééé"}"#, #"{"--in": "missing"}"#, #"["--word", "ABC"]"#,
        ]))

    static let rules = RequestSamples(
        name: "flags, repetition, one_of, requires, conflicts",
        yaml: Sample.file(
            """
            arguments:
              - {flag: [-v, --verbose], repeat: 3}
              - {flag: -b, required: true}
              - {flag: -w, repeat: {min: 2, max: 3}}
              - {option: [--model, -m], required: true, value: {string: {}}}
              - {option: -D, form: attached, repeat: {min: 0, max: 2}, value: {string: {}}}
              - {option: --data, value: {string: {}}, requires: [-m, -b]}
              - {flag: -q, conflicts: [--verbose, -w]}
              - {one_of: [{flag: -x}, {option: -y, value: {integer: {}}}]}
              - {one_of: [{flag: -r}, {flag: -s}], required: false}
              - {literal: run}
              - {argument: FILE, value: {string: {}}, repeat: {min: 1, max: 3}}
              - {argument: LAST, value: {string: {pattern: "[0-9]"}}, required: false}
            """),
        accepted: arguments([
            #"{"--model": "a", "-x": true, "FILE": ["a"]}"#,
            #"{"--model": "a", "-y": 1, "FILE": ["a", "b", "c"], "LAST": "1", "-v": 3, "-w": 2, "-b": true, "run": true}"#,
            #"{"--model": "a", "-x": true, "FILE": ["a"], "--data": "x", "-D": ["a", "b"], "-s": true, "-v": true}"#,
            #"["-b", "-w", "-w", "-mx", "-x", "run", "a"]"#.replacing("-mx", with: "-m\", \"x"),
        ]),
        refused: arguments([
            "{}", "{}x".replacing("}x", with: "\"--model\": \"a\"}"), #"{"--model": "a", "-x": true}"#,
            #"{"--model": "a", "FILE": ["a"]}"#, #"{"--model": "a", "-x": true, "-y": 1, "FILE": ["a"]}"#,
            #"{"--model": "a", "-x": true, "FILE": ["a"], "-r": true, "-s": true}"#,
            #"{"--model": "a", "-x": true, "FILE": []}"#,
            #"{"--model": "a", "-x": true, "FILE": ["a", "b", "c", "d"]}"#,
            #"{"--model": "a", "-x": true, "FILE": "a"}"#, #"{"--model": "a", "-x": false, "FILE": ["a"]}"#,
            #"{"--model": "a", "-x": true, "FILE": ["a"], "-v": 4}"#,
            #"{"--model": "a", "-x": true, "FILE": ["a"], "-v": 0}"#,
            #"{"--model": "a", "-x": true, "FILE": ["a"], "-w": 1}"#,
            #"{"--model": "a", "-x": true, "FILE": ["a"], "-w": true}"#,
            #"{"--model": "a", "-x": true, "FILE": ["a"], "-b": 2}"#,
            #"{"--model": "a", "-x": true, "FILE": ["a"], "-q": true, "-v": 1}"#,
            #"{"--model": "a", "-x": true, "FILE": ["a"], "-D": ["a", "b", "c"]}"#,
            #"{"-m": "a", "-x": true, "FILE": ["a"]}"#, #"{"--model": "a", "-x": true, "FILE": ["a"], "--": true}"#,
            #"{"--model": "a", "-x": true, "FILE": ["a"], "run": "run"}"#,
            #"{"--data": "x", "-x": true, "FILE": ["a"]}"#,
        ]) + [#"{"program": "tool"}"#],
        beyondTheSchema: arguments([
            #"{"--model": "a", "-x": true, "FILE": ["-a"]}"#,
            #"{"--model": "a", "-x": true, "FILE": ["a"], "-q": true}"#,
            "[]",
        ]))

    static let commands = RequestSamples(
        name: "commands",
        yaml: Sample.file(
            """
            arguments:
              - {flag: -v}
              - command: sort
                arguments: [{option: -n, value: {integer: {}}}, {argument: A, value: {string: {}}}]
              - {command: info}
              - command: remote
                arguments: [{command: add, arguments: [{flag: -f}]}, {command: show}]
            """),
        accepted: arguments([
            #"{"command": "sort", "arguments": {"A": "a"}}"#,
            #"{"-v": true, "command": "sort", "arguments": {"A": "a", "-n": 1}}"#,
            #"{"command": "info"}"#, #"{"command": "info", "arguments": {}}"#, #"{"command": "info", "arguments": []}"#,
            #"{"command": "sort", "arguments": ["a"]}"#, #"{"command": "remote", "arguments": {"command": "add"}}"#,
            #"{"command": "remote", "arguments": {"command": "add", "arguments": {"-f": true}}}"#,
            #"["-v", "remote", "show"]"#,
        ]),
        refused: arguments([
            "{}", #"{"command": "sort"}"#, #"{"command": "sort", "arguments": {}}"#, #"{"command": "nosuch"}"#,
            #"{"command": "info", "arguments": {"A": "a"}}"#, #"{"command": "info", "arguments": ["a"]}"#,
            #"{"arguments": {"A": "a"}}"#, #"{"command": ["info"]}"#, #"{"command": "info", "-n": 1}"#,
            #"{"command": "remote"}"#,
            #"{"command": "remote", "arguments": {"command": "show", "arguments": {"-f": true}}}"#,
            #"{"command": "sort", "arguments": "a"}"#,
        ]) + [#"{"program": "tool"}"#],
        beyondTheSchema: arguments([#"["nosuch"]"#, "[]"]))

    static let inputs = RequestSamples(
        name: "inputs and stdin from a file",
        yaml: Sample.file(
            """
            arguments: []
            stdin: {file: in.txt}
            inputs:
              - {path: in.txt, max_size: 10}
              - {path: "*.mod", max_size: 10, required: true, max_count: 2}
              - {path: "data/**/[a-c]?.bin", max_size: 10}
              - {path: need.cfg, max_size: 10, required: true}
            """),
        accepted: [
            #""in.txt": {"text": ""}, "a.mod": {"base64": "AAE="}, "need.cfg": {"file": "x"}"#,
            #""in.txt": {"text": ""}, "a.mod": {"text": "x"}, "data/x/y/a1.bin": {"text": ""}, "data/b1.bin": {"text": ""}, "need.cfg": {"text": ""}"#,
        ].map(request),
        refused: [
            #""a.mod": {"text": ""}, "need.cfg": {"text": ""}"#, #""in.txt": {"text": ""}, "need.cfg": {"text": ""}"#,
            #""in.txt": {"text": ""}, "a.mod": {"text": ""}"#,
            #""in.txt": {"text": ""}, "a.mod": {"text": ""}, "need.cfg": {"text": ""}, "x.txt": {"text": ""}"#,
            #""in.txt": {"text": ""}, "a.mod": {"text": ""}, "need.cfg": {"text": ""}, "data/d1.bin": {"text": ""}"#,
            #""in.txt": {"text": ""}, "x/a.mod": {"text": ""}, "need.cfg": {"text": ""}"#,
            #""in.txt": {}, "a.mod": {"text": ""}, "need.cfg": {"text": ""}"#,
            #""in.txt": "x", "a.mod": {"text": ""}, "need.cfg": {"text": ""}"#,
            #""in.txt": {"text": 1}, "a.mod": {"text": ""}, "need.cfg": {"text": ""}"#,
            #""in.txt": {"text": "", "file": "x"}, "a.mod": {"text": ""}, "need.cfg": {"text": ""}"#,
            #""in.txt": {"base64": "AAE"}, "a.mod": {"text": ""}, "need.cfg": {"text": ""}"#,
            #""in.txt": {"file": ""}, "a.mod": {"text": ""}, "need.cfg": {"text": ""}"#,
            #""in.txt": {"path": "x"}, "a.mod": {"text": ""}, "need.cfg": {"text": ""}"#,
        ].map(request) + [#"{"program": "tool", "inputs": []}"#, #"{"program": "tool"}"#],
        beyondTheSchema: [
            #""in.txt": {"text": "more than ten"}, "a.mod": {"text": ""}, "need.cfg": {"text": ""}"#,
            #""in.txt": {"text": ""}, "a.mod": {"text": ""}, "b.mod": {"text": ""}, "c.mod": {"text": ""}, "need.cfg": {"text": ""}"#,
            #""in.txt": {"base64": "AAF="}, "a.mod": {"text": ""}, "need.cfg": {"text": ""}"#,
        ].map(request))

    private static func request(_ inputs: String) -> String { "{\"program\": \"tool\", \"inputs\": {\(inputs)}}" }

    static let rest = RequestSamples(
        name: "environment and limits",
        yaml: """
            program: tool
            summary: A tool
            executable: /usr/bin/tool
            environment:
              set: {LC_ALL: C, THREADS: "1"}
              accept:
                - {name: THREADS, value: {integer: {min: 1, max: 64}}}
                - {name: LANG, value: {choice: [C, C.UTF-8]}}
                - {name: COLUMNS, value: {list: {of: {integer: {}}}}}
            limits:
              wall: {default: 90s, max: 2h}
              cpu: 10m
              memory: {default: 1536MiB, max: 4GiB}
              processes: 32
              open_files: 256
              output: 64MiB
              disk: 1GiB
              cpus: {default: 1, max: 2.5}
              io: {default: 1MiB, max: 4MiB}
            security: {}
            """,
        accepted: [
            #"{"program": "tool", "limits": {"cpus": 2.5, "io": 4194304}}"#,
            #"{"program": "tool", "limits": {"cpus": "0.25", "io": "1.5MiB"}}"#,
            #"{"program": "tool"}"#, #"{"$schema": "x.json", "program": "tool", "environment": {}, "limits": {}}"#,
            #"{"program": "tool", "environment": {"THREADS": 4, "LANG": "C", "COLUMNS": [1, 2]}}"#,
            #"{"program": "tool", "environment": {"THREADS": "4"}}"#,
            #"{"program": "tool", "limits": {"wall": "2h", "memory": 4096, "processes": 1, "open_files": "8.0"}}"#,
            #"{"program": "tool", "limits": {"wall": "1.5s", "memory": "1.5GiB", "disk": "1MB", "temporary": "1B"}}"#,
        ],
        refused: [
            "{}", #"{"program": "other"}"#, #"{"program": null}"#, "[]", #"{"program": "tool", "argument": []}"#,
            #"{"program": "tool", "arguments": ["x"]}"#, #"{"program": "tool", "arguments": {"x": 1}}"#,
            #"{"program": "tool", "inputs": {"x": {"text": ""}}}"#,
            #"{"program": "tool", "environment": {"LC_ALL": "C"}}"#,
            #"{"program": "tool", "environment": {"THREADS": 65}}"#,
            #"{"program": "tool", "environment": {"COLUMNS": "1,2"}}"#,
            #"{"program": "tool", "environment": {"LANG": "de"}}"#, #"{"program": "tool", "environment": []}"#,
            #"{"program": "tool", "limits": {"wall": 30}}"#, #"{"program": "tool", "limits": {"wall": "30"}}"#,
            #"{"program": "tool", "limits": {"memory": 0}}"#, #"{"program": "tool", "limits": {"memory": 4294967297}}"#,
            #"{"program": "tool", "limits": {"cpus": 3}}"#, #"{"program": "tool", "limits": {"cpus": 0.001}}"#,
            #"{"program": "tool", "limits": {"io": 4194305}}"#, #"{"program": "tool", "limits": {"io": "unlimited"}}"#,
            #"{"program": "tool", "limits": {"memory": "1K"}}"#, #"{"program": "tool", "limits": {"processes": 33}}"#,
            #"{"program": "tool", "limits": {"processes": "1.5"}}"#, #"{"program": "tool", "limits": {"mem": 1}}"#,
            #"{"program": "tool", "limits": {"wall": null}}"#, #"{"program": "tool", "$schema": 1}"#,
            #"{"program": "tool", "program": "tool"}"#, #"{"program": "tool"} x"#,
        ],
        beyondTheSchema: [
            #"{"program": "tool", "limits": {"wall": "3h"}}"#, #"{"program": "tool", "limits": {"memory": "5GiB"}}"#,
            #"{"program": "tool", "limits": {"memory": 1e6}}"#,
            #"{"program": "tool", "limits": {"memory": 0e0}}"#
                .replacing("0e0", with: "10e2"),
        ])

    static let units = RequestSamples(
        name: "units and clusters",
        yaml: Sample.file(
            """
            arguments:
              cluster: true
              rules:
                - {option: -w, value: {integer: {min: 1, max: 100, units: [px, "%", ""]}}}
                - {option: -h, value: {decimal: {min: 0, units: [m^2, e]}}}
                - {option: -s, value: {size: {min: 1KiB, max: 1GiB, units: [K, MiB]}}}
                - {option: -b, value: {size: {units: ["", B]}}}
                - {option: -t, value: {duration: {max: 1h, units: [s, m]}}}
                - {flag: "-5"}
                - {argument: N, value: {integer: {}}, required: false}
                - {separator: true}
            """),
        accepted: arguments([
            #"{"-w": 5}"#, #"{"-w": "5"}"#, #"{"-w": "5px"}"#, #"{"-w": "100%"}"#, #"{"-h": "1.5m^2"}"#,
            #"{"-h": "1e"}"#, #"{"-s": "5K"}"#, #"{"-s": "100MiB"}"#, #"{"-b": 5}"#, #"{"-b": "5"}"#,
            #"{"-b": "5B"}"#, #"{"-t": "60m"}"#, #"{"-t": "1s"}"#,
            #"{"N": -55}"#, #"{"N": "-5", "-5": true}"#,
        ]),
        refused: arguments([
            #"{"-w": 101}"#, #"{"-w": "5 px"}"#, #"{"-w": "px"}"#, #"{"-w": "5em"}"#, #"{"-h": 1.5}"#,
            #"{"-h": "1.5"}"#,
            #"{"-s": "1.5K"}"#, #"{"-s": "5M"}"#, #"{"-s": "5"}"#, #"{"-s": 5000}"#, #"{"-s": "0K"}"#,
            #"{"-s": "05K"}"#, #"{"-b": 0}"#, #"{"-b": "5K"}"#, #"{"-t": "1h"}"#, #"{"-t": "1.5m"}"#, #"{"-t": 5}"#,
            #"{"-h": "1m^3"}"#, #"{"-h": "1mm2"}"#, #"{"-h": "1.5x"}"#,
        ]),
        beyondTheSchema: arguments([
            #"{"-w": "101px"}"#, #"{"-h": "-1m^2"}"#, #"{"-s": "2000MiB"}"#, #"{"-t": "61m"}"#,
        ]))

    static let groups = RequestSamples(
        name: "one_of and all_of",
        yaml: Sample.file(
            """
            arguments:
              - one_of:
                  - all_of:
                      - {flag: -c, required: true}
                      - {argument: MEMBER, value: {string: {}}, repeat: 3, required: false}
                      - {one_of: [{flag: -z}, {all_of: [{flag: -j}, {option: -l, value: {integer: {}}}]}]}
                  - {all_of: [{flag: -x, required: true}, {option: -C, value: {string: {}}}]}
                  - {literal: list}
              - {option: -f, value: {string: {}}, required: true, conflicts: [-C]}
              - {flag: -v, requires: -x}
            """),
        accepted: arguments([
            #"{"-c": true, "-z": true, "-f": "a"}"#, #"{"-c": true, "-j": true, "MEMBER": ["a", "b"], "-f": "a"}"#,
            #"{"-c": true, "-l": 5, "-j": true, "-f": "a"}"#, #"{"-x": true, "-f": "a", "-v": true}"#,
            #"{"list": true, "-f": "a"}"#, #"{"-c": true, "-l": 5, "-f": "a"}"#,
        ]),
        refused: arguments([
            #"{"-f": "a"}"#, #"{"-c": true, "-f": "a"}"#, #"{"-z": true, "-f": "a"}"#,
            #"{"-c": true, "-x": true, "-z": true, "-f": "a"}"#,
            #"{"-c": true, "-z": true, "-j": true, "-f": "a"}"#, #"{"MEMBER": ["a"], "-f": "a"}"#,
            #"{"-C": "a", "-f": "a"}"#, #"{"-x": true, "-C": "a", "-f": "a"}"#,
            #"{"list": true, "-x": true, "-f": "a"}"#,
            #"{"list": true, "-f": "a", "-v": true}"#, #"{"-x": true}"#, #"{"list": true, "-z": true, "-f": "a"}"#,
        ]))

    static let fixed = RequestSamples(
        name: "a fixed order",
        yaml: Sample.file(
            """
            arguments:
              order: fixed
              rules:
                - {flag: -y}
                - {option: -i, value: {string: {pattern: "[a-z]+"}}, required: true}
                - {option: -i, value: {string: {}}}
                - {argument: A, value: {string: {pattern: "[a-z]+"}}, required: false}
                - {argument: B, value: {string: {}}, required: false}
                - {separator: true}
                - {argument: C, value: {string: {}}, required: false, repeat: 2}
                - {option: -r, value: {integer: {}}}
            """),
        accepted: arguments([
            #"{"-i": "a"}"#, #"{"-y": true, "-i": "a", "-i#2": "5", "A": "a", "B": "b", "C": ["c", "d"]}"#,
            #"{"-i": "a", "-r": 5}"#, #"{"-i": "a", "A": "a", "B": "5", "C": ["-r", "--"]}"#, #"{"-i": "a", "B": "5"}"#,
        ]),
        refused: arguments([
            #"{"-i#2": "a"}"#, #"{"-i": "5"}"#, #"{"-i": "a", "A": "5"}"#, #"{"-i": "a", "C": ["a", "b", "c"]}"#,
        ]),
        beyondTheSchema: arguments([
            #"{"-i": "a", "A": "-a"}"#.replacing("-a\"", with: "-i\"").replacing("-i\"}", with: "a\", \"B\": \"-i\"}"),
            #"{"-i": "a", "B": "b"}"#, #"{"-i": "a", "C": ["-r"], "-r": 5}"#, #"{"-i": "a", "C": ["c"]}"#,
        ]))

    static let choices = RequestSamples(
        name: "one of several inputs",
        yaml: Sample.file(
            """
            inputs:
              - {path: "a*", max_size: 9}
              - one_of:
                  - {path: "*.mod", max_size: 9, type: text}
                  - {path: "*.l[pq]", max_size: 9}
                  - {path: "*", max_size: 9, max_count: 2}
              - {one_of: [{path: x/y, max_size: 9}, {path: x/z, max_size: 9}], required: false}
            """),
        accepted: [
            #""b.mod": {"text": ""}"#, #""b.lp": {"text": ""}, "a.mod": {"text": ""}"#,
            #""c": {"text": ""}, "d": {"text": ""}"#,
            #""c": {"text": ""}, "x/y": {"text": ""}"#,
        ].map(request),
        refused: [
            "", #""a.mod": {"text": ""}"#, #""b.mod": {"text": ""}, "b.lp": {"text": ""}"#,
            #""b.mod": {"text": ""}, "c": {"text": ""}"#, #""b.lp": {"text": ""}, "c": {"text": ""}"#,
            #""c": {"text": ""}, "x/y": {"text": ""}, "x/z": {"text": ""}"#, #""x/y": {"text": ""}"#,
        ].map(request))
}
