/// A file, or a set of files, that a request may or must bring.
public struct InputRule: Sendable, Equatable {
    public var path: Glob
    /// At least one file must match.
    public var required: Bool
    /// Largest size of one file, bytes.
    public var maxSize: Int64
    /// Most files that may match.
    public var maxCount: Int
    /// Largest size of all matching files together, bytes; `nil` leaves that to `maxCount` times `maxSize`.
    public var maxTotal: Int64?
    /// Kinds of content, one of which each file must be; empty: any content.
    public var types: [ContentType] = []
    public var help: String?
}

/// One entry of `inputs` in a program file.
public enum InputItem: Sendable, Equatable {
    case rule(InputRule)
    /// Exactly one of the rules has files, or at most one when not required.
    case oneOf([InputRule], required: Bool, help: String?)

    public var rules: [InputRule] {
        switch self {
        case .rule(let rule): [rule]
        case .oneOf(let rules, _, _): rules
        }
    }
}

extension Program {
    /// Every input rule, those inside `oneOf` too, in the order of the file.
    public var inputRules: [InputRule] { inputs.flatMap(\.rules) }
}

/// Files that a run may or must leave behind.
public struct ResultRule: Sendable, Equatable {
    /// The ends of a run after which a result is collected.
    public enum Condition: Sendable, Equatable {
        case any
        case only(states: Set<RunState>, causes: Set<Cause>)
    }

    public var path: Glob
    public var when: Condition
    /// A run that would be `complete` without a matching file is `failed` with cause `result`.
    public var required: Bool
    /// What becomes of a file that is larger than it may be.
    public enum Excess: String, Sendable, CaseIterable {
        case refuse
        /// Its first `maxSize` bytes are taken.
        case truncate
    }

    /// Largest size of one file, bytes; `nil` means the run's `disk` limit.
    public var maxSize: Int64?
    public var excess: Excess = .refuse
    /// Most files that may match.
    public var maxCount: Int
    public var help: String?
}

extension ResultRule {
    /// Whether the rule collects files after this end of a run.
    public func applies(state: RunState, cause: Cause) -> Bool {
        switch when {
        case .any: true
        case .only(let states, let causes): states.contains(state) || causes.contains(cause)
        }
    }
}

/// Where stdin comes from.
public enum StreamSource: Sendable, Equatable {
    /// End of file at once.
    case ignore
    /// What the requester sends.
    case stream
    /// A file in the work directory, which must be there at the start.
    case file(String)
}

/// Where stdout or stderr goes.
public enum StreamSink: Sendable, Equatable {
    case ignore
    /// To the requester, live.
    case stream
    /// A file in the work directory.
    case file(String)
    /// Only stderr: into whatever stdout is, in order.
    case stdout
}

/// How much one stream may carry.
public struct StreamCap: Sendable, Equatable {
    /// What happens at the cap.
    public enum Excess: String, Sendable, CaseIterable {
        /// The run ends as `killed`, with the cause `output`, of stdin `input`.
        case kill
        /// The rest is dropped while the run goes on.
        case truncate
    }

    /// Bytes.
    public var maxSize: Int64
    public var excess: Excess

    public init(maxSize: Int64, excess: Excess) {
        self.maxSize = maxSize
        self.excess = excess
    }
}

/// The caps of the three streams; `nil`: only the limit `output` counts.
public struct StreamCaps: Sendable, Equatable {
    public var stdin: StreamCap?
    public var stdout: StreamCap?
    public var stderr: StreamCap?
}

/// A run starts with no environment but what is written here.
public struct EnvironmentRules: Sendable, Equatable {
    public struct Accepted: Sendable, Equatable {
        public var name: String
        public var value: ValueRule
    }

    /// Always set; a variable that is also accepted can be changed by a request.
    public var set: [String: String]
    public var accept: [Accepted]
}

/// A signal that a program file may name.
public enum StopSignal: String, Sendable, CaseIterable {
    case term = "TERM"
    case int = "INT"
    case hup = "HUP"
    case quit = "QUIT"
    case usr1 = "USR1"
    case usr2 = "USR2"
    case kill = "KILL"

    /// `TERM`, without `SIG`.
    public var name: String { rawValue }

    /// The kernel's number; the same on every Linux architecture that Swift runs on.
    public var number: Int32 {
        switch self {
        case .hup: 1
        case .int: 2
        case .quit: 3
        case .kill: 9
        case .usr1: 10
        case .usr2: 12
        case .term: 15
        }
    }
}

/// A signal and the time that the program has to obey it.
public struct StopRule: Sendable, Equatable {
    public var signal: StopSignal
    /// Until the harder means: the kill, or the freeze.
    public var graceMilliseconds: Int64

    public init(signal: StopSignal, graceMilliseconds: Int64) {
        self.signal = signal
        self.graceMilliseconds = graceMilliseconds
    }
}
