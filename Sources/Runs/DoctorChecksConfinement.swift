import CLinux
import Kernel

// What confines the program once it runs, and what later features will want of the kernel.

extension Doctor {
    static func landlock() -> Diagnosis {
        let answer = sys_landlock_create_ruleset(nil, 0, UInt32(LANDLOCK_CREATE_RULESET_VERSION))
        return landlock(answer: answer, modules: text("/sys/kernel/security/lsm"))
    }

    /// - Parameters:
    ///   - answer: the ABI version, or -errno.
    ///   - modules: the security modules that are on, separated by commas; nil when securityfs is not mounted.
    static func landlock(answer: Int, modules: String?) -> Diagnosis {
        let name = "Landlock"
        let cost = "files, sockets and signals are confined by namespaces and seccomp alone, without a second wall"
        if answer == Int(-EOPNOTSUPP) {
            let others = (modules ?? "").isEmpty ? "…" : modules ?? "…"
            return .weaker(name, "switched off at boot", cost: cost, cure: commandLine("lsm=landlock,\(others)"))
        }
        if answer <= 0 {
            return .weaker(
                name, "the kernel has none", cost: cost, cure: "boot a kernel with CONFIG_SECURITY_LANDLOCK=y")
        }
        let lacking = landlockSteps.filter { answer < $0.abi }
        guard let last = lacking.last else { return .ok(name, "ABI \(answer)") }
        return .weaker(
            name, "ABI \(answer)",
            cost: "does not confine \(list(lacking.map(\.what))); namespaces and seccomp still do",
            cure: boot(last.linux))
    }

    /// What each ABI version added, as far as runs use it. Source: userspace-api/landlock.rst.
    private static let landlockSteps: [(abi: Int, what: String, linux: String)] = [
        (2, "moving files between directories", "5.19"), (3, "truncation", "6.2"), (5, "device ioctls", "6.10"),
        (6, "abstract sockets and signals", "6.12"),
    ]

    static func list(_ words: [String]) -> String {
        words.count < 2 ? words.joined() : words.dropLast().joined(separator: ", ") + " and " + words[words.count - 1]
    }
}

extension Doctor {
    static func seccomp() -> Diagnosis {
        let actions: [(String, UInt32)] = [
            ("kill_process", SECCOMP_RET_KILL_PROCESS), ("errno", SECCOMP_RET_ERRNO),
            ("user_notif", SECCOMP_RET_USER_NOTIF),
        ]
        return seccomp(available: actions.filter { HostProbe.seccompHas($0.1) }.map(\.0))
    }

    static func seccomp(available: [String]) -> Diagnosis {
        let name = "seccomp"
        let lacking = ["kill_process", "errno"].filter { !available.contains($0) }
        if !lacking.isEmpty {
            return .missing(
                name, "without \(list(lacking))", cost: "no run can start: every program gets a filter of system calls",
                cure: "boot a kernel with CONFIG_SECCOMP_FILTER=y, 4.14 or newer")
        }
        if available.contains("user_notif") { return .ok(name, available.joined(separator: ", ")) }
        return .weaker(
            name, "without user_notif",
            cost: "a forbidden call gets EPERM; it does not end the run, and the report does not name it",
            cure: boot("5.0"))
    }

    static func userNamespaces() -> Diagnosis {
        func number(_ key: String) -> Int? { text("/proc/sys/\(key)").flatMap { Int($0) } }
        return userNamespaces(
            exist: FileSystem.exists("/proc/self/ns/user"), limit: number("user/max_user_namespaces"),
            unprivileged: number("kernel/unprivileged_userns_clone"),
            apparmor: number("kernel/apparmor_restrict_unprivileged_userns"))
    }

    /// Each number is a sysctl's value; nil when the kernel does not have it.
    static func userNamespaces(exist: Bool, limit: Int?, unprivileged: Int?, apparmor: Int?) -> Diagnosis {
        let name = "user namespaces"
        let cost = "runs without root, when jrun learns them, will not be possible here; runs by root are"
        if !exist {
            return .weaker(name, "the kernel has none", cost: cost, cure: "boot a kernel with CONFIG_USER_NS=y")
        }
        if limit == 0 {
            return .weaker(
                name, "user.max_user_namespaces is 0", cost: cost, cure: "sysctl -w user.max_user_namespaces=65536")
        }
        if unprivileged == 0 {
            let key = "kernel.unprivileged_userns_clone"
            return .weaker(name, "\(key) is 0", cost: cost, cure: "sysctl -w \(key)=1")
        }
        if let apparmor, apparmor != 0 {
            let key = "kernel.apparmor_restrict_unprivileged_userns"
            return .weaker(
                name, "\(key) is \(apparmor)", cost: cost, cure: "an AppArmor profile for jrun, or sysctl -w \(key)=0")
        }
        return .ok(name, "open to every user")
    }
}
