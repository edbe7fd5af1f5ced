import CLinux
import CPlan
import Confinement
import Kernel
import Programs

extension ManagedRun {
    /// Starts, or waits in the queue.
    ///
    /// - Returns: whether the program was launched (or failed to be: the snapshot says so); false: it waits.
    /// - Throws: `MonitorRefusal` `invalid`, `conflict`, `busy`, `quota`, `node`
    public func start(mayQueue: Bool = true) throws -> Bool {
        let before = snapshot
        guard before.state == .created else { return before.queuePosition == nil }
        try refuseIfRemoved()
        let accepted = try accept()
        shared.withLock { $0.startAskedAt = monotonicNanoseconds() }
        guard try monitor.admit(self, mayQueue: mayQueue) else {
            do { try transition(to: .starting) } catch {
                monitor.dequeue(self)
                throw error
            }
            return false
        }
        do { try launch(accepted, isRecorded: false) } catch {
            monitor.release(self)
            update { $0.state = .created }
            throw refusal(error)
        }
        return true
    }

    /// Room has come. Nobody waits for an answer, so whatever goes wrong is how the run ends.
    func startFromQueue() {
        guard state == .starting, process == nil else { return monitor.release(self) }
        do { try launch(try accept(), isRecorded: true) } catch {
            endUnlaunched(.failed, .launchError, "\(refusal(error))")
        }
    }

    func refuseIfRemoved() throws {
        if shared.withLock(\.isRemoved) { throw MonitorRefusal(.notFound, "run '\(id)' is not here any more") }
    }

    /// The whole request, with the files that have come, by the rules.
    private func accept() throws -> AcceptedRequest {
        let inputs = shared.withLock { $0.inputs.files }.map { RequestedInput(name: $0, size: $1.size) }
        let own = Dictionary(uniqueKeysWithValues: LimitName.allCases.map { ($0, limits[$0]) })
        let fixed = program.environment.set
        let asked = Request(
            arguments: arguments, inputs: inputs.sorted { $0.name < $1.name },
            environment: environment.filter { fixed[$0.key] != $0.value }, limits: own)
        switch program.check(asked) {
        case .success(let accepted): return accepted
        case .failure(let violations): throw MonitorRefusal(violations)
        }
    }

    private func refusal(_ error: any Error) -> MonitorRefusal {
        switch error {
        case let refusal as MonitorRefusal: refusal
        case let refused as RunRefused: MonitorRefusal(refused, program: program.name)
        default: MonitorRefusal(.node, "run '\(id)': \(error)")
        }
    }

    /// From the inputs on disk to the program's execve. What could not be launched because of a step of the plan has failed;
    /// before that everything is undone, and the error thrown.
    ///
    /// - Parameter isRecorded: the event `starting` is in the log already.
    private func launch(_ accepted: AcceptedRequest, isRecorded: Bool) throws {
        update { $0.state = .starting }
        var clock = monotonicNanoseconds()
        let asked = shared.withLock(\.startAskedAt)
        monitor.count { $0.phases["queue", default: .init()].add(Int64((clock - asked) / 1000)) }
        let preparation = try prepare(accepted)
        if let sandbox = shared.withLock({ $0.sandbox }) {
            defer { dropSandbox() }
            if sandbox.isCurrent, sandbox.preparation.makesTheSame(as: preparation),
                try launch(accepted, in: sandbox, preparation, isRecorded: isRecorded, &clock)
            {
                return monitor.count { $0.warmStarts += 1 }
            }
        }
        if monitor.warm.isWarm(program) { monitor.count { $0.coldStarts += 1 } }
        try monitor.warm.whileLaunching { try launchCold(accepted, preparation, isRecorded: isRecorded, &clock) }
    }

    private func prepare(_ accepted: AcceptedRequest) throws -> Preparation {
        let prepared = shared.withLock { shared in
            defer { shared.prepared = nil }
            return shared.prepared
        }
        // One that waited in the queue may find another node; so may one that was made before a reload.
        if var prepared, createdAt + ManagedRun.freshness > realtimeNanoseconds(),
            prepared.node.workDirectory == monitor.settings.workDirectory,
            prepared.bestEffort == monitor.settings.bestEffort
        {
            prepared.request = accepted
            return prepared
        }
        let loaded = LoadedProgram(
            program: program.pinned(to: request.image), path: request.programFile, reference: reference)
        return try Preparation(
            node: monitor.currentNode, loaded: loaded, request: accepted, bestEffort: monitor.settings.bestEffort)
    }

    /// How long what was found out about the node holds, in nanoseconds.
    private static let freshness: UInt64 = 1_000_000_000

