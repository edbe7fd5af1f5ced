import ArgumentParser
import ControlAPI
import Kernel
import Programs
import Runs

// The steps of `run` one by one: create, put, start.

struct CreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a run without starting it, and print its id.",
        discussion: """
            For example: id=$(jrun create glpsol -- --model plan.mod --output plan.sol); jrun put $id plan.mod; \
            jrun start $id
            """)

    @OptionGroup var answer: AnswerOptions
    @OptionGroup var options: RemoteRequestOptions

    func run() throws {
        try reporting {
            let client = answer.client
            let request = try RemoteRequest(options)
            let view = try request.create(with: client)
            do { try request.upload(to: view.id, with: client) } catch {
                try? client.remove(view.id)
                throw error
            }
            if !answer.json { return try printText(view.id + "\n") }
            try printRawJSON(try client.collect(.get(.run(view.id))))
        }
    }
}

struct PutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put", abstract: "Put input files into a run that was not started.",
        discussion: "A file of the same name is replaced.")

    @OptionGroup var answer: AnswerOptions

    @Option(
        name: .long, help: ArgumentHelp("All files of a tar archive; '-' is standard input.", valueName: "file"),
        completion: .file())
    var tar: String?

    @Argument(help: idHelp) var id: String

    @Argument(
        help: ArgumentHelp("Put FILE into the run, as NAME if given.", valueName: "file[=name]"), completion: .file())
    var files: [String] = []

    func run() throws {
        try reporting {
            let client = answer.client
            if files.isEmpty && tar == nil { throw RunRefused("nothing to put: name a file, or --tar FILE") }
            var violations: [Violation] = []
            let inputs = files.compactMap { inputFile($0, &violations) }
            if !violations.isEmpty { throw Violations(violations) }
            let id = try client.id(self.id)
            if let tar { try put(tar: tar, to: id, client) }
            for input in inputs {
                try RemoteRequest.Input(name: input.name, source: .file(input.source)).upload(to: id, with: client)
            }
            if answer.json { try printRawJSON(try client.collect(.get(.run(id, "files")))) }
        }
    }

    private func put(tar path: String, to id: String, _ client: ControlClient) throws {
        if path == "-" { return try put(tar: 0, named: "stdin", to: id, client) }
        let file = try openOrRefuse(path, as: "archive '\(path)'")
        try put(tar: file.raw, named: path, to: id, client)
    }

    private func put(tar file: Int32, named name: String, to id: String, _ client: ControlClient) throws {
        let status = try FileStatus(of: file)
        let isWhole = file != 0 && status.kind == .file
        let progress = TransferProgress(name, total: isWhole ? status.size : nil)
        client.progress = progress.update
        defer {
            client.progress = nil
            progress.finish()
        }
        // What has no size is sent as it comes.
        let body: ClientExchange.Body =
            isWhole ? .file(file, size: status.size) : .pieces { try FileSystem.read(file, upTo: 1 << 16) }
        _ = try client.collect(
            ClientRequest(
                "PUT", .run(id, "archive"), fields: [("Content-Type", "application/x-tar")], body: body))
    }
}

struct StartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Start a run that was created.",
        discussion: "Returns when the program is running, or waits for room: then it says so.")

    @OptionGroup var answer: AnswerOptions

    @Flag(name: .customLong("no-queue"), help: "Refuse instead of waiting for room on the node.")
    var noQueue = false

    @Flag(name: .long, help: ArgumentHelp(DetachedStdin.help))
    var stdin = false

    @Argument(help: idHelp) var id: String

    func run() throws {
        try reporting {
            let client = answer.client
            let id = try client.id(self.id)
            // Of a run that was started before, stdin is somebody else's.
            let isOurs = try client.decode(RunView.self, .get(.run(id))).state == RunState.created.rawValue
            let query = noQueue ? [(name: "queue", value: "false")] : []
            var view = try client.decode(RunView.self, .post(.run(id, "start", query: query)))
            if isOurs, !stdin { view = try DetachedStdin.close(view, client) }
            if answer.json { try printJSON(view) } else { sayQueued(view) }
            if view.cause == Cause.launchError.rawValue {
                complain("\(view.program.name) \(view.state): \(view.summary ?? "it could not be launched")")
                throw ExitCode(125)
            }
        }
    }
}

/// A start that waits for room is no error, and not what was expected either.
func sayQueued(_ view: RunView) {
    guard let position = view.queuePosition else { return }
    complain(
        "\(view.program.name) waits for room on the node: \(position == 1 ? "next" : "number \(position)") in the queue"
    )
}
