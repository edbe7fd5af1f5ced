import CLinux
import Kernel
import Programs

/// A directory of jrun's, or, where it does not exist yet, the one that it would be made in.
struct DirectoryFacts: Equatable {
    var path: String
    /// The nearest directory above that exists; the path itself when it does.
    var existing: String
    var writable: Bool
    /// The file system's type.
    var type: String
    var freeBytes: UInt64
    var freeInodes: UInt64
    /// File systems without a fixed number of inodes say 0 of 0.
    var countsInodes: Bool

    /// Enough for the spools of a few runs.
    static let lowBytes: UInt64 = 1 << 30

    init(
        path: String, existing: String, writable: Bool, type: String, freeBytes: UInt64, freeInodes: UInt64,
        countsInodes: Bool
    ) {
        self.path = path
        self.existing = existing
        self.writable = writable
        self.type = type
        self.freeBytes = freeBytes
        self.freeInodes = freeInodes
        self.countsInodes = countsInodes
    }

    /// Nil when something on the way is not a directory.
    init?(_ path: String, _ mounts: MountTable) {
        var existing = path
        while !FileSystem.exists(existing), let slash = existing.lastIndex(of: "/") {
            existing = slash == existing.startIndex ? "/" : String(existing[..<slash])
        }
        // A relative name that does not exist would be made in the current directory.
        if !FileSystem.exists(existing) { existing = "." }
        guard (try? FileStatus(path: existing).kind) == .directory else { return nil }
        var space = k_statfs()
        _ = sys_statfs(existing, &space)
        self.path = path
        self.existing = existing
        // 2 is W_OK; a read-only file system says no to root as well. Source: access(2).
        writable = sys_faccessat(FileSystem.here, existing, 2) == 0
        type = mountHolding(existing, mounts)?.type ?? "unknown"
        freeBytes = space.f_bavail * UInt64(max(space.f_bsize, 0))
        freeInodes = space.f_ffree
        countsInodes = space.f_files > 0
    }

    /// - Parameter keeps: whether what is in it should outlast a boot.
    func judge(_ name: String, setting: String, keeps: Bool) -> Diagnosis {
        let found =
            "\(type), \(formatBytes(Int64(clamping: freeBytes))) free" + (existing == path ? "" : ", to be made")
        if !writable {
            return .missing(
                name, "'\(existing)' cannot be written to",
                cure: "make it writable for root, or set \(setting) to another place")
        }
        if freeBytes == 0 || countsInodes && freeInodes == 0 {
            let what = freeBytes == 0 ? "bytes" : "inodes"
            return .missing(name, "\(type), no free \(what)", cure: "make room on the file system of \(existing)")
        }
        if keeps && freeBytes < DirectoryFacts.lowBytes {
            return .weaker(
                name, found, cost: "the output of runs is kept there and may not fit",
                cure: "make room on the file system of \(existing)")
        }
        if keeps && ["tmpfs", "ramfs"].contains(type) {
            return .weaker(
                name, found, cost: "runs that were kept are gone after a boot, and their output takes memory",
                cure: "set \(setting) to a directory on disk")
        }
        return .ok(name, found)
    }
}

/// The mount that an existing path lies on.
private func mountHolding(_ path: String, _ mounts: MountTable) -> MountTable.Mount? {
    // STATX_MNT_ID, Linux 5.8. Source: statx(2).
    let wanted: UInt32 = 0x1000
    var status = k_statx()
    guard sys_statx(FileSystem.here, path, 0, wanted, &status) == 0, status.stx_mask & wanted != 0 else { return nil }
    return mounts.mount(id: status.stx_mnt_id)
}

extension Doctor {
    static func projectQuotas(_ node: Node, _ mounts: MountTable) -> Diagnosis {
        let place = DirectoryFacts(node.runsDirectory, mounts)
        return projectQuotas(mount: place.flatMap { mountHolding($0.existing, mounts) })
    }

    /// - Parameter mount: the mount that the runs' directory lies on.
    static func projectQuotas(mount: MountTable.Mount?) -> Diagnosis {
        let name = "project quotas"
        let type = mount?.type ?? "unknown file system"
        // ext4 says prjquota; XFS says prjquota, or pquota as it was mounted. Source: ext4(5), xfs(5).
        if let mount, !Set(mount.superOptions).isDisjoint(with: ["prjquota", "pquota"]) {
            return .ok(name, "\(type) with \(mount.superOptions.contains("prjquota") ? "prjquota" : "pquota")")
        }
        let cure =
            switch type {
            case "ext4": "umount \(mount?.source ?? ""), tune2fs -O quota,project -Q prjquota on it, mount -o prjquota"
            case "xfs":
                "mount it with -o prjquota (the root file system: rootflags=prjquota on the kernel command line)"
            default: "put JRUN_STATE on ext4 or XFS that is mounted with -o prjquota"
            }
        return .weaker(
            name, "\(type) without",
            cost: "work directories can only be in memory (tmpfs); 'work_directory: disk' is refused",
            cure: "only if runs need more room than memory: \(cure)")
    }
}
