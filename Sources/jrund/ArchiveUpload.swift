import ControlAPI
import Programs
import Runs

/// The files of one archive on their way into a run.
actor ArchiveUpload {
    private let run: ManagedRun
    private var reader = TarReader()
    private var whole: [Upload] = []
    private var current: Upload?

    init(_ run: ManagedRun) { self.run = run }

    func take(_ bytes: [UInt8]) async throws {
        var events: [TarReader.Event] = []
        try reader.feed(bytes) { events.append($0) }
        for event in events {
            switch event {
            case .file(let name, _, _):
                guard whole.count < mostFiles else {
                    throw Violations([
                        Violation(
                            rule: "inputs", place: "archive",
                            message: "more files than the \(mostFiles) that program '\(run.program.name)' takes")
                    ])
                }
                current = try await run.upload(name)
            case .data(let data):
                guard let current else { continue }
                try await blocking { try current.write(Array(data)) }
            case .endOfFile:
                if let current {
                    _ = try await blocking { try current.complete() }
                    whole.append(current)
                }
                current = nil
            }
        }
    }

    func finish() async throws {
        try reader.finish()
        try await run.place(whole)
    }

    /// No more than the rules could accept.
    private nonisolated var mostFiles: Int {
        run.program.inputRules.reduce(0) { min(TarReader.maxEntries, $0 + min(TarReader.maxEntries, $1.maxCount)) }
    }
}
