// The interpreter's state and its loop over the plan's steps.

import CLinux
import CPlan

/// A pipe between the program and the relay.
struct Pipe {
    var reader: Int32 = -1
    var writer: Int32 = -1
}

/// What the steps hand to each other. The program's process shares this memory with jrun-init until it has executed,
/// so what it writes here (the listener, a failure) is there when jrun-init wakes up.
struct Launch {
    let plan: Plan
    var stdout = Pipe()
    var stderr = Pipe()
    var landlockRuleset: Int32 = -1
    var seccompListener: Int32 = -1
    var failure: StepFailure?
    /// Taken right before the execution; jrun-init wakes up some time after it.
    var executedAt: UInt64 = 0
    /// jrun-init's own, where the program's process holds.
    var oomScoreFile: Int32 = -1
    /// Where the request comes to, of a process that holds.
    var requestBytes: UnsafeMutableRawPointer?
    /// What came, in place of the plan's own arguments.
    var request: ArgumentTable?
    /// Whether it came, be it right or wrong.
    var isWanted = false

    init(plan: Plan) { self.plan = plan }

    mutating func carryOutViewSteps() throws(StepFailure) {
        // The last step before the program's is START_PROGRAM, which startProgram carries out.
        var index: UInt32 = 0
        while index + 1 < plan.programStep {
            try check(viewStep(plan.step(index)), at: index)
            index += 1
        }
    }

    mutating func carryOutProgramSteps() {
        var index = plan.programStep
        while index < plan.stepCount {
            let result = programStep(plan.step(index))
            if result < 0 {
                failure = StepFailure(step: index, error: Int32(-result))
                return
            }
            index += 1
        }
    }

    /// Starts the program's process in its cgroup and returns its pid once it has executed; nil when it held and was not wanted.
    mutating func startProgram(_ record: inout StatusRecord) throws(StepFailure) -> Int32? {
        let index = plan.programStep &- 1
        let step = plan.step(index)
        guard step.op == JRUN_OP_START_PROGRAM else { throw StepFailure(step: index, error: EINVAL) }
        let null = Int32(sys_fcntl(0, F_DUPFD_CLOEXEC, 3))
        // Frees a low number, taken until now: what the program's process opens under the program's own RLIMIT_NOFILE,
        // the seccomp listener last, fits there.
        _ = sys_close(JRUN_FD_PLAN)
        // Shared descriptors: the seccomp listener that the program's process opens is then ours too. The execution
        // gives the program a table of its own.
        var arguments = k_clone_args()
        arguments.flags = UInt64(CLONE_VM | CLONE_VFORK | CLONE_FILES)
        arguments.exit_signal = UInt64(SIGCHLD)
        if step.fd >= 0 {
            arguments.flags |= UInt64(CLONE_INTO_CGROUP)
            arguments.cgroup = UInt64(step.fd)
        }
        let pid = clone(&arguments)
        for stream: Int32 in 0...2 { _ = sys_dup3(null, stream, 0) }
        _ = sys_close(null)
        if pid < 0 { throw StepFailure(step: index, error: Int32(-pid)) }
        if plan.hold != nil && !isWanted && (failure == nil || failure!.error == ECANCELED) {
            _ = sys_wait4(Int32(pid), nil, WALL, nil)
            return nil
        }
        // Killed from outside before it could execute: the run has begun and is about to end.
        if executedAt == 0 { executedAt = monotonicNow() }
        if let failure {
            _ = sys_wait4(Int32(pid), nil, WALL, nil)
            throw failure
        }
        closeWhatOnlyTheProgramNeeds()
        return Int32(pid)
    }

    private mutating func clone(_ arguments: inout k_clone_args) -> Int {
        if plan.hold != nil {
            requestBytes = Launch.requestMemory()
            return cloneBeside(&arguments)
        }
        return withUnsafeMutablePointer(to: &self) { launch in
            sys_clone3_vfork(&arguments, becomeProgram, launch)
        }
    }

    /// The relay sees the end of a stream only when nobody but the program can write to it.
    private mutating func closeWhatOnlyTheProgramNeeds() {
        _ = sys_close(stdout.writer)
        _ = sys_close(stderr.writer)
        _ = sys_close(landlockRuleset)
        var index: UInt32 = 0
        while index < plan.stepCount {
            let step = plan.step(index)
            if step.op == JRUN_OP_ATTACH && !isKept(step.fd) || step.op == JRUN_OP_STDIO && step.fd >= 0
                || step.op == JRUN_OP_HOLD
            {
                _ = sys_close(step.fd)
            }
            index += 1
        }
    }

    private func isKept(_ descriptor: Int32) -> Bool {
        let rules = plan.supervision
        return descriptor == rules.fd_work || descriptor == rules.fd_layer || descriptor == rules.fd_image
    }

    private func check(_ result: Int, at index: UInt32) throws(StepFailure) {
        if result < 0 { throw StepFailure(step: index, error: Int32(-result)) }
    }
}

/// The body of the program's process; comes back only by exiting.
func becomeProgram(_ launch: UnsafeMutableRawPointer?) {
    launch!.assumingMemoryBound(to: Launch.self).pointee.carryOutProgramSteps()
    sys_exit_group(127)
}
