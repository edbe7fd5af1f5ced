import Kernel
import Programs
import Runs

/// A bar on stderr while a transfer takes long; nothing when stderr is no terminal.
final class TransferProgress {
    private let name: String
    private let total: Int64?
    private let startedAt = monotonicNanoseconds()
    private var drawnAt: UInt64 = 0
    private let isEnabled = isTerminal(2)

    /// Half a second: shorter transfers are over before anybody has read it.
    private static let patience: UInt64 = 500_000_000
    private static let interval: UInt64 = 100_000_000

    init(_ name: String, total: Int64?) {
        self.name = printable(name)
        self.total = total
    }

    func update(_ bytes: Int64) {
        guard isEnabled else { return }
        let now = monotonicNanoseconds()
        guard now - startedAt > TransferProgress.patience, now - drawnAt > TransferProgress.interval else { return }
        drawnAt = now
        let rate = Int64(Double(bytes) * 1e9 / Double(now - startedAt))
        let line = TransferProgress.line(
            name, bytes: bytes, total: total, rate: rate, width: terminalColumns(2) ?? 80)
        try? FileSystem.write("\r\u{1b}[K\(line)".utf8, to: 2, named: "stderr")
    }

    func finish() {
        if drawnAt > 0 { try? FileSystem.write("\r\u{1b}[K".utf8, to: 2, named: "stderr") }
        drawnAt = 0
    }

    /// `plan.mod  [########------------]  40%  12 MiB of 30 MiB, 8 MiB/s`
    static func line(_ name: String, bytes: Int64, total: Int64?, rate: Int64, width: Int) -> String {
        let amount = total.map { "\(formatBytes(bytes)) of \(formatBytes($0))" } ?? formatBytes(bytes)
        var tail = "  \(amount), \(formatBytes(rate))/s"
        if let total, total > 0 {
            let cells = 20
            let filled = Int(Double(min(bytes, total)) / Double(total) * Double(cells))
            let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: cells - filled)
            tail = "  [\(bar)]  \(min(100, bytes * 100 / total))%" + tail
        }
        let room = max(8, width - 1 - tail.count)
        let shown = name.count <= room ? name : name.prefix(room - 1) + "…"
        return String((shown + tail).prefix(max(1, width - 1)))
    }
}
