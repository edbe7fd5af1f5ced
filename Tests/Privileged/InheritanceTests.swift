import Foundation
import Glibc
import Testing

/// Nothing of whoever started jrun reaches the program, however odd they are.
extension Privileged {
    @Suite struct Inheritance {
        /// A shell that ignores signals, has an open mask, low soft limits, groups and further variables, runs without
        /// address randomisation, blocks signals and hands on 18 descriptors.
        private func fromAnOddParent(_ request: inout Request) {
            let shell =
                "trap '' INT QUIT USR1 USR2 PIPE CHLD ALRM TSTP TTIN; umask 0; ulimit -S -c 0 -s 4096; exec \"$@\""
            request.wrapper = [
                "/usr/bin/setpriv", "--groups", "4,24,27", "--inh-caps", "+net_raw,+chown", "--ambient-caps",
                "+net_raw,+chown", "/usr/bin/setarch", "-R", "/bin/sh", "-c", shell, "sh",
            ]
            request.inheritedDescriptors = 3...20
            sigfillset(&request.blockedSignals)
            request.environment["LD_PRELOAD"] = "/nowhere/evil.so"
            request.environment["SECRET"] = "of the parent"
            request.environment["BASH_ENV"] = "/tmp/evil"
        }

        @Test func descriptorsAreThreeWhateverTheParentHasOpen() throws {
            for change in [{ _ in }, fromAnOddParent] as [(inout Request) -> Void] {
                let fds = try ask("fds", change: change)["fds"]
                #expect(fds["fds"].array.map { $0["fd"].int } == [0, 1, 2])
                #expect(fds["proc"].array.map(\.int) == [0, 1, 2])
                #expect(fds["fds"][0]["target"].string == "/dev/null" && fds["fds"][0]["mode"].string == "read")
                #expect(fds["fds"][1]["type"].string == "fifo" && fds["fds"][1]["mode"].string == "write")
                #expect(fds["fds"][2]["type"].string == "fifo" && fds["fds"][2]["mode"].string == "write")
                #expect(fds["fds"][1]["target"].string != fds["fds"][2]["target"].string)
            }
        }

        /// The first process has no parent of its own inside: it sees what was given to it, not what batch made of it.
        @Test func descriptorsOfTheFirstProcessAreThree() throws {
            var request = try Request("fds")
            fromAnOddParent(&request)
            #expect(try request.run()["fds"]["fds"].array.map { $0["fd"].int } == [0, 1, 2])
        }

        @Test func oddParentHasWhatTheTestsSayItHas() throws {
            let site = try Site.shared.get()
            var request = try Request()
            fromAnOddParent(&request)
            var command = Command(
                request.wrapper + [
                    site.probe, "batch", "fds", "--", "sigmask", "--", "umask", "--", "groups", "--", "caps", "--",
                    "syscall",
                    "personality", "0xffffffff",
                ])
            command.environment = request.environment
            command.inheritedDescriptors = request.inheritedDescriptors
            command.blockedSignals = request.blockedSignals
            let outcome = request.outcome(try command.run())
            #expect(outcome["fds"]["fds"].array.count > 20)
            #expect(outcome["sigmask"]["blocked"].array.count > 50)
            #expect(outcome["sigmask"]["ignored"].strings.contains("SIGINT"))
            #expect(outcome["umask"]["umask"].string == "0000")
            #expect(outcome["groups"]["groups"].array.count == 3)
            #expect(outcome["caps"]["ambient"].string == "0000000000002001")
            #expect(outcome["syscall"]["value"].int == 0x40000)
        }

        @Test func environmentIsWhatTheProgramFileSays() throws {
            let outcome = try ask("env") {
                fromAnOddParent(&$0)
                $0.program.keys["environment"] =
                    "{set: {LC_ALL: C, GREETING: 'hello, world'}, accept: [{name: N, value: {integer: {min: 1, max: 9}}}]}"
                $0.options = ["--env", "N=7"]
            }
            #expect(outcome["env"]["env"].strings == ["GREETING=hello, world", "LC_ALL=C", "N=7"])
            #expect(try ask("env")["env"]["env"].array.isEmpty)
        }

        @Test func signalsAreAsTheyWereForInit() throws {
            let sigmask = try ask("sigmask", change: fromAnOddParent)["sigmask"]
            for key in ["blocked", "pending", "ignored", "caught"] {
                #expect(sigmask[key].exists && sigmask[key].array.isEmpty, "\(key): \(sigmask[key])")
            }
        }

        @Test func umaskAndGroupsAreTheRunsOwn() throws {
            let outcome = try ask("umask", "--", "groups", change: fromAnOddParent)
            #expect(outcome["umask"]["umask"].string == "0077")
            #expect(outcome["groups"]["groups"].exists && outcome["groups"]["groups"].array.isEmpty)
        }

