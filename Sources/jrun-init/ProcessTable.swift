// The run's processes as /proc shows them, for where there is no cgroup to ask. Source: proc(5).

import CInit
import CLinux

/// Everything in our pid namespace but us. The lower half of the buffer holds names, the upper half a file's text.
struct ProcessTable {
    private let half = bufferBytes / 2

    /// Of the living, with the children that they have waited for, and of those that we have waited for.
    func cpuNanoseconds() -> UInt64 {
        var usage = k_rusage()
        _ = sys_getrusage(RUSAGE_CHILDREN, &usage)
        var sum = microseconds(usage.ru_utime) &+ microseconds(usage.ru_stime)
        forEach { sum = sum &+ cpuMicroseconds(of: $0) }
        return sum &* 1000
    }

    /// Threads of all processes.
    func taskCount() -> UInt64 {
        var count: UInt64 = 0
        forEach { process in
            var status = k_statx()
            // A directory has a link for itself, one from above, and one from each directory in it.
            if sys_statx(process, text("task"), 0, UInt32(STATX_BASIC_STATS), &status) >= 0, status.stx_nlink > 2 {
                count += UInt64(status.stx_nlink) - 2
            }
        }
        return count
    }

    /// With the open directory of each process.
    private func forEach(_ body: (Int32) -> Void) {
        let directory = sys_openat(AT_FDCWD, text("/proc"), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        guard directory >= 0 else { return }
        defer { _ = sys_close(Int32(directory)) }
        while true {
            let n = sys_getdents64(Int32(directory), buffer, half)
            if n <= 0 { return }
            var at = 0
            while at < n {
                let entry = UnsafeRawPointer(buffer + at)
                at += Int(entry.loadUnaligned(fromByteOffset: 16, as: UInt16.self))
                let name = entry.advanced(by: Int(DIRENT64_NAME_OFFSET)).assumingMemoryBound(to: CChar.self)
                // Names begin with a digit, and ours is 1.
                guard name[0] >= 0x31, name[0] <= 0x39, name[0] != 0x31 || name[1] != 0 else { continue }
                let process = sys_openat(Int32(directory), name, O_PATH | O_DIRECTORY | O_CLOEXEC, 0)
                guard process >= 0 else { continue }
                body(Int32(process))
                _ = sys_close(Int32(process))
            }
        }
    }

    /// Fields 14 to 17 of `stat`: user and system time, its own and that of children it has waited for; in hundredths
    /// of a second, the unit that the kernel shows everybody (USER_HZ).
    private func cpuMicroseconds(of process: Int32) -> UInt64 {
        let file = sys_openat(process, text("stat"), O_RDONLY | O_CLOEXEC, 0)
        guard file >= 0 else { return 0 }
        let stat = buffer + half
        let n = sys_read(Int32(file), stat, half)
        _ = sys_close(Int32(file))
        // The second field is a name in parentheses, which may hold anything; no later one has a parenthesis.
        var index = n - 1
        while index > 0, stat[index] != 0x29 { index -= 1 }
        var field = 2, sum: UInt64 = 0, number: UInt64 = 0
        while index < n, field < 18 {
            if stat[index] == 0x20 {
                if field >= 14 { sum = sum &+ number }
                field += 1
                number = 0
            } else if stat[index] >= 0x30, stat[index] <= 0x39 {
                number = number &* 10 &+ UInt64(stat[index] - 0x30)
            }
            index += 1
        }
        return sum &* 10_000
    }

    private func microseconds(_ time: k_timeval) -> UInt64 {
        UInt64(time.tv_sec) &* 1_000_000 &+ UInt64(time.tv_usec)
    }
}
