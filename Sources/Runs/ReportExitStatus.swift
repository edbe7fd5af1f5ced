import Programs

extension Report {
    /// What a command that waited for the run exits with. Source: docs/architecture.md, "Exit codes".
    ///
    /// - Parameter isUndelivered: output or a result could not be handed over, for no fault of the program's.
    public func exitStatus(isUndelivered: Bool) -> Int32 {
        var verdict = Verdict(
            state: RunState(rawValue: state) ?? .killed, cause: Cause(rawValue: cause) ?? .lost, evidence: evidence)
        verdict.exitCode = exitCode
        verdict.signal = signal.flatMap { name in (1...64).first { signalName($0) == name } }
        verdict.isUndelivered = isUndelivered
        // Of a plan's steps only the last, which executes the program, has no number behind it.
        if let step = evidence.step, step.hasPrefix("execute '"), !step.hasSuffix(")") {
            verdict.launchExitStatus = evidence.errno == "ENOENT" ? 127 : 126
        }
        return verdict.exitStatus
    }
}

extension Verdict {
    fileprivate init(state: RunState, cause: Cause, evidence: Report.Evidence) {
        (self.state, self.cause, self.evidence) = (state, cause, evidence)
    }
}
