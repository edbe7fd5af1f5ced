import Kernel
import Programs

// Who may start now, who waits, and what is kept how long.

extension Monitor {
    public struct Usage: Sendable, Equatable {
        public var liveRuns = 0
        public var queuedRuns = 0
        /// Bytes promised to live runs.
        public var memory: Int64 = 0
        /// Thousandths of a processor promised to live runs.
        public var cpuThousandths: Int64 = 0
        /// Bytes on disk of all runs.
        public var keptBytes: Int64 = 0
    }

    public var usage: Usage {
        state.withLock { state in
            Usage(
                liveRuns: state.totals.live, queuedRuns: state.queue.count, memory: state.totals.memory,
                cpuThousandths: state.totals.cpus, keptBytes: state.totals.keptBytes)
        }
    }

    /// - Returns: whether the run has a place now; otherwise it waits for one.
    /// - Throws: `MonitorRefusal` `busy`, `quota`
    func admit(_ run: ManagedRun, mayQueue: Bool) throws -> Bool {
        try state.withLock { state in
            let capacity = state.settings.capacity, quota = state.settings.quota
            let own =
                state.totals.live(of: run.owner.uid)
                + state.queue.count { state.runs[$0]?.owner.uid == run.owner.uid }
            if own >= quota.runs {
                throw MonitorRefusal(
                    .quota, "you have \(own) live runs, and may have \(quota.runs); wait for one to end")
            }
            // What it will keep is not known yet, but whoever has too much already gets no more.
            if state.budget(of: run.owner) < 0 {
                throw MonitorRefusal(.quota, "your runs keep more than they may; remove some of them")
            }
            if run.limits[.memory] > capacity.memory {
                throw MonitorRefusal(
                    .busy,
                    "run '\(run.id)' asks for \(formatBytes(run.limits[.memory])) of memory, and this node never "
                        + "promises more than \(formatBytes(capacity.memory)); ask for less with limit 'memory'")
            }
            if run.limits[.cpus] > Int64(capacity.cpus) * 1000 {
                throw MonitorRefusal(
                    .busy,
                    "run '\(run.id)' asks for \(LimitName.cpus.format(run.limits[.cpus])) processors, and this node never "
                        + "promises more than \(capacity.cpus); ask for less with limit 'cpus'")
            }
            if state.queue.isEmpty, state.fits(run) {
                state.totals.admit(run)
                return true
            }
            guard mayQueue, state.queue.count < capacity.queue else {
                let queue = mayQueue && capacity.queue > 0 ? ", and \(state.queue.count) runs wait already" : ""
                throw MonitorRefusal(
                    .busy,
                    "the node has no room for run '\(run.id)': \(state.totals.live) of \(capacity.runs) runs are "
                        + "live\(queue); try again later")
            }
            state.queue.append(run.id)
            return false
        }
    }

    /// A run that has its place already: it was found alive.
    func readmit(_ run: ManagedRun) { state.withLock { $0.totals.admit(run) } }

    /// A run that waited when jrund ended; its turn does not depend on what may wait now.
    func requeue(_ run: ManagedRun) { state.withLock { $0.queue.append(run.id) } }

    func release(_ run: ManagedRun) {
        state.withLock { $0.totals.release(run.id) }
        fillPlaces()
    }

    func dequeue(_ run: ManagedRun) {
        state.withLock { $0.queue.removeAll { $0 == run.id } }
        fillPlaces()
    }

    /// From 1; nil when the run does not wait.
    func queuePosition(of id: RunID) -> Int? { state.withLock { $0.queue.firstIndex(of: id).map { $0 + 1 } } }

    /// Starts what fits, in order. Nobody overtakes, so that a large run is not starved by small ones.
    func fillPlaces() {
        let (started, waiting) = state.withLock { state -> ([ManagedRun], [ManagedRun]) in
            var started: [ManagedRun] = []
            while let id = state.queue.first {
                if let run = state.runs[id] {
                    guard state.fits(run) else { break }
                    state.totals.admit(run)
                    started.append(run)
                }
                state.queue.removeFirst()
            }
            return (started, started.isEmpty ? [] : state.queue.compactMap { state.runs[$0] })
        }
        for run in started { Task(executorPreference: WorkPool.shared) { await run.startFromQueue() } }
        for run in waiting { run.changes.raise() }
    }

