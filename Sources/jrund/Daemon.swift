import ControlAPI
import Hummingbird
import HummingbirdCore
import Kernel
import Logging
import NIOCore
import NIOPosix
import Programs
import Runs
import Synchronization

// Theory of operation
//
// jrund is thin: `Monitor` owns the runs, this target makes HTTP of it and says who may ask for what. Everything here can be
// killed at any moment; docs/daemon.md says why that costs nothing.
//
//   main thread      waits for signals
//   event loops      sockets; one of them beats the watchdog's heart through the threads of `WorkPool`
//   cooperative pool accepts connections
//   `WorkPool`       the routes, and whatever blocks: runs, files, spools, the event log, users and groups
//
//   Main ── Startup (lock, limits, configuration) ── Daemon ── Server ── Connection ── Routes ── API… ── Monitor
//
// A connection's user is asked of the kernel once, when it is accepted; every route looks a run up through
// `visibleRun`, every program through `usableProgram`: there is no other way to them.

/// What lives as long as the process.
final class Daemon: Sendable {
    let monitor: Monitor
    let logger: Logger
    let notify: Notify
    let names = NodeNames.Cache()
    let tally = RequestTally()
    let facts: Report.NodeReport
    /// When this jrund began to serve.
    let since: String
    let openAPI: [UInt8]?

    private let file: ConfigurationFile
    private let state: Mutex<Live>
    private let server: Mutex<Server?>
    private let shownStatus = Mutex("")

    init(
        monitor: Monitor, live: Live, file: ConfigurationFile, openAPI: [UInt8]?, notify: Notify, logger: Logger
    ) {
        self.monitor = monitor
        self.file = file
        self.openAPI = openAPI
        self.notify = notify
        self.logger = logger
        facts = NodeFacts.report()
        since = timestamp(realtimeNanoseconds())
        state = Mutex(live)
        server = Mutex(nil)
    }

    /// Configuration and programs in force.
    var live: Live { state.withLock { $0 } }

    func view(_ run: ManagedRun) -> RunView { RunView(run, ownerName: names.userName(run.owner.uid)) }

    // MARK: Serving

    /// Returns when `stop` was called and every connection has ended.
    func serve(_ socket: Int32, on group: MultiThreadedEventLoopGroup) async throws {
        let responder = API(daemon: self).routes().buildResponder()
        let mayTakeAll: @Sendable (Peer) -> Bool = { self.live.access.isAdministrator($0) }
        let limit = live.configuration.connections
        let server = Server(limit: limit, logger: logger, mayTakeAll: mayTakeAll) { request, writer, channel in
            guard let connection = Connection.current else { return }
            let context = Context(source: .init(connection: connection, logger: self.logger))
            let response = try await self.respond(request, context, responder)
            try await writer.write(response: response.head, body: response.body)
        }
        self.server.withLock { $0 = server }
        try await server.run(socket, on: group)
    }

    private func respond(
        _ request: Request, _ context: Context, _ responder: some HTTPResponder<Context>
    ) async throws -> Response {
        let begin = monotonicNanoseconds()
        var response = try await responder.respond(to: request, context: context)
        let connection = context.connection
        if response.status.code >= 400, !connection.hasWholeRequest(context.number) {
            // Whoever waits to be asked for the body has not been, and sends none.
            if !connection.isBodyRead(context.number), request.headers[.expect] == nil {
                var pieces = request.body.makeAsyncIterator()
                await discard(&pieces)
            }
            if !connection.hasWholeRequest(context.number) { response.headers[.connection] = "close" }
        }
        let key = RequestTally.Key(
            route: context.endpointPath ?? "none", method: request.method.rawValue, status: response.status.code)
        tally.add(key, microseconds: Int64((monotonicNanoseconds() - begin) / 1000))
        return response
    }

    func stop() { server.withLock { $0 }?.stop() }

    // MARK: Reload

    /// Reads configuration and programs again. What is broken keeps its older version.
    ///
    /// - Returns: one sentence for each file that is broken, and for each change that needs a restart.
    func reload() async throws -> [String] {
        notify.reloading()
        let problems = try await blocking { self.reloadNow() }
        notify.ready(status: statusText)
        return problems
    }

