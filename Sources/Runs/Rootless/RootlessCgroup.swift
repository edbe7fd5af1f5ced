import CLinux
import CRootless
import Kernel

/// The cgroup that an ordinary user's jrun may divide among its runs, and how it comes to one.
/// Source: systemd.resource-control(5), Delegate=; systemd's CGROUP_DELEGATION.md.
public struct RootlessCgroup {
    let environment: (String) -> String?

    public init(environment: @escaping (String) -> String?) { self.environment = environment }

    /// The same; one that somebody named and that cannot be used is refused.
    func chosen() throws(RunRefused) -> String? {
        let found = find()
        if found == nil, let name = environment("JRUN_CGROUP") {
            throw RunRefused(
                "JRUN_CGROUP '\(printable(name))': no such cgroup, or not yours, or jrun is not in it")
        }
        return found
    }

    /// The one that `JRUN_CGROUP` names; else the one that this process is in, when it is the user's and nobody else's
    /// processes are in it: they would have to move.
    func find() -> String? {
        guard let mountPoint = try? CgroupTree.mountPoint(), let own = RootlessCgroup.own() else { return nil }
        if let name = environment("JRUN_CGROUP") {
            let path = "\(mountPoint)/\(name)"
            // A process starts only in cgroups below one that the user may write to, and that it is in itself.
            return "\(mountPoint)\(own)/".hasPrefix("\(path)/") && RootlessCgroup.isWritable(path) ? path : nil
        }
        let path = "\(mountPoint)\(own)"
        // Where a jrun before us moved what it found.
        if path.hasSuffix("/daemon") {
            let parent = String(path.dropLast("/daemon".count))
            if FileSystem.exists("\(parent)/runs"), RootlessCgroup.isWritable(parent) { return parent }
        }
        let processes = ((try? FileSystem.text(of: "\(path)/cgroup.procs")) ?? "").split(separator: "\n")
        return processes.count == 1 && RootlessCgroup.isWritable(path) ? path : nil
    }

    private static func own() -> String? {
        let text = (try? FileSystem.text(of: "/proc/self/cgroup")) ?? ""
        return text.split(separator: "\n").first { $0.hasPrefix("0::/") }.map { String($0.dropFirst(3)) }
    }

    private static func isWritable(_ path: String) -> Bool {
        let mayWrite: Int32 = 2
        return ["", "/cgroup.procs", "/cgroup.subtree_control"].allSatisfy {
            sys_faccessat(FileSystem.here, path + $0, mayWrite) == 0
        }
    }

    /// Starts this command again in a scope of its own, which the user's service manager delegates, where there is such a
    /// manager and the cgroup is not ours to divide. Comes back when that is not so.
    ///
    /// - Parameters:
    ///   - command: argv, argv[0] being the path of the executable.
    ///   - mark: sets `JRUN_SCOPE` for the new process: it does not try again.
    public func restartInScope(_ command: [String], mark: () -> Void) {
        guard environment("JRUN_SCOPE") == nil, environment("JRUN_CGROUP") == nil, find() == nil,
            (try? CgroupTree.mountPoint()) == "/sys/fs/cgroup",
            let runtime = environment("XDG_RUNTIME_DIR"), jrun_is_served("\(runtime)/systemd/private") == 1,
            let starter = SubordinateIDs.helper("systemd-run")
        else { return }
        mark()
        let options = ["--user", "--scope", "--quiet", "--collect", "--property=Delegate=yes", "--"]
        _ = withCArguments([starter] + options + command) { jrun_execute(starter, UnsafePointer($0)) }
    }
}
