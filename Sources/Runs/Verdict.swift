import CPlan
import Confinement
import Kernel
import Programs

/// State, cause and evidence of an ended run, from jrun-init's record: pure.
struct Verdict {
    var state: RunState
    var cause: Cause
    var evidence: Report.Evidence
    var exitCode: Int32?
    var signal: Int32?
    /// Set when the program's own execve failed.
    var launchExitStatus: Int32?
    /// Output or a result could not be handed over, for no fault of the program's.
    var isUndelivered = false

    /// - Parameter enforcement: nil only together with no record.
    init(_ status: jrun_status?, program: Program, limits: Limits, enforcement: Enforcement?) {
        guard let status, let enforcement, status.state == UInt32(JRUN_STATUS_ENDED) else {
            state = .killed
            cause = .lost
            evidence = .init(summary: "jrun-init ended without a record")
            return
        }
        if status.cause == UInt32(JRUN_CAUSE_LAUNCH) {
            // Numbers above those of steps, negative here, stand for what comes before the first one.
            let number = Int(status.failed_step)
            let step = number < 0 ? "the reading of the launch plan" : "step \(number + 1) of the launch plan"
            (state, cause) = (.failed, .launchError)
            evidence = .init(
                summary: "\(step): \(describe(errno: status.error))", step: step, errno: errnoName(status.error))
            return
        }
        let wait = status.wait_status
        if wait & 0x7f == 0 { exitCode = wait >> 8 & 0xff } else { signal = wait & 0x7f }
        let judge = Judge(status: status, limits: limits, enforcement: enforcement, program: program, wait: wait)
        (state, cause, evidence) = judge.verdict()
    }

    /// What jrun itself exits with. Source: docs/architecture.md, "Exit codes".
    var exitStatus: Int32 {
        switch cause {
        case .wallTime, .cpuTime: 124
        case .launchError: launchExitStatus ?? 125
        case .result, .lost: 125
        // A program that ends with 0 when it is told to stop has not done what it was started for.
        case .terminateRequest where exitCode == 0: 128 + 15
        case .exit where isUndelivered: 125
        // A limit that struck just as the program ended well is no success either.
        case _ where state == .killed: 128 + (signal ?? 9)
        default: exitCode ?? 128 + (signal ?? 9)
        }
    }
}

private struct Judge {
    let status: jrun_status
    let limits: Limits
    let enforcement: Enforcement
    let program: Program
    let wait: Int32

    typealias Answer = (RunState, Cause, Report.Evidence)

    func verdict() -> Answer {
        switch Int32(bitPattern: status.cause) {
        case JRUN_CAUSE_EXIT: exited()
        case JRUN_CAUSE_SIGNAL: signalled(wait & 0x7f)
        case JRUN_CAUSE_WALL:
            limit(
                .wall, .wallTime, "wall time reached", source: "CLOCK_MONOTONIC, ms", value: status.wall_ns / 1_000_000)
        case JRUN_CAUSE_CPU:
            limit(
                .cpu, .cpuTime, "CPU time reached",
                source: enforcement[.cpu] == .processTimes ? "/proc/PID/stat, ms" : "cgroup cpu.stat usage_usec, ms",
                value: status.cpu_ns / 1_000_000)
        case JRUN_CAUSE_MEMORY:
            limit(
                .memory, .memory, "out of memory", source: "cgroup memory.events oom_kill",
                // A record of an older jrun-init does not count.
                value: max(1, status.oom_kills))
        case JRUN_CAUSE_PROCESSES: processes()
        case JRUN_CAUSE_OUTPUT:
            limit(
                .output, .output, "more output than allowed", source: "bytes relayed",
                value: outputBytes)
        case JRUN_CAUSE_DISK:
            limit(.disk, .disk, "work directory full", source: "statfs of the work directory, bytes free", value: 0)
        case JRUN_CAUSE_SECCOMP: seccomp()
        case JRUN_CAUSE_TERMINATE: terminated()
        case JRUN_CAUSE_KILL: (.killed, .killRequest, .init(summary: "asked to be killed"))
        case JRUN_CAUSE_SPOOL: spool()
        case JRUN_CAUSE_STDIN_CAP:
            cap(.input, "more came for stdin than it may take", "stdin", program.streamCaps.stdin)
        case JRUN_CAUSE_STDOUT_CAP: cap(.output, "more on stdout than allowed", "stdout", program.streamCaps.stdout)
        case JRUN_CAUSE_STDERR_CAP: cap(.output, "more on stderr than allowed", "stderr", program.streamCaps.stderr)
        default: (.killed, .lost, .init(summary: "the launcher died"))
        }
    }

