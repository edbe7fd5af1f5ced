import CLinux

/// The part of the cgroup v2 tree that is ours: `init/` for every jrun-init, `runs/ID` for each program, `daemon/` for what
/// was in its root before.
/// Source: Documentation/admin-guide/cgroup-v2.rst
public struct CgroupTree: Sendable {
    /// Directory of our subtree, such as `/sys/fs/cgroup/jrun`.
    public let path: String
    /// Controllers that a leaf in `runs/` has.
    public let controllers: Set<String>

    /// Where systems mount the v2 tree: alone, or beside the older controllers.
    private static let usualMountPoints = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]

    /// Where the v2 tree is mounted; nil when it is not. Elsewhere than usual, /proc/self/mountinfo says it.
    public static func mountPoint() throws(KernelError) -> String? {
        for path in usualMountPoints {
            var statistics = k_statfs()
            if sys_statfs(path, &statistics) >= 0, statistics.f_type == Int64(CGROUP2_SUPER_MAGIC) { return path }
        }
        let mounts = try FileSystem.text(of: "/proc/self/mountinfo")
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count, fields.count > 4 else { continue }
            if fields[dash + 1] == "cgroup2" { return String(fields[4]) }
        }
        return nil
    }

    /// Controllers that the kernel offers at the root of the v2 tree.
    public static func availableControllers(at mountPoint: String) -> Set<String> {
        words(in: "\(mountPoint)/cgroup.controllers")
    }

    private static let wanted: Set<String> = ["memory", "pids", "cpu", "io", "cpuset"]

    private static func words(in path: String) -> Set<String> {
        let text = (try? FileSystem.text(of: path)) ?? ""
        return Set(text.split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init))
    }

    /// Makes the subtree at `path` and passes down every controller of ours that can be passed down.
    public init(preparing path: String) throws(KernelError) {
        self.path = path
        if sys_faccessat(AT_FDCWD, "\(path)/runs", 0) != 0 { try CgroupTree.makeSubtree(path) }
        var enabled = CgroupTree.words(in: "\(path)/runs/cgroup.subtree_control")
        // Whoever makes the subtree at this moment may not be done.
        if !CgroupTree.words(in: "\(path)/runs/cgroup.controllers").intersection(CgroupTree.wanted).isSubset(
            of: enabled)
        {
            try CgroupTree.makeSubtree(path)
            enabled = CgroupTree.words(in: "\(path)/runs/cgroup.subtree_control")
        }
        controllers = enabled
    }

    private static func makeSubtree(_ path: String) throws(KernelError) {
        for directory in [path, "\(path)/init", "\(path)/runs"] {
            try FileSystem.makeDirectories(directory, mode: 0o755)
        }
        try emptyRoot(path)
        let parent = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        let passedDown = words(in: "\(path)/cgroup.controllers")
        for controller in wanted.sorted() {
            // The level above belongs to whoever gave us this one (systemd): not touched without need.
            let above = passedDown.contains(controller) ? [] : [parent]
            // One that cannot be enabled is missing from `controllers` afterwards, which is where it is judged.
            for level in above + [path, "\(path)/runs"] {
                try? FileSystem.write("+\(controller)", toPath: "\(level)/cgroup.subtree_control")
            }
        }
    }

    /// A cgroup with processes of its own cannot pass controllers down (EBUSY), and one that systemd delegates has at
    /// least one: they move into a leaf.
    private static func emptyRoot(_ path: String) throws(KernelError) {
        // 0 stands for a process outside of our pid namespace; written, it would mean this process.
        let processes = words(in: "\(path)/cgroup.procs").subtracting(["0"])
        if processes.isEmpty { return }
        try FileSystem.makeDirectories("\(path)/daemon", mode: 0o755)
        // One that has ended meanwhile is no loss.
        for process in processes { try? FileSystem.write(process, toPath: "\(path)/daemon/cgroup.procs") }
    }

    public func openInit() throws(KernelError) -> OwnedFD { try FileSystem.open("\(path)/init", [.read, .directory]) }
    public func openRuns() throws(KernelError) -> OwnedFD { try FileSystem.open("\(path)/runs", [.read, .directory]) }
}

