import Kernel
import Runs

/// Where the report goes. A place for it is made before the run, so that a finished run never lacks one; the file that
/// may be there already is replaced only by a whole report.
final class ReportFile {
    private enum Target {
        case none
        case open(Int32)
        case replacing(Int32, temporary: String)
    }

    private var target: Target
    private let path: String

    init(_ path: String?) throws {
        self.path = path ?? ""
        do { target = try ReportFile.target(for: path) } catch {
            throw RunRefused("report file '\(path ?? "")': \(describe(errno: error.errno))")
        }
    }

    private static func target(for path: String?) throws(KernelError) -> Target {
        guard let path else { return .none }
        if path == "-" { return .open(1) }
        // A device, a FIFO or a link such as /dev/stderr is written to, not replaced.
        if let status = try? FileStatus(path: path, following: false), status.kind != .file {
            return .open(try FileSystem.open(path, .write).release())
        }
        let temporary = "\(path).\(RunID())"
        return .replacing(
            try FileSystem.open(temporary, [.write, .create, .exclusive], mode: 0o644).release(), temporary: temporary)
    }

    func publish(_ report: Report) throws {
        if case .none = target { return }
        try publish(report.json())
    }

    func publish(_ json: [UInt8]) throws {
        switch target {
        case .none: return
        case .open(let file): try FileSystem.write(json, to: file, named: path)
        case .replacing(let file, let temporary):
            try FileSystem.write(json, to: file, named: path)
            try FileSystem.rename(temporary, to: path)
            target = .none
        }
    }

    /// Removes what was made for a report that never came.
    func discard() {
        if case .replacing(_, let temporary) = target { try? FileSystem.removeFile(temporary) }
        target = .none
    }
}
