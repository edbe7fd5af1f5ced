import Kernel
import Programs
import Runs

/// A request as the rules accepted it, and the files that belong to it.
struct PreparedRequest {
    let loaded: LoadedProgram
    let accepted: AcceptedRequest
    let inputs: [InputFile]
    private let node: Node

    /// Throws every violation at once.
    init(_ options: RequestOptions) throws {
        node = try currentNode()
        loaded = try ProgramLibrary(extra: options.programs, node: node).load(options.program)
        var violations: [Violation] = []
        inputs = options.input.compactMap { inputFile($0, &violations) }
        let program = loaded.program
        var request = Request(
            arguments: options.arguments, inputs: inputs.map { requestedInput($0, program, &violations) })
        for text in options.limit { addLimit(text, to: &request, &violations) }
        for text in options.env { addVariable(text, to: &request, &violations) }
        switch loaded.program.check(request) {
        case .failure(let found): throw Violations(violations + found.violations)
        case .success(let accepted):
            if !violations.isEmpty { throw Violations(violations) }
            self.accepted = accepted
        }
    }

    func preparation(_ options: RequestOptions) throws -> Preparation {
        try Preparation(node: node, loaded: loaded, request: accepted, bestEffort: options.bestEffort)
    }
}

/// `FILE` or `FILE=NAME`; a file whose own name holds '=' needs the second form.
private func inputFile(_ text: String, _ violations: inout [Violation]) -> InputFile? {
    let equals = text.lastIndex(of: "=")
    let source = equals.map { String(text[..<$0]) } ?? text
    let name = equals.map { String(text[text.index(after: $0)...]) } ?? String(text.split(separator: "/").last ?? "")
    func violation(_ message: String) -> InputFile? {
        violations.append(Violation(rule: "inputs", place: "input '\(text)'", message: message))
        return nil
    }
    if let reason = checkFileName(name) { return violation("its name in the run: \(reason)") }
    let status: FileStatus
    do { status = try FileStatus(path: source) } catch {
        return violation("'\(source)': \(describe(errno: error.errno))")
    }
    guard status.kind == .file else { return violation("'\(source)' is a \(status.kind.rawValue), not a regular file") }
    return InputFile(source: source, name: name, size: status.size)
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

private func addLimit(_ text: String, to request: inout Request, _ violations: inout [Violation]) {
    do {
        let (name, value) = try parseLimit(text)
        request.limits[name] = value
    } catch {
        violations.append(Violation(rule: "limits", place: "--limit", message: "\(error)"))
    }
}

private func addVariable(_ text: String, to request: inout Request, _ violations: inout [Violation]) {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
        violations.append(
            Violation(
                rule: "environment", place: "--env '\(text)'", message: "write it as NAME=VALUE, for example LANG=C"))
        return
    }
    request.environment[String(text[..<equals])] = String(text[text.index(after: equals)...])
}
