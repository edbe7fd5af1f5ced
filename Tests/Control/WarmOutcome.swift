import Foundation
import TestSupport

/// What became of one run, in a form in which it can be compared with another's.
struct WarmOutcome {
    let report: JSON
    private let id: String
    /// The program's streams and files.
    private let texts: [String: String]

    init(executed answer: JSON) {
        id = answer["run"]["id"].string ?? "?"
        report = answer["report"]
        var texts: [String: String] = [:]
        for stream in ["stdout", "stderr"] { texts[stream] = answer[stream].exists ? written(answer[stream]) : nil }
        for name in answer["files"].keys { texts[name] = written(answer["files"][name]) }
        self.texts = texts
    }

    init(of id: String, _ daemon: Daemon) throws {
        self.id = id
        report = try daemon.get("/v1/runs/\(id)/report").json
        texts = ["stdout": try daemon.get("/v1/runs/\(id)/stdout").text]
    }

    var plainTexts: [String: String] { texts.mapValues { plain($0, of: id) } }

    /// What the run's end has to say, by name.
    var facts: [String: String] {
        var facts = plainTexts
        for key in ["exit_code", "signal", "security", "results", "program", "node"] {
            facts[key] = sorted(report[key])
        }
        for key in ["summary", "source", "limit", "syscall", "step"] {
            // Addresses, and the place of a step in a plan that has one more.
            let value = sorted(report["evidence"][key]).replacing(/0x[0-9a-f]{6,}/, with: "ADDRESS")
            facts["evidence.\(key)"] = value.replacing(/\(step [0-9]+ of [0-9]+\)/, with: "")
        }
        for key in ["stdout_dropped_bytes", "stderr_bytes"] { facts["usage.\(key)"] = sorted(report["usage"][key]) }
        facts["the keys of the report"] = "\(report.keys.subtracting(["warm"]).sorted())"
        return facts
    }
}

private func written(_ content: JSON) -> String { content["text"].string ?? sorted(content) }

private func sorted(_ value: JSON) -> String {
    let options: JSONSerialization.WritingOptions = [.sortedKeys, .fragmentsAllowed]
    let bytes = value.value.flatMap { try? JSONSerialization.data(withJSONObject: $0, options: options) }
    return String(decoding: bytes ?? Data("nothing".utf8), as: UTF8.self)
}

/// Without what differs between any two runs: ids, and numbers that the kernel counts up. Each number becomes the place
/// at which it came first, so that equal ones stay equal, and a namespace of the node's stays what it is.
private func plain(_ text: String, of id: String) -> String {
    let text = text.replacing(id, with: "ID").replacing(/1[67][0-9]{8}/, with: "UID")
    let nodes = Set(
        ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"].compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/\($0)")
        })
    var seen: [String: Int] = [:]
    let counted = /[a-z_]+:\[[0-9]+\]|"(?:device|inode|nlink|port|id|address)":"?[0-9a-f:x]+"?/
    return text.replacing(counted) { match in
        let found = String(match.output)
        if nodes.contains(found) { return "\(found) of the node" }
        let number = seen[found] ?? seen.count
        seen[found] = number
        return "\(found.prefix { $0 != ":" })#\(number)"
    }
}
