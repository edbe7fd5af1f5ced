import CPlan
import Confinement
import Kernel
import Programs
import Testing

@testable import Runs

/// wait(2)'s status of an exit, and of a death by signal.
private func exited(_ code: Int32) -> Int32 { code << 8 }
private func signalled(_ number: Int32) -> Int32 { number }

struct VerdictCase: Sendable, CustomTestStringConvertible {
    var cause: Int32
    var wait: Int32 = 9
    var state: RunState
    var named: Cause
    var exitStatus: Int32
    var summary: String
    var testDescription: String { "\(summary), wait status \(wait)" }
}

private let verdicts = [
    VerdictCase(
        cause: JRUN_CAUSE_EXIT, wait: exited(0), state: .complete, named: .exit, exitStatus: 0,
        summary: "exited with code 0"),
    VerdictCase(
        cause: JRUN_CAUSE_EXIT, wait: exited(3), state: .complete, named: .exit, exitStatus: 3,
        summary: "exited with code 3"),
    VerdictCase(
        cause: JRUN_CAUSE_EXIT, wait: exited(1), state: .failed, named: .exit, exitStatus: 1,
        summary: "exited with code 1"),
    VerdictCase(
        cause: JRUN_CAUSE_EXIT, wait: exited(255), state: .failed, named: .exit, exitStatus: 255,
        summary: "exited with code 255"),
    VerdictCase(
        cause: JRUN_CAUSE_SIGNAL, wait: signalled(11), state: .failed, named: .signal, exitStatus: 139,
        summary: "ended by signal SIGSEGV"),
    // 0x80 says that a core was dumped.
    VerdictCase(
        cause: JRUN_CAUSE_SIGNAL, wait: signalled(6 | 0x80), state: .failed, named: .signal, exitStatus: 134,
        summary: "ended by signal SIGABRT"),
    VerdictCase(
        cause: JRUN_CAUSE_SIGNAL, wait: signalled(40), state: .failed, named: .signal, exitStatus: 168,
        summary: "ended by signal SIG40"),
    VerdictCase(
        cause: JRUN_CAUSE_SIGNAL, wait: signalled(25), state: .killed, named: .disk, exitStatus: 153,
        summary: "a file grew too large: limit 'file_size' is 4 MiB"),
    VerdictCase(
        cause: JRUN_CAUSE_WALL, state: .killed, named: .wallTime, exitStatus: 124,
        summary: "wall time reached: limit 'wall' is 10 s"),
    VerdictCase(
        cause: JRUN_CAUSE_CPU, state: .killed, named: .cpuTime, exitStatus: 124,
        summary: "CPU time reached: limit 'cpu' is 5 s"),
    VerdictCase(
        cause: JRUN_CAUSE_MEMORY, state: .killed, named: .memory, exitStatus: 137,
        summary: "out of memory: limit 'memory' is 1 GiB"),
    VerdictCase(
        cause: JRUN_CAUSE_PROCESSES, state: .killed, named: .processes, exitStatus: 137,
        summary: "too many processes and threads: limit 'processes' is 4"),
    VerdictCase(
        cause: JRUN_CAUSE_OUTPUT, state: .killed, named: .output, exitStatus: 137,
        summary: "more output than allowed: limit 'output' is 1 KiB"),
    VerdictCase(
        cause: JRUN_CAUSE_DISK, state: .killed, named: .disk, exitStatus: 137,
        summary: "work directory full: limit 'disk' is 4 MiB"),
    VerdictCase(
        cause: JRUN_CAUSE_SECCOMP, state: .killed, named: .seccomp, exitStatus: 137,
        summary: "made the forbidden system call mount"),
    VerdictCase(
        cause: JRUN_CAUSE_TERMINATE, wait: signalled(15), state: .interrupted, named: .terminateRequest,
        exitStatus: 143,
        summary: "asked to terminate (SIGTERM)"),
    VerdictCase(
        cause: JRUN_CAUSE_TERMINATE, wait: exited(0), state: .interrupted, named: .terminateRequest, exitStatus: 143,
        summary: "asked to terminate (SIGTERM)"),
    VerdictCase(
        cause: JRUN_CAUSE_TERMINATE, wait: exited(7), state: .interrupted, named: .terminateRequest, exitStatus: 7,
        summary: "asked to terminate (SIGTERM)"),
    VerdictCase(
        cause: JRUN_CAUSE_TERMINATE, state: .interrupted, named: .terminateRequest, exitStatus: 137,
        summary: "asked to terminate, still there 10 s after SIGTERM, killed"),
    VerdictCase(
        cause: JRUN_CAUSE_KILL, state: .killed, named: .killRequest, exitStatus: 137, summary: "asked to be killed"),
    VerdictCase(cause: JRUN_CAUSE_LOST, state: .killed, named: .lost, exitStatus: 125, summary: "the launcher died"),
    VerdictCase(cause: 99, state: .killed, named: .lost, exitStatus: 125, summary: "the launcher died"),
    VerdictCase(
        cause: JRUN_CAUSE_SPOOL, state: .killed, named: .output, exitStatus: 137,
        summary: "the output could not be kept"),
    VerdictCase(
        cause: JRUN_CAUSE_STDIN_CAP, state: .killed, named: .input, exitStatus: 137,
        summary: "more came for stdin than it may take: its 'max_size' is 10 bytes"),
    VerdictCase(
        cause: JRUN_CAUSE_STDOUT_CAP, state: .killed, named: .output, exitStatus: 137,
        summary: "more on stdout than allowed: its 'max_size' is 20 bytes"),
    VerdictCase(
        cause: JRUN_CAUSE_STDERR_CAP, wait: exited(0), state: .killed, named: .output, exitStatus: 137,
        summary: "more on stderr than allowed: its 'max_size' is 30 bytes"),
]

