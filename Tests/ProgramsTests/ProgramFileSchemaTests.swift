import Testing

@testable import Programs

/// The schema of the program file against the decoder that it describes.
@Suite struct ProgramFileSchemaTests {
    private static let head = "program: tool\nsummary: A tool\nexecutable: /usr/bin/tool\nsecurity: {}\n"
    private static let limits = "limits: \(Sample.limits)\n"

    /// Lines of a file that the decoder accepts.
    static let good = [
        "arguments: [{flag: -v}, {flag: [-x, --xx], repeat: {min: 1, max: 3}, requires: -v, conflicts: [O], help: x}, {option: [-o, +o], value: {file: output}, form: separate}, {option: if, form: [equals, attached], value: {date: true}}, {argument: O, value: {string: {}}, required: false}, {literal: run}, {separator: true}]",
        "arguments: {rules: [{one_of: [{flag: -a}, {all_of: [{flag: -b, required: true}, {one_of: [{literal: c}, {flag: -d}], required: false}]}], help: x}], order: fixed, cluster: false}",
        "arguments: [{command: a, arguments: [{command: b}], help: x}, {one_of: [{command: c}, {command: d, arguments: {rules: []}}]}]",
        "arguments: [{option: -i, value: {integer: {min: -1, max: 5, units: [px, \"\"]}}}, {option: -d, value: {decimal: {min: 0.5}}}, {option: -c, value: {choice: [1, fast, true, 2.5]}}, {option: -t, value: {duration: {min: 1s, max: 1.5h}}}, {option: -s, value: {size: {min: 1, max: 1GiB}}}, {option: -e, value: {file: {direction: any, pattern: [a, b], except: '*:*'}}}, {option: -E, value: {file: {direction: any, except: [a, b]}}}, {option: -u, value: {size: {units: ['', K]}}}, {option: -U, value: {duration: {max: 1h, units: [ms]}}}, {option: -l, value: {list: {separator: ':', of: {file: {direction: any, pattern: '*.x'}}, min: 0, max: 5}}}, {option: -p, value: {string: {pattern: '[a-z]', max: 5}}}]",
        "inputs: [{path: '*.mod', max_size: 4096, required: true, max_count: 5, max_total: 1GiB, type: [text, png], help: x}, {one_of: [{path: a, max_size: 1kB, type: text/ascii}, {path: b, max_size: 1kB}], required: false}]",
        "results: [{path: '**', when: any, max_size: 1MiB, excess: truncate, max_count: 5, required: true}, {path: a, when: [complete, wall-time]}, {path: b, when: killed}]",
        "stdin: {stream: true, max_size: 1MiB, excess: truncate}\nstdout: {file: out.txt, max_size: 5, excess: kill}\nstderr: stdout",
        "stdin: {file: in.txt}\ninputs: [{path: in.txt, max_size: 5}]\nstdout: ignore\nstderr: {stream: true}",
        "environment: {set: {A: 1, B: true, C: x}, accept: [{name: D, value: {integer: {}}}]}",
        "success: {exit_codes: [0, 255]}\nstop: {signal: INT, grace: 500ms}\nsuspend: {signal: USR1}\nversion: 1.5",
        "who: {users: [alice], groups: []}\nabstract: false",
    ]

    static let goodSecurity = [
        "{root: host, files: {read: [/etc/fonts], execute: [/opt/x]}, network: host, seccomp: x.json, devices: [/dev/fuse]}",
        "{root: {image: debian, writable: true}, seccomp: {extends: default, allow: [mount], deny: []}}",
    ]

