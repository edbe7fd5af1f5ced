import CLinux
import Confinement
import Dispatch
import Kernel
import Programs
import Synchronization

/// The warm sandboxes of a node: docs/daemon.md. They are made in the background, one after the other, and out of the way
/// of launches.
final class WarmPool: Sendable {
    /// Of all programs together.
    static let mostSandboxes = 256
    /// A run that was created and not started keeps its sandbox for so long, in nanoseconds.
    private static let loan: UInt64 = 10_000_000_000
    /// After the last launch, before one is made: whoever asked shall have the answer first.
    private static let pause = DispatchTimeInterval.milliseconds(10)
    /// Before it is tried again with a program whose sandbox could not be made, in nanoseconds.
    private static let patience: UInt64 = 10_000_000_000

    private struct State {
        /// By the program's name.
        var shelves: [String: WarmShelf] = [:]
        /// What they are made with.
        var node: Node?
        var bestEffort = false
        var launches = 0
        var isFilling = false
        var isClosed = false

        /// The program that lacks a sandbox, when one may be made now.
        func next() -> LoadedProgram? {
            guard launches == 0, !isClosed else { return nil }
            let now = monotonicNanoseconds()
            return shelves.values.first { $0.parked.count < $0.wanted && now >= $0.triesAgainAt }?.loaded
        }
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "warm sandboxes")
    private let watcher: Watcher
    private let networks: IdleNetworks
    private let log: Monitor.Log

    init(watcher: Watcher, networks: IdleNetworks, log: @escaping Monitor.Log) {
        (self.watcher, self.networks, self.log) = (watcher, networks, log)
    }

    /// What a run of the program with its default limits would be made from now.
    private func prepare(_ loaded: LoadedProgram) throws -> Preparation {
        let (node, bestEffort) = state.withLock { ($0.node, $0.bestEffort) }
        guard let node else { throw RunRefused("no sandboxes are kept yet") }
        return try Preparation(
            node: node, loaded: loaded, request: AcceptedRequest(standingForAll: loaded.program),
            bestEffort: bestEffort)
    }

    /// Raised when there are more or fewer.
    let changes = ChangeSignal()

    /// Sandboxes that wait, over all programs, and how many shall be.
    var counts: (parked: Int, wanted: Int) {
        state.withLock { state in
            (state.shelves.values.reduce(0) { $0 + $1.parked.count }, state.shelves.values.reduce(0) { $0 + $1.wanted })
        }
    }

    // MARK: What is wanted

    /// Keeps sandboxes for these programs from now on, and drops those that are not as they would be made now.
    func keep(_ programs: [LoadedProgram], on node: Node, bestEffort: Bool) {
        var room = WarmPool.mostSandboxes
        var wanted: [String: (loaded: LoadedProgram, count: Int)] = [:]
        for loaded in programs.sorted(by: { $0.program.name < $1.program.name }) {
            let count = min(loaded.program.canBeWarm && node.workDirectory == .memory ? loaded.program.warm : 0, room)
            room -= count
            if count > 0 { wanted[loaded.program.name] = (loaded, count) }
        }
        let unwanted = state.withLock { state -> [WarmSandbox] in
            var unwanted: [WarmSandbox] = []
            (state.node, state.bestEffort) = (node, bestEffort)
            for name in Array(state.shelves.keys) where wanted[name] == nil {
                let shelf = state.shelves.removeValue(forKey: name)!
                unwanted += shelf.parked + shelf.lent.map(\.sandbox)
            }
            for (name, (loaded, count)) in wanted {
                var shelf = state.shelves[name] ?? WarmShelf(loaded: loaded, wanted: count)
                (shelf.loaded, shelf.wanted, shelf.triesAgainAt) = (loaded, count, 0)
                shelf.isTold = false
                let excess = max(0, shelf.parked.count - count)
                unwanted += shelf.parked.suffix(excess)
                shelf.parked.removeLast(excess)
                state.shelves[name] = shelf
            }
            return unwanted
        }
        queue.async { [names = wanted.keys] in
            for sandbox in unwanted { sandbox.drop() }
            for name in names { self.dropStale(name) }
            self.changes.raise()
        }
        fill()
    }

    private func dropStale(_ name: String) {
        guard let loaded = state.withLock({ $0.shelves[name]?.loaded }) else { return }
        let now = try? prepare(loaded)
        let stale = state.withLock { state in
            state.shelves[name]?.removeParked { now == nil || !$0.isCurrent || !$0.preparation.makesTheSame(as: now!) }
                ?? []
        }
        for sandbox in stale { sandbox.drop() }
    }

    // MARK: Taking

