import ControlAPI
import Crypto
import HTTPTypes
import Hummingbird
import Programs
import Runs

// /v1/runs, but for files, streams and events.

extension API {
    // MARK: One run

    func create(_ call: Call) async throws -> Response {
        let body = try await call.json(upTo: RequestForm.maxBytes)
        let form = try requestForm(body)
        let program = try usableProgram(form.program, call)
        let key = try idempotencyKey(call)
        let (run, isNew) = try await monitor.create(
            form, of: program.loaded, for: call.owner, idempotencyKey: key, digest: hexadecimal(SHA256.hash(data: body))
        )
        return try call.answer(
            json: daemon.view(run), status: isNew ? .created : .ok, headers: [.location: "/v1/runs/\(run.id)"])
    }

    func requestForm(_ body: [UInt8]) throws -> RequestForm {
        switch RequestForm.parse(body) {
        case .success(let form): return form
        case .failure(let refused):
            // What is no JSON at all has no place inside of the request.
            if let only = refused.violations.first, refused.violations.count == 1, only.place == "request" {
                throw Problem(.malformed, "the body is not the JSON that is accepted here: \(only.message)")
            }
            throw refused
        }
    }

    private func idempotencyKey(_ call: Call) throws -> String? {
        guard let key = call.header(.idempotencyKey) else { return nil }
        guard (1...128).contains(key.utf8.count), key.utf8.allSatisfy({ (0x20...0x7e).contains($0) }) else {
            throw Problem(.malformed, "Idempotency-Key: at most 128 printable ASCII characters")
        }
        return key
    }

    /// With `wait`, answers when the run has ended or the time is over.
    func run(_ call: Call) async throws -> Response {
        let run = try visibleRun(call)
        if let seconds = try call.query.number("wait", in: 0...600), seconds > 0, !run.snapshot.state.isFinal {
            try await call.connection.whileOpen { await race({ await run.waitForEnd() }, seconds: seconds) }
        }
        return try call.answer(json: daemon.view(run))
    }

    func remove(_ call: Call) async throws -> Response {
        let run = try visibleRun(call)
        try await monitor.remove(run, killing: try call.query.bool("kill", default: false))
        return Response(status: .noContent)
    }

    func report(_ call: Call) async throws -> Response {
        let run = try visibleRun(call)
        return try call.answer(try await onDisk { try run.report() }, "application/json")
    }

    func changes(_ call: Call) async throws -> Response {
        let run = try visibleRun(call)
        return try call.answer(try await run.changesSinceStart(), "application/json")
    }

    // MARK: Commands

    func start(_ call: Call) async throws -> Response {
        let run = try visibleRun(call)
        let mayQueue = try call.query.bool("queue", default: true)
        let isLaunched = try await run.startWhenFree(mayQueue: mayQueue)
        return try call.answer(json: daemon.view(run), status: isLaunched ? .ok : .accepted)
    }

    func command(_ command: RunCommand, _ call: Call) async throws -> Response {
        let run = try visibleRun(call)
        let hadEnded = run.snapshot.state.isFinal
        try await run.command(command)
        let isLater = (command == .terminate || command == .kill) && !hadEnded
        return try call.answer(json: daemon.view(run), status: isLater ? .accepted : .ok)
    }

    // MARK: The list

    func runs(_ call: Call) async throws -> Response {
        // Names of users may be asked of a directory service.
        let filter = try await onDisk { try RunFilter(call) }
        let limit = Int(try call.query.number("limit", in: 1...1000) ?? 100)
        var views: [RunView] = []
        var hasMore = false
        for run in monitor.runs() where filter.takes(run, call) {
            if views.count == limit {
                hasMore = true
                break
            }
            views.append(daemon.view(run))
        }
        return try call.answer(RunList(runs: views, next: hasMore ? views.last?.id : nil))
    }
}

/// Which runs a list shows.
private struct RunFilter {
    private var states: Set<RunState>?
    private var program: String?
    private var user: UInt32??
    private var after: String?

    init(_ call: Call) throws {
        states = try call.query["state"].map(RunFilter.states)
        program = call.query["program"]
        if let name = call.query["user"] {
            // A user whom the node does not know has no runs.
            user = .some(NodeNames.uid(of: name))
        }
        if let text = call.query["after"] {
            guard let id = RunID(text) else {
                throw Problem(.malformed, "query parameter 'after': '\(text)' is not the id of a run")
            }
            after = id.description
        }
    }

    private static func states(_ text: String) throws -> Set<RunState> {
        Set(
            try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
                guard let state = RunState(rawValue: String(word)) else {
                    let all = RunState.allCases.map(\.rawValue).joined(separator: ", ")
                    throw Problem(.malformed, "query parameter 'state': '\(word)' is no state; there are \(all)")
                }
                return state
            })
    }

    func takes(_ run: ManagedRun, _ call: Call) -> Bool {
        // The list is in order of the ids, newest first: the run it goes on behind need not be there any more.
        if let after, run.id.description >= after { return false }
        if let program, run.program.name != program { return false }
        if let user, user != run.owner.uid { return false }
        if let states, !states.contains(run.snapshot.state) { return false }
        return !run.isGone && call.live.access.maySee(run.owner, call.peer)
    }
}

/// Returns when the work is done or the time is over; then the work is cancelled.
func race(_ work: @escaping @Sendable () async -> Void, seconds: Int64) async {
    await withTaskGroup(of: Void.self) { group in
        group.addTask { await work() }
        group.addTask { try? await Task.sleep(for: .seconds(seconds)) }
        await group.next()
        group.cancelAll()
    }
}
