import Foundation
import Glibc
import Testing

/// `jrun exec` by an ordinary user: docs/rootless.md.
extension Privileged {
    @Suite struct Rootless {
        /// Makes the user, and looks for what a run left behind when `body` is done.
        private func with(_ kind: RootlessKind, _ body: (RootlessUser) throws -> Void) throws {
            let user = try RootlessUser(kind)
            defer { user.clear() }
            try body(user)
            let leaks = try user.leaks()
            #expect(leaks.isEmpty, "\(kind): \(leaks)")
        }

        @Test(arguments: RootlessKind.allCases) func identityIsTheRunsOwn(_ kind: RootlessKind) throws {
            try with(kind) { user in
                let outcome = try user.ask("ids", "--", "caps", "--", "seccomp", "--", "cgroup")
                let ids = outcome["ids"], uid = try #require(ids["ruid"].int)
                #expect(uid >= 1_500_000_000, "not root's number inside, either")
                for key in ["euid", "suid", "fsuid", "rgid", "egid", "sgid", "fsgid"] {
                    #expect(ids[key].int == uid, "\(key)")
                }
                #expect(ids["groups"].exists && ids["groups"].array.isEmpty)
                for set in ["effective", "permitted", "inheritable", "bounding", "ambient"] {
                    #expect(outcome["caps"][set].string == "0000000000000000", "\(set)")
                }
                #expect(outcome["caps"]["no_new_privs"].int == 1 && outcome["seccomp"]["mode"].int == 2)
                #expect(outcome["cgroup"]["cgroup"].strings.contains("0::/") || !kind.hasCgroup)
            }
        }

        @Test(arguments: RootlessKind.allCases) func reportSaysHowAndWhatIsWeaker(_ kind: RootlessKind) throws {
            try with(kind) { user in
                var request = try user.request("ids")
                let outcome = try request.run(), report = outcome.report
                try #require(outcome.status == 0, "\(outcome)")
                let fits = try Schema.check([request.reportPath])
                #expect(fits.status == 0, "\(fits.text)\(fits.stderr)")
                let rootless = report["node"]["rootless"], weaker = rootless["weaker"].strings
                #expect(rootless["ids"].string == (kind.isSingle ? "single" : "subordinate"))
                #expect(rootless["cgroup"].string == (kind.hasCgroup ? user.cgroup : nil))
                #expect(weaker.contains { $0.hasPrefix("the program has the user's own uid") } == kind.isSingle)
                #expect(weaker.contains { $0.hasPrefix("no cgroup") } == !kind.hasCgroup)
                #expect(report["security"].strings[0].hasPrefix("namespaces: user, mount"))
                #expect(report["security"].strings.contains("own uid and gid") == !kind.isSingle)
                let cpu = report["limits"].array[1]
                #expect(
                    cpu["enforced_by"].string
                        == (kind.hasCgroup ? "jrun-init on cgroup cpu.stat" : "jrun-init on the processes' times"))
                #expect(cpu["weaker"].exists == !kind.hasCgroup)
            }
        }

        /// From outside: who the program and jrun-init are on the node.
        @Test(arguments: [RootlessKind.singleID, .subordinateIDs]) func uidsOnTheNode(_ kind: RootlessKind) throws {
            try with(kind) { user in
                let child = try user.request("sleep", "forever").start()
                try child.await("ready")
                let uids = try Set(Leaks.find(at: user.site).processes.map { try owner(of: $0) })
                let ofRuns = uids.subtracting([user.uid])
                #expect(uids.contains(user.uid), "jrun and jrun-init are the user's")
                #expect(kind.isSingle ? ofRuns.isEmpty : ofRuns.count == 1 && ofRuns.allSatisfy(user.ids.contains))
                child.signal(SIGTERM)
                _ = try child.finish()
            }
        }

        private func owner(of process: String) throws -> UInt32 {
            var facts = stat()
            try #require(stat("/proc/\(process.prefix { $0 != " " })", &facts) == 0)
            return facts.st_uid
        }

        /// The hard case is the single id: jrun-init, the user's files and the user's processes have the program's uid.
        @Test(arguments: [RootlessKind.singleID, .subordinateIDs]) func initIsOutOfReach(_ kind: RootlessKind) throws {
            try with(kind) { user in
                let outcome = try user.ask(
                    "ptrace", "1", "--", "proc-mem", "1", "--", "read", "/proc/1/environ", "--", "stat", "/proc/1",
                    "--",
                    "kill", "1", "9", "--", "processes")
                for verb in ["ptrace", "proc-mem", "read", "stat", "kill"] {
                    #expect(outcome[verb]["errno"].string != nil, "\(verb): \(outcome)")
                }
                #expect(outcome.state == "complete", "pid 1 still lives: \(outcome)")
            }
        }

