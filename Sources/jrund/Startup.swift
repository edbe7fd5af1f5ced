import CLinux
import Glibc
import Kernel
import Runs

/// What has to be so before anything is served.
enum Startup {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    static var executablePath: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        return count <= 0 ? "jrund" : String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// `<directory of the executable>/../share/jrun`
    static func shared(_ name: String) -> String {
        let path = executablePath
        return "\(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])/../share/jrun/\(name)"
    }

    static func machine(_ node: Node) -> Machine {
        let shipped = [shared("programs"), "/usr/share/jrun/programs"].filter { FileSystem.isExecutable($0) }
        return Machine(
            memoryBytes: Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE))),
            cpus: NodeFacts.report().cpus, runtimeDirectory: node.runtimeDirectory,
            shippedPrograms: Array(shipped.prefix(1)),
            // `Node` has refused every other word.
            workDirectory: environment("JRUN_WORK_DIRECTORY").flatMap(WorkDirectoryPlace.init))
    }

    /// Why these CPUs cannot be had, as far as it can be seen without making anything.
    static func problem(of cpuset: CPUList?) -> String? {
        guard let cpuset else { return nil }
        if let online = CPUList.online, !cpuset.isSubset(of: online) {
            return "cpuset: '\(cpuset)' is not on this node, which has '\(online)'"
        }
        let mountPoint = (try? CgroupTree.mountPoint()) ?? nil
        let controllers = mountPoint.map { CgroupTree.availableControllers(at: $0) } ?? []
        if controllers.contains("cpuset") { return nil }
        return
            "cpuset: the cgroup v2 controller 'cpuset' is missing on this node (see jrun doctor); enable it, or leave "
            + "'cpuset' out"
    }

    /// A warning where runs can do without.
    static func workDirectoryProblem(_ configuration: Configuration, _ node: Node) -> String? {
        configuration.workDirectory.problem(on: node, bestEffort: configuration.enforcement == .bestEffort)
            .map { "work_directory: \($0)" }
    }

    /// One jrund for each node.
    ///
    /// - Returns: the lock's descriptor, which is to be kept.
    static func lockNode(_ node: Node) throws -> Int32 {
        try FileSystem.makeDirectories(node.runtimeDirectory, mode: 0o755)
        let path = "\(node.runtimeDirectory)/jrund.lock"
        let file = try FileSystem.open(path, [.readWrite, .create], mode: 0o600)
        // The process's own: a run that is just being launched when jrund is killed must not hold it a moment longer.
        guard try lockForProcess(file.raw) else {
            throw Failure(description: "another jrund serves this node: it holds '\(path)'; end it first")
        }
        return file.release()
    }

    /// Many descriptors, and a process that is killed last when memory runs out. Neither is worth failing for.
    static func raiseLimits() {
        var limit = k_rlimit()
        if sys_prlimit(0, Int32(RLIMIT_NOFILE.rawValue), nil, &limit) == 0 {
            limit.rlim_cur = limit.rlim_max
            _ = sys_prlimit(0, Int32(RLIMIT_NOFILE.rawValue), &limit, nil)
        }
        try? FileSystem.write("-500", toPath: "/proc/self/oom_score_adj")
    }

    /// What systemd said was for this process, not for those that it starts.
    static func forgetSystemd() {
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] {
            unsetenv(name)
        }
    }
}
