import CLinux
import CRootless
import Kernel

/// Why an ordinary user cannot have runs on this node, with the cure.
struct RootlessRefusal {
    let step: Int32
    let errno: Int32
    let words: String
    /// The number in a file of /proc/sys; nil where the kernel has no such setting.
    var setting: (String) -> Int? = { name in
        (try? FileSystem.text(of: "/proc/sys/\(name)")).flatMap { Int($0.prefix { $0 != "\n" }) }
    }

    init(step: Int32, errno: Int32, words: String = "") {
        (self.step, self.errno, self.words) = (step, errno, words)
    }

    init(_ entry: jrun_rootless, errno: Int32) {
        let words = withUnsafeBytes(of: entry.words) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        self.init(step: entry.failed_step, errno: errno, words: words)
    }

    var refused: RunRefused { RunRefused("without root a run needs a user namespace: \(reason)") }

    private var reason: String {
        if step == JRUN_ROOTLESS_HELPER {
            let said = words.split(separator: "\n").joined(separator: "; ")
            return
                "newuidmap or newgidmap did not map this user's subordinate ids\(said.isEmpty ? "" : " (\(printable(said)))"); correct /etc/subuid and /etc/subgid, or set JRUN_ROOTLESS_IDS=single"
        }
        if step == JRUN_ROOTLESS_PREPARE { return describe(errno: errno) }
        let denied = errno == EPERM || errno == EACCES
        // Debian's and Ubuntu's own switches.
        if denied && setting("kernel/unprivileged_userns_clone") == 0 {
            return
                "this node forbids them to ordinary users; sysctl -w kernel.unprivileged_userns_clone=1, or run jrun as root"
        }
        if denied && setting("kernel/apparmor_restrict_unprivileged_userns") == 1 {
            return
                "AppArmor forbids them to programs without a profile; sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, give jrun a profile with 'userns,', or run jrun as root"
        }
        // Source: namespaces(7), /proc/sys/user.
        if errno == ENOSPC || setting("user/max_user_namespaces") == 0 {
            return "none is left to this user; sysctl -w user.max_user_namespaces=16384, or run jrun as root"
        }
        let what = [
            JRUN_ROOTLESS_UNSHARE: "make one", JRUN_ROOTLESS_MAP: "map its ids",
            JRUN_ROOTLESS_CAPABILITY: "keep its capabilities", JRUN_ROOTLESS_MOUNT: "mount in it",
        ][step]
        return
            "\(what ?? "enter one"): \(describe(errno: errno)); run jrun as root, or outside of this container or service"
    }
}
