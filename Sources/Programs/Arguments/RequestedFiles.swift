/// The files that a request names, on the command line and in the environment.
struct RequestedFiles {
    /// Names of the request's input files.
    private let inputs: Set<ExactText>
    /// More files may come before the start, so none is missing yet.
    private let mayFollow: Bool
    /// What the program will write.
    private(set) var outputs: [String] = []
    /// Made once: there can be many inputs and many complaints.
    private lazy var brought = inputs.isEmpty ? "none" : shortList(inputs.map(\.text).sorted().map(quoted))

    init(inputs: [String], mayFollow: Bool = false) {
        self.inputs = Set(inputs.map(ExactText.init))
        self.mayFollow = mayFollow
    }

    /// Whether a file has to be brought by the request, and is not.
    func isMissing(_ file: NamedFile) -> Bool {
        !mayFollow && file.direction == .input && !inputs.contains(ExactText(file.name))
    }

    /// Takes down a file that a value names, or says why it cannot be named.
    mutating func note(_ file: NamedFile) -> String? {
        if let reason = reason(file) { return reason }
        let isInput = inputs.contains(ExactText(file.name))
        if file.direction == .output || file.direction == .any && !isInput { outputs.append(file.name) }
        return nil
    }

    /// Why a file cannot be named, or `nil`.
    mutating func reason(_ file: NamedFile) -> String? {
        isMissing(file) ? "the request brings no input file \(quoted(file.name)); inputs: \(brought)" : nil
    }
}