    private func reloadNow() -> [String] {
        var problems: [String] = []
        let old = live
        var configuration = old.configuration
        do {
            configuration = try file.read()
        } catch {
            problems += "\(error)".split(separator: "\n").map { "\($0); the older configuration stays in force" }
        }
        if configuration.socket != old.configuration.socket {
            problems.append("socket: a change needs a restart; jrund still listens on '\(old.configuration.socket)'")
            configuration.socket = old.configuration.socket
        }
        if configuration.connections != old.configuration.connections {
            problems.append("connections: a change needs a restart; it is still \(old.configuration.connections)")
            configuration.connections = old.configuration.connections
        }
        if configuration.cpuset != old.configuration.cpuset {
            do { try monitor.restrictRuns(to: configuration.cpuset) } catch {
                problems.append("\(error); the older setting stays in force")
                configuration.cpuset = old.configuration.cpuset
            }
        }
        names.clear()
        var new = Live(configuration, keeping: old.catalog)
        problems += new.problems
        new.problems = problems
        state.withLock { $0 = new }
        monitor.apply(configuration.monitorSettings)
        keepWarm()
        StandardErrorLog.setLevel(configuration.log)
        for problem in problems { logger.error("reload: \(problem)") }
        for warning in new.warnings(on: monitor.node) { logger.warning("\(warning)") }
        let outcome = problems.isEmpty ? "" : "; problems: \(problems.count), see above"
        logger.info("configuration and programs were read again: \(new.catalog.entries.count) programs\(outcome)")
        return problems
    }

    /// Sandboxes for the programs in force.
    func keepWarm() { monitor.keepWarm(live.catalog.entries.values.map(\.loaded)) }

    // MARK: Watching

    var statusText: String {
        let usage = monitor.usage
        let (parked, wanted) = monitor.warmSandboxes
        let warm = wanted == 0 ? "" : ", \(parked) of \(wanted) sandboxes warm"
        return "\(usage.liveRuns) run\(usage.liveRuns == 1 ? "" : "s") live, \(usage.queuedRuns) waiting\(warm)"
    }

    func metricsText() -> String {
        var states: [RunState: Int] = [:]
        for run in monitor.runs() { states[run.snapshot.state, default: 0] += 1 }
        let live = self.live
        return NodeMetrics(
            usage: monitor.usage, capacity: monitor.settings.capacity, tally: monitor.tally,
            parkedSandboxes: monitor.warmSandboxes.parked, requests: tally.counts,
            runs: states, connections: server.withLock { $0 }?.openConnections ?? 0,
            heldBytes: server.withLock { $0 }?.holdings.bytes ?? 0,
            reloadProblems: live.problems.count
        ).text
    }

    /// Keeps the number of warm sandboxes in systemd's status, of which there are no events.
    func watchWarm() async {
        while !Task.isCancelled {
            let version = monitor.warmChanges.version
            showStatus()
            await monitor.warmChanges.wait(after: version)
        }
    }

    /// Runs are kept for a time, which also passes while nothing happens; and systemd's status says how many there are.
    func keepTime(on loop: any EventLoop) {
        loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            Task(executorPreference: WorkPool.shared) {
                await self.monitor.tend()
                self.showStatus()
            }
        }
    }

    private func showStatus() {
        let text = statusText
        let isNew = shownStatus.withLock { shown in
            defer { shown = text }
            return shown != text
        }
        if isNew { notify.status(text) }
    }

    /// Goes through an event loop and the threads of the routes, so that a server in which either is stuck is ended by
    /// systemd.
    func beat(on loop: any EventLoop) {
        guard let interval = notify.heartbeatNanoseconds else { return }
        loop.scheduleRepeatedTask(
            initialDelay: .zero, delay: .nanoseconds(Int64(clamping: interval))
        ) { [notify] _ in
            Task(executorPreference: WorkPool.shared) { notify.heartbeat() }
        }
    }
}
