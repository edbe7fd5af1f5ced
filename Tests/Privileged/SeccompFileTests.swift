import Foundation
import Glibc
import Testing

/// A filter of the site's own, in the form that Docker reads.
private struct Filter {
    /// What a shell, its tools and jrun's probe make, in groups as an administrator would list them.
    static let ordinary = [
        "access", "arch_prctl", "brk", "clock_gettime", "clock_nanosleep", "close", "dup", "dup2", "dup3", "execve",
        "execveat", "exit", "exit_group", "faccessat", "faccessat2", "fchdir", "fcntl", "fstat", "fstatfs", "futex",
        "getcwd", "getdents64", "getegid", "geteuid", "getgid", "getgroups", "getpgrp", "getpid", "getppid",
        "getrandom",
        "getresgid", "getresuid", "getrlimit", "getrusage", "getsid", "gettid", "getuid", "getxattr", "ioctl", "kill",
        "lseek", "lstat", "madvise", "mkdir", "mmap", "mprotect", "mremap", "munmap", "nanosleep", "newfstatat", "open",
        "openat", "pipe", "pipe2", "poll", "ppoll", "prctl", "pread64", "prlimit64", "read", "readlink", "readlinkat",
        "rseq", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sched_getaffinity", "set_robust_list",
        "set_tid_address", "setpgid", "sigaltstack", "stat", "statfs", "statx", "sysinfo", "tgkill", "umask", "uname",
        "unlink", "vfork", "wait4", "write", "writev", "a_call_of_a_kernel_to_come",
    ]

    var top = """
        "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
        "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]},
                    {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}]
        """
    var entries = [
        """
        {"names": ["clone"], "action": "SCMP_ACT_ALLOW",
         "args": [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}],
         "excludes": {"caps": ["CAP_SYS_ADMIN"], "arches": ["s390", "s390x"]}}
        """,
        """
        {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38, "excludes": {"caps": ["CAP_SYS_ADMIN"]}}
        """,
        """
        {"names": ["mount", "umount2", "unshare", "setns"], "action": "SCMP_ACT_ALLOW",
         "includes": {"caps": ["CAP_SYS_ADMIN"]}}
        """,
        """
        {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "comment": "", "includes": {"minKernel": "4.8"}}
        """,
        """
        {"names": ["personality"], "action": "SCMP_ACT_ALLOW",
         "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]}
        """,
    ]
    var names = ordinary

    var json: String {
        let list = names.map { "\"\($0)\"" }.joined(separator: ", ")
        let all = ["{\"names\": [\(list)], \"action\": \"SCMP_ACT_ALLOW\"}"] + entries
        return "{\n\(top),\n\"syscalls\": [\n\(all.joined(separator: ",\n"))\n]\n}\n"
    }
}

extension Request {
    /// Puts the filter beside the program file.
    fileprivate mutating func use(_ filter: Filter) throws {
        try FileManager.default.createDirectory(atPath: programsDirectory, withIntermediateDirectories: true)
        try Data(filter.json.utf8).write(to: URL(fileURLWithPath: "\(programsDirectory)/filter.json"))
        program.security["seccomp"] = "filter.json"
    }
}

extension Privileged {
    /// `seccomp: FILE`: every answer that a file can give, given by the kernel.
    @Suite struct SeccompFiles {
        private func run(_ words: [String], _ change: (inout Filter) -> Void = { _ in }) throws -> Outcome {
            var request = try Request()
            request.words = words
            var filter = Filter()
            change(&filter)
            try request.use(filter)
            return try request.run()
        }

        @Test func aProgramRunsUnderAFilterInDockersForm() throws {
            var request = try Request()
            request.program.executable = "/bin/sh"
            request.program.keys["arguments"] = "[{option: -c, value: {string: {max: 200}}}]"
            request.words = ["-c", "ls /usr >list && wc -c <list >/dev/null && (exit 3); echo $?"]
            try request.use(Filter())
            let outcome = try request.run()
            #expect(outcome.status == 0 && outcome.ended.text == "3\n", "\(outcome)")
        }

        /// EPERM by default; what the standard filter allows, and the file does not name, included.
        @Test(arguments: [
            ["syscall", "bpf"], ["syscall", "kcmp"], ["syscall", "setns"],
        ])
        func whatIsNotNamedIsRefused(_ words: [String]) throws {
            #expect(try run(words)["syscall"]["errno"].string == "EPERM")
            let other = try run(words) { $0.top = "\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38" }
            #expect(other["syscall"]["errno"].string == "ENOSYS")
        }

