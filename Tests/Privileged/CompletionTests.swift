import Foundation
import Glibc
import Testing

/// The scripts of `jrun completions`, in the shells they are for.
extension Privileged {
    @Suite struct Completion {
        enum Shell: String, CaseIterable, CustomTestStringConvertible {
            case bash, zsh, fish
            var testDescription: String { rawValue }
        }

        private let site: Site

        init() throws { site = try Site.shared.get() }

        /// A directory with a file, a directory, and jrun in the PATH.
        private func run(_ shell: Shell, _ script: String, _ words: String...) throws -> Ended {
            let directory = try site.makeDirectory()
            try FileManager.default.createDirectory(
                atPath: "\(directory)/folder", withIntermediateDirectories: false)
            try Data().write(to: URL(fileURLWithPath: "\(directory)/model.mod"))
            try Data(script.utf8).write(to: URL(fileURLWithPath: "\(directory)/.script"))
            let options: [Shell: [String]] = [.bash: ["--norc"], .zsh: ["-f"], .fish: ["--no-config"]]
            var command = Command(
                ["/bin/sh", "-c", "cd '\(directory)' && exec \"$@\"", "sh", shell.rawValue] + (options[shell] ?? [])
                    + [".script"] + words)
            command.environment = site.environment
            command.environment["PATH"] = "\(site.dist)/bin:/usr/bin:/bin"
            command.environment["HOME"] = directory
            command.environment["LANG"] = "C.UTF-8"
            return try command.run()
        }

        /// What the shell offers for a line, without descriptions, sorted.
        private func candidates(_ shell: Shell, _ line: String) throws -> [String] {
            let scripts: [Shell: String] = [.bash: Self.bash, .zsh: Self.zsh, .fish: Self.fish]
            let ended = try run(shell, scripts[shell] ?? "", line)
            try #require(ended.status == 0 && ended.stderr.isEmpty, "\(shell): \(ended.stderr)\(ended.text)")
            return ended.text.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }.sorted()
        }

        /// Bash's own variables as it sets them for a line; `compopt` only works while bash itself completes.
        private static let bash = #"""
            eval "$(jrun completions bash)"
            compopt() { printf '%s\n' "$2"; }
            COMP_LINE=$1 COMP_POINT=${#1}
            # `=` breaks words for bash.
            word=${1##*[ =]}
            _jrun jrun "$word" ""
            [[ ${#COMPREPLY[@]} -eq 0 ]] || printf '%s\n' "${COMPREPLY[@]}"
            """#

        /// compadd, which puts candidates into zsh's list, is replaced by one that prints them.
        private static let zsh = #"""
            compdef() { :; }
            eval "$(jrun completions zsh)"
            compadd() { while [[ $1 != -a ]]; do shift; done; print -rl -- "${(@P)2}"; }
            compset() { :; }
            _files() { [[ $1 == -/ ]] && print dirnames || print default; }
            words=("${(@s: :)1}") CURRENT=${#words} PREFIX=${words[-1]}
            _jrun
            """#

        private static let fish = """
            jrun completions fish | source
            complete -C "$argv[1]"
            """

        @Test(arguments: Shell.allCases)
        func programsAndSubcommands(shell: Shell) throws {
            #expect(try candidates(shell, "jrun exec gl") == ["glpsol"])
            #expect(try candidates(shell, "jrun completions ") == ["bash", "fish", "zsh"])
            #expect(try candidates(shell, "jrun program l") == ["lint", "list"])
            #expect(try candidates(shell, "jrun help glp") == ["glpsol"])
            #expect(try candidates(shell, "jrun help program li") == ["lint", "list"])
            #expect(try candidates(shell, "jrun nonsense ") == [])
        }

        @Test(arguments: Shell.allCases)
        func argumentsOfAProgram(shell: Shell) throws {
            let model = "jrun exec --input model.mod --input data/mip.dat glpsol -- "
            #expect(try candidates(shell, model + "--mo") == ["--model"])
            #expect(try candidates(shell, model + "--model ") == ["model.mod"])
            #expect(try candidates(shell, model + "--lp a --mo") == [])
            #expect(try candidates(shell, model + "--min --m") == ["--mipgap", "--model"])
            #expect(try candidates(shell, "jrun exec samtools -- sort -O ") == ["bam", "sam"])
            #expect(try candidates(shell, "jrun exec samtools -- fl") == ["flagstat"])
        }

        /// Bash replaces only what stands behind the `=`.
        @Test(arguments: Shell.allCases)
        func valuesBehindAnEqualsSign(shell: Shell) throws {
            let head = shell == .bash ? "" : "-std="
            #expect(
                try candidates(shell, "jrun exec gcc -- -std=c1").filter { $0 != "nospace" } == [
                    "\(head)c11", "\(head)c17",
                ])
            let limit = shell == .bash ? "" : "--limit="
            #expect(try candidates(shell, "jrun exec --limit=w").filter { $0 != "nospace" } == ["\(limit)wall="])
        }

        @Test(arguments: Shell.allCases)
        func filesAreTheShellsOwn(shell: Shell) throws {
            let files = shell == .fish ? ["folder/", "model.mod"] : ["default"]
            let directories = shell == .fish ? ["folder/"] : ["dirnames"]
            #expect(try candidates(shell, "jrun exec --input ") == files)
            #expect(try candidates(shell, "jrun exec --report ") == files)
            #expect(try candidates(shell, "jrun exec --output-dir ") == directories)
            let behind = shell == .fish ? ["--input=model.mod"] : ["default"]
            #expect(try candidates(shell, "jrun exec --input=mo") == behind)
        }

        /// Every option that the help shows is offered, and no other: nobody keeps a second list.
        @Test(arguments: ["exec", "check", "plan", "doctor", "program list", "program show", "program lint"])
        func optionsAreThoseOfTheHelp(subcommand: String) throws {
            let help = try run(.bash, "jrun \(subcommand) --help").text
            let listed = help.split(separator: "\n").filter { $0.hasPrefix("  -") }.flatMap { line in
                line.split(separator: " ").filter { $0.hasPrefix("--") }.map { $0.filter { $0 != "," } }
            }
            let offered = try candidates(.zsh, "jrun \(subcommand) --")
            #expect(!offered.isEmpty)
            #expect(Set(offered) == Set(listed.filter { help.contains("\($0) ") }))
        }

        @Test func scriptsAreGoodShell() throws {
            for (shell, check) in [
                (Shell.bash, "shellcheck -s bash -"), (.zsh, "zsh -n /dev/stdin"), (.fish, "fish -n /dev/stdin"),
            ] {
                let checked = try run(.bash, "set -o pipefail; jrun completions \(shell.rawValue) | \(check)")
                #expect(checked.status == 0, "\(shell): \(checked.text)\(checked.stderr)")
            }
        }
    }
}
