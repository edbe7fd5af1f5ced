import Foundation
import Testing

/// Reports of real runs, one for each way to end, are what docs/report.schema.json says they are.
extension Privileged {
    @Suite struct Schema {
        /// `Tests/report-schema-check` also holds the schema against the meta-schema of its draft.
        static func check(_ reports: [String]) throws -> Ended {
            let package = try Site.shared.get().package
            return try Command(["/usr/bin/python3", "\(package)/Tests/report-schema-check"] + reports).run()
        }

        private func report(_ words: String..., limits: [String: String] = [:]) throws -> String {
            var request = try Request()
            request.words = words
            request.program.limits.merge(limits) { _, new in new }
            let outcome = try request.run()
            try #require(outcome.state != nil, "\(outcome)")
            return request.reportPath
        }

        /// Whatever only capped streams and cut off results bring into a report.
        private func capped(stdin: String, stdout: String) throws -> String {
            var request = try Request(
                "batch", "stdin-info", "drain", "--", "write-stdout", "5000", "--", "fill", "r", "9")
            request.program.keys["stdin"] = stdin
            request.program.keys["stdout"] = stdout
            request.program.keys["results"] = "[{path: r, when: any, max_size: 5, excess: truncate}]"
            request.input = lines(100)
            let outcome = try request.run()
            try #require(outcome.state != nil, "\(outcome)")
            return request.reportPath
        }

        private func launchError() throws -> String {
            var request = try Request("exit", "0")
            // Executable for execve's first look, and then without an interpreter.
            let script = try request.file("broken", Array("#!/nowhere/interpreter\n".utf8))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
            request.program.executable = script
            let directory = URL(fileURLWithPath: script).deletingLastPathComponent().path
            request.program.security["files"] = "{execute: [\"\(directory)\"]}"
            let outcome = try request.run()
            try #require(outcome.cause == "launch-error", "\(outcome)")
            return request.reportPath
        }

        @Test func reportsOfEveryKindOfEndFitTheSchema() throws {
            let reports = [
                try report("exit", "0"), try report("exit", "3"), try report("segv"),
                try report("sleep", "forever", limits: ["wall": "200ms"]),
                try report("spin", "forever", limits: ["cpu": "100ms"]),
                try report("write-stdout", "forever", limits: ["output": "1MiB"]),
                try report("forkbomb", limits: ["processes": "10"]), try report("mount-old"), try launchError(),
                try capped(stdin: "{stream: true, max_size: 10}", stdout: "stream"),
                try capped(
                    stdin: "{stream: true, max_size: 10, excess: truncate}",
                    stdout: "{stream: true, max_size: 10, excess: truncate}"),
                try capped(stdin: "stream", stdout: "{file: out, max_size: 10}"),
            ]
            let checked = try Self.check(reports)
            #expect(checked.status == 0, "\(checked.text)\(checked.stderr)")
            #expect(checked.text.split(separator: "\n").count == reports.count + 1)
        }

        /// The check is one that can fail.
        @Test func aReportThatSaysSomethingElseDoesNotFit() throws {
            let good = try report("exit", "0")
            let text = try String(contentsOfFile: good, encoding: .utf8)
            let bad = text.replacingOccurrences(of: "\"complete\"", with: "\"completed\"")
            try #require(bad != text)
            try bad.write(toFile: good, atomically: false, encoding: .utf8)
            #expect(try Self.check([good]).status == 1)
        }
    }
}