        @Test func argumentsAreCompared() throws {
            // ptrace(PTRACE_TRACEME) is refused by the standard filter; here the kernel itself answers.
            #expect(try run(["syscall", "ptrace", "0"])["syscall"]["result"].string == "ok")
            #expect(try run(["syscall", "personality", "8"])["syscall"]["result"].string == "ok")
            #expect(try run(["syscall", "personality", "9"])["syscall"]["errno"].string == "EPERM")
            #expect(try run(["clone-ns", "user"])["clone-ns"]["errno"].string == "EPERM")
            #expect(try run(["clone3"])["clone3"]["errno"].string == "ENOSYS")
        }

        @Test func killingEndsTheRunWithEvidence() throws {
            for action in ["SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS"] {
                let outcome = try run(["syscall", "kcmp"]) {
                    $0.entries.append("{\"names\": [\"kcmp\"], \"action\": \"\(action)\"}")
                }
                #expect(outcome.cause == "seccomp" && outcome.evidence == "made the forbidden system call kcmp")
            }
            let all = try run(["syscall", "kcmp"]) { $0.top = "\"defaultAction\": \"SCMP_ACT_KILL_PROCESS\"" }
            #expect(all.cause == "seccomp" && all.report["evidence"]["syscall"]["name"].string == "kcmp", "\(all)")
        }

        /// Whatever the file says: other architectures, and typing into a terminal.
        @Test func jrunsOwnRulesStay() throws {
            #expect(try run(["tiocsti"]).answers.first?["errno"].string == "EPERM")
            #if arch(x86_64)
            let outcome = try run(["syscallx32", "getpid"])
            #expect(outcome.status == 128 + SIGSYS && outcome.cause == "seccomp")
            #endif
        }

        @Test func whatCannotBeUsedIsRefused() throws {
            let notify = try run(["ids"]) { $0.entries = ["{\"names\": [\"sync\"], \"action\": \"SCMP_ACT_NOTIFY\"}"] }
            #expect(notify.status == 125)
            #expect(notify.stderr.contains("/filter.json': $.syscalls[1].action: SCMP_ACT_NOTIFY hands"), "\(notify)")
            // jrun-init would wait for a program that never starts.
            let closed = try run(["ids"]) { $0.names.removeAll { $0 == "execveat" } }
            #expect(closed.status == 125 && closed.stderr.contains("seccomp: 'execveat' is not allowed"), "\(closed)")
            var denied = try Request("ids")
            denied.program.security["seccomp"] = "{extends: default, deny: [execveat]}"
            #expect(try denied.run().status == 125)
            var missing = try Request("ids")
            missing.program.security["seccomp"] = "nowhere.json"
            let nowhere = try missing.run()
            #expect(nowhere.status == 125 && nowhere.stderr.contains("/nowhere.json': no such file or directory"))
        }

        /// jrun's own list was not what held the program.
        @Test func theReportNamesTheFilter() throws {
            var request = try Request("ids")
            try request.use(Filter())
            let file = "\(request.programsDirectory)/filter.json"
            let digest = try Command(["/usr/bin/sha256sum", file]).run().text.prefix(64)
            let security = try request.run().report["security"].strings
            #expect(security.contains("seccomp filter 'filter.json' (sha256 \(digest))"), "\(security)")
            #expect(!security.contains { $0.hasPrefix("seccomp allow-list") })
        }

        @Test func checkPlanAndLintSayIt() throws {
            var request = try Request("ids")
            var filter = Filter()
            try request.use(filter)
            _ = try request.command()
            func jrun(_ words: String...) throws -> Ended {
                var command = Command([request.site.jrun] + words)
                command.environment = request.environment
                return try command.run()
            }
            let path = "\(request.programsDirectory)/probe.yaml"
            let plan = try jrun("plan", "--best-effort", path, "--", "ids")
            #expect(
                plan.text.contains("load the seccomp filter ('\(request.programsDirectory)/filter.json', "), "\(plan)")
            let lint = try jrun("program", "lint", path)
            #expect(lint.stderr.contains("security.seccomp: "), "\(lint)")
            #expect(lint.stderr.contains("a_call_of_a_kernel_to_come"), "\(lint)")
            filter.entries = ["{}"]
            try request.use(filter)
            let check = try jrun("check", "--best-effort", path, "--", "ids")
            #expect(check.status == 125 && check.stderr.contains("$.syscalls[1]: the required key 'names'"), "\(check)")
            let broken = try jrun("program", "lint", path)
            #expect(broken.status == 125 && broken.stderr.contains("$.syscalls[1]: the required key 'names'"))
        }
    }
}
