import ArgumentParser
import ControlAPI
import Kernel
import Programs
import Runs

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a program through jrund, wait for it, and collect its results.",
        discussion: """
            Like exec, with the same exit codes, but the run is jrund's: others can watch and command it, and it goes on \
            when this command is killed. Ctrl-C asks the program to stop, a second one kills it; while jrund is away, a third \
            one leaves.
            """)

    @OptionGroup var answer: AnswerOptions
    @OptionGroup var options: RemoteRequestOptions

    @Option(
        name: .customLong("output-dir"),
        help: ArgumentHelp("Where the results go. (default: .)", valueName: "dir"),
        completion: .directory)
    var outputDirectory: String?

    @Option(
        name: .long, help: ArgumentHelp("Write the report there; '-' is stdout.", valueName: "file"),
        completion: .file())
    var report: String?

    @Flag(
        name: .shortAndLong,
        help: "Print the run's id and leave once it was started; its stdin is empty, but for --stdin.")
    var detach = false

    @Flag(name: .long, help: ArgumentHelp(DetachedStdin.help + " Only with --detach."))
    var stdin = false

    @Flag(name: .long, help: "Keep the run when it has ended, instead of removing it.")
    var keep = false

    func run() throws {
        try reporting {
            if detach, report != nil || outputDirectory != nil {
                throw RunRefused(
                    "--report and --output-dir are for a run that is waited for; leave them out with --detach")
            }
            if stdin && !detach { throw RunRefused("--stdin needs --detach: otherwise stdin is this command's") }
            if answer.json && !detach { throw RunRefused("--json needs --detach: otherwise stdout is the program's") }
            if detach, let status = try? FileStatus(of: 0), status.kind == .file, status.size > 0 {
                throw RunRefused("with --detach, standard input is not sent; leave '<' out, or --detach")
            }
            let client = answer.client
            let request = try RemoteRequest(options)
            if detach { return try start(request, client) }
            let output = try OutputDirectory(outputDirectory ?? ".")
            for case .file(let path) in request.inputs.map(\.source) { output.reserve(path) }
            let report = try ReportFile(self.report)
            defer { report.discard() }
            // From here on a request to stop is something to answer, not an end: there is a run to remove.
            let session = try RunSession(request, client, signals: SignalQueue.requestsToStop())
            let outputLost = try session.follow()
            let conclusion = RunConclusion(session: session, output: output, report: report, keep: keep)
            throw ExitCode(try conclusion.conclude(outputLost: outputLost))
        }
    }

    private func start(_ request: RemoteRequest, _ client: ControlClient) throws {
        var view = try request.start(with: client)
        if !stdin { view = try DetachedStdin.close(view, client) }
        if answer.json { return try printJSON(view) }
        sayQueued(view)
        try printText(view.id + "\n")
    }
}

/// The stdin of a run that nobody waits for.
enum DetachedStdin {
    static let help = "Leave its stdin open for whoever writes to it by the control API; otherwise it is empty."

    /// Without its end, a program that reads it would wait for ever.
    static func close(_ run: RunView, _ client: ControlClient) throws -> RunView {
        guard run.stdin.kind == "stream", !run.stdin.closed, !run.hasEnded else { return run }
        let request = ClientRequest.post(.run(run.id, "stdin", query: [("close", "true")]))
        do { return try client.persisting { try client.decode(RunView.self, request) } } catch let problem as Problem {
            // It has ended meanwhile, or somebody else has closed it.
            guard problem.status == 409 else { throw problem }
            return run
        }
    }
}

extension RemoteRequest {
    /// Creates, uploads and starts; what does not get that far leaves nothing behind.
    func start(with client: ControlClient) throws -> RunView {
        let created = try create(with: client)
        do {
            try upload(to: created.id, with: client)
            return try client.persisting { try client.decode(RunView.self, .post(.run(created.id, "start"))) }
        } catch {
            client.interruption = -1
            try? client.remove(created.id, killing: true)
            throw error
        }
    }
}
