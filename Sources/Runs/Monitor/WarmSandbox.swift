import CLinux
import CPlan
import Confinement
import Kernel
import Programs
import Synchronization

/// A run that is nobody's yet: docs/daemon.md, "Warm sandboxes". Used once, or dropped.
final class WarmSandbox: Sendable {
    let id: RunID
    let uid: UInt32
    /// What it was made from; its request stands for all that ask for the default limits.
    let preparation: Preparation
    private let process: IdentifiedProcess
    private let report: LaunchReport?
    private let work: OwnedFD
    /// What was at the node's paths that it shows; what is there now may be something else.
    private let places: [String: FileIdentity]
    private let use: Mutex<Use>

    private enum Use {
        /// The writing end of the pipe for the request.
        case parked(request: Int32)
        case told
        case dropped
    }

    static func directoryName(_ id: RunID) -> String { "\(RunDirectory.warmPrefix)\(id)" }

    /// Carries out the plan up to the step that waits.
    ///
    /// - Parameter networks: it may enter one of them.
    init(_ preparation: Preparation, _ networks: IdleNetworks) throws {
        let network = networks.take(for: preparation.program)
        let parked = try Parked.make(preparation, RunID(), network?.file.raw ?? -1)
        withExtendedLifetime(network) {}
        id = parked.id
        uid = parked.uid
        self.preparation = preparation
        process = parked.process
        // Without one it ended before it could wait, which the first use finds out.
        report = parked.report
        work = parked.work
        places = parked.places
        use = Mutex(.parked(request: parked.request.release()))
    }

    deinit { _ = drop() }

    var pid: Int32 { process.pid }
    var isThere: Bool {
        use.withLock { if case .parked = $0 { true } else { false } } && !process.hasGone()
    }

    /// Whether it shows of the node what a run that begins now would be shown.
    var isCurrent: Bool {
        places.allSatisfy { path, identity in (try? FileStatus(path: path)).map(FileIdentity.init) == identity }
    }

    /// Readable when jrun-init has gone.
    func end() throws(KernelError) -> OwnedFD { try process.descriptor.duplicate() }

    func identified() throws(KernelError) -> IdentifiedProcess {
        IdentifiedProcess(child: process.pid, descriptor: try process.descriptor.duplicate())
    }

    /// The work directory, with nothing in it.
    func workspace() throws -> Workspace { try Workspace(root: work.duplicate(), owner: uid, staged: [:]) }

    /// Lets it execute.
    ///
    /// - Returns: false when it was dropped, or died before it could: nothing was executed then, nor will be.
    /// - Throws: `LaunchFailed`
    func execute(_ message: [UInt8], status: String) throws -> Bool {
        guard let writer = takeRequest(for: .told) else { return false }
        defer { _ = sys_close(writer) }
        // What is told by halves is not executed.
        guard (try? FileSystem.write(message, to: writer, named: "the pipe for the request")) != nil else {
            process.waitUntilGone()
            return false
        }
        if case .failed(let failure)? = try report?.next() {
            process.waitUntilGone()
            throw failure
        }
        // One that died says nothing; its record does.
        guard StatusFile.read(at: status).map({ $0.state != JRUN_STATUS_PARKED }) ?? false else {
            process.kill()
            process.waitUntilGone()
            return false
        }
        return true
    }

    /// Ends it, unless it was used, and returns when it has gone.
    ///
    /// - Returns: whether it had not been used.
    @discardableResult
    func drop() -> Bool {
        _ = startToDrop()
        // By whomever it was dropped: what it holds is free when it has gone.
        guard use.withLock({ if case .dropped = $0 { true } else { false } }) else { return false }
        process.waitUntilGone()
        return true
    }

    /// The same without waiting.
    ///
    /// - Returns: whether it had not been used.
    func startToDrop() -> Bool {
        guard let writer = takeRequest(for: .dropped) else { return false }
        _ = sys_close(writer)
        return true
    }

    func waitUntilGone() { process.waitUntilGone() }

    private func takeRequest(for next: Use) -> Int32? {
        use.withLock { use in
            guard case .parked(let request) = use else { return nil }
            use = next
            return request
        }
    }
}

/// What is left in jrund's hands of a sandbox that was made.
private struct Parked: ~Copyable {
    let id: RunID
    let uid: UInt32
    let process: IdentifiedProcess
    let report: LaunchReport?
    let work: OwnedFD
    let request: OwnedFD
    let places: [String: FileIdentity]

