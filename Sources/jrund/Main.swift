import Dispatch
import Glibc
import Kernel
import Logging
import NIOPosix
import Programs
import Runs

let version = "0.1.0"

@main
struct Jrund {
    // Not async: an async main has threads before its first line, and signals shall be blocked in all of them.
    static func main() {
        do {
            let options = try Options(Array(CommandLine.arguments.dropFirst()))
            switch options.action {
            case .help: print(Options.help)
            case .version: print("jrund \(version)")
            case .check: exit(try check(options))
            case .serve: try serve(options)
            }
        } catch {
            complain("\(error)")
            exit(1)
        }
    }

    private static func complain(_ message: String) {
        for line in message.split(separator: "\n") {
            try? FileSystem.write(Array("jrund: \(line)\n".utf8), to: 2, named: "stderr")
        }
    }

    // MARK: --check

    private static func check(_ options: Options) throws -> Int32 {
        let node = try Node(environment: Startup.environment, executable: Startup.executablePath)
        let file = ConfigurationFile(options, machine: Startup.machine(node))
        let live = Live(try file.read())
        for warning in live.access.warnings { complain("warning: \(warning)") }
        for problem in live.problems { complain(problem) }
        let cpusetProblem = Startup.problem(of: live.configuration.cpuset)
        if let cpusetProblem { complain(cpusetProblem) }
        let workProblem = Startup.workDirectoryProblem(live.configuration, node)
        let worksWithout = live.configuration.enforcement == .bestEffort
        if let workProblem { complain((worksWithout ? "warning: " : "") + workProblem) }
        for problem in live.unusable { complain(problem) }
        guard live.problems.isEmpty, live.unusable.isEmpty, cpusetProblem == nil, workProblem == nil || worksWithout
        else { return 1 }
        print("configuration fine: '\(file.path)', \(live.catalog.entries.count) programs")
        return 0
    }

    // MARK: Serving

    private static func serve(_ options: Options) throws {
        let signals = Signals.block()
        FileSystem.ensureStandardStreams()
        ignoreSignalsOfWriting()
        let isJournal = StandardErrorLog.isJournal(Startup.environment("JOURNAL_STREAM"))
        LoggingSystem.bootstrap { _ in StandardErrorLog(isJournal: isJournal) }
        let logger = Logger(label: "jrund")
        guard isRoot() else {
            throw Startup.Failure(description: "jrund needs root: it gives every run a user of its own")
        }
        let node = try Node(environment: Startup.environment, executable: Startup.executablePath)
        let file = ConfigurationFile(options, machine: Startup.machine(node))
        let live = Live(try file.read())
        StandardErrorLog.setLevel(live.configuration.log)
        for problem in live.problems { logger.error("\(problem)") }
        for warning in live.warnings(on: node) { logger.warning("\(warning)") }
        let nodeLock = try Startup.lockNode(node)
        Startup.raiseLimits()
        // Clients wait in its backlog while the runs are taken over.
        let socket =
            try ListeningSocket.passed(environment: Startup.environment)
            ?? ListeningSocket.bind(live.configuration.socket)
        let notify = Notify(environment: Startup.environment)
        Startup.forgetSystemd()
        let monitor = try Monitor(node: node, settings: live.configuration.monitorSettings) { level, message, run in
            logger.log(
                level: level.level, "\(message)", metadata: run.map { ["run": "\($0)"] })
        }
        try monitor.restrictRuns(to: live.configuration.cpuset)
        let daemon = Daemon(
            monitor: monitor, live: live, file: file,
            openAPI: try? FileSystem.contents(of: Startup.shared("openapi.yaml"), limit: 4 << 20), notify: notify,
            logger: logger)
        let ended = DispatchSemaphore(value: 0)
        Task {
            await run(daemon, socket)
            ended.signal()
        }
        wait(for: signals, daemon, socket, ended)
        // Held until here.
        close(nodeLock)
        exit(0)
    }

    private static func run(_ daemon: Daemon, _ socket: ListeningSocket) async {
        let group = MultiThreadedEventLoopGroup.singleton
        do {
            let watching = Task(executorPreference: WorkPool.shared) { await daemon.watchWarm() }
            let found = try await daemon.monitor.recover()
            daemon.logger.info(
                """
                runs taken over: \(found.adopted); concluded: \(found.concluded); lost: \(found.lost); \
                queued again: \(found.queued); kept: \(found.kept); cleaned away: \(found.cleaned)
                """)
            daemon.keepWarm()
            daemon.beat(on: group.next())
            daemon.keepTime(on: group.next())
            daemon.logger.info("jrund \(version) serves \(socket.name)")
            daemon.notify.ready(status: daemon.statusText)
            try await daemon.serve(socket.descriptor, on: group)
            watching.cancel()
        } catch {
            daemon.logger.critical("\(error)")
            socket.remove()
            exit(1)
        }
    }

    /// The main thread has nothing else to do.
    private static func wait(
        for signals: Signals, _ daemon: Daemon, _ socket: ListeningSocket, _ ended: DispatchSemaphore
    ) {
        while case let signal = signals.next(), signal == SIGHUP {
            Task {
                do { _ = try await daemon.reload() } catch { daemon.logger.error("reload: \(error)") }
            }
        }
        daemon.notify.stopping()
        daemon.logger.info("stopping; runs stay alive")
        socket.remove()
        daemon.stop()
        // What is short is carried out; nothing that takes longer is lost by being cut off.
        if ended.wait(timeout: .now() + .seconds(2)) == .timedOut {
            daemon.logger.info("connections that were still busy were cut off")
        }
        daemon.monitor.close()
    }
}

/// The signals that jrund obeys, blocked in every thread and taken by one. Source: sigwait(3).
private struct Signals {
    private var set = sigset_t()

    /// Before there is a second thread.
    static func block() -> Signals {
        var signals = Signals()
        sigemptyset(&signals.set)
        for signal in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&signals.set, signal) }
        pthread_sigmask(SIG_BLOCK, &signals.set, nil)
        return signals
    }

    func next() -> Int32 {
        var set = self.set
        var signal: Int32 = 0
        sigwait(&set, &signal)
        return signal
    }
}

extension Monitor.LogLevel {
    fileprivate var level: Logger.Level {
        switch self {
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}
