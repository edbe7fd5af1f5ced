import Foundation
import Glibc
import Testing

/// Programs that extend others, as the built jrun treats them.
extension Privileged {
    @Suite struct Family {
        /// A directory with `family.yaml`, which is abstract, and `member.yaml`, which runs the probe.
        private func family() throws -> (request: Request, directory: String) {
            let request = try Request()
            let directory = try request.site.makeDirectory()
            var family = request.program
            family.name = "family"
            family.keys["abstract"] = "true"
            family.keys["environment"] = "{set: {LC_ALL: C, FAMILY: \"1\"}}"
            // What is needed may be missing.
            let text = family.yaml.split(separator: "\n").filter { !$0.hasPrefix("executable: ") }
            try text.joined(separator: "\n").write(
                toFile: "\(directory)/family.yaml", atomically: false, encoding: .utf8)
            let member = """
                program: member
                extends: family
                summary: One of them
                executable: \(request.site.probe)
                limits: {wall: 40s}

                """
            try member.write(toFile: "\(directory)/member.yaml", atomically: false, encoding: .utf8)
            return (request, directory)
        }

        private func jrun(_ request: Request, _ words: String...) throws -> Ended {
            var command = Command([request.site.jrun] + words)
            command.environment = request.environment
            return try command.run()
        }

        private func digest(_ command: String) throws -> String {
            String(try Command(["/bin/sh", "-c", command]).run().text.prefix(64))
        }

        @Test func aMemberRunsByTheRulesOfItsFamily() throws {
            let (request, directory) = try family()
            let ended = try jrun(
                request, "exec", "--best-effort", "--programs", directory, "--report", request.reportPath,
                "--output-dir",
                request.output, "member", "--", "exit", "3")
            #expect(ended.status == 3, "\(ended.stderr)")
            let report = request.outcome(ended).report
            let files = ["member", "family"].map { "\(directory)/\($0).yaml" }
            for (index, path) in files.enumerated() {
                let file = report["program"]["files"][index]
                #expect(file["name"].string == "\(["member", "family"][index]).yaml")
                #expect(file["digest"].string == (try digest("sha256sum '\(path)'")))
            }
            let all = try digest("sha256sum '\(files[0])' '\(files[1])' | cut -c 1-64 | sha256sum")
            #expect(report["program"]["digest"].string == all)
        }

        /// No program can have such a name; a FIFO holds nobody who looks there.
        @Test func theListShowsOnlyNames() throws {
            let (request, directory) = try family()
            for name in ["a\u{1B}[31m", "a\nb", "a\u{202E}b", "$(id)", "-a"] {
                try Data().write(to: URL(fileURLWithPath: "\(directory)/\(name).yaml"))
            }
            mkfifo("\(directory)/pipe.yaml", 0o600)
            let list = try jrun(request, "program", "list", "--programs", directory).text
            let names = list.split(separator: "\n").map { $0.prefix { $0 != " " } }
            #expect(names.contains("member") && names.contains("pipe"), "\(list)")
            #expect(names.allSatisfy { $0.wholeMatch(of: /[a-z0-9][a-z0-9._-]*/) != nil }, "\(list)")
        }

        @Test func anAbstractFileIsNeitherRunNorListed() throws {
            let (request, directory) = try family()
            let ended = try jrun(request, "exec", "--best-effort", "--programs", directory, "family", "--", "exit", "0")
            #expect(ended.status == 125)
            #expect(
                ended.stderr == "jrun: program 'family' is abstract: only there to be extended, it cannot be run\n")
            let list = try jrun(request, "program", "list", "--programs", directory).text
            #expect(list.contains("member") && !list.contains("family"))
        }

        /// What is shown can be kept as a file, and that file shows the same.
        @Test func whatIsShownIsAProgramFile() throws {
            let (request, directory) = try family()
            let shown = try jrun(request, "program", "show", "--programs", directory, "member")
            #expect(shown.status == 0 && shown.stderr.isEmpty, "\(shown.stderr)")
            let lines = shown.text.split(separator: "\n")
            func line(_ start: String) -> Substring? { lines.first { $0.hasPrefix(start) } }
            #expect(line("# member.yaml: \(directory)/member.yaml, SHA-256 ") != nil)
            #expect(line("# family.yaml: \(directory)/family.yaml, SHA-256 ") != nil)
            #expect(line("  wall: 40s ")?.hasSuffix("# member.yaml:5") == true)
            #expect(line("  cpu: 50s ")?.contains("# family.yaml:") == true)
            #expect(line("    FAMILY: \"1\" ")?.contains("# family.yaml:") == true)
            #expect(line("  grace: 10s ")?.hasSuffix("# default") == true)
            let kept = try request.site.makeDirectory()
            try shown.text.write(toFile: "\(kept)/member.yaml", atomically: false, encoding: .utf8)
            let again = try jrun(request, "program", "show", "--programs", kept, "member").text
            func values(_ text: String) -> [Substring] {
                text.split(separator: "\n").compactMap {
                    $0.split(separator: "#", omittingEmptySubsequences: false).first
                }
                .map { $0.prefix(while: { $0 != "#" }) }.map { $0.trimmingSuffix(" ") }.filter { !$0.isEmpty }
            }
            #expect(values(again) == values(shown.text) && !values(again).isEmpty)
            #expect(!again.contains("# default") && !again.contains("family.yaml"))
        }

        @Test func aFamilyIsFoundBesideAFileNamedByItsPath() throws {
            let (request, directory) = try family()
            let good = try jrun(request, "program", "lint", "\(directory)/member.yaml")
            #expect(good.status == 0, "\(good.stderr)")
            try FileManager.default.removeItem(atPath: "\(directory)/family.yaml")
            let lost = try jrun(request, "program", "lint", "\(directory)/member.yaml")
            #expect(
                lost.status == 125
                    && lost.stderr.contains("member.yaml:2:10: extends: no program file is called 'family'"))
        }
    }
}

extension Substring {
    fileprivate func trimmingSuffix(_ character: Character) -> Substring {
        var text = self
        while text.last == character { text.removeLast() }
        return text
    }
}
