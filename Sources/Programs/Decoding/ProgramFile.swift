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
    /// Reads a program from the bytes of its file, which must be all that it is made of.
    ///
    /// - Parameter fileName: Name or path, used in messages; if it ends in `.yaml` or `.yml`, the program must be
    ///   called like it.
    public static func parse(_ bytes: [UInt8], fileName: String) -> Result<Program, ProgramFileErrors> {
        read(bytes, fileName: fileName) { _ in .notHere }.flatMap { source in
            guard source.isAbstract, let origin = source.origins["abstract"] else { return .success(source.program) }
            let error = ProgramFileError(
                file: origin.file, line: origin.line, column: origin.column,
                message: "abstract: the program \(quoted(source.program.name)) is only there to be extended")
            return .failure(ProgramFileErrors(errors: [error]))
        }
    }

    /// Reads a program from the bytes of its file and of those that it extends.
    ///
    /// - Parameters:
    ///   - fileName: As for `parse`.
    ///   - find: Gives the file of a program that another one extends.
    public static func read(
        _ bytes: [UInt8], fileName: String, find: @escaping (String) -> FoundProgramFile
    ) -> Result<ProgramSource, ProgramFileErrors> {
        let findings = Findings(file: fileName)
        var composition = Composition(findings: findings, find: find)
        var source: ProgramSource?
        if let root = composition.compose(bytes, fileName: fileName) {
            let isAbstract = composition.isAbstract
            let decoder = ProgramDecoder(findings: findings, fileName: fileName, isAbstract: isAbstract)
            source = decoder.program(root).map {
                ProgramSource(
                    program: $0, isAbstract: isAbstract, files: composition.files, root: root)
            }
        }
        guard let source, findings.isEmpty else { return .failure(findings.sorted()) }
        return .success(source)
    }
}
