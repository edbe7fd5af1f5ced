import CLinux
import CPlan
import Confinement
import Kernel
import Programs

// `jrun exec`: one run from its directory to its report, without a daemon.
//
//     directory ─► uid ─► work directory, inputs ─► cgroup leaf ─► plan ─► jrun-init ─► streams … end ─► results ─► report
//
// Each thing is made by the function that removes it, on every way out. If this process dies, jrun-init removes them.

/// What `jrun exec` was asked for beyond the request itself.
public struct ExecutionOptions: Sendable {
    public var inputs: [InputFile]
    /// Results are copied there; nil leaves them.
    public var outputDirectory: String?
    public var keep: Bool
    /// Elapsed time, CPU and memory on a terminal while nothing is being printed.
    public var statusLine: Bool

    public init(inputs: [InputFile], outputDirectory: String?, keep: Bool, statusLine: Bool) {
        self.inputs = inputs
        self.outputDirectory = outputDirectory
        self.keep = keep
        self.statusLine = statusLine
    }
}

public struct ExecutionOutcome: Sendable {
    public var report: Report
    public var exitStatus: Int32
    /// What of the output could not be passed on, and why.
    public var outputLost: String?
    /// Where the run was kept, with `keep`.
    public var directory: String?
}

public struct Execution {
    let preparation: Preparation
    let options: ExecutionOptions
    var phases = Report.Phases()
    let createdAt = realtimeNanoseconds()
    /// jrun-init, once it has written that the run has ended: what it takes the kernel to take its namespaces down is time
    /// to conclude the run.
    private var leaving: LeavingProcess?

    public init(_ preparation: Preparation, _ options: ExecutionOptions) {
        self.preparation = preparation
        self.options = options
    }

    /// Runs to the end. Errors mean that the run did not take place; everything that was made for it is gone again.
    public mutating func execute() throws -> ExecutionOutcome {
        // From here on a request to stop is something to answer, not an end: there are things to remove.
        let signals = try SignalQueue.requestsToStop()
        // Whoever waits for us finds nothing of the run any more.
        defer { leaving?.waitUntilGone() }
        let network = NetworkAhead.begin(for: preparation)
        RunDirectory.sweep(preparation.node, cgroups: preparation.cgroups)
        // Opened before anything runs, so that a result always has a place to go to.
        let output = try options.outputDirectory.map(openOutputDirectory)?.release()
        defer { if let output { _ = sys_close(output) } }
        let directory = try RunDirectory.create(on: preparation.node)
        do {
            let outcome = try executeInDirectory(directory, signals, network, outputDirectory: output)
            if !options.keep { try directory.remove() }
            return outcome
        } catch {
            try? directory.remove()
            throw error
        }
    }

    private func openOutputDirectory(_ path: String) throws -> OwnedFD {
        do {
            let directory = try FileSystem.open(path, [.read, .directory])
            // A file that is made and removed says more than mode bits do.
            let probe = ".jrun-\(RunID())"
            _ = try FileSystem.open(probe, [.write, .create, .exclusive], at: directory.raw)
            try FileSystem.removeFile(probe, at: directory.raw)
            return directory
        } catch {
            let cure = error.errno == ENOENT ? "; make it first" : ""
            throw RunRefused("output directory '\(path)': \(describe(errno: error.errno))\(cure)")
        }
    }

    private mutating func executeInDirectory(
        _ directory: borrowing RunDirectory, _ signals: borrowing SignalQueue, _ network: NetworkAhead?,
        outputDirectory: Int32?
    ) throws -> ExecutionOutcome {
        let slot = try preparation.node.takeUID()
        var clock = monotonicNanoseconds()
        // While the uid is still ours, which is the number of the quota too.
        let run = directory.directory.raw
        defer { try? WorkOnDisk.remove(from: run) }
        var workspace = try preparation.makeWorkspace(in: directory, owner: slot.uid)
        workspace.keeper = preparation.node.rootless?.ownID ?? 0
        for input in options.inputs {
            if signals.next() != nil { throw RunRefused("interrupted before the start; nothing was run") }
            try workspace.stage(
                input, as: preparation.program.contentTypes(ofInput: input.name, size: input.size))
        }
        phases.stageIn = lap(&clock)

        let runs = try preparation.cgroups?.openRuns().release() ?? -1
        defer { if runs >= 0 { _ = sys_close(runs) } }
        let leaf = try preparation.makeLeaf(directory.id, in: runs)
        do {
            phases.cgroup = lap(&clock)
            let ended = try launchAndFollow(directory, signals, slot, workspace, leaf, runs, network)
            let outcome = try conclude(ended, directory, signals, workspace, leaf, outputDirectory)
            // It holds the mount of a work directory on disk, which is removed next.
            if preparation.facts.workOnDisk { leaving?.waitUntilGone() }
            try leaf.remove(from: runs)
            return outcome
        } catch {
            try? leaf.remove(from: runs)
            throw error
        }
    }

