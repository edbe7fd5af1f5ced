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
    private var isCutOff = false
    private var remainingStates = 100_000
    /// Later ones are dropped: what is wrong so often is not a program file.
    private static let maxErrors = 100

    init(file: String) { self.file = file }

    var isEmpty: Bool { errors.isEmpty }

    /// The message is only made when it is kept: suggestions cost time.
    func add(_ mark: Mark, _ message: @autoclosure () -> String) {
        guard errors.count < Self.maxErrors else {
            isCutOff = true
            return
        }
        errors.append(ProgramFileError(file: file, line: mark.line, column: mark.column, message: message()))
    }

    /// Takes the states of a pattern from what one file may have altogether, so that many patterns use no more memory
    /// than a few large ones.
    func spend(states: Int, at mark: Mark) {
        remainingStates -= states
        if remainingStates < 0, remainingStates + states >= 0 {
            add(mark, "the file's patterns are too many and too complex")
        }
    }

    var canSpendStates: Bool { remainingStates > 0 }

    /// In the order of the file; equal places keep the order of discovery.
    func sorted() -> ProgramFileErrors {
        let order = errors.indices.sorted {
            (errors[$0].line, errors[$0].column, $0) < (errors[$1].line, errors[$1].column, $1)
        }
        var sorted = order.map { errors[$0] }
        if isCutOff, var last = sorted.last {
            last.message = "there are more errors than the \(Self.maxErrors) that are shown"
            sorted.append(last)
        }
        return ProgramFileErrors(errors: sorted)
    }
}
