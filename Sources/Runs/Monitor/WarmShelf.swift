import Confinement
import Kernel
import Programs

/// What is kept ready for one program.
struct WarmShelf {
    var loaded: LoadedProgram
    var wanted: Int
    var parked: [WarmSandbox] = []
    /// Taken by runs that have not been started; since when, by CLOCK_MONOTONIC in nanoseconds.
    var lent: [(sandbox: WarmSandbox, since: UInt64)] = []
    var triesAgainAt: UInt64 = 0
    /// That it could not be made is in the log.
    var isTold = false

    mutating func removeParked(where isUnwanted: (WarmSandbox) -> Bool) -> [WarmSandbox] {
        let removed = parked.filter(isUnwanted)
        if !removed.isEmpty { parked.removeAll { one in removed.contains { $0 === one } } }
        return removed
    }

    mutating func endLoans(from time: UInt64) -> [WarmSandbox] {
        let ended = lent.filter { $0.since < time }.map(\.sandbox)
        lent.removeAll { $0.since < time }
        return ended
    }
}

extension Preparation {
    /// Whether a sandbox that was made from the one does for a run that is prepared so.
    func makesTheSame(as other: Preparation) -> Bool {
        loaded.digest == other.loaded.digest && loaded.path == other.loaded.path
            && request.limits == other.request.limits && facts == other.facts && enforcement == other.enforcement
            && bestEffort == other.bestEffort && image?.digest == other.image?.digest
            && cgroups?.path == other.cgroups?.path && seccompPolicy == other.seccompPolicy
    }
}
