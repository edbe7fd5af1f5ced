// The last things: what the run used, and, when nobody is left to do it, the removal of everything it left.

import CInit
import CLinux
import CPlan

extension Supervisor {
    mutating func recordUsage() {
        let now = monotonicNow()
        var usage = k_rusage()
        _ = sys_getrusage(RUSAGE_CHILDREN, &usage)
        record.status.ended_at = now
        record.status.ended_realtime = realtimeNow()
        record.status.suspended_ns = clocks.suspendedTotal
        record.status.wall_ns = clocks.wallTime(now)
        // Of processes, unlike a cgroup's, it can become less.
        record.status.cpu_ns = max(record.status.cpu_ns, leaf.cpuNanoseconds())
        record.status.cpu_user_ns = nanoseconds(usage.ru_utime)
        record.status.cpu_system_ns = nanoseconds(usage.ru_stime)
        record.status.max_rss_bytes = UInt64(usage.ru_maxrss) * 1024
        record.status.stdout_bytes = stdout.bytes
        record.status.stderr_bytes = stderr.bytes
        record.status.stdout_dropped_bytes = stdout.dropped
        record.status.stderr_dropped_bytes = stderr.dropped
        // Our process's figures hold those of every child that was reaped; our thread's hold only our own.
        let everybody = transferred(text("/proc/self/io"))
        let ourselves = transferred(text("/proc/thread-self/io"))
        record.status.read_bytes = everybody.read &- min(everybody.read, ourselves.read)
        record.status.written_bytes = everybody.written &- min(everybody.written, ourselves.written)
    }

    private func transferred(_ path: UnsafePointer<CChar>) -> (read: UInt64, written: UInt64) {
        let file = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0)
        guard file >= 0 else { return (0, 0) }
        let n = sys_read(Int32(file), buffer, bufferBytes)
        _ = sys_close(Int32(file))
        return (parseNumber(after: "rchar: ", length: n), parseNumber(after: "wchar: ", length: n))
    }
}

/// What nobody else is there to remove. The run's directory holds only files that root made: the program's own files are on
/// a file system that ends with this process.
struct Leftovers {
    let plan: Plan
    var rules: jrun_supervision { plan.supervision }
    private var leaf: CgroupLeaf { CgroupLeaf(directory: rules.fd_cgroup) }

    /// The launcher has died, so all of it is ours.
    func removeEverything() {
        removeLeaf()
        removeDirectory(named: plan.text(rules.text_run))
    }

    func removeLeaf() {
        waitUntilUnpopulated()
        _ = sys_unlinkat(rules.fd_cgroup_parent, plan.text(rules.text_run), AT_REMOVEDIR)
    }

    func removeDirectory(named name: UnsafePointer<CChar>) {
        var removed = true
        while removed { removed = removeEntries() }
        _ = sys_unlinkat(rules.fd_runs, name, AT_REMOVEDIR)
    }

    /// One pass over the directory; false when there was nothing to remove.
    private func removeEntries() -> Bool {
        var removed = false
        _ = sys_lseek(rules.fd_run, 0, SEEK_SET)
        let n = sys_getdents64(rules.fd_run, buffer, bufferBytes)
        var at = 0
        while at < n {
            let entry = UnsafeRawPointer(buffer + at)
            let name = entry.advanced(by: Int(DIRENT64_NAME_OFFSET)).assumingMemoryBound(to: CChar.self)
            let isDots = name[0] == 0x2e && (name[1] == 0 || name[1] == 0x2e && name[2] == 0)
            if !isDots {
                let isDirectory = entry.load(fromByteOffset: 18, as: UInt8.self) == UInt8(DT_DIR)
                if sys_unlinkat(rules.fd_run, name, isDirectory ? AT_REMOVEDIR : 0) >= 0 { removed = true }
            }
            at += Int(entry.loadUnaligned(fromByteOffset: 16, as: UInt16.self))
        }
        return removed
    }

    /// A reaped task can still be on its way out of its cgroup, and rmdir would say EBUSY.
    private func waitUntilUnpopulated() {
        guard let file = leaf.open("cgroup.events", O_RDONLY) else { return }
        defer { _ = sys_close(file) }
        while true {
            let n = sys_pread(file, buffer, bufferBytes, 0)
            if n <= 0 || parseNumber(after: "populated ", length: n) == 0 { return }
            var poll = k_pollfd(fd: file, events: Int16(POLLPRI), revents: 0)
            _ = sys_ppoll(&poll, 1, nil)
        }
    }
}

private func realtimeNow() -> UInt64 { now(CLOCK_REALTIME) }

private func nanoseconds(_ time: k_timeval) -> UInt64 {
    UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_usec) &* 1000
}
