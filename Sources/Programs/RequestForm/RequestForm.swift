// A request as JSON: docs/request.md.
//
//   bytes ──JSONReader──► JSONValue ──RequestForm.parse──► RequestForm ──resolved(by: Program)──► Request parts
//            strict, bounded           keys and kinds                    arguments assembled, values as texts
//
// What comes out is a plain argument list and plain texts, which `Program.check` then checks like any other request:
// nothing here decides what is allowed.

/// A request as its JSON says it, before the rules of its program are asked.
public struct RequestForm: Sendable, Equatable {
    /// A file that the request brings.
    public struct Input: Sendable, Equatable {
        /// Its name in the work directory.
        public var name: String
        public var content: Content
    }

    /// Where an input file's bytes are.
    public enum Content: Sendable, Equatable {
        case bytes([UInt8])
        /// A path of the node, as it was written.
        case file(String)
    }

    public var program: String
    /// `nil` when the request says nothing of arguments: what the rules fill in, and no more.
    var arguments: JSONValue?
    public var inputs: [Input] = []
    var environment: [JSONValue.Member] = []
    public var limits: [LimitName: Int64] = [:]

    /// Most bytes of a request; whoever reads one from a stream need not read more than one byte beyond.
    public static let maxBytes = JSONReader.maxBytes

    /// Whether the request itself says what the arguments are.
    public var hasArguments: Bool { arguments != nil }

    /// Names of the variables that the request sets.
    public var variables: [String] { environment.map(\.key) }

    /// Reads a request from JSON, or says everything that is wrong with it.
    public static func parse(_ bytes: [UInt8]) -> Result<RequestForm, Violations> {
        let root: JSONValue
        do { root = try JSONReader.read(bytes) } catch {
            return .failure(Violations([Violation(rule: "request", place: "request", message: "\(error)")]))
        }
        var reader = RequestFormReader()
        let form = reader.form(root)
        guard let form, reader.violations.isEmpty else { return .failure(Violations(reader.violations)) }
        return .success(form)
    }
}

/// What the rules of a program make of a request's JSON: plain texts, not yet checked.
public struct ResolvedForm: Sendable, Equatable {
    public var arguments: [String] = []
    public var environment: [String: String] = [:]
    /// What could not be made into texts. Then the part that the `rule` of a violation names is not whole.
    public var violations: [Violation] = []
}

extension RequestForm {
    /// Puts the argument list together and turns the environment into texts.
    ///
    /// - Parameter more: Names of input files that the request has beside its own.
    public func resolved(by program: Program, inputs more: [String] = []) -> ResolvedForm {
        var resolved = ResolvedForm()
        var assembly = ArgumentAssembly(inputs: inputs.map(\.name) + more)
        assembly.add(arguments ?? .object([]), program.arguments, at: JSONPath().key("arguments"))
        resolved.arguments = assembly.arguments
        resolved.violations = assembly.violations
        for member in environment { resolve(member, program, &resolved) }
        return resolved
    }

    private func resolve(_ member: JSONValue.Member, _ program: Program, _ resolved: inout ResolvedForm) {
        let rule = program.environment.accept.first { isSame($0.name, member.key) }?.value
        do {
            // A name that no rule accepts is refused by the check, which knows what to suggest.
            resolved.environment[member.key] =
                try rule.map { rule throws(FormError) in try rule.text(of: member.value) }
                ?? anyText(member.value)
        } catch {
            let place = JSONPath().key("environment").key(member.key)
            resolved.violations.append(
                Violation(rule: "environment", place: "\(place)", message: error.reason))
        }
    }

    private func anyText(_ value: JSONValue) -> String {
        if case .string(let text) = value { text } else { "" }
    }
}
