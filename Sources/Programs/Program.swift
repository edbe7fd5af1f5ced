// Theory of operation
//
// A *program* is an executable plus the rules under which anybody may ask for a run of it. This module reads those
// rules from a program file, and says of a request whether the rules allow it. It is pure: bytes and values go in,
// values come out; no file is opened and nothing of the node is looked at.
//
//   bytes ──YAMLComposer──► YAMLNode ──Merge──► YAMLNode ──ProgramDecoder──► Program ──check(Request)──► accepted
//            marks kept           with what it extends       all errors at once       all violations at once
//
// Everything that an author or a requester writes is bounded before it is worked on: nodes, nesting, sizes, counts,
// pattern states. Patterns and globs run on one automaton in linear time (`Automaton`).

/// A program as its file describes it: every rule resolved, every default filled in.
public struct Program: Sendable, Equatable {
    /// `[a-z0-9][a-z0-9._-]{0,63}`; the same as the file's name without `.yaml`.
    public var name: String
    /// One line for lists.
    public var summary: String
    public var version: String?
    /// Absolute path of the executable as the run sees it.
    public var executable: String
    public var arguments: ArgumentGrammar
    public var inputs: [InputItem]
    public var results: [ResultRule]
    public var stdin: StreamSource
    public var stdout: StreamSink
    public var stderr: StreamSink
    public var streamCaps = StreamCaps()
    public var environment: EnvironmentRules
    /// The exit codes that mean `complete`; every other one means `failed`.
    public var successExitCodes: Set<UInt8>
    public var stop: StopRule
    /// What to send before a polite freeze; `nil` freezes at once.
    public var suspend: StopRule?
    public var limits: LimitRules
    public var security: SecurityProfile
    /// Who may run it; `nil` leaves that to the site. Kept here, enforced by the daemon.
    public var who: WhoRule?
    /// How many sandboxes jrund keeps ready for the program, 0 to `mostWarm`.
    public var warm = 0

    public static let mostWarm = 64

    /// The file for a stream with a `max_size` is made before the start, as the request's files are.
    public var canBeWarm: Bool {
        let files = [(stdout, streamCaps.stdout), (stderr, streamCaps.stderr)]
        return !files.contains { if case (.file, .some) = $0 { true } else { false } }
    }
}

/// Users and groups, by name, that may run a program.
public struct WhoRule: Sendable, Equatable {
    public var users: [String]
    public var groups: [String]
}
