import Glibc
import Kernel
import Logging
import Synchronization

/// Log lines on stderr. Under journald they carry its priorities (sd-daemon(3)) and no time, which the journal knows;
/// otherwise time and level.
struct StandardErrorLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    private let isJournal: Bool

    /// One level for all loggers, so that a reload reaches them.
    private static let threshold = Mutex(Logger.Level.info)

    static func setLevel(_ level: Configuration.LogLevel) {
        let level: Logger.Level =
            switch level {
            case .debug: .debug
            case .info: .info
            case .warning: .warning
            case .error: .error
            }
        threshold.withLock { $0 = level }
    }

    var logLevel: Logger.Level {
        get { StandardErrorLog.threshold.withLock { $0 } }
        set {}
    }

    init(isJournal: Bool) { self.isJournal = isJournal }

    /// Whether stderr is what `JOURNAL_STREAM` says: somebody may have redirected it since. Source: systemd.exec(5).
    static func isJournal(_ stream: String?) -> Bool {
        var status = stat()
        guard let stream, fstat(2, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = isJournal ? "<\(priority(event.level))>" : "\(localTime()) \(event.level) "
        // One event is one line, whatever a message holds.
        line += String(event.message.description.map { $0.isNewline ? " " : $0 })
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(value)" }
        line += "\n"
        // One write for each line, so that lines of several threads do not mix.
        try? FileSystem.write(Array(line.utf8), to: 2, named: "stderr")
    }

    private func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    private func localTime() -> String {
        var now = time(nil), parts = tm()
        localtime_r(&now, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
    }
}
