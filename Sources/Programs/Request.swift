/// What somebody asks of a program.
public struct Request: Sendable, Equatable {
    public var arguments: [String]
    public var inputs: [RequestedInput]
    public var environment: [String: String]
    /// Only the limits that shall differ from the program's defaults, each in its own unit.
    public var limits: [LimitName: Int64]

    public init(
        arguments: [String] = [], inputs: [RequestedInput] = [], environment: [String: String] = [:],
        limits: [LimitName: Int64] = [:]
    ) {
        self.arguments = arguments
        self.inputs = inputs
        self.environment = environment
        self.limits = limits
    }
}

/// A file that the request brings.
public struct RequestedInput: Sendable, Equatable {
    /// Its name in the work directory.
    public var name: String
    /// Bytes.
    public var size: Int64
    /// What it is, where its rule asks; `nil`: nobody has looked yet, and whoever puts it into the run does.
    public var content: ContentFacts?

    public init(name: String, size: Int64, content: ContentFacts? = nil) {
        self.name = name
        self.size = size
        self.content = content
    }
}

/// A request that the rules allow, with everything filled in.
public struct AcceptedRequest: Sendable, Equatable {
    public var arguments: [String]
    /// The run's whole environment.
    public var environment: [String: String]
    public var limits: Limits
    /// Names of the input files.
    public var inputs: [String]
    /// File names on the command line that the program will write.
    public var outputs: [String]
}

extension AcceptedRequest {
    /// Stands for every request of the program that asks for no limits of its own.
    public init(standingForAll program: Program) {
        arguments = []
        environment = program.environment.set
        limits = program.limits.defaults
        inputs = []
        outputs = []
    }
}

/// One thing that the rules do not allow.
public struct Violation: Sendable, Equatable, CustomStringConvertible {
    /// The key of the program file: `arguments`, `inputs`, `environment`, `limits`, `stdin`.
    public var rule: String
    /// Where: `argument 3 '--modle'`, `end of arguments`, `input 'x/y'`.
    public var place: String
    /// What is wrong and what would be accepted.
    public var message: String
    /// Of `arguments`: the number of the argument, counted from 1; of something that is missing at the end, one more
    /// than there are arguments.
    public var position: Int?

    public init(rule: String, place: String, message: String, position: Int? = nil) {
        self.rule = rule
        self.place = place
        self.message = message
        self.position = position
    }

    /// `PLACE: MESSAGE`
    public var description: String { "\(place): \(message)" }
}

/// Everything that is wrong with a request; never empty.
public struct Violations: Error, Sendable, Equatable, CustomStringConvertible {
    public var violations: [Violation]

    /// More are cut off: an answer must not grow with what it refuses.
    static let maxCount = 200

    public init(_ all: [Violation]) {
        violations = Array(all.prefix(Self.maxCount))
        guard all.count > Self.maxCount else { return }
        violations.append(
            Violation(rule: "request", place: "request", message: "more is wrong; the first \(Self.maxCount) are shown")
        )
    }

    /// One line for each violation.
    public var description: String { violations.map(\.description).joined(separator: "\n") }
}