    /// - Returns: a sandbox for a run that is prepared so, which nobody else will get.
    func take(for preparation: Preparation) -> WarmSandbox? {
        let (sandbox, stale) = state.withLock { state -> (WarmSandbox?, [WarmSandbox]) in
            guard var shelf = state.shelves[preparation.program.name], shelf.lent.count < shelf.wanted else {
                return (nil, [])
            }
            defer { state.shelves[preparation.program.name] = shelf }
            guard preparation.request.limits == preparation.program.limits.defaults else { return (nil, []) }
            var stale: [WarmSandbox] = []
            while !shelf.parked.isEmpty {
                let sandbox = shelf.parked.removeFirst()
                if sandbox.isThere, sandbox.isCurrent, sandbox.preparation.makesTheSame(as: preparation) {
                    shelf.lent.append((sandbox, monotonicNanoseconds()))
                    return (sandbox, stale)
                }
                stale.append(sandbox)
            }
            return (nil, stale)
        }
        drop(stale)
        if sandbox != nil || !stale.isEmpty { changes.raise() }
        return sandbox
    }

    func isWarm(_ program: Program) -> Bool { state.withLock { $0.shelves[program.name] != nil } }

    /// The sandbox is a run's own now, or nobody's any more.
    func settle(_ sandbox: WarmSandbox) {
        state.withLock { $0.shelves[sandbox.preparation.program.name]?.lent.removeAll { $0.sandbox === sandbox } }
    }

    /// Nothing is made while a run is being launched.
    func whileLaunching<Value>(_ body: () throws -> Value) rethrows -> Value {
        state.withLock { $0.launches += 1 }
        defer {
            state.withLock { $0.launches -= 1 }
            fill()
        }
        return try body()
    }

    private func drop(_ sandboxes: [WarmSandbox]) {
        if sandboxes.isEmpty { return }
        queue.async {
            for sandbox in sandboxes { sandbox.drop() }
        }
    }

    // MARK: Making

    /// What time brings: sandboxes of runs that nobody starts are dropped, and what could not be made is tried again.
    func tend() {
        let now = monotonicNanoseconds()
        let idle = state.withLock { state in
            Array(state.shelves.keys).flatMap { state.shelves[$0]!.endLoans(from: now - WarmPool.loan) }
        }
        drop(idle)
        fill()
    }

    private func fill() {
        let begins = state.withLock { state in
            guard !state.isFilling, state.next() != nil else { return false }
            state.isFilling = true
            return true
        }
        if begins { queue.asyncAfter(deadline: .now() + WarmPool.pause) { self.fillNow() } }
    }

    private func fillNow() {
        while true {
            let loaded = state.withLock { state -> LoadedProgram? in
                let next = state.next()
                if next == nil { state.isFilling = false }
                return next
            }
            guard let loaded else { return }
            make(loaded)
        }
    }

    private func make(_ loaded: LoadedProgram) {
        let name = loaded.program.name
        do {
            let sandbox = try WarmSandbox(try prepare(loaded), networks)
            let isWanted = state.withLock { state -> Bool in
                guard !state.isClosed, let shelf = state.shelves[name], shelf.parked.count < shelf.wanted,
                    shelf.loaded.digest == loaded.digest
                else { return false }
                state.shelves[name]!.parked.append(sandbox)
                return true
            }
            try watch(sandbox)
            if !isWanted { sandbox.drop() }
            changes.raise()
        } catch {
            let isTold = state.withLock { state in
                defer { state.shelves[name]?.isTold = true }
                state.shelves[name]?.triesAgainAt = monotonicNanoseconds() + WarmPool.patience
                return state.shelves[name]?.isTold ?? true
            }
            if !isTold { log(.warning, "no warm sandbox of program '\(name)' can be made: \(error)", nil) }
        }
    }

    /// One that dies leaves the shelf, and what it leaves behind goes; so does the process, of which nobody else may know.
    private func watch(_ sandbox: WarmSandbox) throws {
        let (id, pid, name) = (sandbox.id, sandbox.pid, sandbox.preparation.program.name)
        let preparation = sandbox.preparation
        try watcher.watch(try sandbox.end()) { [weak self] _, _ in
            _ = sys_wait4(pid, nil, WNOHANG | WALL, nil)
            guard let self else { return false }
            let dead = self.state.withLock { $0.shelves[name]?.removeParked { $0.id == id } ?? [] }
            if !dead.isEmpty {
                self.changes.raise()
                self.log(.warning, "a warm sandbox of program '\(name)' has died", id)
                self.queue.async { WarmPool.removeLeftovers(of: id, preparation) }
            }
            return false
        }
    }

    /// Of one whose jrun-init was killed, and could not.
    private static func removeLeftovers(of id: RunID, _ preparation: Preparation) {
        if let runs = try? preparation.cgroups?.openRuns(),
            let leaf = try? CgroupLeaf(opening: id.description, in: runs.raw)
        {
            try? leaf.remove(from: runs.raw)
        }
        try? removeTree(WarmSandbox.directoryName(id), in: preparation.node.runsDirectory)
    }

    /// Drops all of them and makes no more; returns when they have gone.
    func close() {
        let all = state.withLock { state in
            state.isClosed = true
            defer { state.shelves = [:] }
            return state.shelves.values.flatMap { $0.parked + $0.lent.map(\.sandbox) }
        }
        // First to all, so that they go at the same time.
        let dropped = all.filter { $0.startToDrop() }
        // One that is being made is dropped there.
        queue.sync {}
        for sandbox in dropped { sandbox.waitUntilGone() }
    }
}
