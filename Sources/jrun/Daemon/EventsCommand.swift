import ArgumentParser
import ControlAPI
import Kernel
import Programs
import Runs

struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Print what becomes of runs, as it happens.",
        discussion: "Of one run everything from its beginning; of all of them what happens from now on.")

    @OptionGroup var answer: AnswerOptions

    @Option(name: .long, help: ArgumentHelp("Begin behind the event of this number.", valueName: "number"))
    var after: UInt64?

    @Argument(help: idHelp) var id: String?

    func run() throws {
        try reporting {
            let client = answer.client
            let run = try id.map { try client.id($0) }
            var last = after.map { "\($0)" } ?? "", comeback = Comeback()
            while true {
                do {
                    try listen(client, run, &last) { comeback.reset() }
                    // A run's own stream ends with the run; the node's only with jrund.
                    if run != nil { return }
                    throw ClientError.lost(path: client.socketPath)
                } catch let error as ClientError { try comeback.wait(for: error, client) }
            }
        }
    }

    private func listen(
        _ client: ControlClient, _ run: String?, _ last: inout String, _ connected: () -> Void
    ) throws {
        let exchange = try client.perform(eventRequest(run: run, after: last))
        connected()
        var parser = EventParser()
        while let piece = try client.next(of: exchange) {
            for event in try parser.add(piece) {
                if !event.id.isEmpty { last = event.id }
                try say(event, client)
            }
        }
    }

    private func say(_ event: ServerEvent, _ client: ControlClient) throws {
        if answer.json { return try printRawJSON(Array(event.data.utf8)) }
        if event.name == "gap" { return complain("events are missing here: the log does not reach back that far") }
        let view = try client.decode(EventView.self, from: Array(event.data.utf8))
        let state =
            event.name == "removed" ? "removed" : [view.state, view.cause].compactMap { $0 }.joined(separator: " ")
        try printText(printable("\(view.sequence)  \(view.time)  \(view.run)  \(view.program)  \(state)") + "\n")
    }
}

/// - Parameters:
///   - run: nil for those of all runs.
///   - after: the last event that was received; empty for none.
func eventRequest(run: String?, after: String) -> ClientRequest {
    let route = run.map { Route.run($0, "events") } ?? Route(["v1", "events"])
    return ClientRequest(
        "GET", route,
        fields: [("Accept", "text/event-stream")] + (after.isEmpty ? [] : [("Last-Event-ID", after)]))
}
