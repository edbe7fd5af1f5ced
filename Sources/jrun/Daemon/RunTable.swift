import ControlAPI
import Programs
import Runs

/// Runs as lines for people: `ps` and `top`.
struct RunTable {
    struct Column {
        var title: String
        var isRight = false
        var text: (RunView) -> String
    }

    let runs: [RunView]
    /// Milliseconds since 1970.
    let now: Int64
    let width: Int
    let isColoured: Bool
    private let shortIDs: [String: String]

    init(_ runs: [RunView], now: Int64, width: Int, isColoured: Bool) {
        (self.runs, self.now, self.width, self.isColoured) = (runs, now, width, isColoured)
        shortIDs = RunLookup.shortIDs(runs.map(\.id))
    }

    private var leading: [Column] {
        [
            Column(title: "ID") { shortIDs[$0.id] ?? $0.id }, Column(title: "PROGRAM") { $0.program.name },
            Column(title: "STATE") { RunTable.state($0) },
            Column(title: "OWNER") { $0.owner.name ?? String($0.owner.uid) },
        ]
    }

    private var age: Column { Column(title: "AGE", isRight: true) { since($0.created, until: nil) } }
    private var elapsed: Column {
        Column(title: "ELAPSED", isRight: true) { run in run.started.map { since($0, until: run.ended) } ?? "-" }
    }

    /// For `ps`.
    func list() -> [String] { lines(leading + [age, elapsed]) }

    /// For `top`.
    func loads() -> [String] {
        lines(
            leading + [
                elapsed, Column(title: "OUTPUT", isRight: true) { RunTable.size($0.stdout.bytes + $0.stderr.bytes) },
                Column(title: "KEPT", isRight: true) { RunTable.size($0.keptBytes) },
            ])
    }

    /// `running`, `stopping`, `queued 2`, `killed wall-time`.
    static func state(_ run: RunView) -> String {
        if let position = run.queuePosition { return "queued \(position)" }
        if run.terminating && !run.hasEnded { return "stopping" }
        return [run.state, run.cause].compactMap { $0 }.joined(separator: " ")
    }

    /// Four digits at most.
    static func size(_ bytes: Int64) -> String {
        var value = bytes, unit = 0
        let units = ["", "K", "M", "G", "T", "P"]
        while value >= 10_000, unit + 1 < units.count { (value, unit) = ((value + 512) / 1024, unit + 1) }
        return "\(value)\(units[unit])"
    }

    private func since(_ start: String, until end: String?) -> String {
        guard let from = milliseconds(of: start), let to = end.map(milliseconds(of:)) ?? now else { return "?" }
        return RunTable.time(max(0, to - from))
    }

    /// The two largest units: `0.3s`, `45s`, `2m05s`, `3h12m`, `4d01h`.
    static func time(_ milliseconds: Int64) -> String {
        let seconds = milliseconds / 1000
        func two(_ n: Int64) -> String { n < 10 ? "0\(n)" : "\(n)" }
        switch seconds {
        case ..<10: return "\(seconds).\(milliseconds % 1000 / 100)s"
        case ..<60: return "\(seconds)s"
        case ..<3600: return "\(seconds / 60)m\(two(seconds % 60))s"
        case ..<86400: return "\(seconds / 3600)h\(two(seconds / 60 % 60))m"
        default: return "\(seconds / 86400)d\(two(seconds / 3600 % 24))h"
        }
    }

    // MARK: Lines

    private func lines(_ columns: [Column]) -> [String] {
        let cells = runs.map { run in columns.map { printable($0.text(run)) } }
        var widths = columns.indices.map { index in
            ([columns[index].title] + cells.map { $0[index] }).map(\.count).max() ?? 0
        }
        // Names give way first: program, then owner.
        for index in [1, 3] {
            let excess = widths.reduce(0, +) + 2 * (widths.count - 1) - width
            if excess > 0 { widths[index] = max(columns[index].title.count, 6, widths[index] - excess) }
        }
        let head = line(columns.map(\.title), columns, widths)
        return [isColoured ? "\u{1b}[1m\(head)\u{1b}[0m" : head]
            + zip(runs, cells).map { painted(line($1, columns, widths), $0) }
    }

    private func line(_ cells: [String], _ columns: [Column], _ widths: [Int]) -> String {
        let padded = cells.indices.map { index in
            let width = widths[index], text = cells[index]
            let shown = text.count > width ? text.prefix(width - 1) + "…" : text
            let space = String(repeating: " ", count: width - shown.count)
            return columns[index].isRight ? space + shown : shown + space
        }
        return String(padded.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }

    /// Source: ECMA-48, SGR.
    private func painted(_ line: String, _ run: RunView) -> String {
        guard isColoured, let code = ["running": "32", "suspended": "33", "failed": "31", "killed": "31"][run.state]
        else { return line }
        return "\u{1b}[\(code)m\(line)\u{1b}[0m"
    }
}

/// Milliseconds since 1970 of `2026-11-21T12:00:00.123Z`; nil for anything else.
func milliseconds(of timestamp: String) -> Int64? {
    let bytes = Array(timestamp.utf8)
    guard bytes.count == 24, timestamp.hasSuffix("Z") else { return nil }
    func number(_ range: Range<Int>) -> Int64? { Int64(String(decoding: bytes[range], as: UTF8.self)) }
    guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
        let minute = number(14..<16), let second = number(17..<19), let rest = number(20..<23)
    else { return nil }
    // Days since 1970 in eras of 400 years that begin in March.
    let shifted = month > 2 ? year : year - 1, era = shifted / 400, yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + rest
}
