import Foundation
import Glibc
import Testing

/// "No leaks" is believed because each kind of leak, planted, is seen.
extension Privileged {
    @Suite struct LeakDetector {
        let site: Site

        init() throws { site = try Site.shared.get() }

        private func find() throws -> Leaks { try Leaks.find(at: site) }

        @Test func seesAProcessInACgroupOfOurs() throws {
            _ = try ask("ids")
            #expect(try find().isEmpty)
            let group = "\(site.cgroup)/runs/planted"
            try FileManager.default.createDirectory(atPath: group, withIntermediateDirectories: false)
            let child = try Child(Command([site.probe, "sleep", "forever"]))
            try Data("\(child.pid)\n".utf8).write(to: URL(fileURLWithPath: "\(group)/cgroup.procs"))
            let leaks = try find()
            #expect(leaks.processes == ["\(child.pid) jrun-probe"])
            #expect(leaks.cgroups == [group])
            child.signal(SIGKILL)
            _ = try child.wait()
            #expect(try find().processes.isEmpty)
            #expect(try find().cgroups == [group])
            try site.waitUntilUnpopulated()
            try #require(rmdir(group) == 0)
        }

        @Test func seesAProcessWithAUidOfOurs() throws {
            let uid = site.uids.upperBound
            let child = try Child(
                Command(["/usr/bin/setpriv", "--reuid=\(uid)", "--clear-groups", site.probe, "sleep", "forever"]))
            try child.await("ready")
            #expect(try find().processes == ["\(child.pid) jrun-probe"])
            child.signal(SIGKILL)
            _ = try child.wait()
        }

        @Test func seesAMount() throws {
            let place = try site.makeDirectory()
            try #require(try Command(["/bin/mount", "-t", "tmpfs", "none", place]).run().status == 0)
            let leaks = try find()
            #expect(leaks.mounts.count == 1 && leaks.mounts[0].hasSuffix(" \(place)"), "\(leaks)")
            try #require(try Command(["/bin/umount", place]).run().status == 0)
        }

        @Test func seesARunDirectory() throws {
            let directory = "\(site.runsDirectory)/planted"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            #expect(try find().directories == ["planted"])
            try FileManager.default.removeItem(atPath: directory)
        }

        @Test func seesAUidInUse() throws {
            let slots = "\(site.runtimeDirectory)/uids"
            try FileManager.default.createDirectory(atPath: slots, withIntermediateDirectories: true)
            let file = open("\(slots)/\(site.uids.upperBound)", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            try #require(flock(file, LOCK_EX | LOCK_NB) == 0)
            #expect(try find().uids == ["\(site.uids.upperBound)"])
            close(file)
        }

        /// A run that is going on has one of everything but a mount, so the places that are looked at are the right ones.
        @Test func seesARunThatGoesOn() throws {
            let request = try Request("sleep", "forever")
            let child = try request.start()
            try child.await("ready")
            let leaks = try find()
            #expect(leaks.processes.count == 2, "the program and jrun-init: \(leaks)")
            #expect(leaks.cgroups.count == 1 && leaks.directories.count == 1 && leaks.uids.count == 1, "\(leaks)")
            #expect(leaks.mounts.isEmpty)
            child.signal(SIGTERM)
            _ = try child.finish()
        }
    }
}