    /// As much as there can be, whatever a record says that jrun-init has not written.
    private var outputBytes: UInt64 {
        let stdout = program.stdout == .stream ? status.stdout_bytes : 0
        return stdout.addingSaturated(program.stderr == .stream ? status.stderr_bytes : 0)
    }

    private func exited() -> Answer {
        let code = UInt8(truncatingIfNeeded: wait >> 8)
        let isSuccess = program.successExitCodes.contains(code)
        return (isSuccess ? .complete : .failed, .exit, .init(summary: "exited with code \(code)"))
    }

    private func terminated() -> Answer {
        let signal = "SIG\(program.stop.signal.name)"
        let outlived = wait & 0x7f == 9 && program.stop.signal != .kill
        let grace = formatDuration(milliseconds: program.stop.graceMilliseconds)
        let words =
            outlived
            ? "asked to terminate, still there \(grace) after \(signal), killed" : "asked to terminate (\(signal))"
        return (.interrupted, .terminateRequest, .init(summary: words))
    }

    private func signalled(_ number: Int32) -> Answer {
        // Only a write beyond RLIMIT_FSIZE raises SIGXFSZ. Source: setrlimit(2).
        let fileTooLarge: Int32 = 25
        if number == fileTooLarge {
            return limit(
                .file_size, .disk, "a file grew too large", source: "SIGXFSZ", value: UInt64(limits[.file_size]))
        }
        return (.failed, .signal, .init(summary: "ended by signal \(signalName(number))"))
    }

    private func limit(_ name: LimitName, _ cause: Cause, _ words: String, source: String, value: UInt64) -> Answer {
        let allowed = name.format(limits[name])
        return (
            .killed, cause,
            .init(
                summary: "\(words): limit '\(name.rawValue)' is \(allowed)", source: source,
                value: Int64(clamping: value), limit: limits[name])
        )
    }

    private func processes() -> Answer {
        let words = "too many processes and threads"
        if enforcement[.processes] == .pidsMax {
            // The kernel says that it refused, and that was the first one too many.
            return limit(
                .processes, .processes, words, source: "cgroup pids.events max", value: UInt64(limits[.processes]) + 1)
        }
        // Both together, or neither: without a cgroup.
        let source = enforcement[.cpu] == .processTimes ? "/proc/PID/task" : "cgroup cgroup.threads"
        return limit(.processes, .processes, words, source: source, value: status.peak_tasks)
    }

    private func seccomp() -> Answer {
        guard status.seccomp_syscall >= 0 else {
            return (.killed, .seccomp, .init(summary: "made a system call of a foreign architecture", source: "SIGSYS"))
        }
        let name = SeccompPolicy.name(ofCall: status.seccomp_syscall) ?? "syscall \(status.seccomp_syscall)"
        let arguments = withUnsafeBytes(of: status.seccomp_args) { bytes in
            bytes.bindMemory(to: UInt64.self).map { "0x" + String($0, radix: 16) }
        }
        return (
            .killed, .seccomp,
            .init(
                summary: "made the forbidden system call \(name)", source: "seccomp user notification",
                syscall: .init(name: name, number: status.seccomp_syscall, arguments: arguments))
        )
    }

    private func cap(_ cause: Cause, _ words: String, _ stream: String, _ cap: StreamCap?) -> Answer {
        let size = cap?.maxSize ?? 0
        return (
            .killed, cause,
            .init(
                summary: "\(words): its 'max_size' is \(formatBytes(size))", source: "bytes of \(stream)", value: size,
                limit: size)
        )
    }

    private func spool() -> Answer {
        (.killed, .output, .init(summary: "the output could not be kept", errno: errnoName(status.error)))
    }
}

extension FixedWidthInteger {
    /// Neither sum nor crash, when there is no such number, but the largest that there is: for counts from a record.
    func addingSaturated(_ other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}

func signalName(_ number: Int32) -> String {
    let names: [Int32: String] = [
        1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL", 10: "USR1",
        11: "SEGV",
        12: "USR2", 13: "PIPE", 14: "ALRM", 15: "TERM", 24: "XCPU", 25: "XFSZ", 31: "SYS",
    ]
    return "SIG" + (names[number] ?? "\(number)")
}
