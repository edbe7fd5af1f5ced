import ArgumentParser
import FoundationEssentials
import Kernel
import Runs

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what this node can do for runs, and how to cure what it cannot.",
        discussion:
            "Exit code 0 when runs can start, even if something is weaker; 1 when something they need is missing.")

    @Flag(name: .long, help: "As JSON.")
    var json = false

    func run() throws {
        ignoreSignalsOfWriting()
        try reporting {
            let diagnoses = try self.diagnoses()
            let text = json ? try DoctorAnswer(diagnoses).json() : DoctorTable(diagnoses, colour: isTerminal(1)).text
            try FileSystem.write(text.utf8, to: 1, named: "stdout")
            if !Doctor.canRun(diagnoses) { throw ExitCode(1) }
        }
    }
}

extension DoctorCommand {
    private func diagnoses() throws -> [Diagnosis] {
        do { return Doctor.examine(node: try launchingNode()) } catch let refused as RunRefused {
            return Doctor.withoutNamespace(refused, node: try currentNode())
        }
    }
}

/// What `jrun doctor --json` prints.
private struct DoctorAnswer: Encodable {
    let format = "jrun.doctor/1"
    let canRun: Bool
    let checks: [Diagnosis]

    init(_ diagnoses: [Diagnosis]) {
        canRun = Doctor.canRun(diagnoses)
        checks = diagnoses
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}
