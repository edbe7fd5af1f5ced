import Foundation
import Glibc
import Testing

/// `jrun program new` and `jrun help`, on programs that are installed here.
extension Privileged {
    @Suite struct NewProgram {
        private let site: Site

        init() throws { site = try Site.shared.get() }

        private func jrun(_ arguments: String..., wrapper: [String] = []) throws -> Ended {
            var command = Command(wrapper + [site.jrun] + arguments)
            command.environment = site.environment
            return try command.run()
        }

        private func draft(_ executable: String, _ options: String...) throws -> (file: String, text: String) {
            let file = "\(try site.makeDirectory())/x.yaml"
            let made = try run(["program", "new", executable, "--name", "x", "--output", file] + options)
            try #require(made.status == 0, "\(made.stderr)\(made.text)")
            return (file, try String(contentsOfFile: file, encoding: .utf8))
        }

        private func run(_ arguments: [String]) throws -> Ended {
            var command = Command([site.jrun] + arguments)
            command.environment = site.environment
            return try command.run()
        }

        /// Their real help texts, asked for in a sandbox.
        @Test(
            arguments: [
                ("/usr/bin/tar", "--exclude"), ("/usr/bin/gzip", "--fast"), ("/usr/bin/sort", "--random-source"),
                ("/usr/bin/gcc", "-pipe"), ("/usr/bin/glpsol", "--tmlim"), ("/usr/bin/sqlite3", "-csv"),
                ("/usr/bin/python3", "-c"),
            ])
        func realProgramsMakeGoodFiles(executable: String, option: String) throws {
            let (file, text) = try draft(executable)
            #expect(text.contains(option), "\(text)")
            #expect(text.split(separator: "\n").contains { $0.hasPrefix("  - option:") || $0.hasPrefix("  - flag:") })
            let lint = try jrun("program", "lint", file)
            #expect(lint.status == 0, "\(lint.stderr)")
        }

        /// It has no options of its own, only commands; what it prints is kept as what its usage says.
        @Test func aProgramOfCommandsMakesAGoodFile() throws {
            let (file, text) = try draft("/usr/bin/samtools")
            #expect(text.contains("Usage:   samtools"), "\(text)")
            #expect(try jrun("program", "lint", file).status == 0)
        }

        /// What the executable does when it is asked for help happens in the sandbox.
        @Test func theExecutableIsNotTrusted() throws {
            let directory = try site.makeDirectory()
            let script = "\(directory)/tool"
            let outside = "\(directory)/outside"
            let lines = "#!/bin/sh\necho x 2>/dev/null >'\(outside)'\necho '  --level=N  id is '$(id -u)\n"
            try Data(lines.utf8).write(to: URL(fileURLWithPath: script))
            chmod(script, 0o755)
            let (_, text) = try draft(script)
            #expect(!FileManager.default.fileExists(atPath: outside))
            #expect(text.contains("--level"), "\(text)")
            #expect(!text.contains("id is 0"))
            #expect(text.contains("# A script for /bin/sh."))
            #expect(text.contains("      - \"\(script)\"  # the executable"))
        }

        /// The names of its interpreter and libraries are the executable's choice, and no settings of the sandbox: as it
        /// stands, this one would give the run the node's network.
        @Test func namesInTheExecutableAreNoSettings() throws {
            let directory = try site.makeDirectory()
            let parent = "\(directory)/i\",\"\(directory)"
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            let interpreter = "\(directory)/i\",\"\(directory)/x\"]},\"network\":\"host\"}"
            try FileManager.default.copyItem(atPath: "/usr/bin/cat", toPath: interpreter)
            let script = "\(directory)/tool"
            try Data("#!\(interpreter)\t#\n".utf8).write(to: URL(fileURLWithPath: script))
            chmod(script, 0o755)
            let (_, text) = try draft(script)
            #expect(text.contains("--show-ends"), "\(text)")
        }

        @Test func withoutRootTheHelpTextIsGiven() throws {
            let file = "\(try site.makeDirectory())/help"
            try Data("  -q, --quiet  say less\n".utf8).write(to: URL(fileURLWithPath: file))
            chmod(file, 0o644)
            let user = ["/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
            let without = try jrun("program", "new", "/usr/bin/true", "--output", "-", wrapper: user)
            #expect(without.status == 0)
            #expect(
                without.stderr == "jrun: the help text was not read, which needs root; give it by --help-text FILE\n")
            #expect(without.text.contains("arguments: []"))
            let given = try jrun(
                "program", "new", "/usr/bin/true", "--output", "-", "--help-text", file, wrapper: user)
            #expect(given.status == 0 && given.stderr.isEmpty)
            #expect(given.text.contains("- flag: [\"-q\", \"--quiet\"]"))
        }

        @Test func whatIsThereIsNotReplaced() throws {
            let (file, text) = try draft("/usr/bin/true")
            let again = try jrun("program", "new", "/usr/bin/sort", "--name", "x", "--output", file)
            #expect(again.status == 125)
            #expect(
                again.stderr
                    == "jrun: '\(file)' is there already; --force replaces it, --output FILE writes elsewhere\n")
            #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
            #expect(try jrun("program", "new", "/usr/bin/sort", "--name", "x", "--output", file, "--force").status == 0)
            #expect(try String(contentsOfFile: file, encoding: .utf8).contains("--random-source"))
        }

        @Test func whatCannotBeDraftedIsSaidInOneSentence() throws {
            for (arguments, sentence) in [
                (["/nowhere"], "'/nowhere' is not an executable file"),
                (["/usr/bin/true", "--name", "A B"], "--name 'A B': a program's name is"),
                (["/usr/bin/true", "--help-text", "/nowhere"], "help text '/nowhere': no such file"),
            ] {
                let refused = try run(["program", "new", "--output", "-"] + arguments)
                #expect(refused.status == 125 || refused.status == 126)
                #expect(refused.stderr.contains(sentence) && refused.text.isEmpty, "\(refused.stderr)")
            }
        }

        // MARK: jrun help

        @Test func helpShowsProgramsAndSubcommands() throws {
            let page = try jrun("help", "glpsol")
            #expect(page.status == 0)
            #expect(page.text.hasPrefix("NAME\n    glpsol - Solve"))
            #expect(!page.text.contains("\u{1B}"))
            #expect(try jrun("help").text.contains("USAGE: jrun <subcommand>"))
            #expect(try jrun("help", "exec").text.contains("USAGE: jrun exec"))
            #expect(try jrun("help", "program", "lint").text.contains("USAGE: jrun program lint"))
            let wrong = try jrun("help", "glpsl")
            #expect(wrong.status == 125)
            #expect(
                wrong.stderr
                    == "jrun: 'glpsl' is neither a program nor a subcommand of jrun; did you mean 'glpsol'?\n")
        }
    }
}
