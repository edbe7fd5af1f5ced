import Confinement
import FoundationEssentials
import Programs
import Testing

@testable import Runs

@Suite struct ReportTests {
    private func decode<T: Decodable>(_ type: T.Type, _ bytes: [UInt8]) throws -> T {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(bytes))
    }

    /// Every field filled in, with texts that JSON has to escape.
    private func fullReport() throws -> Report {
        let program = try RunSample.program()
        var usage = Report.Usage()
        usage.cpuMicroseconds = 1
        usage.cpuUserMicroseconds = 2
        usage.cpuSystemMicroseconds = 3
        usage.memoryPeakBytes = .max
        usage.memoryPeakSource = "cgroup memory.peak"
        usage.memoryAnonBytes = 4
        usage.memoryFileBytes = 5
        usage.memoryShmemBytes = 6
        usage.processesPeak = 7
        usage.processesPeakSource = "sampled"
        usage.readBytes = 8
        usage.writtenBytes = 9
        usage.stdoutBytes = 10
        usage.stderrBytes = 11
        usage.diskBytes = 12
        usage.stdinBytes = 13
        usage.stdinTruncated = true
        usage.stdoutDroppedBytes = 14
        usage.stderrDroppedBytes = 15
        return Report(
            run: "01aryz6s41tsv4rrffq69g5fav", program: .init(name: "tool", version: "1.0", digest: "ab"),
            arguments: ["", "a b", "\"\\\n\u{1}", "ünïcödé/path", "--x=1"], state: "killed", cause: "seccomp",
            evidence: .init(
                summary: "made the forbidden system call mount", source: "seccomp user notification", value: -1,
                limit: 2,
                syscall: .init(name: "mount", number: 165, arguments: ["0x1", "0x0"]), step: "execute '/bin/x'",
                errno: "EPERM"),
            exitCode: 3, signal: "SIGKILL",
            times: .init(
                created: "2024-01-01T00:00:00.000Z", started: "2024-01-01T00:00:00.001Z",
                ended: "2024-01-01T00:00:01.000Z",
                wallMicroseconds: 999_000, suspendedMicroseconds: 5),
            phases: .init(stageIn: 1, cgroup: 2, clone: 3, mounts: 4, exec: 5, run: 6, harvest: 7), usage: usage,
            limits: Report.LimitReport.all(program.limits.defaults, try RunSample.enforcement(memory: false)),
            security: ["private read-only root"],
            results: [.init(path: "a/b.txt", size: 3, sha256: "cd", truncated: true, originalBytes: 9)],
            resultsRefused: ["'x': it is a fifo"], resultsMissing: ["*.sol"],
            node: .init(name: "node", kernel: "6.1", architecture: "x86_64", cpus: 2))
    }

    @Test func itReadsBackAsItWas() throws {
        let report = try fullReport()
        #expect(try decode(Report.self, report.json()) == report)
        #expect(report.json() == report.json(), "the same report is the same text")
    }

    @Test func absentValuesAreAbsent() throws {
        var report = try fullReport()
        report.exitCode = nil
        report.signal = nil
        report.program.version = nil
        report.evidence = .init(summary: "x")
        report.usage = .init()
        report.times.started = nil
        let text = String(decoding: report.json(), as: UTF8.self)
        #expect(!text.contains("null"))
        #expect(!text.contains("exit_code") && !text.contains("\"syscall\""))
        #expect(try decode(Report.self, report.json()) == report)
    }

    @Test func keysAreInSnakeCaseAndSlashesPlain() throws {
        let text = String(decoding: try fullReport().json(), as: UTF8.self)
        for key in [
            "exit_code", "stage_in", "cpu_user_microseconds", "memory_peak_source", "enforced_by", "results_refused",
            "sha256",
        ] {
            #expect(text.contains("\"\(key)\" :") || text.contains("\"\(key)\":"), "\(key)")
        }
        #expect(text.contains("\"schema\" : \"jrun.report/1\"") && text.contains("a/b.txt"))
        #expect(text.hasSuffix("}\n"))
        #expect(!text.utf8.contains { $0 < 0x20 && $0 != 0x0a }, "no control character reaches a terminal")
    }

    @Test func everyLimitIsReportedWithItsUnit() throws {
        let program = try RunSample.program()
        let limits = Report.LimitReport.all(program.limits.defaults, try RunSample.enforcement(memory: false))
        #expect(limits.map(\.name) == LimitName.allCases.map(\.rawValue))
        let units = Dictionary(uniqueKeysWithValues: limits.map { ($0.name, $0.unit) })
        #expect(units["wall"] == "ms" && units["memory"] == "bytes" && units["processes"] == "count")
        let weaker = limits.filter { $0.weaker != nil }
        #expect(weaker.map(\.name) == ["memory", "cpus"] && weaker.first?.enforcedBy == "RLIMIT_AS")
        #expect(units["cpus"] == "thousandths" && units["io"] == "bytes/s")
        #expect(limits.first { $0.name == "cpus" }?.value == 1000)
        let io = limits.first { $0.name == "io" }
        #expect(io?.value == nil && io?.enforcedBy == "unlimited" && io?.weaker == nil)
    }

    /// Run directories are older than jrun: two limits were not there from the beginning.
    @Test func limitsOfAnOlderVersionAreUnderstood() throws {
        let program = try RunSample.program(), enforcement = try RunSample.enforcement()
        var reports = Report.LimitReport.all(program.limits.defaults, enforcement)
        #expect(Limits(reports) == program.limits.defaults)
        reports.removeAll { ["cpus", "io"].contains($0.name) }
        #expect(Limits(reports) == program.limits.defaults)
        let launch = LaunchRecord(
            uid: 70_000, limits: reports, security: [], phases: .init(), clonedAt: 0, inputs: [], staged: [])
        let found = try #require(launch.enforcement)
        #expect(found[.cpus] == .nothing && found[.io] == .unlimited && found.weaker[.cpus] != nil)
        #expect(found[.memory] == .memoryMax)
        reports.removeAll { $0.name == "memory" }
        #expect(Limits(reports) == nil)
    }

    /// The names of environment variables are data: they must not become snake case on the way.
    @Test func frozenRequestsKeepTheNamesOfVariables() throws {
        let json = """
            {"schema":"jrun.run/1","run":"r","uid":70000,"created":"t","program":{"name":"tool","digest":"ab"},
             "program_file":"/p","arguments":["a"],"environment":{"someName":"1","OMP_NUM_THREADS":"2","Mixed_Case":"3"},
             "inputs":["i"],"limits":[]}
            """
        let request = try decode(FrozenRequest.self, Array(json.utf8))
        #expect(request.environment == ["someName": "1", "OMP_NUM_THREADS": "2", "Mixed_Case": "3"])
        let again = try decode(FrozenRequest.self, request.json())
        #expect(again.environment == request.environment && again.programFile == "/p" && again.uid == 70_000)
        let text = String(decoding: request.json(), as: UTF8.self)
        #expect(text.contains("\"someName\":\"1\"") && text.contains("\"program_file\""))
    }

    @Test func digestsAreHexadecimal() {
        #expect(hex([0, 0x0f, 0xa0, 0xff]) == "000fa0ff")
        #expect(LoadedProgram.digest(of: "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
}

extension LoadedProgram {
    fileprivate static func digest(of text: String) -> String? {
        (try? RunSample.program()).map { LoadedProgram(program: $0, path: "/p", bytes: Array(text.utf8)).digest }
    }
}
