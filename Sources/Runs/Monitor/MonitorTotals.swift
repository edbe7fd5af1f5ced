import Programs

/// Sums over runs, kept as they change: asking what the node has promised, or what somebody's runs keep, must not take longer
/// the more runs there are.
struct MonitorTotals: Sendable {
    private struct Place {
        var owner: UInt32
        var memory: Int64
        var cpus: Int64
    }

    /// Runs that have a place on the node.
    private var places: [RunID: Place] = [:]
    private var placesByOwner: [UInt32: Int] = [:]
    /// Bytes promised to them.
    private(set) var memory: Int64 = 0
    /// Thousandths of a processor promised to them.
    private(set) var cpus: Int64 = 0
    /// Bytes on disk of each run, as they were counted last.
    private var kept: [RunID: Int64] = [:]
    private var keptByOwner: [UInt32: Int64] = [:]
    private(set) var keptBytes: Int64 = 0

    var live: Int { places.count }
    func live(of owner: UInt32) -> Int { placesByOwner[owner, default: 0] }
    func keptBytes(of owner: UInt32) -> Int64 { keptByOwner[owner, default: 0] }

    mutating func admit(_ run: ManagedRun) {
        let place = Place(owner: run.owner.uid, memory: run.limits[.memory], cpus: run.limits[.cpus])
        guard places.updateValue(place, forKey: run.id) == nil else { return }
        memory += place.memory
        cpus += place.cpus
        placesByOwner[place.owner, default: 0] += 1
    }

    mutating func release(_ id: RunID) {
        guard let place = places.removeValue(forKey: id) else { return }
        memory -= place.memory
        cpus -= place.cpus
        let rest = placesByOwner[place.owner, default: 0] - 1
        placesByOwner[place.owner] = rest == 0 ? nil : rest
    }

    /// What the run keeps has changed.
    mutating func count(_ run: ManagedRun) { setKept(run.keptBytes, of: run) }

    /// It is gone.
    mutating func forget(_ run: ManagedRun) {
        setKept(0, of: run)
        kept[run.id] = nil
    }

    private mutating func setKept(_ bytes: Int64, of run: ManagedRun) {
        let more = bytes - kept[run.id, default: 0]
        kept[run.id] = bytes
        keptBytes += more
        let all = keptByOwner[run.owner.uid, default: 0] + more
        keptByOwner[run.owner.uid] = all == 0 ? nil : all
    }
}
