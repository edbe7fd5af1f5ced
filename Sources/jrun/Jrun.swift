import ArgumentParser
import ControlAPI
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
            run's own. The local subcommands work by themselves, as root or as any user; the daemon's go through jrund. Exit codes: the program's own; 124 a time limit; 125 jrun refused or failed; 126 cannot be \
            executed; 127 not found; 128+N ended by signal N.
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "Local",
                subcommands: [
                    ExecCommand.self, CheckCommand.self, PlanCommand.self, ProgramCommand.self, DoctorCommand.self,
                ]),
            CommandGroup(
                name: "Daemon",
                subcommands: [
                    RunCommand.self, CreateCommand.self, PutCommand.self, StartCommand.self, PsCommand.self,
                    TopCommand.self, StatusCommand.self, LogsCommand.self, EventsCommand.self, SuspendCommand.self,
                    FreezeCommand.self, ResumeCommand.self, ThawCommand.self, TerminateCommand.self, KillCommand.self,
                    DiffCommand.self, GetCommand.self, RemoveCommand.self, ReloadCommand.self,
                ]),
            CommandGroup(
                name: "Other",
                subcommands: [HelpCommand.self, CompletionsCommand.self, CompleteCommand.self, ManualCommand.self]),
        ])

    /// ArgumentParser's own usage errors exit with 64; jrun's callers expect 125 for everything that jrun refuses.
    static func main() {
        FileSystem.ensureStandardStreams()
        if let position = firstArgumentThatIsNotUTF8 {
            complain("argument \(position) of the command line is not valid UTF-8; jrun passes on only what is")
            end(125)
        }
        if let status = runOrdinaryLine(Array(CommandLine.arguments.dropFirst())) { end(status) }
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

/// ArgumentParser's words in our form, with the hints that a newcomer needs.
private func usageMessage(_ message: String) -> String {
    let words = Array(CommandLine.arguments.dropFirst())
    var commands = Jrun.configuration.subcommands
    var path = "jrun"
    var depth = 0
    while depth < words.count, let next = commands.first(where: { $0.configuration.commandName == words[depth] }) {
        path += " \(words[depth])"
        depth += 1
        commands = next.configuration.subcommands
    }
    if !commands.isEmpty, depth < words.count, !words[depth].hasPrefix("-") {
        return unknownSubcommand(words[depth], of: path, commands)
    }
    var message = message.split(separator: "\n").joined(separator: " ")
    if let stop = message.firstRange(of: ". Did you mean") { message.replaceSubrange(stop, with: "; did you mean") }
    let isForProgram = message.contains("nexpected argument") || message.hasPrefix("Unknown option")
    let first = words.first ?? ""
    let isRemote = ["run", "create"].contains(first)
    let takesRequest = isRemote || ["exec", "check", "plan"].contains(first)
    var hint =
        takesRequest && isForProgram && !message.hasSuffix("?") ? "; arguments for the program go behind '--'" : ""
    if isRemote, message.contains("'--programs'") || message.contains("'--best-effort'") {
        hint = "; through the daemon, its configuration decides that"
    }
    return "\(message.prefix(1).lowercased())\(message.dropFirst())\(hint) (see \(path) --help)"
}

private func unknownSubcommand(_ word: String, of path: String, _ commands: [any ParsableCommand.Type]) -> String {
    let shown = commands.filter { $0.configuration.shouldDisplay }
    let known = shown.compactMap { $0.configuration.commandName }
    let near = suggestion(for: word, among: known, else: "; subcommands: \(known.joined(separator: ", "))")
    let exec = path == "jrun" ? "; a program is run by: jrun exec NAME, or jrun run NAME" : ""
    return "'\(word)' is not a subcommand of \(path)\(near)\(near.hasSuffix("?") ? "" : exec)"
}

/// Turns what refuses a run into sentences on stderr and an exit code.
func reporting(_ body: () throws -> Void) throws {
    let status = exitStatus {
        try body()
        return 0
    }
    if status != 0 { throw ExitCode(status) }
}

/// The exit status of `body`, or of what refuses the run, which is said on stderr.
func exitStatus(_ body: () throws -> Int32) -> Int32 {
    do { return try body() } catch let code as ExitCode { return code.rawValue } catch let refused as RunRefused {
        complain("\(refused)")
        return refused.exitCode
    } catch let violations as Violations {
        for violation in violations.violations { complain("\(violation)") }
        return 125
    } catch let problem as Problem {
        for sentence in problem.sentences { complain(sentence) }
        return problem.exitCode ?? 125
    } catch let errors as ProgramFileErrors {
        for error in errors.errors { complain("\(error)") }
        return 125
    } catch {
        complain("\(error)")
        return 125
    }
}

/// One line on stderr, whatever is in the message.
func complain(_ message: String) {
    try? FileSystem.write("jrun: \(printable(message))\n".utf8, to: 2, named: "stderr")
}
