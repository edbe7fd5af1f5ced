// The crash-safe status record: see jrun_status in CPlan.h.

import CLinux
import CPlan

struct StatusRecord {
    var status = jrun_status()
    private let descriptor: Int32

    init(descriptor: Int32) {
        self.descriptor = descriptor
        status.magic = JRUN_STATUS_MAGIC
        status.state = UInt32(JRUN_STATUS_STARTING)
        status.seccomp_syscall = -1
    }

    mutating func programStarted(pid: Int32, at time: UInt64) {
        status.program_pid = pid
        status.exec_at = time
        status.started_realtime = now(CLOCK_REALTIME) &- (monotonicNow() &- time)
        write(state: JRUN_STATUS_RUNNING)
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
    }
}
