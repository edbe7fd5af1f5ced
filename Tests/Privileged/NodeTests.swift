import Foundation
import Glibc
import Testing

/// What the node and its owner can have wrong: places, rights, space.
extension Privileged {
    @Suite struct Node {
        /// Starts jrun in a mount namespace of its own in which `script` has been carried out.
        private func prepared(_ request: inout Request, by script: String) {
            request.wrapper = ["/usr/bin/unshare", "--mount", "/bin/sh", "-ec", "\(script)\nexec \"$@\"", "sh"]
        }

        private func run(_ options: String...) throws -> Outcome {
            var request = try Request("ids")
            request.options = options
            return try request.run()
        }

        @Test func outputDirectoryThatCannotBeWritten() throws {
            let directory = try Site.shared.get().makeDirectory()
            try Data().write(to: URL(fileURLWithPath: "\(directory)/file"))
            expectRefused(
                try run("--output-dir", "\(directory)/missing"), saying: "output directory '\(directory)/missing'",
                "(ENOENT)")
            expectRefused(
                try run("--output-dir", "\(directory)/file"), saying: "output directory '\(directory)/file'",
                "(ENOTDIR)")
            var request = try Request("ids")
            prepared(
                &request,
                by: "mount --bind '\(request.output)' '\(request.output)'; mount -o remount,bind,ro '\(request.output)'"
            )
            expectRefused(try request.run(), saying: "output directory", "read-only file system (EROFS)")
        }

        /// Before the run, not after it.
        @Test func reportThatCannotBeWritten() throws {
            let directory = try Site.shared.get().makeDirectory()
            expectRefused(
                try run("--report", "\(directory)/missing/report"), saying: "report file '\(directory)/missing/report'",
                "(ENOENT)")
            expectRefused(try run("--report", directory), saying: "report file '\(directory)'")
        }

        @Test func noCgroups() throws {
            var request = try Request("ids")
            prepared(&request, by: "umount -a -t cgroup2 -l")
            expectRefused(try request.run(), saying: "cgroup v2 is not mounted on this node: mount -t cgroup2")
        }

        @Test func everyUidInUse() throws {
            var first = try Request("sleep", "forever"), second = try Request("ids")
            let uid = first.site.uids.lowerBound + 7
            first.environment["JRUN_UIDS"] = "\(uid)-\(uid)"
            second.environment["JRUN_UIDS"] = "\(uid)-\(uid)"
            let child = try first.start()
            try child.await("ready")
            let before = try Leaks.find(at: first.site)
            expectRefused(try second.run(), saying: "every uid from \(uid) to \(uid) is in use by a run")
            #expect(try "\(Leaks.find(at: first.site))" == "\(before)", "the refused run left something")
            child.signal(SIGTERM)
            _ = try child.finish()
            #expect(try second.run()["ids"]["ruid"].int == Int(uid), "free again")
        }

        @Test(arguments: ["x", "5-4", "0-100", "1-", "99999999999-99999999999"]) func badSettingOfUids(_ text: String)
            throws
        {
            var request = try Request("ids")
            request.environment["JRUN_UIDS"] = text
            expectRefused(try request.run(), saying: "JRUN_UIDS '\(text)'")
        }

        @Test func initThatIsMissing() throws {
            var request = try Request("ids")
            request.environment["JRUN_INIT"] = "/nowhere/jrun-init"
            expectRefused(try request.run(), saying: "/nowhere/jrun-init", "(ENOENT)")
        }

        @Test func inputLargerThanTheDisk() throws {
            var request = try Request("ids")
            request.program.keys["inputs"] = "[{path: '*.dat', max_size: 1GiB}]"
            request.program.limits["disk"] = "64KiB"
            request.options = [
                "--input", try request.file("big.dat", Bytes(Array(repeating: 1, count: 100_000)).array),
            ]
            expectRefused(try request.run(), saying: "input 'big.dat'", "limit 'disk'")
        }

        /// The program has run and its result does not fit: that is jrun's failure, and what was copied so far goes.
        @Test func outputDirectoryThatIsFull() throws {
            var request = try Request("fill", "result.bin", "1MiB")
            request.program.keys["results"] = "[{path: '*.bin', when: any}]"
            prepared(
                &request, by: "mount -t tmpfs -o size=64k none '\(request.output)'; mkdir -p '\(request.output)/x'")
            let listing = "\(request.output)/../listing"
            request.wrapper[4] = request.wrapper[4].replacingOccurrences(
                of: "exec \"$@\"",
                with: "set +e; \"$@\"; status=$?; ls -A '\(request.output)' > '\(listing)'; exit $status")
            let outcome = try request.run()
            #expect(outcome.status == 125, "\(outcome)")
            #expect(
                outcome.stderr.contains("'result.bin': cannot be written") && outcome.stderr.contains("(ENOSPC)"),
                "\(outcome)")
            #expect(try String(contentsOfFile: listing, encoding: .utf8) == "x\n", "a half result, or a temporary file")
        }

        @Test func stateDirectoryThatIsFull() throws {
            var request = try Request("write-stdout", "1MiB")
            let state = request.site.stateDirectory
            prepared(&request, by: "mkdir -p '\(state)'; mount -t tmpfs -o size=256k none '\(state)'")
            let outcome = try request.run()
            #expect(outcome.status != 0 && outcome.state != "complete", "\(outcome)")
            #expect(outcome.stderr.hasPrefix("jrun: "), "\(outcome)")
        }

        /// As systemd leaves it: what is mounted in one namespace then appears in the others.
        @Test func rootThatIsSharedSeesNothing() throws {
            var request = try Request("mounts")
            prepared(&request, by: "mount --make-rshared /")
            let before = "\(request.output)/../before", after = "\(request.output)/../after"
            request.wrapper[4] = request.wrapper[4].replacingOccurrences(
                of: "exec \"$@\"",
                with: "cat /proc/self/mountinfo > '\(before)'; \"$@\"; cat /proc/self/mountinfo > '\(after)'")
            let outcome = try request.run()
            #expect(outcome["mounts"]["result"].string == "ok", "\(outcome)")
            let table = try String(contentsOfFile: after, encoding: .utf8)
            #expect(try table == String(contentsOfFile: before, encoding: .utf8) && table.contains(" shared:"))
        }

        /// The uids' locks are taken by many at once; each gets one of its own.
        @Test func manyRunsAtOnce() throws {
            let site = try Site.shared.get()
            var requests: [Request] = []
            for _ in 0..<12 {
                var request = try Request("batch", "ids", "--", "sleep", "forever")
                request.environment["JRUN_UIDS"] = "\(site.uids.lowerBound)-\(site.uids.lowerBound + 15)"
                requests.append(request)
            }
            let children = try requests.map { try $0.start() }
            for child in children { try child.await("ready") }
            let uids = try children.map { child in
                child.signal(SIGTERM)
                return try JSON(parsing: child.finish().text.split(separator: "\n")[0].utf8)["ruid"].int ?? 0
            }
            #expect(Set(uids).count == 12)
        }
    }
}