@Suite struct VerdictTests {
    private let program: Program

    init() throws {
        program = try RunSample.program(
            """
            success: {exit_codes: [0, 3]}
            stdin: {stream: true, max_size: 10}
            stdout: {stream: true, max_size: 20}
            stderr: {stream: true, max_size: 30}
            """)
    }

    private func status(_ cause: Int32, wait: Int32 = 9) -> jrun_status {
        var status = jrun_status()
        status.state = UInt32(JRUN_STATUS_ENDED)
        status.cause = UInt32(cause)
        status.wait_status = wait
        status.wall_ns = 10_001_000_000
        status.cpu_ns = 5_002_000_000
        status.stdout_bytes = 1000
        status.stderr_bytes = 25
        status.peak_tasks = 6
        status.error = 28
        let mount = (Int32(0)..<512).first { SeccompPolicy.name(ofCall: $0) == "mount" }
        status.seccomp_syscall = mount ?? -1
        status.seccomp_args = (1, 2, 0xff, 0, 0, .max)
        return status
    }

    private func verdict(_ status: jrun_status?, pids: Bool = true) throws -> Verdict {
        Verdict(
            status, program: program, limits: program.limits.defaults,
            enforcement: try RunSample.enforcement(pids: pids))
    }

    @Test(arguments: verdicts)
    func everyCauseHasItsVerdict(_ expected: VerdictCase) throws {
        let verdict = try verdict(status(expected.cause, wait: expected.wait))
        #expect(verdict.state == expected.state)
        #expect(verdict.cause == expected.named)
        #expect(verdict.evidence.summary == expected.summary)
        #expect(verdict.exitStatus == expected.exitStatus)
        #expect((verdict.exitCode == nil) != (verdict.signal == nil), "it ended one way or the other")
    }

    /// A cause that is missing here would be reported as a dead launcher.
    @Test func noCauseOfTheRecordIsForgotten() {
        let written = Set(verdicts.map(\.cause))
        // LAUNCH is reported over the report pipe, never in the record.
        let missing = (JRUN_CAUSE_EXIT...JRUN_CAUSE_SPOOL).filter { !written.contains($0) && $0 != JRUN_CAUSE_LAUNCH }
        #expect(missing == [])
    }

    @Test func aRunWithoutAnEndIsLost() throws {
        var running = status(JRUN_CAUSE_NONE)
        running.state = UInt32(JRUN_STATUS_RUNNING)
        for record in [nil, running] {
            let verdict = try verdict(record)
            #expect(verdict.state == .killed && verdict.cause == .lost && verdict.exitStatus == 125)
            #expect(verdict.evidence.summary == "jrun-init ended without a record")
        }
    }

    /// From a record that was damaged: a jrund that starts must get on with it. The counts are the largest that there are.
    @Test func countsWithoutBoundAreReported() throws {
        var record = status(JRUN_CAUSE_OUTPUT)
        (record.stdout_bytes, record.stderr_bytes, record.stdout_dropped_bytes) = (.max, .max, .max)
        (record.cpu_ns, record.read_bytes, record.max_rss_bytes) = (.max, .max, .max)
        let output = try verdict(record).evidence
        #expect(output.value == .max && output.limit == 1024)
        let usage = Report.Usage().with(record)
        #expect(usage.stdoutBytes == .max && usage.stdoutDroppedBytes == .max && usage.readBytes == .max)
        #expect(usage.stdoutBytes.addingSaturated(usage.stderrBytes) == .max)
    }

