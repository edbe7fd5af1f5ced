/// One thing that is wrong in a program file, with its place counted from 1.
public struct ProgramFileError: Error, Sendable, Equatable, CustomStringConvertible {
    public var file: String
    public var line: Int
    public var column: Int
    public var message: String

    /// `FILE:LINE:COLUMN: MESSAGE`
    public var description: String { "\(file):\(line):\(column): \(message)" }
}

/// Everything that is wrong in a program file, in the order of the file; never empty.
public struct ProgramFileErrors: Error, Sendable, Equatable, CustomStringConvertible {
    public var errors: [ProgramFileError]

    /// One line for each error.
    public var description: String { errors.map(\.description).joined(separator: "\n") }
}

/// The reader of program files.
public struct ProgramFile {
    /// Reads a program from the bytes of its file.
    ///
    /// - Parameter fileName: Name or path, used in messages; if it ends in `.yaml` or `.yml`, the program must be
    ///   called like it.
    public static func parse(_ bytes: [UInt8], fileName: String) -> Result<Program, ProgramFileErrors> {
        let findings = Findings(file: fileName)
        // A byte order mark says nothing in UTF-8; editors that write it should not make a file unreadable.
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        var program: Program?
        if let root = YAMLComposer.compose(text, findings: findings) {
            program = ProgramDecoder(findings: findings, fileName: fileName).program(root)
        }
        guard let program, findings.isEmpty else { return .failure(findings.sorted()) }
        return .success(program)
    }
}

/// Collects the errors of one file.
final class Findings {
    private let file: String
    private var errors: [ProgramFileError] = []

    init(file: String) { self.file = file }

    var isEmpty: Bool { errors.isEmpty }

    func add(_ mark: Mark, _ message: String) {
        errors.append(ProgramFileError(file: file, line: mark.line, column: mark.column, message: message))
    }

    /// In the order of the file; equal places keep the order of discovery.
    func sorted() -> ProgramFileErrors {
        let order = errors.indices.sorted {
            (errors[$0].line, errors[$0].column, $0) < (errors[$1].line, errors[$1].column, $1)
        }
        return ProgramFileErrors(errors: order.map { errors[$0] })
    }
}
