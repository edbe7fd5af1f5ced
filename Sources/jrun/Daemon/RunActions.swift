import ArgumentParser
import ControlAPI
import Kernel
import Runs

/// A command to one or several runs that is one POST for each.
protocol RunAction: ParsableCommand {
    static var action: String { get }
    var answer: AnswerOptions { get }
    var ids: [String] { get }
}

extension RunAction {
    func run() throws {
        try reporting {
            let client = answer.client
            let views = try forEachRun(ids, client) { id in
                try client.decode(RunView.self, .post(.run(id, Self.action)))
            }
            if answer.json { try printJSON(RunList(runs: views.done, next: nil)) }
            if views.hasFailed { throw ExitCode(125) }
        }
    }
}

/// Does the same to several runs; what goes wrong with one is said and keeps it from none of the others.
func forEachRun<Value>(
    _ prefixes: [String], _ client: ControlClient, _ body: (String) throws -> Value
) throws -> (done: [Value], hasFailed: Bool) {
    let ids = try client.ids(prefixes)
    var done: [Value] = [], hasFailed = false
    for id in ids {
        do { done.append(try body(id)) } catch let problem as Problem {
            hasFailed = true
            for sentence in problem.sentences { complain(ids.count > 1 ? "\(id): \(sentence)" : sentence) }
        }
    }
    return (done, hasFailed)
}

struct SuspendCommand: RunAction {
    static let configuration = CommandConfiguration(
        commandName: "suspend", abstract: "Ask programs to pause, then freeze them.",
        discussion: "The program gets the signal that its file names, and its grace time. 'resume' lets it go on.")
    static let action = "suspend"

    @OptionGroup var answer: AnswerOptions
    @Argument(help: idHelp) var ids: [String]
}

struct FreezeCommand: RunAction {
    static let configuration = CommandConfiguration(commandName: "freeze", abstract: "Freeze runs at once.")
    static let action = "freeze"

    @OptionGroup var answer: AnswerOptions
    @Argument(help: idHelp) var ids: [String]
}

struct ResumeCommand: RunAction {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let suspended or frozen runs go on.")
    static let action = "resume"

    @OptionGroup var answer: AnswerOptions
    @Argument(help: idHelp) var ids: [String]
}

struct ThawCommand: RunAction {
    static let configuration = CommandConfiguration(commandName: "thaw", abstract: "The same as 'resume'.")
    static let action = "thaw"

    @OptionGroup var answer: AnswerOptions
    @Argument(help: idHelp) var ids: [String]
}

struct TerminateCommand: RunAction {
    static let configuration = CommandConfiguration(
        commandName: "terminate", abstract: "Ask programs to stop, and kill those that do not.",
        discussion: "Returns at once. The program gets the signal that its file names, and its grace time.")
    static let action = "terminate"

    @OptionGroup var answer: AnswerOptions
    @Argument(help: idHelp) var ids: [String]
}

struct KillCommand: RunAction {
    static let configuration = CommandConfiguration(commandName: "kill", abstract: "Kill runs at once.")
    static let action = "kill"

    @OptionGroup var answer: AnswerOptions
    @Argument(help: idHelp) var ids: [String]
}

let idHelp = ArgumentHelp("A run's id, or the beginning of one that no other run has.", valueName: "id")

struct RemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove runs with everything that they kept.")

    @OptionGroup var answer: AnswerOptions

    @Flag(name: .long, help: "Kill them first if they are live.")
    var kill = false

    @Argument(help: idHelp) var ids: [String]

    private struct Removed: Encodable { var removed: [String] }

    func run() throws {
        try reporting {
            let client = answer.client
            let query = kill ? [(name: "kill", value: "true")] : []
            let removed = try forEachRun(ids, client) { id in
                _ = try client.collect(ClientRequest("DELETE", Route(["v1", "runs", id], query: query)))
                return id
            }
            if answer.json { try printJSON(Removed(removed: removed.done)) }
            if removed.hasFailed { throw ExitCode(125) }
        }
    }
}

struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Let jrund read its configuration and the program files again.",
        discussion: "What is broken is said, and its older version stays in force; the exit code is 125 then.")

    @OptionGroup var answer: AnswerOptions

    func run() throws {
        try reporting {
            let client = answer.client
            let bytes = try client.collect(.post(Route(["v1", "reload"])))
            let problems = try client.decode(ReloadAnswer.self, from: bytes).problems
            if answer.json { try printRawJSON(bytes) } else { for problem in problems { complain(problem) } }
            if !problems.isEmpty { throw ExitCode(125) }
        }
    }
}