    private func launchCold(
        _ accepted: AcceptedRequest, _ preparation: Preparation, isRecorded: Bool, _ clock: inout UInt64
    ) throws {
        let directory = try open()
        guard try lock(directory.directory.raw) else {
            throw MonitorRefusal(.node, "run '\(id)': its directory '\(path)' is in use by somebody else")
        }
        let slot = try preparation.node.takeUID()
        let run = directory.directory.raw
        var isLaunched = false
        defer { if !isLaunched { try? WorkOnDisk.remove(from: run) } }
        var workspace = try preparation.makeWorkspace(in: directory, owner: slot.uid)
        try stage(accepted, into: &workspace)
        var record = LaunchRecord(
            uid: slot.uid, limits: Report.LimitReport.all(accepted.limits, preparation.enforcement),
            security: preparation.securityMechanisms, phases: .init(), clonedAt: 0, inputs: accepted.inputs,
            staged: workspace.staged.map { .init(inode: $0, input: $1) })
        record.phases.stageIn = lap(&clock)
        guard let runs = try preparation.cgroups?.openRuns() else {
            throw MonitorRefusal(.node, "run '\(id)': there is no cgroup v2 tree")
        }
        // One of a launch that was cut short.
        if let leaf = try? CgroupLeaf(opening: id.description, in: runs.raw) { try leaf.remove(from: runs.raw) }
        let leaf = try preparation.makeLeaf(id, in: runs.raw)
        record.phases.cgroup = lap(&clock)
        record.clonedAt = clock
        do {
            // Whole before there is a jrun-init: half a file belongs to a run that was not launched.
            try directory.write("launch.json", runFileJSON(record))
            launchRecord = record
            if !isRecorded { try self.record(RunState.starting.rawValue) }
            try launch(preparation, directory, slot, workspace, leaf, runs: runs.raw)
            isLaunched = true
        } catch let failure as LaunchFailed {
            try? leaf.remove(from: runs.raw)
            return end(failure)
        } catch {
            try? leaf.remove(from: runs.raw)
            // Back to where it was, in the log too; one from the queue ends instead.
            if !isRecorded, try events(after: 0).last?.state == RunState.starting.rawValue {
                try? self.record(RunState.created.rawValue)
            }
            throw error
        }
    }

    private func launch(
        _ preparation: Preparation, _ directory: borrowing RunDirectory, _ slot: borrowing UIDSlot,
        _ workspace: borrowing Workspace, _ leaf: borrowing CgroupLeaf, runs: Int32
    ) throws {
        let identity = RunIdentity(id: id.description, uid: slot.uid)
        let plan = try preparation.plan(for: identity, lifeline: false)
        let pipes = try RunPipes.make(in: directory, stdin: program.stdin == .stream)
        let network = monitor.networks.take(for: program)
        let launched = try RunLaunch(
            preparation: preparation, plan: plan, identity: identity, network: network?.file.raw ?? -1
        ).start(in: directory, slot, workspace, leaf, runs: runs, pipes: pipes.descriptors)
        withExtendedLifetime(network) {}
        launchRecord?.clonedAt = launched.clonedAt
        process = launched.takeProcess()
        watchStarted()
        showStarted()
    }

    /// From here on the run is there, whatever goes wrong on our side.
    func watchStarted() {
        do { try watch() } catch {
            monitor.log(.error, "cannot be watched, so it is killed: \(error)", id)
            sendControl(JRUN_CONTROL_KILL)
        }
        closeStdinIfNoted()
    }

    func showStarted() {
        let started = StatusFile.read(at: "\(path)/status")?.started_realtime ?? realtimeNanoseconds()
        do { try transition(to: .running) { $0.started = timestamp(started) } } catch {
            monitor.log(.error, "the event 'running' is lost: \(error)", id)
            update {
                $0.state = .running
                $0.started = timestamp(started)
            }
        }
    }

    func stage(_ accepted: AcceptedRequest, into workspace: inout Workspace) throws {
        for name in accepted.inputs {
            let size = shared.withLock { $0.inputs[name]?.size } ?? 0
            try workspace.stage(
                InputFile(source: "\(path)/\(ManagedRun.inputsName)/\(name)", name: name, size: size),
                as: program.contentTypes(ofInput: name, size: size))
        }
    }

    func lap(_ clock: inout UInt64) -> Int64 {
        let now = monotonicNanoseconds()
        defer { clock = now }
        return Int64((now - clock) / 1000)
    }

    /// Looks at the status record whenever jrun-init says that there is news, until it has gone.
    func watch() throws {
        let status = SharedFile(try FileSystem.open("\(path)/status", .read))
        let growth = try FileSystem.open("\(path)/\(ManagedRun.growthName)", [.read, .nonBlocking])
        try monitor.watcher.watch(growth) { [weak self] file, hasHungUp in
            _ = try? FileSystem.read(file, upTo: 65536)
            guard let self else { return false }
            let sequence = StatusFile.read(status.file.raw)?.sequence ?? 0
            if hasHungUp || self.shared.withLock({ sequence > $0.recordSequence }) {
                self.hasNews(hasGone: hasHungUp)
            }
            self.changes.raise()
            return !hasHungUp
        }
    }

    static let growthName = "growth"
    static let inputsName = "inputs"
}

extension StatusFile {
    static func read(at path: String) -> jrun_status? {
        guard let file = try? FileSystem.open(path, .read) else { return nil }
        return read(file.raw)
    }
}
