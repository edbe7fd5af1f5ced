import ControlAPI
import Programs
import Runs
import Testing

@testable import jrund

/// What is written by hand is, byte for byte, what the encoder of all other answers makes of it.
@Suite struct AnswerJSONTests {
    private func expectSame(
        _ value: some Encodable & JSONWritable, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let written = String(decoding: JSONWriter.bytes(of: value), as: UTF8.self)
        #expect(try written == String(decoding: APICoder.encode(value), as: UTF8.self), sourceLocation: sourceLocation)
    }

    private static let odd = ["", "a/b", "\"\\\n\u{8}\u{1f}\u{7f}", "ünïcödé \u{2028}"]

    private func view(_ text: String?, _ number: Int64) -> RunView {
        RunView(
            id: "r", program: .init(name: "p", version: text, digest: "d"), owner: .init(uid: .max, name: text),
            state: "complete", queuePosition: text.map { _ in 3 }, cause: text, summary: text,
            exitCode: text.map { _ in .min }, signal: text, terminating: text != nil, created: "c", started: text,
            ended: text, arguments: text == nil ? [] : Self.odd,
            environment: text == nil ? [:] : ["someName": "1", "A_B": text!, "é": ""], inputs: text.map { [$0] } ?? [],
            limits: text == nil ? [:] : ["wall": number, "cpu": 0],
            stdin: .init(kind: "ignore", bytes: number, closed: true),
            stdout: .init(kind: "stream", bytes: 1, ended: false), stderr: .init(kind: "file", bytes: 2, ended: true),
            keptBytes: number)
    }

    @Test func views() throws {
        try expectSame(view(nil, .min))
        for text in Self.odd { try expectSame(view(text, .max)) }
    }

    @Test func contents() throws {
        for text in Self.odd { try expectSame(ContentView(Array(text.utf8))) }
        try expectSame(ContentView([0xff, 0, 0x80]))
        try expectSame(ContentView(bytes: .max))
        try expectSame(["b/c": ContentView([]), "a": ContentView(bytes: 1)])
    }

    /// As whoever reads it takes it for.
    @Test func execute() throws {
        let report = try APICoder.decode(
            Report.self,
            from: Array(
                """
                {"schema":"jrun.report/1","run":"r","program":{"name":"p","digest":"d"},"arguments":["a/b"],"state":"complete",
                "cause":"exit","evidence":{"summary":"s"},"exit_code":0,"times":{"created":"c","ended":"e",
                "wall_microseconds":1,"suspended_microseconds":0},"phases":{"stage_in":1,"cgroup":2,"clone":3,"mounts":4,
                "exec":5,"run":6,"harvest":7},"usage":{"cpu_microseconds":1,"cpu_user_microseconds":2,
                "cpu_system_microseconds":3,"memory_peak_bytes":4,"memory_peak_source":"m","read_bytes":5,
                "written_bytes":6,"stdout_bytes":7,"stderr_bytes":8,"disk_bytes":9},"limits":[],"security":[],
                "results":[{"path":"x","size":1,"sha256":"h"}],"results_refused":[],"results_missing":[],
                "node":{"name":"n","kernel":"k","architecture":"a","cpus":2}}
                """.utf8))
        for (stdout, stderr, files) in [
            (ContentView([0x61]), nil, ["f": ContentView(bytes: 2)]), (nil, ContentView([0xff]), [:]),
        ] as [(ContentView?, ContentView?, [String: ContentView])] {
            let answer = ExecuteAnswer(
                run: view("x", 1), report: report, stdout: stdout, stderr: stderr, files: files)
            let written = ExecuteJSON(
                run: view("x", 1), report: report, stdout: stdout, stderr: stderr, files: files)
            #expect(try JSONWriter.bytes(of: written) == APICoder.encode(answer))
        }
    }
}