    /// Lines that neither accepts.
    static let bad = [
        "arguments: {}", "arguments: [flag]", "arguments: [{}]", "arguments: [{flag: -v, option: -o}]",
        "arguments: [{flag: -v, value: {date: true}}]",
        "arguments: [{flag: []}]", "arguments: [{option: -o}]", "arguments: [{argument: A, value: {}}]",
        "arguments: [{argument: A, value: {date: true, file: input}}]",
        "arguments: [{argument: A, value: {date: false}}]",
        "arguments: [{argument: A, value: {number: {}}}]", "arguments: [{argument: A, value: {integer: {minimum: 1}}}]",
        "arguments: [{argument: A, value: {integer: {min: 1.5}}}]", "arguments: [{argument: A, value: {choice: []}}]",
        "arguments: [{argument: A, value: {choice: a}}]", "arguments: [{argument: A, value: {string: {max: 131072}}}]",
        "arguments: [{argument: A, value: {file: in}}]", "arguments: [{argument: A, value: {file: {pattern: a}}}]",
        "arguments: [{argument: A, value: {duration: {min: 5}}}]",
        "arguments: [{argument: A, value: {size: {min: 5x}}}]",
        "arguments: [{argument: A, value: {list: {}}}]",
        "arguments: [{argument: A, value: {list: {of: {list: {of: {date: true}}}}}}]",
        "arguments: [{argument: A, value: {list: {of: {date: true}, separator: ab}}}]",
        "arguments: [{option: -o, form: long, value: {date: true}}]",
        "arguments: [{flag: -v, repeat: {min: 1}}]", "arguments: [{flag: -v, repeat: 20001}]",
        "arguments: [{flag: -v, required: 1}]",
        "arguments: [{all_of: [{flag: -v}]}]", "arguments: [{one_of: []}]",
        "arguments: [{one_of: [{separator: true}]}]",
        "arguments: [{separator: false}]", "arguments: [{command: a, help: {}}]", "arguments: {rules: [], order: any}",
        "arguments: {order: fixed}", "arguments: {rules: [], clusters: true}", "arguments: [{flag: -v, halp: x}]",
        "inputs: [{path: a}]", "inputs: [{max_size: 5}]", "inputs: [{path: a, max_size: 0}]",
        "inputs: [{path: /a, max_size: 5}]",
        "inputs: [{path: a, max_size: 5, max_count: 100001}]", "inputs: [{path: a, max_size: 5, type: docx}]",
        "inputs: [{one_of: [{path: a, max_size: 5, required: true}]}]", "inputs: [{path: a, one_of: [], max_size: 5}]",
        "inputs: {}",
        "results: [{path: a}]", "results: [{path: a, when: done}]", "results: [{path: a, when: running}]",
        "results: [{path: a, when: []}]", "results: [{path: a, when: any, excess: kill}]", "stdin: stdout",
        "stdout: stdout",
        "stdin: {}x".replacing("{}x", with: "{files: a}"), "stdout: {stream: true, excess: refuse, max_size: 5}",
        "stderr: [stdout]", "environment: {sets: {}}",
        "environment: {set: {1A: x}}", "environment: {set: [A]}", "environment: {accept: [{name: A}]}",
        "environment: {accept: [{name: 'A B', value: {date: true}}]}", "success: {exit_codes: []}",
        "success: {exit_codes: [256]}",
        "success: {}", "stop: {signal: STOP}", "stop: {grace: 10}", "suspend: TERM", "who: {user: [a]}",
        "who: {users: a}",
        "argumnts: []", "program: Tool", "executable: tool", "extends: A/B", "abstract: 1",
    ]

    static let badLimits = [
        "{}", "{wall: 10}", "{wall: 10m, default: 5m}", "{wall: {default: 1m}}",
        "{wall: {default: 1m, max: 5, min: 1s}}", "{memory: -1}", "{memory: 1Gb}",
        "{processes: 1.5}", "{processes: 0}", "{swap: 1GiB}", "[]", "{wall: unlimited}",
    ]

    static let badSecurity = [
        "[]", "{root: guest}", "{root: {image: A}}", "{root: {image: a@sha256:12}}",
        "{root: {writable: true}}", "{root: {image: a, writable: 2}}", "{files: [/etc]}", "{files: {read: [etc]}}",
        "{network: bridge}",
        "{seccomp: strict}", "{seccomp: {allow: []}}", "{seccomp: {extends: none}}", "{devices: [/etc/passwd]}",
        "{seccomp: {extends: default, allow: [Mount]}}",
    ]

    private func file(_ lines: String = "", limits: String = Sample.limits, security: String = "{}") -> String {
        let keys = lines.split(separator: "\n").map { $0.prefix { $0 != ":" } + ":" }
        let head = ["program: tool", "summary: A tool", "executable: /usr/bin/tool"].filter { line in
            !keys.contains { line.hasPrefix($0) }
        }
        return (head + [lines, "limits: \(limits)", "security: \(security)"]).joined(separator: "\n")
    }

    private func rulesAccept(_ text: String) -> Bool { Sample.errors(text).isEmpty }

    @Test func schemaAndDecoderAgree() throws {
        let good = Self.good.map { file($0) } + Self.goodSecurity.map { file(security: $0) } + [Sample.glpsol]
        let bad =
            Self.bad.map { file($0) } + Self.badSecurity.map { file(security: $0) }
            + Self.badLimits.map { limits in
                // One wrong limit among the right ones.
                let own = limits.hasPrefix("{") ? limits.dropFirst().dropLast() : ""
                let name = own.prefix { $0 != ":" }
                let others = Sample.limits.dropFirst().dropLast().split(separator: ", ").filter {
                    !$0.hasPrefix("\(name):") || name.isEmpty
                }
                return file(limits: own.isEmpty ? limits : "{\((others + [own]).joined(separator: ", "))}")
            } + ["program: tool", "[]", "tool"]
        var check = SchemaCheck()
        let schema = check.add(ProgramFileSchema.schema)
        for text in good + bad { check.add(text, to: schema, yaml: true) }
        let found = try check.run()
        #expect(found.schemas == [nil])
        for (text, complaint) in zip(good, found.cases) {
            #expect(rulesAccept(text), "\(Sample.errors(text)) in \(text)")
            #expect(complaint == nil, "\(text)")
        }
        for (text, complaint) in zip(bad, found.cases.dropFirst(good.count)) {
            #expect(!rulesAccept(text), "the decoder accepts \(text)")
            #expect(complaint != nil, "the schema accepts \(text)")
        }
    }

