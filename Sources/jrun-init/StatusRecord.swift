// The crash-safe status record: see jrun_status in CPlan.h.

import CInit
import CLinux
import CPlan

struct StatusRecord {
    var status = jrun_status()
    private let descriptor: Int32
    /// Raised after each writing, for whoever waits for the record to change; -1: nobody does.
    private let growth: Int32

    init(descriptor: Int32, growth: Int32) {
        self.descriptor = descriptor
        self.growth = growth
        status.magic = JRUN_STATUS_MAGIC
        status.state = UInt32(JRUN_STATUS_STARTING)
        status.seccomp_syscall = -1
    }

    /// Who we are to a launcher that comes later. `/proc` is still the launcher's.
    mutating func introduce(_ rules: jrun_supervision, isParked: Bool) {
        var name: (UInt64, UInt64) = (0, 0)
        _ = sys_readlinkat(AT_FDCWD, text("/proc/self"), &name, MemoryLayout.size(ofValue: name) - 1)
        withUnsafeBytes(of: &name) { digits in
            var index = 0
            while index < digits.count, digits[index] >= 0x30, digits[index] <= 0x39 {
                status.init_pid = status.init_pid &* 10 &+ Int32(digits[index] - 0x30)
                index += 1
            }
        }
        status.init_start = startTime()
        status.work_fd = rules.fd_work
        status.layer_fd = rules.fd_layer
        status.image_fd = rules.fd_image
        status.stdin_fd = rules.fd_stdin
        status.stdin_buffer_fd = rules.fd_stdin_buffer
        write(state: isParked ? JRUN_STATUS_PARKED : JRUN_STATUS_STARTING)
    }

    mutating func programStarted(pid: Int32, at time: UInt64) {
        status.program_pid = pid
        status.exec_at = time
        status.started_realtime = now(CLOCK_REALTIME) &- (monotonicNow() &- time)
        write(state: JRUN_STATUS_RUNNING)
    }

    mutating func launchFailed(_ failure: StepFailure) {
        status.cause = UInt32(JRUN_CAUSE_LAUNCH)
        status.failed_step = Int32(bitPattern: failure.step)
        status.error = failure.error
        status.ended_realtime = now(CLOCK_REALTIME)
        write(state: JRUN_STATUS_ENDED)
    }

    /// Writes into the slot that does not hold the newest record. A failure leaves the older one in force; there is
    /// nobody to tell.
    mutating func write(state: Int32) {
        status.state = UInt32(state)
        status.sequence += 1
        let size = MemoryLayout<jrun_status>.size
        withUnsafeMutableBytes(of: &status) { bytes in
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for index in 0..<(size - 8) { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01b3 }
            bytes.storeBytes(of: hash, toByteOffset: size - 8, as: UInt64.self)
        }
        let slot = Int64(status.sequence % UInt64(JRUN_STATUS_SLOTS))
        _ = sys_pwrite(descriptor, &status, size, slot * Int64(size))
        raise(growth)
    }
}

/// Tells whoever waits that there is news. A FIFO that is full says so already.
func raise(_ growth: Int32) {
    var one: UInt64 = 1
    if growth >= 0 { _ = sys_write(growth, &one, 8) }
}

/// When this process began, in clock ticks after boot: field 22 of /proc/self/stat. Source: proc(5).
private func startTime() -> UInt64 {
    let file = sys_openat(AT_FDCWD, text("/proc/self/stat"), O_RDONLY | O_CLOEXEC, 0)
    guard file >= 0 else { return 0 }
    let n = sys_read(Int32(file), buffer, bufferBytes)
    _ = sys_close(Int32(file))
    // The second field is the name in parentheses, which could hold anything; ours does not.
    var field = 1, index = 0
    while index < n, field < 22 {
        if buffer[index] == 0x20 { field += 1 }
        index += 1
    }
    var value: UInt64 = 0
    while index < n, buffer[index] >= 0x30, buffer[index] <= 0x39 {
        value = value &* 10 &+ UInt64(buffer[index] - 0x30)
        index += 1
    }
    return value
}
