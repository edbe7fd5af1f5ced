// From the program's execve to the end of the run: one poll loop. It wakes for an event or a deadline, never in
// between; a sleeping program costs nothing until the next deadline that could matter.

import CInit
import CLinux
import CPlan

struct Supervisor {
    let plan: Plan
    let rules: jrun_supervision
    let leaf: CgroupLeaf
    let program: Int32
    /// -1 once nobody has the filter any more.
    private var seccompListener: Int32

    var record: StatusRecord
    var stdout: Relay
    var stderr: Relay
    var clocks: Clocks
    var childSignals: Int32 = -1
    var pidsEvents: Int32 = -1
    /// -1 once it is closed.
    var stdinWriter: Int32
    /// Why the run is being ended by us; NONE while it is not.
    var cause: Int32 = JRUN_CAUSE_NONE
    var lifelineBroken = false
    private var programEnded = false

    init(plan: Plan, program: Int32, launch: Launch, record: StatusRecord) {
        self.plan = plan
        self.program = program
        self.record = record
        rules = plan.supervision
        stdinWriter = rules.fd_stdin
        leaf = CgroupLeaf(directory: rules.fd_cgroup)
        seccompListener = launch.seccompListener
        let flags = Int32(rules.flags)
        stdout = Relay(
            pipe: launch.stdout.reader, target: rules.fd_stdout, cap: rules.stdout_cap,
            truncates: flags & JRUN_TRUNCATE_STDOUT != 0, isFile: flags & JRUN_FILE_STDOUT != 0)
        stderr = Relay(
            pipe: launch.stderr.reader, target: rules.fd_stderr, cap: rules.stderr_cap,
            truncates: flags & JRUN_TRUNCATE_STDERR != 0, isFile: flags & JRUN_FILE_STDERR != 0)
        clocks = Clocks(rules: rules, startedAt: record.status.exec_at)
        if stdout.isFile || stderr.isFile { obeyQuotas() }
        var childSignal: UInt64 = 1 << (UInt64(SIGCHLD) - 1)
        _ = sys_rt_sigprocmask(SIG_BLOCK, &childSignal, nil)
        childSignals = Int32(sys_signalfd(-1, &childSignal, SFD_CLOEXEC | SFD_NONBLOCK))
        if has(JRUN_WATCH_PIDS) { pidsEvents = leaf.open("pids.events", O_RDONLY) ?? -1 }
    }

    /// A quota does not bind whoever has CAP_SYS_RESOURCE, and the program's streams in files are written by us.
    /// Source: fs/quota/dquot.c, ignore_hardlimit
    private func obeyQuotas() {
        var header = k_cap_header(version: UInt32(LINUX_CAPABILITY_VERSION_3), pid: 0)
        var sets = (k_cap_data(), k_cap_data())
        withUnsafeMutableBytes(of: &sets) { bytes in
            let data = bytes.baseAddress!.assumingMemoryBound(to: k_cap_data.self)
            guard sys_capget(&header, data) >= 0 else { return }
            data[0].effective &= ~(1 << UInt32(CAP_SYS_RESOURCE))
            _ = sys_capset(&header, data)
        }
    }

    func has(_ flag: Int32) -> Bool { rules.flags & UInt32(flag) != 0 }

    mutating func superviseUntilTheEnd() {
        // A program that ended before its signal was blocked has left no signal, only a zombie; and one that was refused
        // its processes before we looked need not ask for any again.
        reap()
        if pidsEvents >= 0 { readPidsEvents() }
        while !programEnded {
            waitForEvents()
            checkDeadlines()
        }
        finish()
    }

    private mutating func waitForEvents() {
        var polls = (
            k_pollfd(fd: childSignals, events: Int16(POLLIN), revents: 0),
            k_pollfd(fd: rules.fd_control, events: Int16(POLLIN), revents: 0),
            k_pollfd(fd: stdout.pipe, events: Int16(POLLIN), revents: 0),
            k_pollfd(fd: stderr.pipe, events: Int16(POLLIN), revents: 0),
            k_pollfd(fd: seccompListener, events: Int16(POLLIN), revents: 0),
            k_pollfd(fd: pidsEvents, events: Int16(POLLPRI), revents: 0)
        )
        var timeout = clocks.timeUntilNextDeadline(monotonicNow())
        _ = withUnsafeMutableBytes(of: &polls) {
            sys_ppoll($0.baseAddress!.assumingMemoryBound(to: k_pollfd.self), 6, &timeout)
        }
        if polls.1.revents != 0 { readControl() }
        if polls.2.revents | polls.3.revents != 0 { relayStreams() }
        if polls.4.revents & Int16(POLLIN) != 0 {
            readViolation()
        } else if polls.4.revents & Int16(POLLHUP) != 0 {
            // Its last owner is leaving, and poll would say so again at once until that is done.
            // Source: kernel/seccomp.c, seccomp_notify_poll
            _ = sys_close(seccompListener)
            seccompListener = -1
        }
        if polls.5.revents & Int16(POLLPRI) != 0 { readPidsEvents() }
        if polls.0.revents != 0 { reap() }
    }

