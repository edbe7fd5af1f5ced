import ArgumentParser
import ControlAPI
import FoundationEssentials
import Kernel
import Programs
import Runs

struct PsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps", abstract: "List runs: those that have not ended, newest first.")

    @OptionGroup var answer: AnswerOptions

    @Flag(name: .shortAndLong, help: "Also runs that have ended.")
    var all = false

    @Option(name: .long, help: ArgumentHelp("Only runs of this program.", valueName: "name"))
    var program: String?

    @Option(
        name: .long, help: ArgumentHelp("Only runs in these states, separated by commas.", valueName: "states"),
        completion: .list(RunState.allCases.map(\.rawValue)))
    var state: String?

    func run() throws {
        try reporting {
            var query: [(name: String, value: String)] = []
            if let program { query.append(("program", program)) }
            if let states { query.append(("state", states)) }
            let runs = try answer.client.runs(query)
            if answer.json { return try printJSON(RunList(runs: runs, next: nil)) }
            let lines = RunTable(
                runs, now: nowMilliseconds(), width: terminalColumns(1) ?? 80, isColoured: isColoured(1)
            ).list()
            try printText(lines.map { $0 + "\n" }.joined())
        }
    }

    private var states: String? {
        state ?? (all ? nil : RunState.allCases.filter { !$0.isFinal }.map(\.rawValue).joined(separator: ","))
    }
}

func nowMilliseconds() -> Int64 { Int64(realtimeNanoseconds() / 1_000_000) }

/// Source: no-color.org.
func isColoured(_ file: Int32) -> Bool {
    isTerminal(file) && (environmentVariable("NO_COLOR") ?? "").isEmpty && environmentVariable("TERM") != "dumb"
}

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say everything about a run, or print its report.")

    @OptionGroup var answer: AnswerOptions

    @Flag(name: .long, help: "The report, once the run has ended (JSON).")
    var report = false

    @Flag(name: .long, help: "Wait until the run has ended.")
    var wait = false

    @Argument(help: idHelp) var id: String

    func run() throws {
        try reporting {
            let client = answer.client
            let id = try client.id(self.id)
            if wait { try client.waitForEnd(of: id) }
            let bytes = try client.collect(.get(.run(id)))
            let view = try client.decode(RunView.self, from: bytes)
            if report { return try printRawJSON(try client.collect(.get(.run(id, "report")))) }
            if answer.json { return try printRawJSON(bytes) }
            try printText(RunDescription(view, now: nowMilliseconds()).text)
        }
    }
}

extension ControlClient {
    /// Returns when the run has ended, also when jrund is restarted meanwhile.
    func waitForEnd(of id: String) throws {
        while try !persisting({ try decode(RunView.self, .get(.run(id, query: [("wait", "600")]))) }).hasEnded {}
    }
}

/// A run in words, a line for each thing that is known.
struct RunDescription {
    private var lines: [(name: String, value: String)] = []

    init(_ run: RunView, now: Int64) {
        add("id", run.id)
        add("program", [run.program.name, run.program.version].compactMap { $0 }.joined(separator: " "))
        add("owner", run.owner.name.map { "\($0) (\(run.owner.uid))" } ?? "\(run.owner.uid)")
        add("state", RunTable.state(run))
        add("because", run.summary)
        add("exit code", run.exitCode.map { "\($0)" })
        add("signal", run.signal)
        add("created", run.created)
        add("started", run.started)
        add("ended", run.ended)
        if let started = run.started.flatMap(milliseconds(of:)) {
            add("elapsed", RunTable.time(max(0, (run.ended.flatMap(milliseconds(of:)) ?? now) - started)))
        }
        add("arguments", run.arguments.isEmpty ? nil : run.arguments.map(shellWord).joined(separator: " "))
        for (name, value) in run.environment.sorted(by: { $0.key < $1.key }) { add("variable", "\(name)=\(value)") }
        add("inputs", run.inputs.isEmpty ? nil : run.inputs.joined(separator: ", "))
        for name in LimitName.allCases {
            if let value = run.limits[name.rawValue] { add("limit", "\(name.rawValue) \(name.format(value))") }
        }
        if run.stdin.kind == "stream" {
            add("stdin", "\(formatBytes(run.stdin.bytes)) taken\(run.stdin.closed ? ", closed" : "")")
        }
        for (name, stream) in [("stdout", run.stdout), ("stderr", run.stderr)] where stream.kind == "stream" {
            add(name, "\(formatBytes(stream.bytes))\(stream.ended ? "" : " so far")")
        }
        add("kept", "\(formatBytes(run.keptBytes)) on the node's disk")
    }

    private mutating func add(_ name: String, _ value: String?) {
        if let value { lines.append((name, printable(value))) }
    }

    var text: String {
        let width = lines.map(\.name.count).max() ?? 0
        return lines.map { name, value in
            name + String(repeating: " ", count: width - name.count + 2) + value + "\n"
        }.joined()
    }
}

/// As a shell would take it back.
private func shellWord(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: "%+,-./:=@_".utf8.contains(byte)
        }
    }
    return plain && !word.isEmpty
        ? word
        : "'"
            + word.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "'\\''") + "'"
}
