import ArgumentParser
import ControlAPI
import Kernel
import Programs
import Runs

struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Watch the live runs and what the node has promised.",
        discussion: "On a terminal anew each second, until q or Ctrl-C; otherwise once.")

    @OptionGroup var answer: AnswerOptions

    private struct Snapshot: Encodable {
        var info: NodeInfo
        var runs: [RunView]
    }

    func run() throws {
        try reporting {
            let client = answer.client
            if answer.json { return try printJSON(try snapshot(client)) }
            guard isTerminal(0), isTerminal(1) else {
                return try printText(try page(client, width: 80, height: nil).map { $0 + "\n" }.joined())
            }
            try watch(client)
        }
    }

    private func snapshot(_ client: ControlClient) throws -> Snapshot {
        let live = RunState.allCases.filter { !$0.isFinal && $0 != .created }.map(\.rawValue)
        return Snapshot(
            info: try client.decode(NodeInfo.self, .get(Route(["v1", "info"]))),
            runs: try client.runs([("state", live.joined(separator: ","))]))
    }

    private func page(_ client: ControlClient, width: Int, height: Int?) throws -> [String] {
        let snapshot = try snapshot(client)
        let table = RunTable(
            snapshot.runs, now: nowMilliseconds(), width: width, isColoured: height != nil && isColoured(1))
        let lines = head(snapshot.info).map { String($0.prefix(width)) } + [""] + table.loads()
        guard let height, lines.count > height - 1, height > 3 else { return lines }
        return lines.prefix(height - 2) + ["… \(lines.count - height + 2) more"]
    }

    private func head(_ info: NodeInfo) -> [String] {
        let up = milliseconds(of: info.since).map { ", up \(RunTable.time(max(0, nowMilliseconds() - $0)))" } ?? ""
        let (used, all) = (info.used, info.capacity)
        return [
            printable("jrund \(info.version) on \(info.node)\(up)"),
            "runs \(used.runs) of \(all.runs), waiting \(used.queue), CPUs \(cpus(used.cpus)) of \(cpus(all.cpus)), "
                + "memory \(formatBytes(used.memoryBytes)) of \(formatBytes(all.memoryBytes)), "
                + "kept \(formatBytes(info.keptBytes))",
        ]
    }

    private func cpus(_ number: Double) -> String { LimitName.cpus.format(Int64((number * 1000).rounded())) }

    /// On the terminal's other screen, which is put back whatever happens.
    private func watch(_ client: ControlClient) throws {
        let signals = try SignalQueue.requestsToStop()
        let settings = singleKeys()
        try printText("\u{1b}[?1049h\u{1b}[?25l")
        defer {
            try? printText("\u{1b}[?25h\u{1b}[?1049l")
            if let settings { restoreTerminal(settings) }
        }
        while true {
            let size = terminalSize(1)
            let lines: [String]
            do { lines = try page(client, width: size?.columns ?? 80, height: size?.rows ?? 24) } catch let error
                as ClientError
            {
                guard error.mayPass else { throw error }
                lines = ["\(error)"]
            }
            try printText("\u{1b}[H" + lines.map { $0 + "\u{1b}[K\r\n" }.joined() + "\u{1b}[J")
            if leaves(within: 1000, signals) { return }
        }
    }

    private func leaves(within milliseconds: Int64, _ signals: borrowing SignalQueue) -> Bool {
        let found = waitUntilReady([(signals.descriptor.raw, .input), (0, .input)], milliseconds: milliseconds)
        if !found[0].isEmpty { return true }
        guard !found[1].isEmpty else { return false }
        let keys = (try? FileSystem.read(0, upTo: 64)) ?? []
        return keys.isEmpty || keys.contains { "qQ\u{3}".utf8.contains($0) }
    }
}
