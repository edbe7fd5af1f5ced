import Testing

@testable import Programs

@Suite struct ProgramFileTests {
    @Test func readsTheExample() throws {
        let program = try ProgramFile.parse(Array(Sample.glpsol.utf8), fileName: "profiles/glpsol.yaml").get()
        #expect(program.name == "glpsol")
        #expect(program.summary == "Solve a linear or mixed-integer model")
        #expect(program.version == nil)
        #expect(program.executable == "/usr/bin/glpsol")
        #expect(program.arguments.items.count == 4)
        #expect(program.inputs.count == 1)
        #expect(program.inputRules[0].required)
        #expect(program.inputRules[0].maxSize == 10 << 20)
        #expect(program.inputRules[0].maxCount == 1000)
        #expect(program.results[0].when == .only(states: [.complete], causes: []))
        #expect(program.results[1].when == .any)
        #expect(program.stdin == .ignore)
        #expect(program.stdout == .stream)
        #expect(program.environment.set == ["LC_ALL": "C"])
        #expect(program.environment.accept == [.init(name: "OMP_NUM_THREADS", value: .integer(1...64))])
        #expect(program.successExitCodes == [0])
        #expect(program.stop == StopRule(signal: .term, graceMilliseconds: 10_000))
        #expect(program.stop.signal.number == 15)
        #expect(program.limits[.wall] == LimitRule(default: 600_000, max: 600_000))
        #expect(program.limits[.file_size] == program.limits[.disk])
        #expect(program.limits[.temporary] == LimitRule(default: 64 << 20, max: 64 << 20))
        #expect(program.security == SecurityProfile(read: ["/usr/share/glpk"]))
    }

    @Test func fillsInDefaults() throws {
        let program = try Sample.program(Sample.file(""))
        #expect(program.arguments == .empty)
        #expect(program.inputs.isEmpty && program.results.isEmpty)
        #expect(program.stdin == .ignore && program.stdout == .stream && program.stderr == .stream)
        #expect(program.successExitCodes == [0])
        #expect(program.stop == StopRule(signal: .term, graceMilliseconds: 10_000))
        #expect(program.suspend == nil && program.who == nil)
        #expect(program.security == SecurityProfile())
    }

    @Test func readsEveryOtherForm() throws {
        let program = try Sample.program(
            """
            program: tool
            summary: A tool
            version: 1.0
            executable: /opt/tool/bin/tool
            inputs: [{path: in.txt, max_size: 1kB, max_count: 2, max_total: 2kB, help: the text}]
            results: [{path: out, when: [killed, wall-time], max_size: 1MB, max_count: 5}, {path: "core", when: memory}]
            stdin: {file: in.txt}
            stdout: {file: out.txt}
            stderr: stdout
            success: {exit_codes: [0, 3]}
            stop: {signal: INT}
            suspend: {signal: USR1, grace: 1.5s}
            limits:
              wall: {default: 10s, max: 1h}
              cpu: 1h
              memory: 1GiB
              processes: {default: 1, max: 8}
              open_files: 64
              output: 1MiB
              disk: {default: 1MiB, max: 1GiB}
              temporary: 1MiB
            security:
              root: {image: debian-12, writable: true}
              files: {execute: [/opt/tool]}
              network: host
              seccomp: {extends: default, allow: [ptrace], deny: [socket]}
              devices: [/dev/nvidia0]
            who: {users: [alice], groups: [staff]}
            """)
        #expect(program.version == "1.0")
        #expect(program.inputRules[0].maxTotal == 2000)
        #expect(program.results[0].when == .only(states: [.killed], causes: [.wallTime]))
        #expect(program.stdin == .file("in.txt"))
        #expect(program.stdout == .file("out.txt"))
        #expect(program.stderr == .stdout)
        #expect(program.successExitCodes == [0, 3])
        #expect(program.stop == StopRule(signal: .int, graceMilliseconds: 10_000))
        #expect(program.suspend == StopRule(signal: .usr1, graceMilliseconds: 1500))
        #expect(program.limits[.wall] == LimitRule(default: 10_000, max: 3_600_000))
        #expect(program.limits[.file_size] == LimitRule(default: 1 << 20, max: 1 << 30))
        #expect(program.limits[.temporary].max == 1 << 20)
        #expect(program.security.root == .image(ImageRoot("debian-12", isWritable: true)))
        #expect(program.security.seccomp == .extended(allow: ["ptrace"], deny: ["socket"]))
        #expect(program.who == WhoRule(users: ["alice"], groups: ["staff"]))
    }

    @Test func seccompFiles() throws {
        let text = Sample.file("").replacingSecurity("{seccomp: strict.json}")
        #expect(try Sample.program(text).security.seccomp == .file("strict.json"))
        #expect(
            Sample.errors(Sample.file("").replacingSecurity("{seccomp: ../strict.json}"))
                == ["test:6:21: security.seccomp: '../strict.json': contains the component '..'"])
    }

    @Test func resultsApplyByStateAndCause() throws {
        let rules = try Sample.program(
            Sample.file(
                "results: [{path: a, when: any}, {path: b, when: complete}, {path: c, when: [failed, wall-time]}]")
        ).results
        func paths(_ state: RunState, _ cause: Cause) -> String {
            rules.filter { $0.applies(state: state, cause: cause) }.map(\.path.source).joined()
        }
        #expect(paths(.complete, .exit) == "ab")
        #expect(paths(.failed, .exit) == "ac")
        #expect(paths(.killed, .wallTime) == "ac")
        #expect(paths(.killed, .memory) == "a")
    }

    @Test func theNameMustBeThatOfTheFile() throws {
        let text = Array(Sample.file("").utf8)
        #expect(
            Sample.errors(text, fileName: "a/other.yaml")
                == ["a/other.yaml:1:10: program: 'tool' must be called like its file 'other.yaml'"])
        #expect(Sample.errors(text, fileName: "a/tool.yaml") == [])
        #expect(Sample.errors(text, fileName: "-") == [])
    }

    @Test func aByteOrderMarkIsNoError() {
        #expect(Sample.errors([0xEF, 0xBB, 0xBF] + Array(Sample.file("").utf8)) == [])
    }
}

extension String {
    fileprivate func replacingSecurity(_ text: String) -> String {
        String(dropLast("security: {}".count)) + "security: " + text
    }
}
