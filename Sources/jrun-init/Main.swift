// jrun-init: pid 1 of a run.
//
// Theory of operation
//
//     jrun or jrund ──clone3──► jrun-init ──clone3──► the program
//                               fd 3: sealed plan     fd 0, 1, 2 and nothing else
//                               fd 4: report pipe
//                               fd 5…: what the plan names
//
// 1. Read and verify the plan (Plan.swift).
// 2. Carry out its first part here: the run's view of the file system, its host name, its network (ViewSteps.swift).
// 3. Start the program's process, which carries out the second part and executes (ProgramSteps.swift). That process
//    shares memory and descriptors with this one until it has executed; this one sleeps meanwhile. Where the plan says
//    so, it holds before it executes, until jrund has a request for it (Request.swift, Parking.swift).
// 4. Close the report pipe, which tells the launcher that the program runs; or send the failed step and go.
// 5. Until the program ends: relay its streams to the spools, keep the clocks, watch the limits, obey the control
//    pipe, reap (Supervisor.swift). Then kill what is left, write the status record and go.
//
// There is no heap, no libc and one thread. A plan comes from root; everything else that arrives here is bytes of
// a hostile program's streams, which are counted and never looked at.

import CInit
import CLinux
import CPlan

@_cdecl("jrun_init_main")
public func jrunInitMain() -> Never {
    // Whatever is opened from here on, and all that came in, stays out of the program.
    _ = sys_close_range(3, ~0, UInt32(CLOSE_RANGE_CLOEXEC))
    let enteredAt = monotonicNow()
    // The modes in the plan are meant as they stand; the launcher's umask is nobody's business here.
    _ = sys_umask(0)
    do throws(StepFailure) {
        let plan = try Plan(descriptor: JRUN_FD_PLAN)
        let hasLifeline = plan.supervision.flags & UInt32(JRUN_LIFELINE) != 0
        var record = StatusRecord(
            descriptor: plan.supervision.fd_status, growth: hasLifeline ? -1 : plan.supervision.fd_growth)
        record.status.entered_at = enteredAt
        let hold = plan.hold
        if !hasLifeline { record.introduce(plan.supervision, isParked: hold != nil) }
        var launch = Launch(plan: plan)
        guard let program = try startProgram(&launch, &record) else {
            if let hold { Leftovers(plan: plan).removeUnwanted(hold) }
            sys_exit_group(0)
        }
        record.programStarted(pid: program, at: launch.executedAt)
        _ = sys_close(JRUN_FD_REPORT)

        var supervisor = Supervisor(plan: plan, program: program, launch: launch, record: record)
        supervisor.superviseUntilTheEnd()
    } catch {
        report(error)
    }
    sys_exit_group(0)
}

private func startProgram(_ launch: inout Launch, _ record: inout StatusRecord) throws(StepFailure) -> Int32? {
    do throws(StepFailure) {
        if launch.plan.hold != nil { launch.openOOMScore() }
        try launch.carryOutViewSteps()
        record.status.view_at = monotonicNow()
        return try launch.startProgram(&record)
    } catch {
        // The launcher may be gone, and then this is all that tells.
        record.launchFailed(error)
        throw error
    }
}

/// A step that could not be carried out: its place in the plan and the kernel's answer.
struct StepFailure: Error {
    var step: UInt32
    var error: Int32
}

/// Sends a failure to the launcher; the one thing that is left to do when a step has failed.
func report(_ failure: StepFailure) {
    tellLauncher(UInt32(JRUN_FAILURE_MAGIC), step: failure.step, error: failure.error)
}

func tellLauncher(_ magic: UInt32, step: UInt32 = 0, error: Int32 = 0) {
    var message = jrun_failure(magic: magic, step: step, error: error, detail: 0)
    _ = sys_write(JRUN_FD_REPORT, &message, MemoryLayout<jrun_failure>.size)
}

func monotonicNow() -> UInt64 { now(CLOCK_MONOTONIC) }

func now(_ clock: Int32) -> UInt64 {
    var time = k_timespec()
    _ = sys_clock_gettime(clock, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}

/// A literal as a C string.
func text(_ literal: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
}
