import Programs

/// Why the monitor does not do what it was asked: one sentence that names the object and the cure.
public struct MonitorRefusal: Error, Sendable, CustomStringConvertible {
    public enum Kind: Sendable {
        /// What was asked cannot be read.
        case malformed
        case forbidden
        case notFound
        /// The run's state does not allow it.
        case conflict
        /// A stream that shall be followed has ended.
        case ended
        case precondition
        case tooLarge
        case range
        /// The program's rules refuse it.
        case invalid
        /// What one user may have is used up.
        case quota
        /// What the node may promise is used up.
        case busy
        /// The node's own fault: a full disk, a lost cgroup, too many open files.
        case node
    }

    public var kind: Kind
    public var description: String
    public var violations: [Violation] = []
    /// The run's state, with `conflict`.
    public var state: RunState?
    /// 126 or 127, when the program's executable cannot be executed or is not there.
    public var exitCode: Int32?

    public init(_ kind: Kind, _ description: String, violations: [Violation] = [], state: RunState? = nil) {
        self.kind = kind
        self.description = description
        self.violations = violations
        self.state = state
    }

    public init(_ violations: Violations) {
        self.init(
            .invalid, violations.violations.first.map { "\($0)" } ?? "refused", violations: violations.violations)
    }

    /// This node cannot run the program.
    init(_ refused: RunRefused, program: String) {
        let violation = Violation(rule: "node", place: "program '\(program)'", message: "\(refused)")
        self.init(.invalid, "\(refused)", violations: [violation])
        exitCode = refused.exitCode == 125 ? nil : refused.exitCode
    }
}