        /// prlimit64 asks for the uid alone, so seccomp has to hold it where jrun-init has the same.
        @Test(arguments: [RootlessKind.singleID, .subordinateIDs]) func limitsOfInitStay(_ kind: RootlessKind) throws {
            try with(kind) { user in
                func shell(_ command: String) throws -> Outcome {
                    var request = try user.request("-c", command)
                    request.program.executable = "/usr/bin/bash"
                    request.program.keys["arguments"] = "[{flag: -c}, {argument: WORDS, value: {string: {max: 999}}}]"
                    return try request.run()
                }
                let others = try shell("prlimit --pid 1 --nofile=10:10")
                #expect(others.status == 1 && others.stderr.contains("Operation not permitted"), "\(others)")
                #expect(try shell("prlimit --nofile=10:10; ulimit -n 9").status == 0, "one's own can be lowered")
            }
        }

        @Test(arguments: [RootlessKind.singleID, .subordinateIDs])
        func theUsersFilesAndProcessesAreNotThere(_ kind: RootlessKind) throws {
            try with(kind) { user in
                let secret = "\(user.home)/secret"
                try Data("secret".utf8).write(to: URL(fileURLWithPath: secret))
                chown(secret, user.uid, user.uid)
                let start = [
                    "/usr/bin/setpriv", "--reuid=\(user.uid)", "--clear-groups", user.site.probe, "sleep", "forever",
                ]
                let victim = try Child(Command(start))
                try victim.await("ready")
                let outcome = try user.ask("read", secret, "--", "kill", "\(victim.pid)", "9", "--", "mounts")
                #expect(outcome["read"]["errno"].string == "ENOENT")
                #expect(["ESRCH", "EPERM"].contains(outcome["kill"]["errno"].string))
                victim.signal(SIGTERM)
                #expect(try victim.wait().status == 128 + SIGTERM, "it was ended by us")
            }
        }

        @Test(arguments: RootlessKind.allCases) func resultsAreTheUsersAndNothingElseIsWritten(_ kind: RootlessKind)
            throws
        {
            try with(kind) { user in
                var request = try user.request("batch", "write", "result", "text", "--", "write-stdout", "10")
                request.program.keys["results"] =
                    "[{path: result, when: any, required: true}, {path: out, when: any, required: true}]"
                request.program.keys["stdout"] = "{file: out}"
                let outcome = try request.run()
                try #require(outcome.status == 0, "\(outcome)")
                #expect(outcome.results == ["out", "result"])
                for name in outcome.results {
                    var facts = stat()
                    try #require(stat("\(request.output)/\(name)", &facts) == 0)
                    #expect(facts.st_uid == user.uid && facts.st_gid == user.uid && facts.st_mode & 0o777 == 0o644)
                }
                let written = try FileManager.default.contentsOfDirectory(atPath: user.home).filter {
                    !["passwd", "subuid", "subgid", "run"].contains($0)
                }
                #expect(Set(written) == [".local", ".cache"])
            }
        }

        @Test(arguments: RootlessKind.allCases) func limitsHold(_ kind: RootlessKind) throws {
            try with(kind) { user in
                func run(_ words: String, _ limits: [String: String]) throws -> Outcome {
                    var request = try user.request()
                    request.words = words.split(separator: " ").map(String.init)
                    request.program.limits.merge(limits) { _, new in new }
                    return try request.run()
                }
                let cpu = try run("spin forever 2", ["cpu": "400ms"])
                #expect(cpu.cause == "cpu-time" && cpu.status == 124, "\(cpu)")
                let used = cpu.report["usage"]["cpu_microseconds"].int ?? 0
                #expect(used >= 390_000 && used < 900_000, "\(used) µs")
                let wall = try run("sleep forever", ["wall": "300ms"])
                #expect(wall.cause == "wall-time" && wall.status == 124, "\(wall)")
                #expect(try run("forkbomb", ["processes": "20"]).cause == "processes")
                #expect(try run("fork 30 hold", ["processes": "12"]).cause == "processes")
                let allowed = try run("fork 11", ["processes": "12"])
                #expect(allowed.state == "complete" && allowed["fork"]["started"].int == 11, "\(allowed)")
                #expect(try run("write-stdout forever", ["output": "1MiB"]).cause == "output")
                let full = try run("fill file forever", ["disk": "1MiB"])
                #expect(full.cause == "disk" || full["fill"]["bytes"].int ?? 0 <= 1 << 20, "\(full)")
                #expect(full["fill"]["errno"].exists || full.cause == "disk", "\(full)")
            }
        }

