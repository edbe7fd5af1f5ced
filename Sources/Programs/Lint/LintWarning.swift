/// One thing in a program file that can be read that is probably not what its author meant.
public struct LintWarning: Sendable, Equatable, CustomStringConvertible {
    /// Where it is: `limits.wall`, `arguments[2].one_of[0]`.
    public var keyPath: String
    /// A sentence that says why, and what to do.
    public var message: String

    /// With this no run can start, on whatever node: more than a warning.
    public var isError: Bool

    public init(keyPath: String, message: String, isError: Bool = false) {
        self.keyPath = keyPath
        self.message = message
        self.isError = isError
    }

    /// `KEYPATH: MESSAGE`
    public var description: String { "\(keyPath): \(message)" }
}

extension Program {
    /// What looks wrong although it can be read: rules that can never match, or that contradict each other.
    ///
    /// Only what is certain is said. Questions about patterns and globs that would take too long are left open. Nothing
    /// of the node is looked at.
    public func warnings() -> [LintWarning] {
        var lint = Lint(program: self)
        lint.lintArguments(arguments, at: "arguments")
        lint.lintInputs()
        lint.lintResults()
        lint.lintStreams()
        lint.lintEnvironment()
        lint.lintLimits()
        lint.lintWarm()
        lint.lintSecurity()
        lint.lintWho()
        return lint.warnings
    }
}

/// One pass over a program; each aspect has a file of its own.
struct Lint {
    /// Later ones are dropped, as with errors.
    static let maxWarnings = 100

    let program: Program
    private(set) var warnings: [LintWarning] = []
    var search = LanguageSearch()

    init(program: Program) { self.program = program }

    mutating func warn(_ keyPath: String, _ message: String) {
        if warnings.count < Self.maxWarnings { warnings.append(LintWarning(keyPath: keyPath, message: message)) }
    }

    /// Input rules in the order in which they decide, with their places in the file.
    var inputRules: [(keyPath: String, rule: InputRule)] {
        program.inputs.enumerated().flatMap { number, item in
            switch item {
            case .rule(let rule): [("inputs[\(number)]", rule)]
            case .oneOf(let rules, _, _):
                rules.enumerated().map { ("inputs[\(number)].one_of[\($0)]", $1) }
            }
        }
    }
}
