import ArgumentParser
import FoundationEssentials
import Kernel
import Programs
import Runs

struct LintPrograms: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint", abstract: "Everything that is wrong with program files, and what looks wrong.",
        discussion: "Exit code 0 when all files can be used; 125 when one cannot, with --strict also after warnings.")

    @Flag(name: .long, help: "Warnings count as errors.")
    var strict = false

    @Flag(name: .long, help: "As JSON.")
    var json = false

    @Option(
        name: .long,
        help: ArgumentHelp("Look there first for files that are extended. May be repeated.", valueName: "dir"),
        completion: .directory)
    var programs: [String] = []

    @Argument(help: ArgumentHelp("Program files.", valueName: "file"), completion: .file(extensions: ["yaml"]))
    var files: [String]

    func run() throws {
        ignoreSignalsOfWriting()
        try reporting {
            var inspection = Inspection(
                library: programLibrary(programs))
            for path in files {
                let number = inspection.entries.count
                inspection.look(at: path)
                if !json { say(path, Array(inspection.entries[number...])) }
            }
            let answer = LintAnswer(files: files, findings: inspection.entries, isStrict: strict)
            if json { try FileSystem.write(try answer.json().utf8, to: 1, named: "stdout") }
            if !answer.good { throw ExitCode(125) }
        }
    }

    private func say(_ path: String, _ entries: [LintAnswer.Entry]) {
        for entry in entries { tell(entry) }
        if entries.contains(where: { $0.severity == .error || strict }) { return }
        let warnings = entries.isEmpty ? "" : ", \(entries.count) warning\(entries.count == 1 ? "" : "s")"
        print("\(printable(path)): good\(warnings)")
    }
}

/// Places stand at the beginning of a line, where editors look for them.
private func tell(_ entry: LintAnswer.Entry) {
    if entry.line == nil { return complain(entry.text) }
    try? FileSystem.write("\(printable(entry.text))\n".utf8, to: 2, named: "stderr")
}

/// Looks at files one after the other; also knows what they have in common.
private struct Inspection {
    let library: ProgramLibrary
    var entries: [LintAnswer.Entry] = []
    private var fileOfName: [String: String] = [:]

    init(library: ProgramLibrary) { self.library = library }

    mutating func look(at path: String) {
        do {
            let source = try library.read(path, besideFirst: true)
            let others =
                source.isAbstract
                ? [] : NodeLint(environment: environmentVariable).warnings(for: source.programWithFiles)
            entries += source.lint(with: others + sameName(source.program.name, path)).map(LintAnswer.Entry.init)
        } catch let errors as ProgramFileErrors {
            entries += errors.errors.map(LintAnswer.Entry.init)
        } catch {
            entries.append(LintAnswer.Entry(file: path, severity: .error, message: "\(error)"))
        }
    }

    private mutating func sameName(_ name: String, _ path: String) -> [LintWarning] {
        guard let other = fileOfName[name], other != path else {
            fileOfName[name] = path
            return []
        }
        return [
            LintWarning(
                keyPath: "program",
                message: "'\(other)' describes a program '\(name)' too; of the two, the one that is found first counts")
        ]
    }
}

/// What `jrun program lint --json` prints.
private struct LintAnswer: Encodable {
    enum Severity: String, Encodable { case error, warning }

    struct Entry: Encodable {
        var file: String
        /// Counted from 1; absent when the file could not be read at all.
        var line: Int?
        var column: Int?
        var severity: Severity
        /// The path of the key; only of a warning, an error's message names it.
        var key: String?
        var message: String
    }

    let format = "jrun.lint/1"
    let good: Bool
    let files: [String]
    let findings: [Entry]

    init(files: [String], findings: [Entry], isStrict: Bool) {
        self.files = files
        self.findings = findings
        good = !findings.contains { $0.severity == .error || isStrict }
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}

extension LintAnswer.Entry {
    init(_ error: ProgramFileError) {
        self.init(
            file: error.file, line: error.line, column: error.column, severity: .error, message: error.message)
    }

    init(_ finding: LintFinding) {
        let (origin, warning) = (finding.origin, finding.warning)
        self.init(
            file: origin.file, line: origin.line, column: origin.column,
            severity: warning.isError ? .error : .warning, key: warning.isError ? nil : warning.keyPath,
            message: warning.isError ? "\(warning)" : warning.message)
    }

    /// `FILE:LINE:COLUMN: MESSAGE`, as compilers write it.
    var text: String {
        let place = line.map { "\(file):\($0):\(column ?? 1): " } ?? ""
        return place + (severity == .warning ? "warning: " : "") + (key.map { "\($0): " } ?? "") + message
    }
}
