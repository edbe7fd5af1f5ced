/// Where a run is in its life. The raw values are written in reports, events and program files.
public enum RunState: String, Sendable, CaseIterable {
    case created, starting, running, suspended
    /// Ended by itself with an exit code that the program calls success.
    case complete
    /// Ended by itself otherwise, or could not be launched.
    case failed
    /// Ended after *terminate*.
    case interrupted
    /// Ended by *kill*, by a limit or by a security rule.
    case killed

    /// Whether the run has ended; a result rule can only name such a state.
    public var isFinal: Bool {
        switch self {
        case .created, .starting, .running, .suspended: false
        case .complete, .failed, .interrupted, .killed: true
        }
    }
}

/// Why a run ended. The raw values are written in reports, events and program files.
public enum Cause: String, Sendable, CaseIterable {
    case exit, signal
    case launchError = "launch-error"
    case wallTime = "wall-time"
    case cpuTime = "cpu-time"
    case memory, processes, output, disk, seccomp
    case terminateRequest = "terminate-request"
    case killRequest = "kill-request"
    case lost
    /// The program ended well, but a required result was missing.
    case result
    /// More came on stdin than the program takes.
    case input
}