        @Test func strictRefusesWhatIsNotHeldAndSaysTheCure() throws {
            try with(.singleID) { user in
                let request = try user.request("ids")
                var command = try request.command()
                command.arguments.removeAll { $0 == Array("--best-effort".utf8) }
                let ended = try command.run()
                #expect(ended.status == 125)
                for part in ["limit 'cpu'", "limit 'memory'", "systemd-run --user --scope", "--best-effort"] {
                    #expect(ended.stderr.contains(part), "\(part): \(ended.stderr)")
                }
            }
        }

        @Test(arguments: RootlessKind.allCases) func killingJrunLeavesNothing(_ kind: RootlessKind) throws {
            try with(kind) { user in
                for words in [["ignore-term"], ["spin", "forever", "2"]] {
                    var request = try user.request()
                    request.words = words
                    let child = try request.start()
                    try child.await("ready")
                    child.signal(SIGKILL)
                    _ = try child.wait()
                    try user.waitForInit()
                    #expect(try user.leaks() == [])
                }
            }
        }

        /// A setting that means nothing was meant to mean something.
        @Test(arguments: [
            ("JRUN_ROOTLESS_IDS", "foo", "JRUN_ROOTLESS_IDS 'foo': write 'single'"),
            ("JRUN_CGROUP", "none", "JRUN_CGROUP 'none': no such cgroup, or not yours, or jrun is not in it"),
        ]) func settingsThatCannotBeFollowedAreRefused(_ name: String, _ value: String, _ message: String) throws {
            try with(.singleID) { user in
                var request = try user.request("ids")
                request.environment[name] = value
                let outcome = try request.run()
                #expect(outcome.status == 125 && outcome.stderr.contains(message), "\(outcome)")
            }
        }

        @Test(arguments: [RootlessKind.singleID, .subordinateIDs]) func twoRunsAtOnce(_ kind: RootlessKind) throws {
            try with(kind) { user in
                let requests = try [
                    user.request("batch", "ids", "--", "sleep", "forever"),
                    user.request("batch", "ids", "--", "sleep", "forever"),
                ]
                let children = try requests.map { try $0.start() }
                for child in children { try child.await("ready") }
                let uids = try children.map { child in
                    child.signal(SIGTERM)
                    let first = try child.finish().text.split(separator: "\n")[0]
                    return try JSON(parsing: first.utf8)["ruid"].int
                }
                #expect(uids[0] != nil && (uids[0] == uids[1]) == kind.isSingle)
            }
        }

        /// Without a word of what is missing nobody could cure it.
        @Test func refusedWhereNoUserNamespaceIsLeft() throws {
            let user = try RootlessUser(.singleID)
            var request = try user.request("ids")
            let script = "echo 0 > /proc/sys/user/max_user_namespaces; exec \"$@\""
            let namespace = ["/usr/bin/unshare", "--user", "--map-user=777", "--map-group=777", "--keep-caps"]
            request.wrapper += namespace + ["/bin/sh", "-ec", script, "sh"]
            let outcome = try request.run()
            #expect(
                outcome.status == 125 && outcome.stderr.contains("sysctl -w user.max_user_namespaces"), "\(outcome)")
            #expect(try user.leaks() == [])
        }

        @Test(arguments: RootlessKind.allCases) func doctorSaysThatRunsCanStart(_ kind: RootlessKind) throws {
            try with(kind) { user in
                var command = Command(user.wrapper + [user.site.jrun, "doctor", "--json"])
                command.environment = user.environment
                let ended = try command.run()
                #expect(ended.status == 0, "\(ended.text)")
                let checks = try JSON(parsing: ended.stdout.array)["checks"].array
                let root = try #require(checks.first { $0["name"].string == "root" })
                #expect(root["found"].string?.contains(kind.isSingle ? "single id" : "subordinate id") == true)
            }
        }
    }
}
