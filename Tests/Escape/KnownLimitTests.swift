import EscapeAttacks
import Testing

/// What jrun does not stop, and cannot without taking something away from honest programs. When one of these is stopped one
/// day, its test says so. docs/security.md tells the reader of them.
extension Escape {
    @Suite struct KnownLimits {
        private func isStopped(_ attack: Attack) throws -> Bool {
            let site = try Setting.site.get()
            try #require(attempt(attack, under: Outside(), at: site) == .succeeded)
            if case .stopped = attempt(attack, under: JrunExec(), at: site) { return true }
            return false
        }

        /// flock(2) is per inode, and asks for no right to write.
        @Test func locksOnFilesThatTheViewShowsAreSeen() throws {
            let attack = Attack(
                "lock-shown", .ipc, "Whether somebody holds a lock on a file that the view shows (flock(2)).",
                probe: "ipc-take flock {shown}", stoppedBy: [],
                props: [.shownFile, .processOfTheUser("ipc-hold flock {shown}")])
            let isStopped = try isStopped(attack)
            withKnownIssue("two runs can ring a bell for each other by locking a file that both may read") {
                #expect(isStopped)
            }
        }
    }
}
