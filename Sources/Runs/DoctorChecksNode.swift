import CLinux
import Kernel
import Programs

/// Where jrun keeps its things on this node.
struct NodeChecks {
    let node: Node
    let mounts: MountTable
    let isRoot: Bool

    func diagnoses() -> [Diagnosis] {
        [
            initExecutable(), directory("state directory", node.stateDirectory, setting: "JRUN_STATE", keeps: true),
            directory("runtime directory", node.runtimeDirectory, setting: "JRUN_RUNTIME", keeps: false),
            uidMapping(), uidUsers(), asRoot("free uids", uidSlots), asRoot("left-over runs", leftOvers),
        ]
    }

    /// jrun's directories are root's alone.
    private func asRoot(_ name: String, _ check: () -> Diagnosis) -> Diagnosis {
        isRoot ? check() : .unknown(name, "jrun's directories are open to root alone")
    }

    private func initExecutable() -> Diagnosis {
        let name = "jrun-init", path = node.initPath
        let cure = "make build, or make install; or set JRUN_INIT to its path"
        guard FileSystem.exists(path) else { return .missing(name, "'\(path)' is not there", cure: cure) }
        guard FileSystem.isExecutable(path), let size = try? FileStatus(path: path).size else {
            return .missing(
                name, "'\(path)' cannot be executed", cure: "chmod 755 \(path), on a file system without noexec")
        }
        return .ok(name, "\(formatBytes(size)), \(path)")
    }

    // MARK: Directories

    private func directory(_ name: String, _ path: String, setting: String, keeps: Bool) -> Diagnosis {
        guard let place = DirectoryFacts(path, mounts) else {
            if !isRoot { return .unknown(name, "'\(path)' cannot be looked at") }
            return .missing(
                name, "'\(path)' is not a directory",
                cure: "move away what is in its place, or set \(setting) to another place")
        }
        if !isRoot && !place.writable { return .unknown(name, "'\(place.existing)' can be written to by others alone") }
        return place.judge(name, setting: setting, keeps: keeps)
    }

    // MARK: uids

    private func uidMapping() -> Diagnosis {
        func map(_ kind: String) -> [ClosedRange<UInt32>] { IDMap.inside(Doctor.text("/proc/self/\(kind)_map") ?? "") }
        return NodeChecks.uidMapping(node.uids, uidMap: map("uid"), gidMap: map("gid"))
    }

    static func uidMapping(
        _ range: ClosedRange<UInt32>, uidMap: [ClosedRange<UInt32>], gidMap: [ClosedRange<UInt32>]
    ) -> Diagnosis {
        let name = "uid range", words = "\(range.lowerBound)-\(range.upperBound)"
        func covers(_ map: [ClosedRange<UInt32>]) -> Bool {
            map.contains { $0.contains(range.lowerBound) && $0.contains(range.upperBound) }
        }
        if covers(uidMap) && covers(gidMap) { return .ok(name, words) }
        return .missing(
            name, "\(words) is not mapped in this user namespace",
            cost: "no run can start: its uid and gid do not exist here",
            cure: "run jrun on the host itself, or set JRUN_UIDS=FIRST-LAST to ids that this container maps")
    }

    private func uidUsers() -> Diagnosis {
        NodeChecks.uidUsers(
            node.uids, passwd: Doctor.text("/etc/passwd") ?? "",
            subordinate: (Doctor.text("/etc/subuid") ?? "") + "\n" + (Doctor.text("/etc/subgid") ?? ""))
    }

    /// - Parameters:
    ///   - passwd: lines of passwd(5).
    ///   - subordinate: lines of subuid(5).
    static func uidUsers(_ range: ClosedRange<UInt32>, passwd: String, subordinate: String) -> Diagnosis {
        let users = IDMap.users(in: passwd).filter { range.contains($0.uid) }.map { "'\($0.name)' is \($0.uid)" }
        let owners = IDMap.owners(in: subordinate).filter { $0.uids.overlaps(range) }
            .map { "'\($0.name)' may use \($0.uids.lowerBound)-\($0.uids.upperBound)" }
        let name = "uids of others"
        guard let first = (users + owners).first else { return .ok(name, "none in the range") }
        return .weaker(
            name, "in the range: \(first)" + (users.count + owners.count > 1 ? ", and more" : ""),
            cost: "a run can get the same uid, and then the user's files and processes are within its reach",
            cure: "set JRUN_UIDS=FIRST-LAST to a range that nobody else has")
    }

