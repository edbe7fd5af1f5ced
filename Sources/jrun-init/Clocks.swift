// The run's clocks as plain arithmetic: which deadline is next, and which has passed. Times are CLOCK_MONOTONIC
// nanoseconds.

import CLinux
import CPlan

struct Clocks {
    static let never = UInt64.max
    /// How often the watched quantities are looked at: at least this far apart while the program is busy …
    static let shortestTick: UInt64 = 20_000_000
    /// … and this far while it does nothing: as long again as it has done nothing already, up to this.
    static let longestTick: UInt64 = 60_000_000_000
    /// The same where only a count of 10 ms tells what it does.
    static let longestCoarseTick: UInt64 = 1_000_000_000
    /// CPU time is looked at again when the limit could have been reached, but not more often than this: on all CPUs
    /// together no more than 40 ms pass meanwhile, on machines of up to 80 CPUs.
    let shortestCPUCheck: UInt64

    private let wallLimit: UInt64
    private let startedAt: UInt64
    private(set) var frozenSince: UInt64?
    private(set) var suspendedTotal: UInt64 = 0

    var nextCPUCheck: UInt64
    var nextTick: UInt64
    private var tick = shortestTick
    private var cpuAtLastTick: UInt64 = 0
    /// When the stop signal's grace time is over; then the run is killed.
    var killAt = never
    /// Killed, and not gone yet: nothing is left to be watched for, and the kill is repeated.
    private(set) var isKilled = false
    private static let repeatedKill: UInt64 = 100_000_000
    /// When the suspend signal's grace time is over; then the run is frozen.
    var freezeAt = never

    init(rules: jrun_supervision, startedAt: UInt64) {
        wallLimit = rules.wall_ns
        self.startedAt = startedAt
        let cpus = UInt64(max(rules.cpus, 1))
        shortestCPUCheck = max(min(5_000_000, 40_000_000 / cpus), 500_000)
        nextCPUCheck = startedAt + max(rules.cpu_ns / cpus, shortestCPUCheck)
        let watches = rules.flags & UInt32(JRUN_WATCH_THREADS | JRUN_WATCH_DISK) != 0
        nextTick = watches ? startedAt + Clocks.shortestTick : Clocks.never
    }

    /// The wall clock stands still while the run is frozen.
    var wallDeadline: UInt64 { frozenSince != nil ? Clocks.never : startedAt + wallLimit + suspendedTotal }

    func wallTime(_ now: UInt64) -> UInt64 { now - startedAt - suspendedTotal }

    mutating func freeze(_ now: UInt64) {
        if frozenSince == nil { frozenSince = now }
        freezeAt = Clocks.never
    }

    mutating func thaw(_ now: UInt64) {
        if let since = frozenSince { suspendedTotal += now - since }
        frozenSince = nil
        freezeAt = Clocks.never
    }

    mutating func killed(_ now: UInt64) {
        isKilled = true
        killAt = now + Clocks.repeatedKill
    }

    /// Whether nothing in the run has had a processor since the last look.
    func hasSlept(_ cpu: UInt64) -> Bool { cpu == cpuAtLastTick }

    mutating func scheduleTick(_ now: UInt64, cpu: UInt64, longest: UInt64 = Clocks.longestTick) {
        tick = hasSlept(cpu) ? min(tick * 2, longest) : Clocks.shortestTick
        cpuAtLastTick = cpu
        nextTick = now + tick
    }

    /// The program does something again: it is looked at soon.
    mutating func stirred() {
        guard tick > Clocks.shortestTick, nextTick != Clocks.never else { return }
        tick = Clocks.shortestTick
        nextTick = min(nextTick, monotonicNow() + tick)
    }

    func timeUntilNextDeadline(_ now: UInt64) -> k_timespec {
        let watching = frozenSince == nil ? min(nextCPUCheck, nextTick) : Clocks.never
        // A deadline that has passed would have us look again at once, for as long as the program takes to die.
        let next = isKilled ? killAt : min(min(wallDeadline, watching), min(killAt, freezeAt))
        // A day is as good as never for ppoll.
        let wait = next > now ? min(next - now, 86_400_000_000_000) : 0
        return k_timespec(tv_sec: Int64(wait / 1_000_000_000), tv_nsec: Int64(wait % 1_000_000_000))
    }
}
