// A process that holds may wait for days, and jrun-init with it: not as after vfork(2), where it would sleep
// uninterruptibly and count as load.

import CInit
import CLinux
import CPlan

/// Cleared by the kernel when the program's process has left the memory that it shares with us. Source: clone(2),
/// CLONE_CHILD_CLEARTID
nonisolated(unsafe) private var isShared: UInt32 = 0  // SAFETY: there is one thread.

extension Launch {
    mutating func openOOMScore() {
        oomScoreFile = Int32(sys_openat(AT_FDCWD, text("/proc/self/oom_score_adj"), O_RDWR | O_CLOEXEC, 0))
    }

    /// Starts the program's process beside us, on a stack of its own. Returns its pid when it has executed or died.
    mutating func cloneBeside(_ arguments: inout k_clone_args) -> Int {
        let score = OOMScore(file: oomScoreFile)
        arguments.flags = arguments.flags & ~UInt64(CLONE_VFORK) | UInt64(CLONE_CHILD_CLEARTID)
        arguments.stack = UInt64(UInt(bitPattern: jrun_stack))
        arguments.stack_size = UInt64(JRUN_STACK_BYTES)
        return withUnsafeMutablePointer(to: &isShared) { number in
            number.pointee = 1
            arguments.child_tid = UInt64(UInt(bitPattern: number))
            let pid = withUnsafeMutablePointer(to: &self) { launch in
                let pid = sys_clone3_vfork(&arguments, becomeProgram, launch)
                while pid > 0 && load_acquire(number) != 0 { _ = sys_futex_wait(number, 1) }
                return pid
            }
            score.restore()
            return pid
        }
    }
}

/// Our own score for the OOM killer. The program's process sets one for all that share its memory, but for a parent that
/// waits as after vfork(2). Source: fs/proc/base.c, __set_oom_adj
///
/// Its file is opened while /proc is still the node's. To look for ourselves in the run's own would leave our name in the
/// kernel's cache there, and then what is hidden answers EPERM in place of ENOENT. Source: fs/proc/base.c,
/// proc_pid_lookup, proc_pid_permission
private struct OOMScore {
    private let file: Int32
    private var digits: (UInt64, UInt64) = (0, 0)
    private var length = 0

    init(file: Int32) {
        self.file = file
        guard file >= 0 else { return }
        length = max(0, sys_read(file, &digits, MemoryLayout.size(ofValue: digits)))
    }

    func restore() {
        guard file >= 0 else { return }
        var digits = self.digits
        _ = sys_write(file, &digits, length)
        _ = sys_close(file)
    }
}

extension Leftovers {
    /// Of a sandbox that nobody wanted, or whose process was killed. What was born in the directory meanwhile stays: whoever
    /// renames it first has it.
    func removeUnwanted(_ hold: jrun_step) {
        removeLeaf()
        let gone = plan.text(hold.text_2)
        guard sys_renameat(rules.fd_runs, plan.text(hold.text_1), rules.fd_runs, gone) >= 0 else { return }
        removeDirectory(named: gone)
    }
}
