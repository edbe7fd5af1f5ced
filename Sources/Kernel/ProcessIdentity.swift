import CLinux

/// A process that a record speaks of, opened so that the number cannot come to mean another one unnoticed.
public struct IdentifiedProcess: ~Copyable, Sendable {
    public let pid: Int32
    /// Readable when the process has ended. Source: pidfd_open(2).
    public let descriptor: OwnedFD

    /// Nil when no process has this pid, start time (clock ticks after boot) and cgroup. What is looked at by number is
    /// believed only because the descriptor says afterwards that the process still lives.
    public init?(pid: Int32, startTime: UInt64, cgroupSuffix: String) {
        let result = sys_pidfd_open(pid, 0)
        guard pid > 0, result >= 0 else { return nil }
        let descriptor = OwnedFD(taking: Int32(result))
        guard IdentifiedProcess.startTime(of: pid) == startTime,
            IdentifiedProcess.cgroup(of: pid)?.hasSuffix(cgroupSuffix) == true,
            !IdentifiedProcess.hasEnded(descriptor.raw)
        else { return nil }
        self.pid = pid
        self.descriptor = descriptor
    }

    /// - Parameter child: pid and pidfd of our own child, which nobody else can reap.
    public init(child pid: Int32, descriptor: consuming OwnedFD) {
        self.pid = pid
        self.descriptor = descriptor
    }

    public func hasGone() -> Bool { IdentifiedProcess.hasEnded(descriptor.raw) }

    private static func hasEnded(_ descriptor: Int32) -> Bool {
        var poll = k_pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        var now = k_timespec()
        return sys_ppoll(&poll, 1, &now) != 0
    }

    /// A descriptor of the process, opened anew. Source: proc(5), `/proc/PID/fd`.
    public func open(_ number: Int32, _ flags: FileSystem.OpenFlags) throws(KernelError) -> OwnedFD {
        let file = try FileSystem.open("/proc/\(pid)/fd/\(number)", flags)
        guard !hasGone() else { throw KernelError("open a descriptor of process \(pid)", errno: ESRCH) }
        return file
    }

    /// The process's own open file, with its position and flags. Source: pidfd_getfd(2)
    public func share(_ number: Int32) throws(KernelError) -> OwnedFD {
        try checkFD(sys_pidfd_getfd(descriptor.raw, number), "take a descriptor of process \(pid)")
    }

    /// Field 22 of /proc/PID/stat; the second field, in parentheses, may hold anything. Source: proc(5).
    private static func startTime(of pid: Int32) -> UInt64? {
        guard let text = try? FileSystem.text(of: "/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else {
            return nil
        }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 19 ? UInt64(fields[19]) : nil
    }

    private static func cgroup(of pid: Int32) -> String? {
        guard let text = try? FileSystem.text(of: "/proc/\(pid)/cgroup") else { return nil }
        return text.split(separator: "\n").first { $0.hasPrefix("0::") }.map(String.init)
    }

    public func kill() { _ = sys_pidfd_send_signal(descriptor.raw, SIGKILL) }

    /// Waits for the end, and takes the exit status if it is ours to take.
    public func waitUntilGone() {
        var poll = k_pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
        while sys_ppoll(&poll, 1, nil) == Int(-EINTR) {}
        // By the descriptor: by its number another child might be meant by now.
        _ = sys_waitid(P_PIDFD, descriptor.raw, WEXITED | WALL)
    }
}