    /// A slot is a lock; who cannot share it, has one that is in use. A launch that meets this check's lock just takes
    /// the next uid.
    private func uidSlots() -> Diagnosis {
        let used = NodeChecks.names(in: node.uidsDirectory).count { name in
            guard let uid = UInt32(name), node.uids.contains(uid) else { return false }
            return NodeChecks.isLocked("\(node.uidsDirectory)/\(name)")
        }
        return NodeChecks.uidSlots(total: node.uids.count, used: used)
    }

    static func uidSlots(total: Int, used: Int) -> Diagnosis {
        let name = "free uids"
        if used < total { return .ok(name, "\(total - used) of \(total)") }
        return .missing(
            name, "none of \(total)", cure: "wait for a run to end, or set JRUN_UIDS=FIRST-LAST to a wider range")
    }

    /// Nothing when the directory is not there yet.
    private static func names(in path: String) -> [String] {
        guard let directory = try? FileSystem.open(path, [.read, .directory]) else { return [] }
        return ((try? FileSystem.names(in: directory.raw)) ?? []).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func isLocked(_ path: String) -> Bool {
        guard let file = try? FileSystem.open(path, .read) else { return false }
        // Given up with the descriptor.
        return (try? lock(file.raw, shared: true)) == false
    }

    // MARK: Runs

    private func leftOvers() -> Diagnosis {
        let name = "left-over runs"
        guard let runs = try? FileSystem.open(node.runsDirectory, [.read, .directory]) else { return .ok(name, "none") }
        // Whoever makes a run holds this lock while the run's own is not taken yet.
        guard (try? lock(runs.raw)) == true else { return .ok(name, "not counted: a run is being made") }
        let ids = NodeChecks.names(in: node.runsDirectory).filter { RunID($0) != nil }
        let ended = Set(ids.filter { FileSystem.exists("\(node.runsDirectory)/\($0)/report.json") })
        let alive = Set(ids.filter { !ended.contains($0) && NodeChecks.isLocked("\(node.runsDirectory)/\($0)") })
        return NodeChecks.leftOvers(
            abandoned: ids.filter { !ended.contains($0) && !alive.contains($0) }.sorted(), alive: alive.count,
            kept: ended.count)
    }

    static func leftOvers(abandoned: [String], alive: Int, kept: Int) -> Diagnosis {
        let name = "left-over runs"
        let others = "\(alive) alive, \(kept) kept"
        guard let first = abandoned.first else { return .ok(name, "none; \(others)") }
        return .weaker(
            name, "\(abandoned.count), such as \(first); \(others)",
            cost: "their directories and cgroups stay until they are removed",
            cure: "the next jrun exec removes them")
    }
}

/// Ids and who has them.
enum IDMap {
    /// The ids inside, from a uid_map or gid_map: first inside, first outside, count. Source: user_namespaces(7).
    static func inside(_ text: String) -> [ClosedRange<UInt32>] {
        text.split(separator: "\n").compactMap { line in
            let numbers = line.split(separator: " ").compactMap { UInt64($0) }
            guard numbers.count == 3, numbers[2] > 0 else { return nil }
            return range(first: numbers[0], count: numbers[2])
        }
    }

    static func users(in passwd: String) -> [(name: String, uid: UInt32)] {
        passwd.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            return fields.count > 2 ? UInt32(fields[2]).map { (String(fields[0]), $0) } : nil
        }
    }

    static func owners(in subordinate: String) -> [(name: String, uids: ClosedRange<UInt32>)] {
        subordinate.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count == 3, let first = UInt64(fields[1]), let count = UInt64(fields[2]) else { return nil }
            return range(first: first, count: count).map { (String(fields[0]), $0) }
        }
    }

    private static func range(first: UInt64, count: UInt64) -> ClosedRange<UInt32>? {
        let (last, overflow) = first.addingReportingOverflow(count &- 1)
        guard count > 0, !overflow, first <= UInt64(UInt32.max) else { return nil }
        return UInt32(first)...UInt32(min(last, UInt64(UInt32.max)))
    }
}
