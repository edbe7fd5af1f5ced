import Kernel
import Programs

/// `events.jsonl` of a run: one line a transition.
struct EventLog: ~Copyable {
    private let file: OwnedFD

    init(in directory: borrowing RunDirectory) throws {
        file = try directory.createFile("events.jsonl", [.write, .create, .append])
    }

    func record(_ state: RunState, cause: Cause? = nil) throws {
        let time = timestamp(realtimeNanoseconds())
        let cause = cause.map { ",\"cause\":\"\($0.rawValue)\"" } ?? ""
        try FileSystem.write(
            "{\"time\":\"\(time)\",\"state\":\"\(state.rawValue)\"\(cause)}\n".utf8, to: file.raw, named: "events.jsonl"
        )
    }
}
