import ControlAPI
import Programs

/// What jrund knows for a shell that completes: quickly, or nothing.
struct DaemonCompletion {
    private let client: ControlClient

    /// Milliseconds that a person does not notice much.
    private static let patience: Int64 = 300
    /// Of the newest runs; more are no help.
    private static let mostRuns = 100

    init(socket: String?) {
        client = ControlClient(socket ?? environmentVariable("JRUN_SOCKET") ?? defaultSocketPath)
        client.patience = DaemonCompletion.patience
    }

    func runs(except taken: [String]) -> [CompletionCandidate] {
        let query = [(name: "limit", value: "\(DaemonCompletion.mostRuns)")]
        let list = try? client.decode(RunList.self, .get(Route(["v1", "runs"], query: query)))
        return (list?.runs ?? []).filter { !taken.contains($0.id) }.map {
            CompletionCandidate($0.id, help: "\($0.program.name), \(RunTable.state($0))")
        }
    }

    func files(of id: String, except taken: [String]) -> [CompletionCandidate] {
        guard let id = try? client.id(id),
            let list = try? client.decode(FileList.self, .get(.run(id, "files")))
        else { return [] }
        return list.files.filter { !taken.contains($0.path) }.map { CompletionCandidate($0.path) }
    }

    /// Nil when it cannot be asked.
    func programs() -> [CompletionCandidate]? {
        let list = try? client.decode(ProgramList.self, .get(Route(["v1", "programs"])))
        return list?.programs.map { CompletionCandidate($0.name, help: $0.summary) }
    }

    func program(_ name: String) -> Program? {
        let info = try? client.decode(ProgramInfo.self, .get(Route(["v1", "programs", name])))
        guard let text = info?.file else { return nil }
        return try? ProgramFile.read(Array(text.utf8), fileName: name) { _ in .unknown(known: []) }.get().program
    }
}
