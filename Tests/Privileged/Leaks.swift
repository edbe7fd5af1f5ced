// What a run must not leave: processes, mounts, cgroups, run directories, uids in use. LeakTests shows that each kind
// is seen.

import Foundation
import Glibc
import Synchronization

struct Leaks: CustomStringConvertible {
    var processes: [String] = []
    var mounts: [String] = []
    var cgroups: [String] = []
    var directories: [String] = []
    var uids: [String] = []

    var isEmpty: Bool { [processes, mounts, cgroups, directories, uids].allSatisfy(\.isEmpty) }

    var description: String {
        [
            ("processes", processes), ("mounts", mounts), ("cgroups", cgroups), ("run directories", directories),
            ("uids in use", uids),
        ].filter { !$0.1.isEmpty }.map { "\($0.0): \($0.1.joined(separator: ", "))" }.joined(separator: "; ")
    }

    /// Leaks that were reported already: each is the fault of one test, not of all that follow.
    private static let known = Mutex(Set<String>())

    func forget() {
        let all = [processes, mounts, cgroups, directories, uids].joined()
        Leaks.known.withLock { $0.formUnion(all) }
    }

    private func withoutKnown() -> Leaks {
        let known = Leaks.known.withLock { $0 }
        func new(_ found: [String]) -> [String] { found.filter { !known.contains($0) } }
        return Leaks(
            processes: new(processes), mounts: new(mounts), cgroups: new(cgroups), directories: new(directories),
            uids: new(uids))
    }

    static func find(at site: Site) throws -> Leaks {
        var leaks = Leaks()
        leaks.cgroups = cgroups(of: site)
        leaks.processes = try processes(of: site)
        leaks.mounts = try mounts().subtracting(site.mountsBefore).sorted()
        leaks.directories = names(in: site.runsDirectory)
        leaks.uids = names(in: "\(site.runtimeDirectory)/uids").filter {
            isLocked("\(site.runtimeDirectory)/uids/\($0)")
        }
        return leaks.withoutKnown()
    }

    /// Everything in our cgroups, and every process with a uid of ours, wherever it is.
    private static func processes(of site: Site) throws -> [String] {
        let groups = ["", "/init", "/runs"].map { site.cgroup + $0 } + cgroups(of: site)
        let members = groups.flatMap { group in
            (try? String(contentsOfFile: "\(group)/cgroup.procs", encoding: .utf8))?.split(separator: "\n").map(
                String.init) ?? []
        }
        let ours = names(in: "/proc").filter { name in
            var facts = stat()
            return name.allSatisfy(\.isNumber) && stat("/proc/\(name)", &facts) == 0 && site.uids.contains(facts.st_uid)
        }
        return Set(members + ours).sorted().map { pid in
            let name = (try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8)) ?? "?"
            return "\(pid) \(name.dropLast())"
        }
    }

    /// Every cgroup beneath ours but the two that stay.
    private static func cgroups(of site: Site) -> [String] {
        let found = FileManager.default.enumerator(atPath: site.cgroup)?.compactMap { $0 as? String } ?? []
        return found.filter { path in
            var facts = stat()
            return !["init", "runs"].contains(path) && lstat("\(site.cgroup)/\(path)", &facts) == 0
                && facts.st_mode & S_IFMT == S_IFDIR
        }.map { "\(site.cgroup)/\($0)" }
    }

    /// Where something is mounted in this process's namespace, and what.
    static func mounts() throws -> Set<String> {
        Set(
            try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8).split(separator: "\n").map { line in
                let fields = line.split(separator: " ")
                return "\(fields[0]) \(fields[4])"
            })
    }

    private static func names(in directory: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
    }

    private static func isLocked(_ path: String) -> Bool {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        // Shared, because a test that starts a process right now lends it this lock until that executes.
        return flock(file, LOCK_SH | LOCK_NB) != 0
    }
}
