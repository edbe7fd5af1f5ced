// Who confines.

import TestSupport

package protocol Confiner: Sendable {
    /// For the table's head.
    var name: String { get }
    /// Version and options, for the text below the table.
    var usedAs: String { get }
    /// Why it cannot be used on this node; nil when it can.
    func missing(at site: Site) -> String?
    /// Starts the probe with these words, its streams being those of the command.
    func command(for words: [String], on stage: Stage) throws -> Command
    /// What ended the run, where the confiner says so: a signal's name, or "seccomp" and the call.
    func killed(_ ended: Ended) -> String?
    /// Whether what the program may change of what it is shown was a copy of its own, and the original is as it was.
    func keepsAsItWas(_ stage: Stage) throws -> Bool
}

extension Confiner {
    package func killed(_ ended: Ended) -> String? { ended.status == 128 + 31 ? "SIGSYS" : nil }
    package func keepsAsItWas(_ stage: Stage) throws -> Bool { false }
}
