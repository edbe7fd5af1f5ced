// An ordinary user who runs jrun, for the rootless tests.

import Foundation
import Glibc
import Testing

/// How the user is set up.
enum RootlessKind: String, CaseIterable, Sendable {
    case singleID, subordinateIDs, singleIDInACgroup, subordinateIDsInACgroup

    var isSingle: Bool { self == .singleID || self == .singleIDInACgroup }
    var hasCgroup: Bool { self == .singleIDInACgroup || self == .subordinateIDsInACgroup }
}

/// A home of the user's own; the ids are the site's, so that the leak checks see the user's processes.
struct RootlessUser {
    let site: Site
    let kind: RootlessKind
    let home: String
    let cgroup: String

    init(_ kind: RootlessKind) throws {
        site = try Site.shared.get()
        self.kind = kind
        home = try site.makeDirectory()
        cgroup = "\(site.cgroup)-user"
        for (file, line) in [
            ("passwd", "tester:x:\(uid):\(uid)::\(home):/bin/sh\n"),
            ("subuid", "tester:\(ids.lowerBound):\(ids.count)\n"),
            ("subgid", "tester:\(ids.lowerBound):\(ids.count)\n"),
        ] { try Data(line.utf8).write(to: URL(fileURLWithPath: "\(home)/\(file)")) }
        try FileManager.default.createDirectory(atPath: "\(home)/run", withIntermediateDirectories: false)
        for path in [home, "\(home)/run"] { chown(path, uid, uid) }
        guard kind.hasCgroup else { return }
        try FileManager.default.createDirectory(atPath: cgroup, withIntermediateDirectories: true)
        for name in ["", "/cgroup.procs", "/cgroup.subtree_control"] { chown(cgroup + name, uid, uid) }
    }

    var uid: UInt32 { site.uids.upperBound - 3 }
    /// Outside, of the runs.
    var ids: ClosedRange<UInt32> { (site.uids.lowerBound + 256)...(site.uids.lowerBound + 511) }
    var stateDirectory: String { "\(home)/.local/state/jrun" }

    /// What starts a command as the user. The files that name subordinate ids are shown to it alone.
    var wrapper: [String] {
        let user = "exec setpriv --reuid=\(uid) --regid=\(uid) --clear-groups \"$@\""
        let cgroup = kind.hasCgroup ? "echo $$ > \(cgroup)/cgroup.procs; " : ""
        if kind.isSingle { return ["/bin/sh", "-ec", cgroup + user, "sh"] }
        let files = "for f in passwd subuid subgid; do mount --bind \(home)/$f /etc/$f; done; "
        return ["/usr/bin/unshare", "--mount", "/bin/sh", "-ec", cgroup + files + user, "sh"]
    }

    var environment: [String: String] {
        ["PATH": "/usr/bin:/bin", "HOME": home, "XDG_RUNTIME_DIR": "\(home)/run"]
    }

    /// A request of the user's, whose results the user can write.
    func request(_ words: String...) throws -> Request {
        var request = try Request()
        request.words = words
        request.wrapper = wrapper
        request.environment = environment
        let parent = URL(fileURLWithPath: request.output).deletingLastPathComponent().path
        for path in [parent, request.output] { chown(path, uid, uid) }
        return request
    }

    func ask(_ questions: String..., change: (inout Request) throws -> Void = { _ in }) throws -> Outcome {
        var request = try self.request("batch")
        request.words += questions
        try change(&request)
        let outcome = try request.run()
        try #require(outcome.status == 0, "\(outcome)")
        return outcome
    }

    /// Everything of the user's that a run must not leave: run directories, cgroups, processes of any of the ids.
    func leaks() throws -> [String] {
        let runs = (try? FileManager.default.contentsOfDirectory(atPath: "\(stateDirectory)/runs")) ?? []
        let leaves = (try? FileManager.default.contentsOfDirectory(atPath: "\(cgroup)/runs")) ?? []
        return try runs + leaves.filter { !$0.contains(".") } + Leaks.find(at: site).processes
    }

    /// Returns when no jrun-init of the user's is left: each holds the lock of its run's uid. The last of it is its place in
    /// the table of processes, until its parent has looked.
    func waitForInit() throws {
        let locks = "\(home)/run/jrun/uids"
        for name in try FileManager.default.contentsOfDirectory(atPath: locks) {
            let file = open("\(locks)/\(name)", O_RDWR | O_CLOEXEC)
            flock(file, LOCK_EX)
            close(file)
        }
        let deadline = ContinuousClock.now + .seconds(20)
        while try !Leaks.find(at: site).processes.isEmpty, ContinuousClock.now < deadline { sched_yield() }
    }

    /// The user's cgroup goes; it has no processes any more.
    func clear() {
        for name in ["/runs", "/init", "/daemon", ""] { rmdir(cgroup + name) }
    }
}