    /// Ends the run for `reason`, at once. The first reason counts.
    mutating func end(because reason: Int32) {
        if cause == JRUN_CAUSE_NONE { cause = reason }
        kill(monotonicNow())
    }

    mutating func kill(_ now: UInt64) {
        leaf.kill()
        clocks.killed(now)
    }

    private mutating func relayStreams(pieces: Int = Relay.piecesInTurn) {
        let before = outputBytes
        settle(stdout.move(outputLeft: outputLeft, pieces: pieces), cap: JRUN_CAUSE_STDOUT_CAP, isFile: stdout.isFile)
        settle(stderr.move(outputLeft: outputLeft, pieces: pieces), cap: JRUN_CAUSE_STDERR_CAP, isFile: stderr.isFile)
        if outputBytes > before { raise(rules.fd_growth) }
        clocks.stirred()
    }

    private var outputBytes: UInt64 { stdout.outputBytes + stderr.outputBytes }

    private var outputLeft: UInt64 { rules.output_bytes > outputBytes ? rules.output_bytes - outputBytes : 0 }

    private mutating func settle(_ outcome: Relay.Outcome, cap: Int32, isFile: Bool) {
        switch outcome {
        case .waiting, .interrupted, .ended: break
        case .overLimit: end(because: JRUN_CAUSE_OUTPUT)
        case .overCap: end(because: cap)
        // The run's own file system is full.
        case .failed(ENOSPC) where isFile: end(because: JRUN_CAUSE_DISK)
        case .failed(EDQUOT) where isFile: end(because: JRUN_CAUSE_DISK)
        case .failed(let error):
            record.status.error = error
            end(because: JRUN_CAUSE_SPOOL)
        }
    }

    private mutating func readPidsEvents() {
        _ = sys_pread(pidsEvents, buffer, bufferBytes, 0)
        if leaf.refusedForks() > 0 { end(because: JRUN_CAUSE_PROCESSES) }
    }

    /// A forbidden system call stops its caller; what it was is the evidence.
    private mutating func readViolation() {
        var notification = k_seccomp_notif()
        guard sys_ioctl(seccompListener, UInt(SECCOMP_IOCTL_NOTIF_RECV), &notification) >= 0 else { return }
        if cause == JRUN_CAUSE_NONE {
            record.status.seccomp_syscall = notification.data.nr
            record.status.seccomp_arch = notification.data.arch
            record.status.seccomp_args = notification.data.args
        }
        end(because: JRUN_CAUSE_SECCOMP)
    }

    /// Reaps whatever has died: the program, and orphans, whose parent is pid 1.
    private mutating func reap() {
        _ = sys_read(childSignals, buffer, 128)
        while true {
            var status: Int32 = 0
            let pid = sys_wait4(-1, &status, WNOHANG | WALL, nil)
            if pid <= 0 { return }
            if pid == Int(program) {
                programEnded = true
                record.status.wait_status = status
            }
        }
    }

    private mutating func finish() {
        // Page cache and the memory of what the program left running are still there.
        if has(JRUN_WATCH_MEMORY) { sampleMemory() }
        // The run ends with its program: what it left running goes too.
        leaf.kill()
        while sys_wait4(-1, nil, WALL, nil) > 0 {}
        clocks.thaw(monotonicNow())
        // Nobody writes any more, so this comes to an end.
        relayStreams(pieces: .max)
        if has(JRUN_WATCH_MEMORY) { record.status.oom_kills = leaf.oomKills() }
        if cause == JRUN_CAUSE_NONE { cause = causeOfItsOwn() }
        recordUsage()
        record.status.cause = UInt32(cause)
        record.write(state: JRUN_STATUS_ENDED)
        // To a launcher that looks on, the record is the end: what follows are the kernel's last things.
        if has(JRUN_LIFELINE) { raise(rules.fd_growth) } else { waitForRelease() }
        if lifelineBroken { Leftovers(plan: plan).removeEverything() }
    }

    private func causeOfItsOwn() -> Int32 {
        let status = record.status.wait_status
        if record.status.oom_kills > 0 { return JRUN_CAUSE_MEMORY }
        if status != 0 && has(JRUN_WATCH_DISK) && diskIsFull() { return JRUN_CAUSE_DISK }
        let signal = status & 0x7f
        if signal == 0 { return JRUN_CAUSE_EXIT }
        // Only the filter's answer to a foreign architecture kills by SIGSYS.
        return signal == SIGSYS ? JRUN_CAUSE_SECCOMP : JRUN_CAUSE_SIGNAL
    }

    func diskIsFull() -> Bool {
        var statistics = k_statfs()
        guard sys_fstatfs(rules.fd_work, &statistics) >= 0 else { return false }
        return statistics.f_bavail == 0 || statistics.f_ffree == 0
    }
}
