import CLinux
import Confinement
import Kernel
import Programs

/// Asks the node what confinement needs to know.
enum HostProbe {
    static func facts(for program: Program?, cgroups: CgroupTree?, rootless: RootlessIDs? = nil) -> HostFacts {
        HostFacts(
            controllers: cgroups?.controllers, landlockABI: landlockABI(), seccompNotify: seccompNotify(), cpus: cpus(),
            paths: program.map(pathKinds) ?? [:], rootLinks: rootLinks(),
            rootless: rootless)
    }

    /// Source: landlock_create_ruleset(2), LANDLOCK_CREATE_RULESET_VERSION.
    static func landlockABI() -> Int {
        max(0, sys_landlock_create_ruleset(nil, 0, UInt32(LANDLOCK_CREATE_RULESET_VERSION)))
    }

    static func seccompNotify() -> Bool { seccompHas(SECCOMP_RET_USER_NOTIF) }

    static func seccompHas(_ action: UInt32) -> Bool {
        var action = action
        return sys_seccomp(UInt32(SECCOMP_GET_ACTION_AVAIL), 0, &action) == 0
    }

    /// CPUs that are online: a program may widen the affinity that it starts with.
    static func cpus() -> Int {
        let text = (try? FileSystem.text(of: "/sys/devices/system/cpu/online")) ?? ""
        return max(1, parseCPUList(text))
    }

    /// How many CPUs a list such as `0-3,8` names.
    static func parseCPUList(_ text: String) -> Int {
        text.split(whereSeparator: { $0 == "," || $0 == "\n" }).reduce(0) { count, range in
            let ends = range.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, last >= first else { return count }
            return count + last - first + 1
        }
    }

    private static func pathKinds(_ program: Program) -> [String: HostFacts.PathKind] {
        var kinds: [String: HostFacts.PathKind] = [:]
        let security = program.security
        // What an image's program lists are paths in the image, which say nothing of the node's.
        let listed = security.root == .host ? security.read + security.execute : []
        for path in hostPathsInView(of: program) + listed + security.devices {
            switch (try? FileStatus(path: path))?.kind {
            case .directory: kinds[path] = .directory
            case .file: kinds[path] = .file
            case .characterDevice, .blockDevice: kinds[path] = .device
            default: break
            }
        }
        return kinds
    }

    /// Whole disks, as `MAJOR:MINOR`, under the paths that the run sees and under the run's directory. File systems
    /// without a block device of their own (tmpfs, overlay, network) have none.
    static func disks(for program: Program, stateDirectory: String) -> [String] {
        let security = program.security
        return disks(beneath: hostPathsInView(of: program) + security.read + security.execute + [stateDirectory])
    }

    static func disks(beneath paths: [String]) -> [String] {
        Set(paths.compactMap { (try? FileStatus(path: $0)).flatMap { disk(of: $0.device) } }).sorted()
    }

    /// io.max takes disks, not their partitions. Source: block/blk-cgroup.c, blkg_conf_open_bdev
    private static func disk(of device: UInt64) -> String? {
        let name = "\(device >> 32):\(device & 0xffff_ffff)", path = "/sys/dev/block/\(name)"
        guard FileSystem.isExecutable(path) else { return nil }
        guard FileSystem.isReadable("\(path)/partition") else { return name }
        // The partition's directory lies in its disk's; the kernel resolves `..` behind the link.
        return (try? FileSystem.text(of: "\(path)/../dev")).map { String($0.prefix { $0 != "\n" }) }
    }

    private static func rootLinks() -> [String: String] {
        var links: [String: String] = [:]
        for name in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
            if let target = readLink("/\(name)"), target.hasPrefix("usr/") { links[name] = target }
        }
        return links
    }
}

func readLink(_ path: String, at directory: Int32 = FileSystem.here) -> String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let n = sys_readlinkat(directory, path, &buffer, buffer.count)
    return n <= 0 ? nil : String(decoding: buffer[..<n].map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
