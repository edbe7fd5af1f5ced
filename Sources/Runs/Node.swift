import Images
import Kernel

/// Where things are on this node and which uids runs may have.
public struct Node: Sendable {
    /// Runs and caches; on disk. `/var/lib/jrun`
    public var stateDirectory: String
    /// Locks; gone after a boot. `/run/jrun`
    public var runtimeDirectory: String
    /// Our subtree, relative to the mount point of cgroup v2.
    public var cgroupName: String
    /// A uid for each run, outside of every range that Debian, systemd and containers use.
    public var uids: ClosedRange<UInt32>
    /// Where work directories are.
    public var workDirectory = WorkDirectoryPlace.memory
    /// The store of root images.
    public var imagesDirectory: String
    /// The executable of pid 1.
    public var initPath: String
    /// Compiled filters.
    public var cacheDirectory: String
    /// Nil when root starts the runs.
    public var rootless: RootlessPlace?

    public static let defaultUIDs: ClosedRange<UInt32> = 1_500_000_000...1_500_065_535

    public struct BadSetting: Error, CustomStringConvertible {
        public var description: String
    }

    /// - Parameters:
    ///   - environment: `JRUN_STATE`, `JRUN_RUNTIME`, `JRUN_CGROUP`, `JRUN_UIDS` (`FIRST-LAST`), `JRUN_WORK_DIRECTORY` (`memory`
    ///     or `disk`), `JRUN_IMAGES` and `JRUN_INIT` override the defaults. An ordinary user's are in the places that the XDG base
    ///     directory specification gives the user.
    ///   - executable: path of the running jrun, beside which jrun-init lies.
    public init(
        environment: (String) -> String?, executable: String, rootless: RootlessPlace? = nil
    ) throws(BadSetting) {
        var places: UserPlaces?
        if rootless != nil { places = try UserPlaces(environment) }
        stateDirectory = environment("JRUN_STATE") ?? places?.state ?? "/var/lib/jrun"
        runtimeDirectory = environment("JRUN_RUNTIME") ?? places?.runtime ?? "/run/jrun"
        cacheDirectory = places?.cache ?? "\(stateDirectory)/cache"
        imagesDirectory = ImageStore(environment: environment).path
        cgroupName = environment("JRUN_CGROUP") ?? "jrun"
        if let rootless { uids = rootless.runUIDs } else { uids = try Node.parsedUIDs(environment) }
        self.rootless = rootless
        if let text = environment("JRUN_WORK_DIRECTORY") {
            guard let place = WorkDirectoryPlace(rawValue: text) else {
                throw BadSetting(description: "JRUN_WORK_DIRECTORY '\(text)': write 'memory' or 'disk'")
            }
            workDirectory = place
        }
        let directory = executable[..<(executable.lastIndex(of: "/") ?? executable.startIndex)]
        let candidates = ["\(directory)/../libexec/jrun/jrun-init", "\(directory)/jrun-init"]
        initPath = environment("JRUN_INIT") ?? candidates.first { FileSystem.isExecutable($0) } ?? candidates[0]
    }

    /// What `JRUN_UIDS` says of the uids inside a user namespace.
    static func runUIDs(_ environment: (String) -> String?) throws(RunRefused) -> ClosedRange<UInt32> {
        do { return try parsedUIDs(environment) } catch {
            throw RunRefused(error.description)
        }
    }

    private static func parsedUIDs(_ environment: (String) -> String?) throws(BadSetting) -> ClosedRange<UInt32> {
        guard let text = environment("JRUN_UIDS") else { return defaultUIDs }
        return try parseUIDs(text)
    }

    private static func parseUIDs(_ text: String) throws(BadSetting) -> ClosedRange<UInt32> {
        let parts = text.split(separator: "-").compactMap { UInt32($0) }
        // Below 1000 are the system's own users.
        guard parts.count == 2, parts[0] >= 1000, parts[0] <= parts[1], parts[1] < UInt32.max else {
            throw BadSetting(
                description:
                    "JRUN_UIDS '\(text)': write it as FIRST-LAST, both from 1000 up, such as 1500000000-1500065535")
        }
        return parts[0]...parts[1]
    }

    public var runsDirectory: String { "\(stateDirectory)/runs" }
    /// Where root images are mounted, each in a directory with its digest's name.
    public var imageMounts: String { "\(runtimeDirectory)/images" }
    var uidsDirectory: String { "\(runtimeDirectory)/uids" }

    public func cgroupTree() throws(KernelError) -> CgroupTree? {
        if let rootless {
            guard let path = rootless.cgroup else { return nil }
            return try CgroupTree(preparing: path)
        }
        guard let mountPoint = try CgroupTree.mountPoint() else { return nil }
        return try CgroupTree(preparing: "\(mountPoint)/\(cgroupName)")
    }
}

/// Why a run did not take place, in one sentence, with the exit code it means.
public struct RunRefused: Error, CustomStringConvertible {
    public var description: String
    public var exitCode: Int32

    public init(_ description: String, exitCode: Int32 = 125) {
        self.description = description
        self.exitCode = exitCode
    }
}
