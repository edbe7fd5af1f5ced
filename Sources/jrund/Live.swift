import Programs
import Runs

/// What a reload replaces, as one value: nobody sees half of it.
struct Live: Sendable {
    var configuration: Configuration
    var catalog: ProgramCatalog
    var access: Access
    /// Of the last reading.
    var problems: [String] = []
    /// Programs none of whose runs can start.
    var unusable: [String]

    init(_ configuration: Configuration, keeping previous: ProgramCatalog? = nil) {
        self.configuration = configuration
        catalog = ProgramCatalog(directories: configuration.programs, keeping: previous)
        access = Access(
            configuration, programs: catalog.entries.values.map(\.loaded.program), uid: NodeNames.uid,
            gid: NodeNames.gid)
        problems = catalog.problems
        unusable = catalog.entries.sorted { $0.key < $1.key }.flatMap { name, entry in
            NodeLint.seccompErrors(of: entry.loaded.program).map { "program '\(name)': \($0)" }
        }
    }
}

extension Live {
    /// What jrund serves with, and somebody should look at.
    func warnings(on node: Node) -> [String] {
        access.warnings + unusable + [Startup.workDirectoryProblem(configuration, node)].compactMap { $0 }
    }
}
