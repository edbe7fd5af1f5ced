/// The files that a request names, on the command line and in the environment.
struct RequestedFiles {
    /// Names of the request's input files.
    private let inputs: Set<ExactText>
    /// What the program will write.
    private(set) var outputs: [String] = []
    /// Made once: there can be many inputs and many complaints.
    private lazy var brought = inputs.isEmpty ? "none" : shortList(inputs.map(\.text).sorted().map(quoted))

    init(inputs: [String]) {
        self.inputs = Set(inputs.map(ExactText.init))
    }

    /// Takes down a file that a value names, or says why it cannot be named.
    mutating func note(_ file: NamedFile) -> String? {
        let isInput = inputs.contains(ExactText(file.name))
        switch file.direction {
        case .any where isInput: break
        case .output, .any: outputs.append(file.name)
        case .input where isInput: break
        case .input: return "the request brings no input file \(quoted(file.name)); inputs: \(brought)"
        }
        return nil
    }
}
