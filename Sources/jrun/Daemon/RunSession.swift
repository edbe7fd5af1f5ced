import ControlAPI
import Kernel
import Programs
import Runs

/// A run of jrund's as if it were our own: its streams are ours, and requests to stop are passed on.
///
///     events ──► state ┐
///     stdout, stderr ──┼─ one poll(2) loop ──► our streams
///     our stdin, signals ─────────────────► jrund
///
/// Each is a connection of its own. When jrund goes away, all of them are opened anew where they broke off.
final class RunSession {
    let client: ControlClient
    let signals: SignalQueue
    let id: String
    private var run: RunView
    private let outputs: [RunOutput]
    private let stdin: StdinFeed?
    private var events: ClientExchange?
    private var parser = EventParser()
    private var isConnected = false
    private var stopRequests = 0
    private var stopRequestsSent = 0
    private var line: ElapsedLine

    /// For an answer to a small question, milliseconds.
    private static let patience: Int64 = 30_000

    /// Creates and starts it.
    init(_ request: RemoteRequest, _ client: ControlClient, signals: consuming SignalQueue) throws {
        self.client = client
        self.signals = signals
        client.interruption = self.signals.descriptor.raw
        do { run = try request.start(with: client) } catch ClientError.interrupted {
            throw RunRefused("interrupted before the start; nothing was run")
        }
        client.interruption = -1
        id = run.id
        sayQueued(run)
        outputs = [("stdout", run.stdout, Int32(1)), ("stderr", run.stderr, 2)]
            .filter { $0.1.kind == "stream" }.map { [id] in RunOutput(id, $0.0, sink: $0.2) }
        stdin = run.stdin.kind == "stream" ? StdinFeed(id) : nil
        line = ElapsedLine(program: run.program.name)
    }

    private var isStarted: Bool { run.state != RunState.created.rawValue && run.state != RunState.starting.rawValue }

    /// Until the run has ended and everything was passed on.
    ///
    /// - Returns: what of the output could not be passed on, and why.
    func follow() throws -> String? {
        client.patience = RunSession.patience
        defer {
            client.patience = nil
            line.erase()
        }
        var comeback = Comeback()
        while true {
            do {
                if !isConnected { try connect() }
                comeback.reset()
                if run.hasEnded, outputs.allSatisfy(\.isDone) { return lostOutput }
                if try !step() { return "output lost: jrun was asked to stop" }
            } catch let error as ClientError {
                line.erase()
                try disconnected(error, &comeback)
            }
        }
    }

    private var lostOutput: String? {
        outputs.compactMap(\.failure).first.map { "output lost: \(describe(errno: $0))" }
    }

    // MARK: Connections

    private func connect() throws {
        do { run = try client.decode(RunView.self, .get(.run(id))) } catch let problem as Problem {
            throw problem.status == 404 ? RunRefused("run '\(id)' was removed by somebody else") : problem
        }
        parser = EventParser(continuing: parser)
        events = try client.begin(eventRequest(run: id, after: parser.lastID))
        isConnected = true
        try openStreams()
        try sendStopRequests()
    }

    private func openStreams() throws {
        guard isStarted else { return }
        for output in outputs { try output.open(client) }
        try stdin?.resume(run, client)
    }

    private func disconnected(_ error: ClientError, _ comeback: inout Comeback) throws {
        isConnected = false
        events = nil
        stdin?.close()
        for output in outputs { output.close() }
        while signals.next() != nil { stopRequests += 1 }
        do {
            // Somebody who asks for the third time wants to leave.
            if stopRequests > 2 { throw error }
            try comeback.wait(for: error, client)
        } catch {
            complain("run \(id) goes on without this command; see: jrun status \(id)")
            throw error
        }
    }

    // MARK: One turn

    /// - Returns: false when somebody asked to stop after the run had ended.
    private func step() throws -> Bool {
        let found = waitUntilReady(
            [
                (signals.descriptor.raw, .input), (events?.descriptor ?? -1, Readiness(rawValue: events?.events ?? 0)),
                isStarted ? stdin?.source ?? (-1, []) : (-1, []), stdin?.target ?? (-1, []),
            ] + outputs.map(\.source) + outputs.map(\.target), milliseconds: line.isEnabled ? 1000 : nil)
        if found.allSatisfy(\.isEmpty) { line.draw(RunTable.state(run)) }
        if !found[1].isEmpty { try readEvents() }
        if !found[2].isEmpty { try stdin?.readInput(client) }
        if !found[3].isEmpty { try stdin?.advance(client) }
        for (index, output) in outputs.enumerated() {
            try pass(output, source: found[4 + index], target: found[4 + outputs.count + index])
        }
        return try obeySignals(!found[0].isEmpty)
    }

    private func pass(_ output: RunOutput, source: Readiness, target: Readiness) throws {
        if output.hasPending { line.erase() }
        if target.contains(.gone) {
            // EPIPE as write(2) would say it; without output it is no loss.
            if output.hasPending { output.write() }
            if output.sink == 1 && stopRequests == 0 { stopRequests = 1 }
            if output.failure == nil { output.abandon() }
        } else if target.contains(.output) {
            output.write()
        }
        if !source.isEmpty { try output.receive(client) }
        if output.sink == 1, output.failure != nil, stopRequests == 0 { stopRequests = 1 }
    }

    private func readEvents() throws {
        guard let events else { return }
        try events.advance()
        guard events.head != nil else { return }
        try client.throwProblem(of: events)
        for event in try parser.add(events.take()) where event.name == "state" {
            let view = try client.decode(EventView.self, from: Array(event.data.utf8))
            (run.state, run.cause) = (view.state, view.cause)
            if view.state != RunState.starting.rawValue { run.queuePosition = nil }
        }
        try openStreams()
        if events.isComplete {
            self.events = nil
            if !run.hasEnded { throw RunRefused("run '\(id)' was removed by somebody else") }
        }
    }

    private func obeySignals(_ isAsked: Bool) throws -> Bool {
        if isAsked { while signals.next() != nil { stopRequests += 1 } }
        if isAsked && run.hasEnded { return false }
        try sendStopRequests()
        return true
    }

    /// *terminate* for the first, *kill* for the second.
    private func sendStopRequests() throws {
        while stopRequestsSent < min(stopRequests, 2) {
            let action = stopRequestsSent == 0 ? "terminate" : "kill"
            do { _ = try client.collect(.post(.run(id, action))) } catch let problem as Problem {
                // It has ended meanwhile.
                if problem.status != 409 { complain(problem.detail) }
            }
            stopRequestsSent += 1
        }
    }
}

/// One line on the terminal while the program is silent.
struct ElapsedLine {
    let isEnabled = isTerminal(1) && isTerminal(2)
    let program: String
    private let startedAt = monotonicNanoseconds()
    private var isDrawn = false

    init(program: String) { self.program = printable(program) }

    mutating func draw(_ state: String) {
        guard isEnabled else { return }
        let elapsed = Int64((monotonicNanoseconds() - startedAt) / 1_000_000)
        try? FileSystem.write(
            "\r\u{1b}[K\(program): \(state), \(RunTable.time(elapsed))".utf8, to: 2, named: "stderr")
        isDrawn = true
    }

    mutating func erase() {
        if isDrawn { try? FileSystem.write("\r\u{1b}[K".utf8, to: 2, named: "stderr") }
        isDrawn = false
    }
}
