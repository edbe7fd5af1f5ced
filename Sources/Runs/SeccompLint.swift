import Confinement
import Programs

/// What is wrong with a program's system call filter.
extension NodeLint {
    /// The errors alone: with those no run of the program can start, here or elsewhere.
    public static func seccompErrors(of program: Program) -> [LintWarning] {
        seccomp(program.security.seccomp).filter(\.isError)
    }

    static func seccomp(_ choice: SeccompChoice) -> [LintWarning] {
        let keyPath = "security.seccomp"
        do throws(RunRefused) {
            // First, for its better words.
            if case .file(let path) = choice { _ = try SeccompFileText(path: path) }
            _ = try SeccompPolicy.chosen(by: choice, boundsMemoryByAddressSpace: false, sharesIDWithInit: false)
        } catch {
            if mayStartElsewhere(choice) {
                return [LintWarning(keyPath: keyPath, message: "no run can start on this node: \(error)")]
            }
            return [LintWarning(keyPath: keyPath, message: "no run can start: \(error)", isError: true)]
        }
        guard case .file(let path) = choice else { return [] }
        let unknown = SeccompPolicy.unknownNames(in: path)
        if unknown.isEmpty { return [] }
        return [
            LintWarning(
                keyPath: keyPath,
                message:
                    "'\(printable(path))' names what is no system call here, so it stays refused: \(unknown.prefix(8).joined(separator: ", "))"
            )
        ]
    }

    /// Whether the filter is good on a machine of another architecture or with another kernel.
    private static func mayStartElsewhere(_ choice: SeccompChoice) -> Bool {
        guard case .file(let path) = choice, let text = try? SeccompFileText(path: path) else { return false }
        return SeccompFile.Machine.Architecture.allCases.contains { architecture in
            // Entries hold from a kernel on, or up to one.
            [(0, 0), (Int.max, 0)].contains { kernel in
                let machine = SeccompFile.Machine(architecture: architecture, kernel: kernel)
                guard let file = try? SeccompFile.read(text.bytes, named: path, for: machine) else { return false }
                return SeccompPolicy(file).missingForLaunch == nil
            }
        }
    }
}
