import Confinement
import Kernel
import Programs

/// Everything that is decided before anything is made: what `jrun check` judges and `jrun plan` prints.
public struct Preparation: Sendable {
    public var node: Node
    public var loaded: LoadedProgram
    public var request: AcceptedRequest
    public var facts: HostFacts
    public var enforcement: Enforcement
    public var bestEffort: Bool
    /// Where the program's root is an image.
    let image: MountedImage?
    /// Nil only for an ordinary user who has none.
    let cgroups: CgroupTree?
    let seccompPolicy: SeccompPolicy
    /// What the report says of a filter that is not jrun's own.
    let seccompName: String?

    public var program: Program { loaded.program }

    /// Looks at the node and decides; refuses what the node cannot do.
    public init(
        node: Node, loaded: LoadedProgram, request: AcceptedRequest, bestEffort: Bool
    ) throws(RunRefused) {
        self.node = node
        self.loaded = loaded
        self.request = request
        self.bestEffort = bestEffort
        guard isRoot() || node.rootless != nil else {
            throw RunRefused("a run needs root, or a user namespace, which 'jrun exec' enters by itself")
        }
        image = try Preparation.mountedImage(of: loaded.program, on: node)
        try Preparation.checkExecutable(of: loaded.program, in: image)
        cgroups = try Preparation.cgroupTree(of: node)
        guard cgroups != nil || node.rootless != nil else {
            throw RunRefused(
                "cgroup v2 is not mounted on this node: mount -t cgroup2 none /sys/fs/cgroup (see jrun doctor)")
        }
        facts = HostProbe.facts(for: loaded.program, cgroups: cgroups, rootless: node.rootless?.ids)
        facts.image = image?.facts
        try Preparation.checkPaths(of: loaded.program, in: image)
        if node.workDirectory == .disk {
            facts.workOnDisk = WorkOnDisk.isPossible(beneath: node.stateDirectory)
            if !facts.workOnDisk, !bestEffort { throw RunRefused(WorkOnDisk.missing(in: node.stateDirectory)) }
        }
        if request.limits[.io] != LimitName.unlimited {
            facts.disks =
                image == nil
                ? HostProbe.disks(for: loaded.program, stateDirectory: node.stateDirectory)
                : HostProbe.disks(beneath: [node.imagesDirectory, node.stateDirectory])
        }
        switch Enforcement.decide(facts: facts, limits: request.limits, bestEffort: bestEffort) {
        case .success(let enforcement): self.enforcement = enforcement
        case .failure(let refusals): throw RunRefused("program '\(loaded.program.name)': \(refusals)")
        }
        do throws(RunRefused) {
            let security = loaded.program.security
            seccompName = try security.seccomp.reportName()
            seccompPolicy = try SeccompPolicy.chosen(
                by: security.seccomp, boundsMemoryByAddressSpace: enforcement[.memory] == .addressSpace,
                sharesIDWithInit: facts.rootless == .single)
        } catch { throw RunRefused("program '\(loaded.program.name)': \(error)") }
    }

    /// Each takes a descriptor of the launch; CLaunch has room for 128.
    private static let maxPaths = 100

    private static func mountedImage(of program: Program, on node: Node) throws(RunRefused) -> MountedImage? {
        guard case .image(let root) = program.security.root else { return nil }
        do { return try ImageMounts.mounted(root, on: node) } catch {
            throw RunRefused("program '\(program.name)': \(error)", exitCode: error.exitCode)
        }
    }

    /// Refuses security paths that are not there, hide what is the run's own, or are too many.
    private static func checkPaths(of program: Program, in image: MountedImage?) throws(RunRefused) {
        let security = program.security, name = program.name
        for path in security.read + security.execute where image != nil {
            guard (try? image?.kind(of: path)) == nil else { continue }
            throw RunRefused("program '\(name)': security path '\(path)' does not exist in its root image")
        }
        let ofNode = image == nil ? security.read + security.execute : []
        for path in ofNode + security.devices where (try? FileStatus(path: path)) == nil {
            throw RunRefused("program '\(name)': security path '\(path)' does not exist on this node")
        }
        for path in ofNode {
            for place in placesOfTheRun where path == place || path.hasPrefix(place + "/") {
                throw RunRefused(
                    "program '\(name)': security path '\(path)' would hide the run's own '\(place)'; move it elsewhere on the node"
                )
            }
        }
        let paths = security.read + security.execute + security.devices
        if paths.count > maxPaths {
            throw RunRefused(
                "program '\(name)': \(paths.count) security paths are more than \(maxPaths); list directories instead of files"
            )
        }
    }

