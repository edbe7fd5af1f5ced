import Kernel
import Programs

/// The programs of a node as they were read last. What is broken keeps its last good version.
public struct ProgramCatalog: Sendable {
    /// One program: the file it came from, and the text that reads back to it.
    public struct Entry: Sendable {
        public var source: ProgramSource
        public var loaded: LoadedProgram
    }

    public private(set) var entries: [String: Entry] = [:]
    /// One sentence for each file that cannot be read, whether an older version is in force or not.
    public private(set) var problems: [String] = []

    /// - Parameters:
    ///   - directories: the first that has a name wins.
    ///   - previous: keeps what this reading cannot replace.
    public init(directories: [String], keeping previous: ProgramCatalog? = nil) { fatalError() }

    /// By name; abstract files are not there.
    public func program(_ name: String) -> Entry? { entries[name] }
}
