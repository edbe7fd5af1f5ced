import Programs
import Runs

/// What a reload replaces, as one value: nobody sees half of it.
struct Live: Sendable {
    var configuration: Configuration
    var catalog: ProgramCatalog
    var access: Access
    /// Of the last reading.
    var problems: [String] = []

    init(_ configuration: Configuration, keeping previous: ProgramCatalog? = nil) {
        self.configuration = configuration
        catalog = ProgramCatalog(directories: configuration.programs, keeping: previous)
        access = Access(
            configuration, programs: catalog.entries.values.map(\.loaded.program), uid: NodeNames.uid,
            gid: NodeNames.gid)
        problems = catalog.problems
    }
}
