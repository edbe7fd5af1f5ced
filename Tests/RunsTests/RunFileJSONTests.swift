import Confinement
import FoundationEssentials
import Programs
import Testing

@testable import Runs

/// What is written by hand is, byte for byte, what JSONEncoder made of it: files of all versions compare.
@Suite struct RunFileJSONTests {
    private func encoded(_ value: some Encodable, _ pretty: Bool = false) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private func expectSame(
        _ value: some Encodable & JSONWritable, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for pretty in [false, true] {
            let written = String(decoding: JSONWriter.bytes(of: value, pretty: pretty), as: UTF8.self)
            #expect(try written == encoded(value, pretty), sourceLocation: sourceLocation)
        }
    }

    private static let odd = [
        "", "a b", "a/b", "\"\\\n\r\t\u{8}\u{c}", "\u{0}\u{1}\u{f}\u{10}\u{1f}\u{7f}", "ünïcödé/path",
        "e\u{301}\u{2028}\u{2029}\u{85}", "😀\u{10ffff}", String(repeating: "x", count: 20_000),
    ]
    /// The order of keys is that of their bytes.
    private static let variables = Dictionary(
        uniqueKeysWithValues: [
            "B", "a", "A10", "A2", "é", "e\u{301}a", "Z", "_", "aB", "someName", "OMP_NUM_THREADS", "\u{1}", "",
        ].enumerated().map { ($1, odd[$0 % odd.count]) })

    @Test func values() throws {
        try expectSame(Self.odd)
        try expectSame(Self.variables)
        try expectSame([[:], ["b": ["x": Int64.min], "a": [:]]])
        try expectSame([[Int64]]())
        try expectSame([[], [Int64.min, 0, .max], []])
        try expectSame([UInt64.max])
        try expectSame([true, false])
        for scalar in UInt8.min...0x7f { try expectSame("a\(UnicodeScalar(scalar))b") }
    }

    // MARK: Reports

    private func report(_ text: String, _ number: Int64) throws -> Report {
        let program = try RunSample.program()
        var usage = Report.Usage()
        usage.cpuMicroseconds = number
        usage.cpuUserMicroseconds = number
        usage.memoryPeakBytes = .max
        usage.memoryPeakSource = text
        usage.memoryAnonBytes = number
        usage.memoryFileBytes = 5
        usage.memoryShmemBytes = 6
        usage.processesPeak = number
        usage.processesPeakSource = text
        usage.stdinBytes = 13
        usage.stdinTruncated = true
        usage.stdoutDroppedBytes = 14
        usage.stderrDroppedBytes = 15
        var report = Report(
            run: "r", program: .init(name: text, version: text, digest: "ab", files: [.init(name: text, digest: "c")]),
            arguments: Self.odd, state: "killed", cause: "seccomp",
            evidence: .init(
                summary: text, source: text, value: number, limit: number,
                syscall: .init(name: text, number: .max, arguments: ["0x1", text]), step: text, errno: "EPERM"),
            exitCode: .min, signal: text,
            times: .init(
                created: "c", started: text, ended: "e", wallMicroseconds: number, suspendedMicroseconds: 5),
            phases: .init(stageIn: 1, cgroup: 2, clone: 3, mounts: 4, exec: 5, run: 6, harvest: number), usage: usage,
            limits: Report.LimitReport.all(program.limits.defaults, try RunSample.enforcement(memory: false)),
            security: [text],
            results: [
                .init(path: text, size: number, sha256: "cd", truncated: true, originalBytes: number),
                .init(path: "b", size: 0, sha256: ""),
            ],
            resultsRefused: [text], resultsMissing: ["*.sol"],
            node: .init(
                name: text, kernel: "6.1", architecture: "x86_64", cpus: 2, cpuset: "0-1",
                rootless: .init(ids: "single", cgroup: text, weaker: [text])))
        let root = ImageRoot(text, isWritable: true)
        report.image = .init(root, digest: text)
        return report
    }

    @Test func reports() throws {
        for text in Self.odd { try expectSame(report(text, .min)) }
        #expect(try String(decoding: report("x", 1).json(), as: UTF8.self) == encoded(report("x", 1), true) + "\n")
    }

    /// Each of the values that may be absent, alone and together.
    @Test func reportsWithoutOptionalValues() throws {
        let whole = try report("x", 7)
        let removals: [(inout Report) -> Void] = [
            { $0.exitCode = nil }, { $0.signal = nil }, { $0.image = nil }, { $0.program.version = nil },
            { $0.program.files = nil }, { $0.evidence = .init(summary: "s") }, { $0.times.started = nil },
            { $0.usage = .init() }, { $0.results = [] }, { $0.limits = [] }, { $0.arguments = [] },
            { $0.security = [] }, { $0.node.cpuset = nil }, { $0.node.rootless?.cgroup = nil },
            { $0.node.rootless?.weaker = [] }, { $0.node.rootless = nil },
        ]
        var bare = whole
        for remove in removals {
            var report = whole
            remove(&report)
            try expectSame(report)
            remove(&bare)
            try expectSame(bare)
        }
    }

    // MARK: The others

    @Test func frozenRequests() throws {
        let json = """
            {"schema":"jrun.run/1","run":"r","created":"t","program":{"name":"tool","digest":"ab"},
             "program_file":"/p","arguments":[],"environment":{},"inputs":[],"limits":[]}
            """
        var request = try decodeRunFile(FrozenRequest.self, Array(json.utf8))
        try expectSame(request)
        request.uid = 7
        request.createdRealtime = .max
        request.image = "sha256:ab"
        request.arguments = Self.odd
        request.environment = Self.variables
        request.inputs = Self.odd
        request.limits = try report("x", 1).limits
        request.owner = Owner(uid: .max, gid: 0)
        request.idempotencyKey = "\"k\""
        request.requestDigest = "d"
        try expectSame(request)
        #expect(try String(decoding: request.json(), as: UTF8.self) == encoded(request) + "\n")
    }

    @Test func launchRecords() throws {
        var record = LaunchRecord(
            uid: 70_000, limits: [], security: [], phases: .init(), clonedAt: 0, inputs: [], staged: [])
        try expectSame(record)
        record.limits = try report("x", 1).limits
        record.security = Self.odd
        record.clonedAt = .max
        record.inputs = Self.odd
        record.staged = [
            .init(inode: .max, input: .init(modifiedNanoseconds: .min, size: 1, name: "ü")),
            .init(inode: 1, input: .init(modifiedNanoseconds: 1, size: 0, name: nil)),
        ]
        try expectSame(record)
    }

    @Test func smallFiles() throws {
        try expectSame(StdinRecord())
        try expectSame(StdinRecord(bytes: .max, isClosed: true, isTruncated: true))
        try expectSame(RunChanges())
        for text in Self.odd {
            try expectSame(
                RunChanges(
                    work: [.init(change: .added, path: text, type: "file", size: 1)],
                    image: [.init(change: .removed, path: "a", type: text, was: .max)], complete: false))
        }
    }

    /// A line of the event log is text by itself: nothing in it can need an escape.
    @Test func events() throws {
        var event = RunEvent(
            sequence: .max, time: "t", run: "r", program: "p-1", owner: .max, state: "complete", cause: "exit")
        for _ in 0..<2 {
            let again = try decodeRunFile(RunEvent.self, Array(event.line.utf8))
            #expect(again == event)
            event.cause = nil
        }
    }
}
