import ArgumentParser
import Kernel
import Programs
import Runs

@main
struct Jrun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jrun",
        abstract: "Run other people's programs safely.",
        discussion: """
            A program file says what a program may be asked to do; jrun holds everybody to it, in a sandbox of the \
            run's own. Exit codes: the program's own; 124 a time limit; 125 jrun refused or failed; 126 cannot be \
            executed; 127 not found; 128+N ended by signal N.
            """,
        version: "0.1.0",
        subcommands: [
            ExecCommand.self, CheckCommand.self, PlanCommand.self, ProgramCommand.self, DoctorCommand.self,
            HelpCommand.self, CompletionsCommand.self, CompleteCommand.self,
        ])

    /// ArgumentParser's own usage errors exit with 64; jrun's callers expect 125 for everything that jrun refuses.
    static func main() {
        FileSystem.ensureStandardStreams()
        if let position = firstArgumentThatIsNotUTF8 {
            complain("argument \(position) of the command line is not valid UTF-8; jrun passes on only what is")
            end(125)
        }
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let code as ExitCode {
            end(code.rawValue)
        } catch {
            let status = exitCode(for: error)
            if status == .success { exit(withError: error) }
            complain(usageMessage(message(for: error)))
            end(125)
        }
    }
}

/// ArgumentParser's words in our form, with the one hint that a newcomer needs.
private func usageMessage(_ message: String) -> String {
    let command = CommandLine.arguments.dropFirst().first.map {
        ["exec", "check", "plan", "program"].contains($0) ? " \($0)" : ""
    }
    let hint = message.contains("nexpected argument") ? "; arguments for the program go behind '--'" : ""
    let message = message.split(separator: "\n").joined(separator: " ")
    return "\(message.prefix(1).lowercased())\(message.dropFirst())\(hint) (see jrun\(command ?? "") --help)"
}

/// Turns what refuses a run into sentences on stderr and an exit code.
func reporting(_ body: () throws -> Void) throws {
    do { try body() } catch let code as ExitCode { throw code } catch let refused as RunRefused {
        complain("\(refused)")
        throw ExitCode(refused.exitCode)
    } catch let violations as Violations {
        for violation in violations.violations { complain("\(violation)") }
        throw ExitCode(125)
    } catch let errors as ProgramFileErrors {
        for error in errors.errors { complain("\(error)") }
        throw ExitCode(125)
    } catch {
        complain("\(error)")
        throw ExitCode(125)
    }
}

/// One line on stderr, whatever is in the message.
func complain(_ message: String) {
    try? FileSystem.write("jrun: \(printable(message))\n".utf8, to: 2, named: "stderr")
}
