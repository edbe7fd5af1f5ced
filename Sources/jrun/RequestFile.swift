import Kernel
import Programs
import Runs

/// A request that was read from `--request`.
final class RequestFile {
    let form: RequestForm
    private let path: String
    /// Contents that the request brings itself, kept open until the run has them.
    private var contents: [RequestContent] = []

    /// Each is an open descriptor, of which a process has 1024 by default.
    private static let maxContents = 500

    init(_ path: String) throws {
        self.path = path
        form = try RequestForm.parse(try RequestFile.read(path)).get()
    }

    private static func read(_ path: String) throws -> [UInt8] {
        do {
            if path == "-" { return try FileSystem.contents(of: 0, named: "stdin", limit: RequestForm.maxBytes + 1) }
            return try FileSystem.contents(of: path, limit: RequestForm.maxBytes + 1)
        } catch {
            throw RunRefused("request '\(path)': \(describe(errno: error.errno))")
        }
    }

    /// A program file that is named by its path has the name that it says.
    func expect(_ program: Program, named name: String) throws {
        if form.program != program.name { throw mismatch(name) }
    }

    func expect(programNamed name: String) throws { if form.program != name { throw mismatch(name) } }

    private func mismatch(_ name: String) -> RunRefused {
        RunRefused("request '\(path)' is for program '\(form.program)', not for '\(name)'")
    }

    /// Puts the request's arguments, environment and limits into `request`.
    ///
    /// - Returns: the files that it brings.
    func fill(
        _ request: inout Request, for program: Program, _ options: RequestWords, _ violations: inout [Violation]
    ) throws -> [InputFile] {
        if form.hasArguments, !options.arguments.isEmpty {
            violations.append(.argumentsTwice)
        }
        let resolved = form.resolved(by: program, inputs: request.inputs.map(\.name))
        // What the rules fill in stands back behind arguments of the command line.
        if options.arguments.isEmpty || form.hasArguments {
            request.arguments = resolved.arguments
            violations += resolved.violations
        } else {
            violations += resolved.violations.filter { $0.rule != "arguments" }
        }
        request.environment = resolved.environment
        request.limits = form.limits
        return try form.inputs.compactMap { try file($0, &violations) }
    }

    private func file(_ input: RequestForm.Input, _ violations: inout [Violation]) throws -> InputFile? {
        switch input.content {
        case .bytes(let bytes):
            guard contents.count < RequestFile.maxContents else {
                violations.append(
                    Violation(
                        rule: "inputs", place: "input '\(input.name)'",
                        message: "at most \(RequestFile.maxContents) files can be inside of a request; use 'file'"))
                return nil
            }
            let content = try RequestContent(input.name, bytes)
            contents.append(content)
            return InputFile(source: content.path, name: input.name, size: Int64(bytes.count))
        case .file(let source):
            return regularFile(resolved(source), as: input.name, place: "input '\(input.name)'", &violations)
        }
    }

    /// Relative to the request's directory.
    func resolved(_ source: String) -> String {
        guard !source.hasPrefix("/"), path != "-", let slash = path.lastIndex(of: "/") else { return source }
        return "\(path[...slash])\(source)"
    }
}

extension Violation {
    static let argumentsTwice = Violation(
        rule: "arguments", place: "arguments", message: "the request has its own; behind '--' there can be none then")
}

/// A file in memory, so that what comes inside a request is staged like every other file.
private final class RequestContent {
    private let file: OwnedFD

    init(_ name: String, _ bytes: [UInt8]) throws {
        file = try sealedMemfd(named: "jrun-input", bytes)
    }

    var path: String { "/proc/self/fd/\(file.raw)" }
}

/// A file of the node that goes into the run.
func regularFile(
    _ source: String, as name: String, place: String, _ violations: inout [Violation]
) -> InputFile? {
    func violation(_ message: String) -> InputFile? {
        violations.append(Violation(rule: "inputs", place: place, message: message))
        return nil
    }
    let status: FileStatus
    do { status = try FileStatus(path: source) } catch {
        return violation("'\(source)': \(describe(errno: error.errno))")
    }
    guard status.kind == .file else { return violation("'\(source)' is a \(status.kind.rawValue), not a regular file") }
    return InputFile(source: source, name: name, size: status.size)
}
