import EscapeAttacks
import Foundation
import Glibc
import TestSupport
import Testing

/// Taking all there is of everything at once, and what is left of it for the next. Each limit for itself, with cause and
/// evidence, is asked by the tests of the limits.
extension Escape {
    @Suite struct ResourceAttacks {
        private static let greed =
            "batch fill /tmp/all 1GiB -- fill /dev/shm/all 1GiB -- many-files /tmp 100000 -- many-files /dev/shm 100000"
            + " -- open-many 100000 -- fill-pipes 1GiB -- mlock 1GiB"

        @Test func everythingAtOnceAndTheNextRunIsAsGoodAsTheFirst() throws {
            var run = try HostileRun("\(Self.greed) -- fork 10 leave -- fill all 15MiB")
            run.results = "[{path: all, when: any}]"
            let outcome = try run.run()
            let errors = outcome.answers.prefix(7).map { $0["errno"].string }
            #expect(errors[..<2] == ["ENOSPC", "ENOSPC"], "\(outcome)")
            #expect(errors[2...3].allSatisfy { $0 == "ENOSPC" } && errors[4] == "EMFILE" && errors[5] == "EMFILE")
            #expect(errors[6] == "ENOMEM" || errors[6] == "EPERM", "\(outcome)")
            #expect(outcome.state == "complete" && outcome.taken.count == 1, "\(outcome)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(run.site.directory)/state/runs").isEmpty)
            let next = try HostileRun("batch write a.txt x -- ls /tmp -- ls /dev/shm").run()
            #expect(next.state == "complete" && next.taken.count == 1, "\(next)")
            #expect(next.answers.filter { $0["verb"].string == "ls" }.allSatisfy { $0["entries"].array.isEmpty })
        }

        /// A profile that forbids memory without a name forbids to execute it, too.
        @Test func memoryWithoutANameIsNotExecutedWhereThePolicyForbidsIt() throws {
            var run = try HostileRun("run-copy")
            run.seccomp = "{extends: default, deny: [memfd_create]}"
            let outcome = try run.run()
            #expect(outcome.state == "killed" && outcome.cause == "seccomp", "\(outcome)")
            #expect(outcome.report["evidence"]["syscall"]["name"].string == "memfd_create")
            let words = [run.site.probe, "run-copy"]
            let outside = try JSON(parsing: Command(words, environment: [:]).run().stdout.array)
            #expect(outside["result"].string == "ok")
        }
    }
}