    /// Refuses an executable that is not there, cannot be executed, or is not in the run's view.
    static func checkExecutable(of program: Program, in image: MountedImage? = nil) throws(RunRefused) {
        try checkStart(of: program.executable, in: image)
        if image == nil { try checkVisible(program) }
    }

    private static func checkVisible(_ program: Program) throws(RunRefused) {
        let places = ["/usr", "/bin", "/sbin", "/lib", "/lib64"] + program.security.execute
        if places.contains(where: { program.executable == $0 || program.executable.hasPrefix($0 + "/") }) { return }
        throw RunRefused(
            "executable '\(program.executable)' is not in the run's view: list it, or its directory, under security.files.execute",
            exitCode: 127)
    }

    private static func cgroupTree(of node: Node) throws(RunRefused) -> CgroupTree? {
        do { return try node.cgroupTree() } catch { throw RunRefused("cgroup v2 tree: \(error)") }
    }

    /// - Parameter lifeline: the run ends with its launcher instead of surviving it.
    public func plan(
        for identity: RunIdentity, lifeline: Bool = true, hold: PlanInputs.Hold? = nil
    ) throws -> LaunchPlan {
        var filter = try FilterCache(directory: node.cacheDirectory).filter(
            for: seccompPolicy, notify: facts.seccompNotify)
        if case .file(let path) = program.security.seccomp { filter.file = path }
        return LaunchPlan(
            PlanInputs(
                program: program, request: request, facts: facts, enforcement: enforcement, identity: identity,
                filter: filter, lifeline: lifeline, hold: hold))
    }
}

/// Refuses what execve would refuse, before anything is made: 127 when it is not there, 126 when it cannot be executed.
private func checkStart(of path: String, in image: MountedImage?) throws(RunRefused) {
    let place = image.map { " in image '\($0.root.reference)'" } ?? ""
    func open(_ flags: FileSystem.OpenFlags) throws(KernelError) -> OwnedFD {
        if let image { return try image.open(path, flags) }
        return try FileSystem.open(path, flags)
    }
    let status: FileStatus
    do throws(KernelError) {
        let file = try open(.pathOnly)
        status = try FileStatus(of: file.raw)
    } catch {
        throw RunRefused("executable '\(path)'\(place): \(describe(errno: error.errno))", exitCode: 127)
    }
    guard status.kind == .file, status.mode & 0o111 != 0 else {
        throw RunRefused(
            "executable '\(path)'\(place) is not an executable file (\(status.kind.rawValue), mode \(String(status.mode, radix: 8)))",
            exitCode: 126)
    }
    guard let file = try? open(.read), let head = try? FileSystem.read(file.raw, upTo: 20) else { return }
    if head.starts(with: Array("#!".utf8)) { return }
    guard head.count == 20, head.starts(with: [0x7f, 0x45, 0x4c, 0x46]) else {
        throw RunRefused("executable '\(path)'\(place) is neither an ELF file nor a script", exitCode: 126)
    }
    let machine = UInt16(head[18]) | UInt16(head[19]) << 8
    guard machine == nativeMachine else {
        throw RunRefused(
            "executable '\(path)'\(place) is for another architecture (ELF machine \(machine), this node is \(nativeMachine))",
            exitCode: 126)
    }
}

// EM_X86_64 and EM_AARCH64. Source: elf(5).
#if arch(x86_64)
private let nativeMachine: UInt16 = 62
#else
private let nativeMachine: UInt16 = 183
#endif

extension Preparation {
    func makeWorkspace(in directory: borrowing RunDirectory, owner: UInt32) throws -> Workspace {
        let bytes = request.limits[.disk]
        guard facts.workOnDisk else { return try Workspace(bytes: bytes, owner: owner) }
        let mount = try WorkOnDisk.make(
            in: directory.directory.raw, bytes: bytes, inodes: Workspace.inodes, owner: owner, on: node)
        return try Workspace(onDisk: mount, bytes: bytes, owner: owner)
    }

    /// Stands for the uid and the id that a real run gets: for `jrun plan`.
    public var exampleIdentity: RunIdentity {
        RunIdentity(id: String(repeating: "0", count: 26), uid: node.uids.lowerBound)
    }
}
