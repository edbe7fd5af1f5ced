import Glibc
import Testing

/// Calls that no honest program makes end the run and are named; calls that a program may probe for are refused.
extension Privileged {
    @Suite struct Syscalls {
        private func run(_ words: [String]) throws -> Outcome {
            var request = try Request()
            request.words = words
            return try request.run()
        }

        @Test(arguments: [
            ("mount", ["mount-old"]), ("mount", ["remount", "/"]), ("umount2", ["umount", "/tmp"]),
            ("fsopen", ["mount-new"]),
            ("open_tree", ["open-tree"]), ("mount_setattr", ["mount-setattr", "/"]), ("pivot_root", ["pivot"]),
            ("chroot", ["chroot"]), ("setns", ["setns"]), ("sethostname", ["sethostname"]),
            ("clock_settime", ["clock-set"]),
            ("init_module", ["syscall", "init_module", "0", "0", "0"]), ("reboot", ["syscall", "reboot", "0"]),
            ("kexec_load", ["syscall", "kexec_load"]), ("swapon", ["syscall", "swapon", "/x", "0"]),
            ("acct", ["syscall", "acct", "0"]),
            ("open_by_handle_at", ["syscall", "open_by_handle_at", "0", "0", "0"]),
        ])
        func forbiddenCallEndsTheRun(_ name: String, _ words: [String]) throws {
            let outcome = try run(words)
            #expect(outcome.status == 128 + SIGKILL)
            #expect(outcome.state == "killed" && outcome.cause == "seccomp")
            #expect(outcome.report["evidence"]["syscall"]["name"].string == name)
            #expect(outcome.evidence == "made the forbidden system call \(name)")
            #expect(outcome.stderr == "jrun: probe killed: \(outcome.evidence)\n")
            #expect(outcome.stdout.isEmpty)
        }

        @Test func evidenceHoldsTheArguments() throws {
            let outcome = try run(["syscall", "umount2", "0x1234", "0xdeadbeefcafe", "3", "4", "5", "6"])
            let call = outcome.report["evidence"]["syscall"]
            #expect(call["name"].string == "umount2")
            #expect(call["arguments"].strings == ["0x1234", "0xdeadbeefcafe", "0x3", "0x4", "0x5", "0x6"])
            #expect(outcome.report["evidence"]["source"].string == "seccomp user notification")
        }

        /// Any process and any thread of the run, not only the first.
        @Test func forbiddenCallOfAChildEndsTheRun() throws {
            let outcome = try run(["batch", "ids", "--", "mount-old", "--", "ids"])
            #expect(outcome.cause == "seccomp")
            #expect(outcome.answers.count == 1)
        }

        @Test(arguments: [
            ["unshare", "user"], ["unshare", "mnt"], ["unshare", "net"], ["clone-ns", "user"],
            ["clone-ns", "pid", "user"], ["clone-ns", "net"],
            ["ptrace"], ["bpf"], ["perf"], ["userfaultfd"], ["io_uring"], ["syscall", "keyctl", "0", "0"],
            ["keyctl-add", "process"],
            ["keyctl-add", "user"], ["syscall", "request_key", "user", "x", "0", "0"], ["personality"],
            ["open-by-handle"],
            ["syscall", "kcmp", "1", "1", "0"], ["syscall", "syslog", "3", "0", "0"],
            ["syscall", "fanotify_init", "0", "0"],
            ["syscall", "process_vm_writev", "1"], ["syscall", "io_uring_enter", "0"], ["tiocsti"],
            ["tiocsti", "high"], ["tioclinux"],
        ])
        func callIsRefused(_ words: [String]) throws {
            let outcome = try run(words)
            #expect(outcome.status == 0 && outcome.state == "complete")
            #expect(outcome.answers.first?["result"].string == "denied")
            #expect(outcome.answers.first?["errno"].string == "EPERM", "\(outcome)")
        }

        /// Where no filter can look, the call itself is absent, and C libraries use clone instead.
        @Test func clone3IsAbsent() throws {
            for words in [["clone3"], ["clone3", "user"]] {
                #expect(try run(words)["clone3"]["errno"].string == "ENOSYS")
            }
            #expect(try ask("fork", "2", "--", "threads", "2").answers.allSatisfy { $0["started"].int == 2 })
        }

        #if arch(x86_64)
        @Test func x32CallsEndTheProcess() throws {
            let outcome = try run(["syscallx32", "getpid"])
            #expect(outcome.status == 128 + SIGSYS)
            #expect(outcome.state == "killed" && outcome.cause == "seccomp")
            #expect(outcome.report["evidence"]["source"].string == "SIGSYS")
            #expect(try ask("syscallx32", "mount")["syscallx32"]["signal"].string == "SIGSYS")
        }

        @Test func i386CallsEndTheProcess() throws {
            // 20 is getpid there, 21 is mount. A kernel without the i386 entry answers with SIGSEGV.
            let outside = try Command([Site.shared.get().probe, "batch", "syscall32", "20"]).run()
            let hasEntry = try JSON(parsing: outside.stdout.array)["result"].string == "ok"
            let outcome = try ask("syscall32", "20", "--", "syscall32", "21")
            for answer in outcome.answers { #expect(answer["signal"].string == (hasEntry ? "SIGSYS" : "SIGSEGV")) }
            #expect(outcome.answers.count == 2)
        }
        #endif

        /// A profile may take a call away, and give one back.
        @Test func profileChangesTheFilter() throws {
            var request = try Request("syscall", "sethostname", "x", "0")
            request.program.security["seccomp"] = "{extends: default, allow: [sethostname]}"
            #expect(try request.run()["syscall"]["errno"].string == "EPERM", "allowed, so the kernel itself refuses")
            var denied = try Request("syscall", "getpid")
            denied.program.security["seccomp"] = "{extends: default, deny: [getpid]}"
            let outcome = try denied.run()
            #expect(outcome.cause == "seccomp" && outcome.report["evidence"]["syscall"]["name"].string == "getpid")
        }
    }
}
