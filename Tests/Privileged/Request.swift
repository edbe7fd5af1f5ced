// One `jrun exec`, from its program file to its report.

import Foundation
import Glibc
import Testing

/// A program file, the probe's unless a test says otherwise.
struct ProgramText {
    var name = "probe"
    var executable: String
    /// Further top-level keys, each with its value in YAML's flow style.
    var keys: [String: String] = [
        "arguments": """
        [{argument: WORD, value: {string: {max: 4096}}, repeat: {min: 0, max: 200}}, {separator: true}]
        """
    ]
    var limits = [
        "wall": "50s", "cpu": "50s", "memory": "256MiB", "processes": "20", "open_files": "64", "output": "16MiB",
        "disk": "16MiB", "temporary": "1MiB",
    ]
    var security: [String: String] = [:]

    init(_ site: Site) {
        executable = site.probe
        security["files"] = "{execute: [\(site.dist)/test]}"
    }

    var yaml: String {
        let head = "program: \(name)\nsummary: For the tests\nexecutable: \(executable)\n"
        func flow(_ values: [String: String]) -> String {
            "{" + values.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "}"
        }
        return head + keys.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\n" }.joined()
            + "limits: \(flow(limits))\nsecurity: \(flow(security))\n"
    }
}

/// What `jrun exec` is asked, and how it is started.
struct Request {
    let site: Site
    var program: ProgramText
    var words: [String]
    /// Options of `jrun exec`.
    var options: [String] = []
    /// Results go there.
    let output: String
    /// A command that starts jrun, such as setpriv.
    var wrapper: [String] = []
    var environment: [String: String]
    var input: Bytes?
    var inheritedDescriptors: ClosedRange<Int32>?
    var blockedSignals = sigset_t()
    private let directory: String

    /// - Parameter words: the program's arguments.
    init(_ words: String...) throws {
        site = try Site.shared.get()
        program = ProgramText(site)
        self.words = words
        environment = site.environment
        directory = try site.makeDirectory()
        output = "\(directory)/output"
        try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: false)
    }

    /// A file for `--input`.
    func file(_ name: String, _ content: some Sequence<UInt8>) throws -> String {
        let path = "\(directory)/\(name)"
        try Data(content).write(to: URL(fileURLWithPath: path))
        return path
    }

    var reportPath: String { "\(directory)/report.json" }
    var programsDirectory: String { "\(directory)/programs" }

    func command() throws -> Command {
        try FileManager.default.createDirectory(atPath: programsDirectory, withIntermediateDirectories: true)
        try Data(program.yaml.utf8).write(to: URL(fileURLWithPath: "\(programsDirectory)/\(program.name).yaml"))
        let arguments = [
            "--best-effort", "--programs", programsDirectory, "--report", reportPath, "--output-dir", output,
        ]
        var command = Command(wrapper + [site.jrun, "exec"] + arguments + options + [program.name, "--"] + words)
        command.environment = environment
        command.input = input?.array
        command.inheritedDescriptors = inheritedDescriptors
        command.blockedSignals = blockedSignals
        return command
    }

    /// The same with changes.
    func changed(_ change: (inout Request) throws -> Void) rethrows -> Request {
        var request = self
        try change(&request)
        return request
    }

    func start() throws -> Child { try Child(command()) }
    func outcome(_ ended: Ended) -> Outcome { Outcome(ended: ended, request: self) }

    /// Runs to the end.
    func run() throws -> Outcome { outcome(try command().run()) }
}

/// The probe's answers to several questions, separated by "--", in one run that went well.
func ask(_ questions: String..., change: (inout Request) throws -> Void = { _ in }) throws -> Outcome {
    var request = try Request("batch")
    request.words += questions
    try change(&request)
    let outcome = try request.run()
    try #require(outcome.status == 0, "\(outcome)")
    return outcome
}

/// What became of it.
@dynamicMemberLookup
struct Outcome: CustomStringConvertible {
    let ended: Ended
    let request: Request
    let report: JSON

    init(ended: Ended, request: Request) {
        self.ended = ended
        self.request = request
        let bytes = (try? Data(contentsOf: URL(fileURLWithPath: request.reportPath))) ?? Data()
        report = (try? JSON(parsing: bytes)) ?? JSON(nil)
    }

    subscript<T>(dynamicMember path: KeyPath<Ended, T>) -> T { ended[keyPath: path] }

    var state: String? { report["state"].string }
    var cause: String? { report["cause"].string }
    var evidence: String { report["evidence"]["summary"].string ?? "" }

    /// Every line that the probe answered.
    var answers: [JSON] { ended.text.split(separator: "\n").compactMap { try? JSON(parsing: $0.utf8) } }

    /// The first answer of a verb.
    subscript(verb: String) -> JSON { answers.first { $0["verb"].string == verb } ?? JSON(nil) }

    /// Names beneath the output directory, sorted.
    var results: [String] {
        (FileManager.default.enumerator(atPath: request.output)?.compactMap { $0 as? String } ?? []).sorted()
    }

    func result(_ name: String) -> Data? { FileManager.default.contents(atPath: "\(request.output)/\(name)") }

    var description: String {
        "exit \(ended.status), state \(state ?? "?"), cause \(cause ?? "?"), \(evidence); stderr: \(ended.stderr.prefix(500)) stdout: \(ended.text.prefix(500))"
    }
}