/// The leaf of one run. Never reused.
public struct CgroupLeaf: ~Copyable {
    public let name: String
    public let directory: OwnedFD

    /// Stands for the leaf where there is none: it has no files.
    public static func absent() -> CgroupLeaf { CgroupLeaf(name: "", directory: OwnedFD(taking: -1)) }

    private init(name: String, directory: consuming OwnedFD) {
        self.name = name
        self.directory = directory
    }

    /// Makes `name` in the open directory `runs`.
    public init(creating name: String, in runs: Int32) throws(KernelError) {
        self.name = name
        try FileSystem.makeDirectory(name, mode: 0o755, at: runs)
        directory = try FileSystem.open(name, [.read, .directory], at: runs)
    }

    /// One that is there.
    public init(opening name: String, in runs: Int32) throws(KernelError) {
        self.name = name
        directory = try FileSystem.open(name, [.read, .directory], at: runs)
    }

    public func set(_ file: String, _ value: String) throws(KernelError) {
        try FileSystem.write(value, toPath: file, at: directory.raw)
    }

    /// A control file's text; nil when the kernel or the controller does not have it.
    public func text(_ file: String) -> String? { try? FileSystem.text(of: file, at: directory.raw) }

    public func number(_ file: String) -> Int64? { text(file).flatMap { Int64($0.prefix { $0 != "\n" }) } }

    /// The number behind `key` in a file of `key number` lines.
    public func number(_ key: String, in file: String) -> Int64? {
        text(file).flatMap { CgroupLeaf.number(key, in: $0) }
    }

    /// The same of such a file's text.
    public static func number(_ key: String, in text: String) -> Int64? {
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) where line.starts(with: key.utf8) {
            let rest = line.dropFirst(key.utf8.count)
            if rest.first == UInt8(ascii: " ") { return Int64(Substring(rest.dropFirst())) }
        }
        return nil
    }

    /// Kills what is left in it, waits until the kernel calls it unpopulated, and removes it.
    public func remove(from runs: Int32) throws(KernelError) {
        if directory.raw < 0 { return }
        try CgroupLeaf.killAndRemove(name, directory: directory.raw, from: runs)
    }

    public static func killAndRemove(_ name: String, directory: Int32, from runs: Int32) throws(KernelError) {
        // Most often nothing is left to kill or to wait for.
        if sys_unlinkat(runs, name, AT_REMOVEDIR) >= 0 { return }
        liftRates(of: directory)
        try? FileSystem.write("1", toPath: "cgroup.kill", at: directory)
        try waitUntilUnpopulated(directory)
        try FileSystem.removeDirectory(name, at: runs)
    }

    /// Whoever waits for throttled traffic dies only when its turn comes. Source: block/blk-throttle.c
    private static func liftRates(of directory: Int32) {
        for line in ((try? FileSystem.text(of: "io.max", at: directory)) ?? "").split(separator: "\n") {
            let disk = line.prefix { $0 != " " }
            try? FileSystem.write("\(disk) rbps=max wbps=max", toPath: "io.max", at: directory)
        }
    }

    private static func waitUntilUnpopulated(_ directory: Int32) throws(KernelError) {
        let events = try FileSystem.open("cgroup.events", .read, at: directory)
        while true {
            try check(sys_lseek(events.raw, 0, SEEK_SET), "rewind 'cgroup.events'")
            let text = try FileSystem.contents(of: events.raw, named: "cgroup.events", limit: 4096)
            if String(decoding: text, as: UTF8.self).contains("populated 0") { return }
            var poll = k_pollfd(fd: events.raw, events: Int16(POLLPRI), revents: 0)
            _ = sys_ppoll(&poll, 1, nil)
        }
    }
}
