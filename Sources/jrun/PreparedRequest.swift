import Kernel
import Programs
import Runs

/// A request as the rules accepted it, and the files that belong to it.
struct PreparedRequest {
    let loaded: LoadedProgram
    let accepted: AcceptedRequest
    private(set) var inputs: [InputFile]
    private let node: Node
    /// Holds the contents that came inside the request.
    private let file: RequestFile?

    /// Throws every violation at once.
    init(_ options: RequestWords) throws {
        node = try launchingNode()
        file = try options.request.map(RequestFile.init)
        let name = try programName(options.program, file)
        loaded = try programLibrary(options.programs, isRootless: node.rootless != nil).load(name)
        if let file { try file.expect(loaded.program, named: name) }
        var violations: [Violation] = []
        var request = Request()
        inputs = try file?.fill(&request, for: loaded.program, options, &violations) ?? []
        let formViolations = Set(violations.map(\.rule))
        inputs += options.input.compactMap { inputFile($0, &violations) }
        let program = loaded.program
        request.inputs = inputs.map { requestedInput($0, program, &violations) }
        if !options.arguments.isEmpty { request.arguments = options.arguments }
        for text in options.limit { addLimit(text, to: &request, &violations) }
        for text in options.env { addVariable(text, to: &request, &violations) }
        switch loaded.program.check(request) {
        case .failure(let found):
            // What could not be put together cannot be judged.
            throw Violations(violations + found.violations.filter { !formViolations.contains($0.rule) })
        case .success(let accepted):
            if !violations.isEmpty { throw Violations(violations) }
            self.accepted = accepted
        }
    }

    func preparation(_ options: RequestWords) throws -> Preparation {
        try Preparation(node: node, loaded: loaded, request: accepted, bestEffort: options.bestEffort)
    }
}

private func programName(_ given: String?, _ file: RequestFile?) throws -> String {
    guard let name = given ?? file?.form.program else {
        throw RunRefused("a program's name is needed, or --request FILE")
    }
    return name
}

/// `FILE` or `FILE=NAME`; a file whose own name holds '=' needs the second form.
func inputFile(_ text: String, _ violations: inout [Violation]) -> InputFile? {
    let equals = text.lastIndex(of: "=")
    let source = equals.map { String(text[..<$0]) } ?? text
    let name = inputName(text)
    if let reason = checkFileName(name) {
        violations.append(
            Violation(rule: "inputs", place: "input '\(text)'", message: "its name in the run: \(reason)"))
        return nil
    }
    return regularFile(source, as: name, place: "input '\(text)'", &violations)
}

/// The name that `FILE` or `FILE=NAME` has in the run.
func inputName(_ text: String) -> String {
    if let equals = text.lastIndex(of: "=") { return String(text[text.index(after: equals)...]) }
    return String(text.split(separator: "/").last ?? "")
}

/// Only a file whose rule asks for a kind of content is read.
private func requestedInput(
    _ file: InputFile, _ program: Program, _ violations: inout [Violation]
) -> RequestedInput {
    let types = program.contentTypes(ofInput: file.name, size: file.size)
    var requested = RequestedInput(name: file.name, size: file.size)
    guard !types.isEmpty else { return requested }
    do { requested.content = try contentFacts(of: file.source, lookingFor: types) } catch {
        violations.append(
            Violation(
                rule: "inputs", place: "input '\(file.name)'",
                message: "'\(file.source)': \(describe(errno: error.errno))"))
    }
    return requested
}

func addLimit(_ text: String, to request: inout Request, _ violations: inout [Violation]) {
    do {
        let (name, value) = try parseLimit(text)
        if request.limits[name] != nil {
            violations.append(
                Violation(rule: "limits", place: "--limit '\(text)'", message: "limit '\(name.rawValue)' is set twice"))
        }
        request.limits[name] = value
    } catch {
        violations.append(Violation(rule: "limits", place: "--limit", message: "\(error)"))
    }
}

func addVariable(_ text: String, to request: inout Request, _ violations: inout [Violation]) {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
        violations.append(
            Violation(
                rule: "environment", place: "--env '\(text)'", message: "write it as NAME=VALUE, for example LANG=C"))
        return
    }
    let name = String(text[..<equals])
    if request.environment[name] != nil {
        violations.append(
            Violation(rule: "environment", place: "--env '\(text)'", message: "variable '\(name)' is set twice"))
    }
    request.environment[name] = String(text[text.index(after: equals)...])
}