    @Test func theProfilesFit() throws {
        var check = SchemaCheck()
        let schema = check.add(ProgramFileSchema.schema)
        for name in ShippedPrograms.names {
            check.add(String(decoding: try ShippedPrograms.bytes(name), as: UTF8.self), to: schema, yaml: true)
        }
        let found = try check.run().cases
        #expect(found.count >= 8 && found.compactMap(\.self) == [])
    }

    /// A file that extends another one may lack what that one has, and so may one that is only there for that.
    @Test func familiesFit() throws {
        var check = SchemaCheck()
        let schema = check.add(ProgramFileSchema.schema)
        let family = "program: family\nabstract: true\nlimits: {wall: 10m}\n"
        let member = "program: member\nextends: family\nlimits: {wall: 1h}\n"
        for text in [family, member, family.replacing("true", with: "false"), member + "limit: {}\n"] {
            check.add(text, to: schema, yaml: true)
        }
        #expect(try check.run().cases.map { $0 == nil } == [true, true, false, false])
    }

    /// What the decoder knows, key by key: the names that it says are allowed when there is an unknown one.
    @Test func everyKeyOfTheDecoderIsThere() {
        let places: [(path: String, text: String)] =
            [
                ("", "x"), ("arguments", "arguments: {rules: [], x: 1}"),
                ("arguments[]", "arguments: [{flag: -v, x: 1}]"),
                ("arguments[]", "arguments: [{option: -v, value: {date: true}, x: 1}]"),
                ("arguments[]", "arguments: [{argument: a, value: {date: true}, x: 1}]"),
                ("arguments[]", "arguments: [{literal: a, x: 1}]"),
                ("arguments[]", "arguments: [{one_of: [{flag: -v}], x: 1}]"),
                ("arguments[]", "arguments: [{one_of: [{all_of: [{flag: -v}], x: 1}]}]"),
                ("arguments[]", "arguments: [{command: a, x: 1}]"),
                ("arguments[]", "arguments: [{separator: true, x: 1}]"),
                ("arguments[].repeat", "arguments: [{flag: -v, repeat: {max: 1, x: 1}}]"),
                ("value", "arguments: [{argument: a, value: {x: 1}}]"),
            ]
            + ["integer", "decimal", "string", "file", "duration", "size", "list"].map {
                ("value.\($0)", "arguments: [{argument: a, value: {\($0): {x: 1}}}]")
            } + [
                ("inputs[]", "inputs: [{path: a, max_size: 1, x: 1}]"),
                ("inputs[]", "inputs: [{one_of: [{path: a, max_size: 1}], x: 1}]"),
                ("results[]", "results: [{path: a, when: any, x: 1}]"), ("stdin", "stdin: {file: a, x: 1}"),
                ("stdout", "stdout: {file: a, x: 1}"),
                ("stderr", "stderr: {file: a, x: 1}"), ("environment", "environment: {x: 1}"),
                ("environment.accept[]", "environment: {accept: [{name: A, value: {date: true}, x: 1}]}"),
                ("success", "success: {exit_codes: [0], x: 1}"),
                ("stop", "stop: {x: 1}"), ("suspend", "suspend: {x: 1}"), ("limits", "limits: {x: 1}"),
                ("limits.NAME", "limits: {wall: {default: 1s, max: 1s, x: 1}}"),
                ("security", "security: {x: 1}"), ("security.root", "security: {root: {image: a, x: 1}}"),
                ("security.files", "security: {files: {x: 1}}"),
                ("security.seccomp", "security: {seccomp: {extends: default, x: 1}}"), ("who", "who: {x: 1}"),
            ]
        var known = Set<String>()
        for (path, text) in places {
            let errors = Sample.errors(text == "x" ? "x: 1" : text).joined(separator: "\n")
            guard let start = errors.range(of: "key 'x' is not known here") else {
                Issue.record("no unknown key in \(text): \(errors)")
                continue
            }
            let line = errors[start.upperBound...].prefix { $0 != "\n" }
            guard let list = String(line).range(of: "allowed: ").map({ String(line)[$0.upperBound...] }) else {
                continue
            }
            for key in list.split(separator: ", ") { known.insert(path.isEmpty ? String(key) : "\(path).\(key)") }
        }
        let paths = Set(ProgramFileSchema.keyPaths)
        #expect(known.subtracting(paths).sorted() == [], "keys of the decoder that the schema lacks")
        #expect(paths.subtracting(known).sorted() == [], "keys of the schema that the decoder does not know")
        #expect(Set(ProgramDecoder.keys).isSubset(of: paths))
    }

    @Test func everyKeyIsExplained() {
        for object in ProgramFileSchema.objects {
            for key in object.keys {
                #expect(key.description.hasSuffix(".") && key.description.count > 5, "\(object.path).\(key.name)")
            }
        }
    }
}
