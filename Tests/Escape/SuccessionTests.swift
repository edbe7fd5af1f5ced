import EscapeAttacks
import Foundation
import Glibc
import TestSupport
import Testing

/// One run and the next with the same uid: whatever the first leaves, the second must not find. One uid is all there is here,
/// so the second has it as soon as the first has gone.
extension Escape {
    @Suite struct Succession {
        private func run(_ words: String) throws -> HostileRun {
            var run = try HostileRun(words)
            run.environment["JRUN_UIDS"] = "\(run.site.user + 40)-\(run.site.user + 40)"
            return run
        }

        /// The same questions to two processes of one uid outside, which is how it would be without jrun.
        private func outside(_ words: String) throws -> [JSON] {
            let site = try Setting.site.get()
            let user = "\(site.user + 41)"
            let prefix = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--", site.probe]
            var command = Command(prefix + words.split(separator: " ").map(String.init), environment: [:])
            command.seconds = 20
            let text = try command.run().text
            return text.split(separator: "\n").compactMap { try? JSON(parsing: $0.utf8) }
        }

        private func took(_ answers: [JSON]) -> [Bool] {
            answers.filter { $0["verb"].string == "ipc-take" }.map { $0["result"].string == "ok" }
        }

        private static let leaving =
            "ipc-leave file /tmp/jrun-escape-left -- ipc-leave file /dev/shm/jrun-escape-left"
            + " -- ipc-leave shm 0x6a72756e -- ipc-leave sem 0x6a72756e -- ipc-leave msg 0x6a72756e"
            + " -- ipc-leave mq left -- ipc-leave key left"
        private static let taking = leaving.replacing("ipc-leave", with: "ipc-take")

        @Test func whatIsLeftIsGone() throws {
            let first = try run("batch \(Self.leaving) -- write left x -- ids").run()
            #expect(first.state == "complete", "\(first)")
            let made = first.answers.filter { $0["verb"].string == "ipc-leave" }
            #expect(made.prefix(2).allSatisfy { $0["result"].string == "ok" }, "the run could make files")
            let second = try run("batch \(Self.taking) -- stat left -- ids").run()
            #expect(took(second.answers) == Array(repeating: false, count: 7), "\(second)")
            #expect(second["stat"]["errno"].string == "ENOENT")
            #expect(second["ids"]["ruid"].int == first["ids"]["ruid"].int && first["ids"]["ruid"].exists)
        }

        @Test func outsideEverythingIsThere() throws {
            _ = try outside("batch \(Self.leaving)")
            #expect(took(try outside("batch \(Self.taking)")) == Array(repeating: true, count: 7))
        }

        /// A process of the first run would have every right over the second one's: it has its uid.
        @Test func noProcessOutlivesItsRun() throws {
            let site = try Setting.site.get()
            let first = try run("batch daemon -- fork 20 leave -- swap a b").run()
            #expect(first.state == "complete", "\(first)")
            let uid = "\(site.user + 40)"
            #expect(try processes(of: uid).isEmpty)
            let second = try run("processes").run()
            #expect(second["processes"]["processes"].array.count == 1, "\(second)")
        }

        @Test func outsideTheyDo() throws {
            let site = try Setting.site.get()
            let user = "\(site.user + 41)"
            // Its streams would keep us waiting, which is the daemon's first trick.
            let script = "exec setpriv --reuid \(user) --clear-groups -- \"$1\" daemon >/dev/null 2>&1"
            #expect(try Command(["sh", "-c", script, "sh", site.probe], environment: [:]).run().status == 0)
            let left = try processes(of: user)
            #expect(!left.isEmpty)
            for process in left { kill(process, SIGKILL) }
        }

        private func processes(of uid: String) throws -> [pid_t] {
            try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { name in
                guard let pid = pid_t(name),
                    let status = try? String(contentsOfFile: "/proc/\(name)/status", encoding: .utf8)
                else { return nil }
                return status.contains("\nUid:\t\(uid)\t") ? pid : nil
            }
        }

        /// Twenty runs one after the other, each looking at once for what its predecessor has made at its very end.
        @Test func theNextRunComesAtOnce() throws {
            for _ in 0..<20 {
                let words =
                    "batch ipc-take file /tmp/left -- take-open-file memfd:left -- processes -- ipc-leave file /tmp/left"
                let outcome = try run("\(words) -- daemon").run()
                #expect(outcome["ipc-take"]["result"].string == "denied", "\(outcome)")
                #expect(outcome["take-open-file"]["result"].string == "denied")
                #expect(outcome["ipc-leave"]["result"].string == "ok")
            }
        }
    }
}
