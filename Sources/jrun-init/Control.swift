// What the control pipe and the deadlines ask for.

import CInit
import CLinux
import CPlan

extension Supervisor {
    mutating func readControl() {
        var command: UInt8 = 0
        let n = sys_read(rules.fd_control, &command, 1)
        if n == 0 && has(JRUN_LIFELINE) {
            lifelineBroken = true
            return end(because: JRUN_CAUSE_LOST)
        }
        guard n == 1 else { return }
        switch Int32(command) {
        case JRUN_CONTROL_TERMINATE: terminate()
        case JRUN_CONTROL_KILL:
            // Whoever kills does not want to wait for a termination that is under way.
            if cause == JRUN_CAUSE_TERMINATE { cause = JRUN_CAUSE_NONE }
            end(because: JRUN_CAUSE_KILL)
        case JRUN_CONTROL_SUSPEND: suspend()
        case JRUN_CONTROL_FREEZE: freeze()
        case JRUN_CONTROL_THAW: thaw()
        case JRUN_CONTROL_INPUT: end(because: JRUN_CAUSE_STDIN_CAP)
        case JRUN_CONTROL_CLOSE: closeStdin()
        default: break
        }
    }

    /// The stop signal and a grace time; a frozen run is thawed first, or it could not obey.
    private mutating func terminate() {
        guard cause == JRUN_CAUSE_NONE else { return }
        cause = JRUN_CAUSE_TERMINATE
        // A launcher that comes later sees in the record what the run was asked.
        record.status.cause = UInt32(cause)
        thaw()
        record.write(state: JRUN_STATUS_RUNNING)
        signalProgram(rules.stop_signal)
        clocks.killAt = monotonicNow() + rules.stop_grace_ns
    }

    private mutating func closeStdin() {
        if stdinWriter >= 0 { _ = sys_close(stdinWriter) }
        stdinWriter = -1
    }

    /// The work directory lives as long as we do; whoever takes the results says when that may end.
    mutating func waitForRelease() {
        // Whoever still writes to stdin learns that nobody reads.
        closeStdin()
        var command: UInt8 = 0
        while Int32(command) != JRUN_CONTROL_RELEASE {
            if sys_read(rules.fd_control, &command, 1) <= 0 { return }
        }
    }

    private mutating func suspend() {
        guard clocks.frozenSince == nil else { return }
        guard rules.suspend_signal != 0 else { return freeze() }
        signalProgram(rules.suspend_signal)
        clocks.freezeAt = monotonicNow() + rules.suspend_grace_ns
    }

    private mutating func freeze() {
        leaf.freeze()
        clocks.freeze(monotonicNow())
        record.write(state: JRUN_STATUS_SUSPENDED)
    }

    private mutating func thaw() {
        guard clocks.frozenSince != nil || clocks.freezeAt != Clocks.never else { return }
        leaf.thaw()
        clocks.thaw(monotonicNow())
        clocks.stirred()
        record.write(state: JRUN_STATUS_RUNNING)
    }

    /// The program leads its own session, so its process group is what a shell would call the job.
    private func signalProgram(_ signal: Int32) {
        if sys_kill(-program, signal) < 0 { _ = sys_kill(program, signal) }
    }

    mutating func checkDeadlines() {
        let now = monotonicNow()
        if now >= clocks.killAt { kill(now) }
        if clocks.isKilled { return }
        if now >= clocks.freezeAt { freeze() }
        if now >= clocks.wallDeadline { end(because: JRUN_CAUSE_WALL) }
        guard clocks.frozenSince == nil else { return }
        if now >= clocks.nextCPUCheck { checkCPUTime(now) }
        if now >= clocks.nextTick { checkWatchedQuantities(now) }
    }

    private mutating func checkCPUTime(_ now: UInt64) {
        let used = leaf.cpuNanoseconds()
        record.status.cpu_ns = max(record.status.cpu_ns, used)
        if used >= rules.cpu_ns { return end(because: JRUN_CAUSE_CPU) }
        let soonest = (rules.cpu_ns - used) / UInt64(max(rules.cpus, 1))
        clocks.nextCPUCheck = now + max(soonest, clocks.shortestCPUCheck)
    }

    /// Keeps what the memory consisted of when it was largest: at the end nothing is left to look at.
    mutating func sampleMemory() {
        let (anon, file, shmem) = leaf.memoryParts()
        guard anon &+ file > record.status.memory_anon_bytes &+ record.status.memory_file_bytes else { return }
        record.status.memory_anon_bytes = anon
        record.status.memory_file_bytes = file
        record.status.memory_shmem_bytes = shmem
    }

    /// Whatever is watched changes only while something in the run has a processor, and of that a cgroup tells exactly. Asked
    /// first, so that what changes behind the question is seen the next time.
    private mutating func checkWatchedQuantities(_ now: UInt64) {
        let cpu = leaf.cpuNanoseconds()
        if !leaf.isThere || !clocks.hasSlept(cpu) { lookAtWatchedQuantities() }
        clocks.scheduleTick(now, cpu: cpu, longest: leaf.isThere ? Clocks.longestTick : Clocks.longestCoarseTick)
    }

    private mutating func lookAtWatchedQuantities() {
        if has(JRUN_WATCH_THREADS) {
            let tasks = leaf.taskCount(upTo: rules.processes)
            record.status.peak_tasks = max(record.status.peak_tasks, tasks)
            if tasks > rules.processes { end(because: JRUN_CAUSE_PROCESSES) }
        }
        if has(JRUN_WATCH_MEMORY) { sampleMemory() }
        if has(JRUN_WATCH_DISK) && diskIsFull() { end(because: JRUN_CAUSE_DISK) }
    }
}