    // MARK: What is kept

    /// What the run keeps on disk has changed. One that is not among the runs (any more) is not counted.
    func countKept(_ run: ManagedRun) {
        state.withLock { state in
            if state.runs[run.id] === run { state.totals.count(run) }
        }
    }

    /// Bytes that the owner's runs may still take on disk.
    func budget(of owner: Owner) -> Int64 { state.withLock { $0.budget(of: owner) } }

    /// Takes room for an upload on its way, so that many at once get no more than one after the other.
    ///
    /// - Returns: whether there is so much.
    func reserve(_ bytes: Int64, for owner: Owner) -> Bool {
        state.withLock { state in
            guard bytes <= state.budget(of: owner) else { return false }
            state.arriving[owner.uid, default: 0] += bytes
            return true
        }
    }

    func giveBack(_ bytes: Int64, of owner: Owner) {
        state.withLock { state in
            let rest = state.arriving[owner.uid, default: 0] - bytes
            state.arriving[owner.uid] = rest == 0 ? nil : rest
        }
    }

    /// Removes ended runs that are kept longer than settings say, and the oldest while all together are too large, or their
    /// owner has too many; and runs that were created and never started. Never one that somebody reads.
    public func applyRetention() async {
        let retention = settings.retention
        let now = realtimeNanoseconds()
        let all = state.withLock { Array($0.runs.values) }
        let ended = all.filter { $0.state.isFinal }.sorted { $0.endedAt < $1.endedAt }
        var total = ended.reduce(0) { $0 + $1.keptBytes }
        var counts = Dictionary(ended.map { ($0.owner.uid, 1) }, uniquingKeysWith: +)
        for run in ended where !run.hasReaders {
            let age = Int64(now > run.endedAt ? now - run.endedAt : 0) / 1_000_000
            let reason: String
            if age > retention.time {
                reason = "kept long enough"
            } else if total > retention.bytes {
                reason = "the oldest of too many bytes"
            } else if counts[run.owner.uid, default: 0] > retention.runs {
                reason = "the oldest of too many runs of its owner"
            } else {
                continue
            }
            total -= run.keptBytes
            counts[run.owner.uid, default: 0] -= 1
            await expire(run, reason)
        }
        for run in all where run.state == .created && !run.hasReaders {
            let age = Int64(now > run.createdAt ? now - run.createdAt : 0) / 1_000_000
            if age > retention.created { await expire(run, "never started") }
        }
    }

    private func expire(_ run: ManagedRun, _ why: String) async {
        do {
            try await remove(run)
            log(.info, "removed: \(why)", run.id)
        } catch {
            // Somebody else was faster, or the disk is broken, which others will say too.
            log(.warning, "cannot be removed: \(error)", run.id)
        }
    }
}

extension Monitor.State {
    func budget(of owner: Owner) -> Int64 {
        settings.quota.keptBytes - totals.keptBytes(of: owner.uid) - arriving[owner.uid, default: 0]
    }

    func fits(_ run: ManagedRun) -> Bool {
        let capacity = settings.capacity
        // One that waited when less was configured than it needs must not hold up the others for ever.
        return totals.live == 0
            || totals.live < capacity.runs && totals.memory + run.limits[.memory] <= capacity.memory
                && totals.cpus + run.limits[.cpus] <= Int64(capacity.cpus) * 1000
    }
}

extension ManagedRun {
    nonisolated var keptBytes: Int64 { shared.withLock { $0.snapshot.keptBytes } }
    nonisolated var hasReaders: Bool { shared.withLock { $0.readers > 0 } }
    /// Nanoseconds since 1970.
    nonisolated var endedAt: UInt64 { shared.withLock(\.endedAt) }
}
