// The steps of the process that becomes the program. It shares memory and descriptors with jrun-init until the last
// one. Each returns what the kernel returned; the first negative answer ends the launch.

import CLinux
import CPlan

extension Launch {
    mutating func programStep(_ step: jrun_step) -> Int {
        let path = plan.text(step.text_1)
        switch Int32(step.op) {
        case JRUN_OP_SESSION: return sys_setsid()
        case JRUN_OP_CGROUP_NAMESPACE: return sys_unshare(UInt(CLONE_NEWCGROUP))
        case JRUN_OP_KEYRING: return sys_keyctl(KEYCTL_JOIN_SESSION_KEYRING, nil)
        case JRUN_OP_STDIO: return placeStream(step)
        case JRUN_OP_UMASK: return sys_umask(UInt32(step.a))
        case JRUN_OP_RLIMIT: return setLimit(Int32(step.a), to: step.b)
        case JRUN_OP_OOM_SCORE: return writeOOMScore(path)
        case JRUN_OP_GROUPS: return sys_setgroups(0, nil)
        case JRUN_OP_GID: return sys_setresgid(UInt32(step.a))
        case JRUN_OP_BOUNDING_SET: return emptyBoundingSet()
        case JRUN_OP_SECUREBITS: return sys_prctl(PR_SET_SECUREBITS, UInt(step.a), 0, 0, 0)
        case JRUN_OP_UID: return sys_setresuid(UInt32(step.a))
        case JRUN_OP_CAPABILITIES: return emptyCapabilities()
        case JRUN_OP_WORKING_DIRECTORY: return sys_chdir(path)
        case JRUN_OP_REDIRECT: return redirect(path, flags: Int32(step.a), to: Int32(step.b))
        case JRUN_OP_DUPLICATE: return sys_dup3(Int32(step.a), Int32(step.b), 0)
        case JRUN_OP_PERSONALITY: return sys_personality(0)
        case JRUN_OP_SCHEDULING: return resetScheduling()
        case JRUN_OP_NO_NEW_PRIVS: return sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        case JRUN_OP_LANDLOCK_ENFORCE: return sys_landlock_restrict_self(landlockRuleset)
        case JRUN_OP_HOLD: return hold(step)
        case JRUN_OP_SECCOMP: return loadFilter(step)
        case JRUN_OP_EXECUTE: return execute(path, step)
        default: return Int(-EINVAL)
        }
    }

    private func placeStream(_ step: jrun_step) -> Int {
        let source = step.fd >= 0 ? step.fd : (step.a == 1 ? stdout.writer : stderr.writer)
        return sys_dup3(source, Int32(step.a), 0)
    }

    private func setLimit(_ resource: Int32, to value: UInt64) -> Int {
        var limit = k_rlimit(rlim_cur: value, rlim_max: value)
        return sys_prlimit(0, resource, &limit, nil)
    }

    /// Ordinary time sharing at no better than the ordinary niceness, whatever jrun itself was started with.
    private func resetScheduling() -> Int {
        var priority: Int32 = 0
        let result = sys_sched_setscheduler(0, SCHED_OTHER, &priority)
        if result < 0 { return result }
        // getpriority(2) answers 20 - nice.
        return sys_getpriority(0, 0) > 20 ? sys_setpriority(0, 0, 0) : 0
    }

    private func writeOOMScore(_ score: UnsafePointer<CChar>) -> Int {
        let file = sys_openat(AT_FDCWD, text("/proc/self/oom_score_adj"), O_WRONLY | O_CLOEXEC, 0)
        guard file >= 0 else { return file }
        let result = sys_write(Int32(file), score, length(score))
        _ = sys_close(Int32(file))
        return result
    }

    /// Drops until the kernel says that there is no such capability, so a newer kernel's are dropped as well.
    private func emptyBoundingSet() -> Int {
        var capability: UInt = 0
        while sys_prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0 {
            let result = sys_prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
            if result < 0 { return result }
            capability += 1
        }
        return 0
    }

    private func emptyCapabilities() -> Int {
        let result = sys_prctl(PR_CAP_AMBIENT, UInt(PR_CAP_AMBIENT_CLEAR_ALL), 0, 0, 0)
        if result < 0 { return result }
        var header = k_cap_header(version: UInt32(LINUX_CAPABILITY_VERSION_3), pid: 0)
        var none = (k_cap_data(), k_cap_data())
        return withUnsafeBytes(of: &none) {
            sys_capset(&header, $0.baseAddress!.assumingMemoryBound(to: k_cap_data.self))
        }
    }

    private func redirect(_ path: UnsafePointer<CChar>, flags: Int32, to stream: Int32) -> Int {
        let file = sys_openat(AT_FDCWD, path, flags | O_CLOEXEC, 0o600)
        guard file >= 0 else { return file }
        let result = sys_dup3(Int32(file), stream, 0)
        _ = sys_close(Int32(file))
        return result
    }

    private mutating func loadFilter(_ step: jrun_step) -> Int {
        let instructions = plan.blob(step).assumingMemoryBound(to: k_sock_filter.self)
        var program = k_sock_fprog(
            len: UInt16(truncatingIfNeeded: Int(step.blob_bytes) / MemoryLayout<k_sock_filter>.size),
            filter: instructions)
        let result = sys_seccomp(UInt32(SECCOMP_SET_MODE_FILTER), UInt32(step.a), &program)
        if step.a & UInt64(SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0 && result >= 0 { seccompListener = Int32(result) }
        return result
    }

    private mutating func execute(_ path: UnsafePointer<CChar>, _ step: jrun_step) -> Int {
        guard let table = request ?? plan.argumentTable(step) else { return Int(-EINVAL) }
        executedAt = monotonicNow()
        return sys_execveat(AT_FDCWD, path, table.argv, table.envp, 0)
    }
}