    @Test func limitsComeWithTheirEvidence() throws {
        let wall = try verdict(status(JRUN_CAUSE_WALL)).evidence
        #expect(wall.value == 10_001 && wall.limit == 10_000 && wall.source?.contains("CLOCK_MONOTONIC") == true)
        let cpu = try verdict(status(JRUN_CAUSE_CPU)).evidence
        #expect(cpu.value == 5002 && cpu.limit == 5000 && cpu.source?.contains("cpu.stat") == true)
        let output = try verdict(status(JRUN_CAUSE_OUTPUT)).evidence
        #expect(output.value == 1025 && output.limit == 1024)
        let controller = try verdict(status(JRUN_CAUSE_PROCESSES)).evidence
        #expect(controller.value == 5 && controller.limit == 4 && controller.source?.contains("pids.events") == true)
        let counted = try verdict(status(JRUN_CAUSE_PROCESSES), pids: false).evidence
        #expect(counted.value == 6 && counted.limit == 4 && counted.source?.contains("cgroup.threads") == true)
        let spool = try verdict(status(JRUN_CAUSE_SPOOL)).evidence
        #expect(spool.errno == "ENOSPC")
    }

    @Test func forbiddenCallsAreNamedWithTheirArguments() throws {
        let call = try #require(try verdict(status(JRUN_CAUSE_SECCOMP)).evidence.syscall)
        #expect(call.name == "mount")
        #expect(call.arguments == ["0x1", "0x2", "0xff", "0x0", "0x0", "0xffffffffffffffff"])
        var unknown = status(JRUN_CAUSE_SECCOMP)
        unknown.seccomp_syscall = 4000
        #expect(try verdict(unknown).evidence.summary == "made the forbidden system call syscall 4000")
        var foreign = status(JRUN_CAUSE_SECCOMP, wait: signalled(31))
        foreign.seccomp_syscall = -1
        let verdict = try verdict(foreign)
        #expect(verdict.evidence.summary == "made a system call of a foreign architecture")
        #expect(verdict.exitStatus == 159 && verdict.evidence.syscall == nil)
    }

    @Test func anOutOfMemoryKillIsToldWithItsCounter() throws {
        var record = status(JRUN_CAUSE_MEMORY, wait: signalled(9))
        record.oom_kills = 4
        #expect(try verdict(record).evidence.value == 4)
        // A record from before the counter was kept.
        record.oom_kills = 0
        #expect(try verdict(record).evidence.value == 1)
    }

    /// The program ends well while what it left is still being judged: its last output is too much, or a child of its
    /// had been killed for want of memory. docs/architecture.md, "Exit codes": 137 for every limit but the clocks.
    @Test(arguments: [JRUN_CAUSE_OUTPUT, JRUN_CAUSE_MEMORY, JRUN_CAUSE_SPOOL, JRUN_CAUSE_PROCESSES, JRUN_CAUSE_SECCOMP])
    func aKilledRunIsNoSuccess(cause: Int32) throws {
        let verdict = try verdict(status(cause, wait: exited(0)))
        #expect(verdict.state == .killed)
        let exitStatus = verdict.exitStatus
        #expect(exitStatus == 137)
    }

    @Test func launchFailuresSayWhichStep() {
        let failed = LaunchFailed(step: "attach '/opt/x' at 'opt/x' (step 7 of 29)", errno: 2, isExecution: false)
        let verdict = Verdict(launchFailed: failed)
        #expect(verdict.state == .failed && verdict.cause == .launchError && verdict.exitStatus == 125)
        #expect(
            verdict.evidence.summary == "attach '/opt/x' at 'opt/x' (step 7 of 29): no such file or directory (ENOENT)")
        #expect(verdict.evidence.errno == "ENOENT")
        func status(_ errno: Int32) -> Int32 {
            Verdict(launchFailed: LaunchFailed(step: "execute '/bin/x'", errno: errno, isExecution: true)).exitStatus
        }
        #expect(status(2) == 127)
        #expect(status(13) == 126 && status(8) == 126)
    }

    @Test func aMissingResultTurnsSuccessIntoFailure() throws {
        var good = try verdict(status(JRUN_CAUSE_EXIT, wait: exited(0)))
        good.judgeResults(missing: [])
        #expect(good.state == .complete && good.exitStatus == 0)
        good.judgeResults(missing: ["*.sol", "plot.png"])
        #expect(good.state == .failed && good.cause == .result && good.exitStatus == 125)
        #expect(good.evidence.summary == "required result missing: *.sol, plot.png")
        var unwritten = try verdict(status(JRUN_CAUSE_EXIT, wait: exited(0)))
        unwritten.isUndelivered = true
        #expect(
            unwritten.state == .complete && unwritten.exitStatus == 125, "the program has done its part, jrun has not")
        var killed = try verdict(status(JRUN_CAUSE_WALL))
        killed.judgeResults(missing: ["*.sol"])
        #expect(killed.cause == .wallTime, "what ended the run stays its cause")
    }
}