        /// Capabilities that a parent handed on as inheritable and ambient survive execve.
        @Test func capabilitiesAreNotHandedOn() throws {
            let caps = try ask("caps", change: fromAnOddParent)["caps"]
            for set in ["effective", "permitted", "inheritable", "bounding", "ambient"] {
                #expect(caps[set].string == "0000000000000000", "\(set)")
            }
        }

        /// Addresses that anybody can foretell would make an exploit of the program easy.
        @Test func addressRandomisationIsOn() throws {
            let outcome = try ask("syscall", "personality", "0xffffffff", change: fromAnOddParent)
            #expect(outcome["syscall"]["value"].int == 0)
        }

        /// What root makes for the run has the modes of the plan, not what the parent's umask leaves of them.
        @Test(arguments: ["000", "022", "077"]) func umaskOfTheParentDoesNotShapeTheView(_ mask: String) throws {
            let outcome = try ask(
                "stat", "/dev/null", "--", "stat", "/usr", "--", "stat", "/etc/passwd", "--", "stat", "/work"
            ) {
                $0.wrapper = ["/bin/sh", "-c", "umask \(mask); exec \"$@\"", "sh"]
            }
            #expect(outcome.answers.map { $0["mode"].string } == ["0666", "0755", "0644", "0700"])
        }

        @Test func sessionIsItsOwnAndHasNoTerminal() throws {
            var request = try Request("sid")
            fromAnOddParent(&request)
            let sid = try request.run()["sid"]
            #expect(sid["pid"].exists && sid["sid"].int == sid["pid"].int && sid["pgid"].int == sid["pid"].int)
            #expect(sid["has_tty"].bool == false)
        }

        @Test func rlimitsAreThoseOfTheProgramFile() throws {
            let outcome = try ask("rlimits", "--", "set-rlimit", "nofile", "65", "--", "set-rlimit", "core", "2") {
                fromAnOddParent(&$0)
                $0.program.limits["file_size"] = "1MiB"
            }
            let limits = outcome["rlimits"]["limits"]
            // A core file of one byte is none, and a core_pattern that pipes heeds 1 where it ignores 0.
            let expected = [
                "nofile": 64, "fsize": 1 << 20, "core": 1, "memlock": 64 << 10, "msgqueue": 0, "sigpending": 256,
                "nice": 0,
                "rtprio": 0,
            ]
            for (name, value) in expected {
                #expect(
                    limits[name]["soft"].int == value && limits[name]["hard"].int == value, "\(name): \(limits[name])")
            }
            let controllers = outcome.request.site.controllers
            if !controllers.contains("memory") { #expect(limits["as"]["hard"].int == 256 << 20) }
            // One more than allowed: reaching it is how jrun-init sees that the limit was exceeded.
            if !controllers.contains("pids") { #expect(limits["nproc"]["hard"].int == 21) }
            for answer in outcome.answers where answer["verb"].string == "set-rlimit" {
                #expect(answer["errno"].string == "EPERM")
            }
        }

        @Test func outOfMemoryHitsTheRunFirst() throws {
            let outcome = try ask("oom", "--", "write", "/proc/self/oom_score_adj", "-1000")
            #expect(outcome["oom"]["oom_score_adj"].int == 500)
            #expect(outcome["write"]["errno"].string == "EACCES")
        }

        @Test(arguments: [
            ["/usr/bin/nice", "-n", "-5"], ["/usr/bin/chrt", "--fifo", "1"], ["/usr/bin/chrt", "--rr", "1"],
        ])
        func prioritiesAreNotHandedOn(_ wrapper: [String]) throws {
            let site = try Site.shared.get()
            let outside = try JSON(parsing: Command(wrapper + [site.probe, "nice"]).run().stdout.array)
            try #require(outside["nice"].int != 0 || outside["policy"].string != "other", "outside it does count")
            let nice = try ask("nice") { $0.wrapper = wrapper }["nice"]
            #expect((nice["nice"].int ?? -1) >= 0 && nice["policy"].string == "other", "\(nice)")
        }

        @Test func prioritiesCannotBeRaised() throws {
            let outcome = try ask("ids", "--", "set-nice", "-5", "--", "realtime", "--", "nice")
            #expect(outcome["set-nice"]["errno"].string == "EACCES")
            #expect(outcome["realtime"]["errno"].string == "EPERM")
            #expect(outcome["nice"]["policy"].string == "other")
        }

        @Test func argumentsArriveAsTheyAre() throws {
            let odd = ["", " ", "a b", "\"'$(x)`", "\\", "ä€😀", "*"]
            var request = try Request("argv")
            request.words += odd
            let argv = try request.run()["argv"]
            #expect(argv["argv"].strings == [request.site.probe, "argv"] + odd)
            #expect(argv["execfn"].string == request.site.probe)
            #expect(argv["secure"].int == 0)
        }
    }
}
