// A run of the probe with results, as the tests of harvest and limits need it: with a program file of its own, its report, and
// what it left outside.

import EscapeAttacks
import Foundation
import Glibc
import TestSupport
import Testing

/// What `jrun exec` is asked.
struct HostileRun {
    let site: Site
    let directory: String
    var words: [String]
    var results = "[{path: '**', when: any, max_count: 100000}]"
    var limits = [
        "wall": "50s", "cpu": "50s", "memory": "256MiB", "processes": "40", "open_files": "64", "output": "1MiB",
        "disk": "16MiB", "temporary": "1MiB",
    ]
    var seccomp = "default"
    var environment: [String: String]

    /// - Parameter words: the program's arguments, separated by blanks.
    init(_ words: String) throws {
        site = try Setting.site.get()
        directory = "\(site.directory)/hostile-\(UInt64.random(in: 0 ... .max))"
        self.words = words.split(separator: " ").map(String.init)
        try FileManager.default.createDirectory(atPath: "\(directory)/programs", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: "\(directory)/output", withIntermediateDirectories: true)
        // Further uids than those of the attacks: a run that ended badly would hold one.
        environment = [
            "JRUN_STATE": "\(site.directory)/state", "JRUN_RUNTIME": "\(site.directory)/runtime",
            "JRUN_CGROUP": site.cgroup, "JRUN_UIDS": "\(site.user + 16)-\(site.user + 31)",
        ]
    }

    var output: String { "\(directory)/output" }
    private var reportPath: String { "\(directory)/report.json" }

    private var programFile: String {
        let flow = limits.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        return """
            program: hostile
            summary: An attacker whose results somebody takes
            executable: \(site.probe)
            arguments: [{argument: WORD, value: {string: {max: 4096}}, repeat: {min: 0, max: 200}}, {separator: true}]
            results: \(results)
            limits: {\(flow)}
            security: {seccomp: \(seccomp), files: {execute: [\(site.dist)/test]}}
            """
    }

    func command() throws -> Command {
        try Data(programFile.utf8).write(to: URL(fileURLWithPath: "\(directory)/programs/hostile.yaml"))
        let options = [
            "--best-effort", "--programs", "\(directory)/programs", "--output-dir", output, "--report", reportPath,
        ]
        return Command([site.jrun, "exec"] + options + ["hostile", "--"] + words, environment: environment)
    }

    func run() throws -> HostileOutcome {
        let ended = try command().run()
        let bytes = FileManager.default.contents(atPath: reportPath) ?? Data()
        return HostileOutcome(ended: ended, report: (try? JSON(parsing: bytes)) ?? JSON(nil), output: output)
    }
}

/// What became of it.
struct HostileOutcome: CustomStringConvertible {
    let ended: Ended
    let report: JSON
    let output: String

    var state: String? { report["state"].string }
    var cause: String? { report["cause"].string }
    var refused: [String] { report["results_refused"].strings }
    var taken: [JSON] { report["results"].array }
    var answers: [JSON] { ended.text.split(separator: "\n").compactMap { try? JSON(parsing: $0.utf8) } }

    /// The first answer of a verb.
    subscript(verb: String) -> JSON { answers.first { $0["verb"].string == verb } ?? JSON(nil) }

    /// Everything beneath the output directory that is neither a directory nor a regular file, or is nobody's but root's.
    var strange: [String] {
        let paths = FileManager.default.enumerator(atPath: output)?.compactMap { $0 as? String } ?? []
        return paths.filter { path in
            var facts = stat()
            guard lstat("\(output)/\(path)", &facts) == 0 else { return true }
            let kind = facts.st_mode & S_IFMT
            return kind != S_IFREG && kind != S_IFDIR || facts.st_uid != 0 || facts.st_mode & 0o7000 != 0
        }
    }

    /// Each result is outside as the report says it is: by size and by the digest that sha256sum finds.
    func resultsAreAsReported() throws -> Bool {
        try taken.allSatisfy { file in
            guard let path = file["path"].string, let size = file["size"].int else { return false }
            var facts = stat()
            guard lstat("\(output)/\(path)", &facts) == 0, facts.st_size == size else { return false }
            // By stdin: of an odd name, sha256sum would print an escaped one.
            let script = ["sh", "-c", "exec sha256sum <\"$1\"", "sh", "\(output)/\(path)"]
            let sum = try Command(script, environment: [:]).run().text
            return sum.hasPrefix(file["sha256"].string ?? "?")
        }
    }

    var description: String {
        "exit \(ended.status), state \(state ?? "?"), cause \(cause ?? "?"); \(ended.stderr.prefix(400)) \(ended.text.prefix(400))"
    }
}
