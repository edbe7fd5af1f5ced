import Glibc
import Kernel
import Synchronization
import Testing

/// What the waiting thread is given and what it answers.
private final class Waiter: Sendable {
    let file: Int32
    /// 0 while it waits; 1 when it has the lock, 2 when it was refused.
    let answer = Atomic<Int>(0)
    /// `PID/task/TID`
    let thread = Mutex("")

    init(_ file: Int32) { self.file = file }

    func wait() {
        // Threads of Swift's pool block most signals, and their threads after them.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        var link = [CChar](repeating: 0, count: 64)
        readlink("/proc/thread-self", &link, link.count - 1)
        thread.withLock { $0 = String(cString: link) }
        let hasLock = (try? lock(file, waiting: true)) ?? false
        answer.store(hasLock ? 1 : 2, ordering: .sequentiallyConsistent)
    }
}

@Suite struct LockWaitingTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// Without SA_RESTART a handler ends the call that waits.
    @Test func aLockIsWaitedForThroughASignal() throws {
        let held = try FileSystem.open(scratch("lock"), [.write, .create])
        #expect(try lock(held.raw))
        let file = try FileSystem.open(scratch("lock"), .write)
        let inode = try FileStatus(of: file.raw).inode
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in }
        sigaction(SIGUSR2, &action, nil)

        let waiter = Waiter(file.raw)
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { argument in
                Unmanaged<Waiter>.fromOpaque(argument!).takeUnretainedValue().wait()
                return nil
            }, Unmanaged.passUnretained(waiter).toOpaque())
        try waitUntilBlocked(waiter, inode)
        pthread_kill(thread, SIGUSR2)
        try waitUntilDelivered(SIGUSR2, waiter)
        try waitUntilBlocked(waiter, inode)
        unlock(held.raw)
        pthread_join(thread, nil)
        #expect(waiter.answer.load(ordering: .sequentiallyConsistent) == 1)
    }

    /// Until the call has been ended by it. Not until the handler has run: the thread sanitizer runs it later.
    /// Source: proc_pid_status(5), SigPnd
    private func waitUntilDelivered(_ signal: Int32, _ waiter: Waiter) throws {
        let path = "/proc/\(waiter.thread.withLock { $0 })/status"
        while waiter.answer.load(ordering: .sequentiallyConsistent) == 0 {
            let line = try FileSystem.text(of: path).split(separator: "\n").first { $0.hasPrefix("SigPnd:") }
            let pending = try #require(line?.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) })
            if pending & 1 << UInt64(signal - 1) == 0 { return }
            sched_yield()
        }
    }

    /// Until the kernel lists the file among those that are waited for, or there is an answer. Source: proc_locks(5)
    private func waitUntilBlocked(_ waiter: Waiter, _ inode: UInt64) throws {
        while waiter.answer.load(ordering: .sequentiallyConsistent) == 0 {
            let lines = try FileSystem.text(of: "/proc/locks").split(separator: "\n")
            if lines.contains(where: { $0.contains("-> FLOCK") && $0.contains(":\(inode) ") }) { return }
            sched_yield()
        }
    }
}

@Suite struct LoopDeviceTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// The kernel offers a device that somebody holds exclusively as free, and refuses to set it up. Source: loop(4)
    @Test(.enabled(if: isRoot(), "loop devices are root's"), .timeLimit(.minutes(1)))
    func aDeviceThatSomebodyHoldsIsPassedOver() throws {
        try FileSystem.createFile(scratch("image"), [UInt8](repeating: 0, count: 1 << 16))
        let file = try FileSystem.open(scratch("image"), .read)
        let free: String
        do {
            let device = try LoopDevice(readOnly: file.raw)
            free = device.path
        }
        let holder = try FileSystem.open(free, [.readWrite, .exclusive])
        let device = try LoopDevice(readOnly: file.raw)
        #expect(device.path != free, "\(holder.raw)")
    }
}