    /// What is known when jrun-init has nothing left to do.
    struct Ended {
        var status: jrun_status?
        var failure: LaunchFailed?
        var clonedAt: UInt64 = 0
        /// What of the output could not be passed on, and why.
        var outputLost: String?
        var stdin: StdinTally?
        /// Nil when the program was not launched.
        var node: Report.NodeReport?
    }

    private mutating func launchAndFollow(
        _ directory: borrowing RunDirectory, _ signals: borrowing SignalQueue, _ slot: borrowing UIDSlot,
        _ workspace: borrowing Workspace,
        _ leaf: borrowing CgroupLeaf, _ runs: Int32, _ network: NetworkAhead?
    ) throws -> Ended {
        let identity = RunIdentity(id: directory.id.description, uid: slot.uid)
        let plan = try preparation.plan(for: identity, lifeline: true)
        var request = FrozenRequest(preparation, directory.id, createdAt: createdAt)
        request.uid = slot.uid
        try directory.write("run.json", request.json())
        let events = try EventLog(in: directory)
        try events.record(.created)
        let stdin = preparation.program.stdin == .stream ? try makePipe() : nil
        var stdinReader = stdin?.reader
        defer { if let stdinReader { _ = sys_close(stdinReader) } }
        let feeder = StdinFeeder(writer: stdin?.writer ?? -1, cap: preparation.program.streamCaps.stdin)
        let growth = try EventCounter()
        // jrun-init ends the run when the writing end is closed, by whatever way this process ends.
        let control = try makePipe()
        let controlReader = OwnedFD(taking: control.reader), controlWriter = OwnedFD(taking: control.writer)
        var pipes: [PlanDescriptor: Int32] = [.control: controlReader.raw, .growth: growth.descriptor.raw]
        if let stdinReader { pipes[.stdin] = stdinReader }
        try events.record(.starting)
        do {
            var node: Report.NodeReport?
            let launched = try RunLaunch(
                preparation: preparation, plan: plan, identity: identity, network: network?.descriptor() ?? -1
            ).start(in: directory, slot, workspace, leaf, runs: runs, pipes: pipes) {
                node = NodeFacts.report(preparation.node.rootless)
            }
            // Our copy would keep the pipe open when the program closes its stdin.
            if let reader = stdinReader { _ = sys_close(reader) }
            stdinReader = nil
            try events.record(.running)
            let clonedAt = launched.clonedAt
            let status = try directory.createFile("status", .read)
            let followed = try follow(
                launched, directory, signals, feeder, leaf, growth, status: status.raw, control: controlWriter.raw)
            leaving = LeavingProcess(launched.takeProcess())
            return Ended(
                status: StatusFile.read(status.raw), failure: nil, clonedAt: clonedAt, outputLost: followed.outputLost,
                stdin: followed.stdin, node: node)
        } catch let failure as LaunchFailed {
            return Ended(status: nil, failure: failure)
        }
    }

    private func lap(_ clock: inout UInt64) -> Int64 {
        let now = monotonicNanoseconds()
        defer { clock = now }
        return Int64((now - clock) / 1000)
    }
}

/// jrun-init on its way out: shared, because a struct of ours cannot hold it and be copied.
private final class LeavingProcess {
    private let process: IdentifiedProcess

    init(_ process: consuming IdentifiedProcess) { self.process = process }

    func waitUntilGone() { process.waitUntilGone() }
}