    static func make(_ preparation: Preparation, _ id: RunID, _ network: Int32) throws -> Parked {
        let node = preparation.node, name = WarmSandbox.directoryName(id)
        let parent = try FileSystem.open(node.runsDirectory, [.read, .directory])
        try FileSystem.makeDirectory(name, mode: 0o700, at: parent.raw)
        do {
            let opened = try FileSystem.open(name, [.read, .directory], at: parent.raw)
            let directory = RunDirectory(
                id: id, parent: parent, directory: opened, path: "\(node.runsDirectory)/\(name)")
            return try make(preparation, in: directory, network)
        } catch {
            try? removeTree(name, in: node.runsDirectory)
            throw error
        }
    }

    private static func make(
        _ preparation: Preparation, in directory: borrowing RunDirectory, _ network: Int32
    ) throws -> Parked {
        _ = try lock(directory.directory.raw)
        for name in [RunDirectory.controlName, ManagedRun.growthName] {
            try FileSystem.makeFIFO(name, at: directory.directory.raw)
        }
        let slot = try preparation.node.takeUID()
        let workspace = try preparation.makeWorkspace(in: directory, owner: slot.uid)
        guard let runs = try preparation.cgroups?.openRuns() else { throw RunRefused("there is no cgroup v2 tree") }
        let leaf = try preparation.makeLeaf(directory.id, in: runs.raw)
        do { return try launch(preparation, in: directory, slot, workspace, leaf, runs: runs.raw, network) } catch {
            try? leaf.remove(from: runs.raw)
            throw error
        }
    }

    private static func launch(
        _ preparation: Preparation, in directory: borrowing RunDirectory, _ slot: borrowing UIDSlot,
        _ workspace: borrowing Workspace, _ leaf: borrowing CgroupLeaf, runs: Int32, _ network: Int32
    ) throws -> Parked {
        let id = directory.id
        let identity = RunIdentity(id: id.description, uid: slot.uid)
        let hold = PlanInputs.Hold(
            directory: WarmSandbox.directoryName(id), gone: "\(RunDirectory.gonePrefix)\(id)")
        let plan = try preparation.plan(for: identity, lifeline: false, hold: hold)
        let pipe = try makePipe()
        let reader = OwnedFD(taking: pipe.reader), writer = OwnedFD(taking: pipe.writer)
        let pipes = try RunPipes.make(in: directory, stdin: preparation.program.stdin == .stream)
        let descriptors = pipes.descriptors.merging([.request: reader.raw]) { _, reader in reader }
        let work = try workspace.root.duplicate()
        // Looked at before they are opened: what changes between the two counts as changed.
        var places: [String: FileIdentity] = [:]
        for case .hostPath(let path) in plan.descriptors { places[path] = FileIdentity(try FileStatus(path: path)) }
        let launched = try RunLaunch(preparation: preparation, plan: plan, identity: identity, network: network)
            .start(in: directory, slot, workspace, leaf, runs: runs, pipes: descriptors)
        return Parked(
            id: id, uid: slot.uid, process: launched.process, report: launched.report, work: work, request: writer,
            places: places)
    }
}

/// The FIFOs of a run under jrund, and what stdin goes through.
struct RunPipes: ~Copyable {
    let control: OwnedFD
    let growth: OwnedFD
    let stdinReader: OwnedFD
    let stdinWriter: OwnedFD
    let stdinBuffer: OwnedFD
    let hasStdin: Bool

    static func make(in directory: borrowing RunDirectory, stdin hasStdin: Bool) throws -> RunPipes {
        // Read and write: opening must not wait for the other end, and jrun-init keeps them open both ways.
        let control = try directory.createFile(RunDirectory.controlName, .readWrite)
        let growth = try directory.createFile(ManagedRun.growthName, [.readWrite, .nonBlocking])
        let buffer = hasStdin ? try StdinBuffer.make().release() : -1
        let stdinBuffer = OwnedFD(taking: buffer)
        let pipe = hasStdin ? try makePipe() : nil
        if let pipe { StdinBuffer.widen(pipe.writer) }
        return RunPipes(
            control: control, growth: growth, stdinReader: OwnedFD(taking: pipe?.reader ?? -1),
            stdinWriter: OwnedFD(taking: pipe?.writer ?? -1), stdinBuffer: stdinBuffer, hasStdin: hasStdin)
    }

    var descriptors: [PlanDescriptor: Int32] {
        var all: [PlanDescriptor: Int32] = [.control: control.raw, .growth: growth.raw]
        if hasStdin {
            (all[.stdin], all[.stdinWriter]) = (stdinReader.raw, stdinWriter.raw)
            all[.stdinBuffer] = stdinBuffer.raw
        }
        return all
    }
}
