import Confinement
import Kernel
import Programs

@testable import Runs

/// Programs made of short texts, and directories of a test's own.
enum RunSample {
    static let limits = "{wall: 10s, cpu: 5s, memory: 1GiB, processes: 4, open_files: 64, output: 1KiB, disk: 4MiB}"

    static func program(_ lines: String = "", security: String = "{}") throws -> Program {
        let text = """
            program: tool
            summary: A tool
            executable: /usr/bin/tool
            \(lines)
            limits: \(limits)
            security: \(security)
            """
        return try ProgramFile.parse(Array(text.utf8), fileName: "test").get()
    }

    static func enforcement(pids: Bool = true, memory: Bool = true) throws -> Enforcement {
        let controllers = Set((pids ? ["pids"] : []) + (memory ? ["memory"] : []))
        let facts = HostFacts(
            controllers: controllers, landlockABI: 0, seccompNotify: true, cpus: 1, paths: [:], rootLinks: [:])
        return try Enforcement.decide(facts: facts, limits: program().limits.defaults, bestEffort: true).get()
    }

    /// A node whose directories are all in `path`.
    static func node(_ path: String) throws -> Node {
        let settings = ["JRUN_STATE": "\(path)/state", "JRUN_RUNTIME": "\(path)/run", "JRUN_UIDS": "70000-70001"]
        return try Node(environment: { settings[$0] }, executable: "/usr/bin/jrun")
    }
}
