import CPlan
import Confinement
import Kernel
import Programs

// What a jrund that begins finds, and what it does about it: docs/daemon.md, "Life of a run".

extension Monitor {
    /// What has become of the runs that were there.
    public struct Recovered: Sendable, Equatable {
        /// Taken over alive.
        public var adopted = 0
        /// Ended while nobody looked.
        public var concluded = 0
        /// Gone without a record.
        public var lost = 0
        /// Waiting for room, again.
        public var queued = 0
        /// Ended or not started, as they were left.
        public var kept = 0
        /// Half created or half removed.
        public var cleaned = 0
        /// Directories that cannot be understood, and are left alone.
        public var unreadable = 0

        public init() {}
    }

    /// Finds every run by its directory, takes over what is alive, finishes or rolls back what is half done. Before that
    /// nothing can be created.
    public func recover() async throws -> Recovered {
        let node = node
        let found = try await blocking { try FoundDirectories(node) }
        var recovered = Recovered()
        for name in found.halfDone {
            await tellRemoval(of: name)
            recovered.cleaned += 1
        }
        let last = try events.lastEvents().last
        var waiting: [(order: UInt64, run: ManagedRun)] = []
        var programs = ProgramTexts()
        for id in found.runs {
            var known: ManagedRun?
            do {
                guard let run = try stored(id, &programs) else { continue }
                known = run
                add(run)
                let outcome = try await run.recover(lastEvent: last)
                countKept(run)
                recovered[keyPath: outcome.counter] += 1
                if case .queued(let order) = outcome { waiting.append((order, run)) }
            } catch {
                recovered.unreadable += 1
                log(.error, "its directory cannot be understood, and is left alone: \(error)", id)
                state.withLock { state in
                    state.totals.release(id)
                    if let known { state.remove(known) }
                }
            }
        }
        for (_, run) in waiting.sorted(by: { $0.order < $1.order }) { requeue(run) }
        fillPlaces()
        count { $0.recovered = recovered }
        return recovered
    }

    /// `.new-ID` was never there for anybody; `.gone-ID` is gone for everybody.
    private func tellRemoval(of name: String) async {
        let path = "\(node.runsDirectory)/\(name)"
        do {
            if name.hasPrefix(RunDirectory.gonePrefix) {
                let id = String(name.dropFirst(RunDirectory.gonePrefix.count))
                let isTold = try events.lastEvents().contains { $0.run == id && $0.state == RunEvent.removed }
                if !isTold,
                    let request = try? decodeRunFile(
                        FrozenRequest.self, FileSystem.contents(of: "\(path)/run.json"))
                {
                    try events.record(
                        RunEvent.removed, of: id, program: request.program.name, owner: request.owner?.uid ?? 0,
                        copyTo: nil)
                }
            }
        } catch { log(.error, "the removal of '\(path)' cannot be told: \(error)", nil) }
        // Its bytes may take longer than anybody should wait for a jrund that starts.
        let runs = node.runsDirectory, cgroups = cgroups
        Task(executorPreference: WorkPool.shared) {
            do {
                try await blocking {
                    if name.hasPrefix(RunDirectory.warmPrefix) { removeLeaf(ofSandbox: name, cgroups) }
                    try removeTree(name, in: runs)
                }
            } catch {
                // A sandbox that was dropped removes itself.
                if FileSystem.exists(path) { self.log(.error, "'\(path)' cannot be removed: \(error)", nil) }
            }
        }
    }

    /// The run of a directory that jrund made; nil for one of `jrun exec`.
    private func stored(_ id: RunID, _ programs: inout ProgramTexts) throws -> ManagedRun? {
        let path = "\(node.runsDirectory)/\(id)"
        guard (try? FileStatus(path: "\(path)/\(RunDirectory.controlName)")) != nil else { return nil }
        let request = try decodeRunFile(FrozenRequest.self, FileSystem.contents(of: "\(path)/run.json"))
        guard request.schema == FrozenRequest.currentSchema else {
            throw MonitorRefusal(.node, "run.json has schema '\(request.schema)', which this version does not know")
        }
        guard let limits = Limits(request.limits) else {
            throw MonitorRefusal(.node, "run.json does not name every limit")
        }
        let program = try programs.program(in: "\(path)/program.yaml", named: request.program.name)
        return ManagedRun(
            request, id: id, program: program, limits: limits, owner: request.owner ?? Owner(uid: 0, gid: 0),
            monitor: self)
    }
}

private func removeLeaf(ofSandbox name: String, _ cgroups: CgroupTree?) {
    guard let runs = try? cgroups?.openRuns(),
        let leaf = try? CgroupLeaf(opening: String(name.dropFirst(RunDirectory.warmPrefix.count)), in: runs.raw)
    else { return }
    try? leaf.remove(from: runs.raw)
}

/// What is in the directory of all runs.
private struct FoundDirectories: Sendable {
    /// In the order of their creation.
    var runs: [RunID] = []
    var halfDone: [String] = []

    init(_ node: Node) throws {
        let parent = try FileSystem.open(node.runsDirectory, [.read, .directory])
        for name in try FileSystem.names(in: parent.raw).map({ String(decoding: $0, as: UTF8.self) }).sorted() {
            if let id = RunID(name) {
                runs.append(id)
            } else if [RunDirectory.gonePrefix, RunDirectory.unbornPrefix, RunDirectory.warmPrefix]
                .contains(where: name.hasPrefix)
            {
                halfDone.append(name)
            }
        }
    }
}

/// Programs by the text that they were stored as: many runs have the same.
private struct ProgramTexts {
    private var known: [[UInt8]: Program] = [:]

    mutating func program(in path: String, named name: String) throws -> Program {
        let text = try FileSystem.contents(of: path)
        if let program = known[text] { return program }
        let source = try ProgramFile.read(text, fileName: "\(name).yaml") { _ in .unknown(known: []) }.get()
        known[text] = source.program
        return source.program
    }
}

extension ManagedRun {
    enum RecoveryOutcome {
        case adopted, concluded, lost, kept
        /// With the number of its event `starting`.
        case queued(UInt64)

        var counter: WritableKeyPath<Monitor.Recovered, Int> {
            switch self {
            case .adopted: \.adopted
            case .concluded: \.concluded
            case .lost: \.lost
            case .kept: \.kept
            case .queued: \.queued
            }
        }
    }

    /// Takes the state from the directory, as an earlier jrund left it.
    func recover(lastEvent: RunEvent?) throws -> RecoveryOutcome {
        try completeEvents(lastEvent)
        let last = try self.lastEvent()
        let directory = try open()
        try recoverFiles(directory)
        if let report = try? decodeRunFile(
            Report.self, FileSystem.contents(of: "report.json", at: directory.directory.raw, limit: Report.maxBytes))
        {
            try recoverEnd(report, last)
            return .kept
        }
        let status = try settledStatus(directory)
        let isAlive = try !lock(directory.directory.raw)
        if isAlive { return try adopt(status) }
        guard let status, status.state != UInt32(JRUN_STATUS_PARKED) else {
            if status != nil { removeLeaf() }
            if last == nil { try record(RunState.created.rawValue) }
            guard let last, last.state == RunState.starting.rawValue else { return .kept }
            update { $0.state = .starting }
            return .queued(last.sequence)
        }
        // jrun-init has gone. Our lock would keep the conclusion from nobody, but a launch from this directory.
        unlock(directory.directory.raw)
        let logged = last.flatMap { RunState(rawValue: $0.state) }
        update { $0.state = logged ?? .starting }
        recordChanged(hasGone: true)
        return status.state == UInt32(JRUN_STATUS_ENDED) ? .concluded : .lost
    }

    /// A jrund that was killed between the node's log and the run's own wrote its last line only there.
    private func completeEvents(_ lastEvent: RunEvent?) throws {
        // There is none yet when the creation was cut short behind the directory's name.
        let log = try FileSystem.open("\(path)/events.jsonl", [.readWrite, .create, .append])
        guard let lastEvent, lastEvent.run == id.description else { return }
        // Half a line is that line's.
        let size = try FileStatus(of: log.raw).size
        let tail = try FileSystem.read(log.raw, from: max(0, size - 4096), upTo: 4096)
        let torn = tail.count - (tail.lastIndex(of: 0x0a) ?? -1) - 1
        if torn > 0 { try FileSystem.truncate(log.raw, to: size - Int64(torn)) }
        if try self.lastEvent()?.sequence == lastEvent.sequence { return }
        try FileSystem.write(lastEvent.line.utf8, to: log.raw, named: "events.jsonl")
    }

    private func recoverFiles(_ directory: borrowing RunDirectory) throws {
        for name in try FileSystem.names(in: directory.directory.raw).map({ String(decoding: $0, as: UTF8.self) })
        where name.hasPrefix(Upload.temporaryPrefix) || name.hasSuffix(".new") {
            try? FileSystem.removeFile(name, at: directory.directory.raw)
        }
        if let record = try? decodeRunFile(
            StdinRecord.self, FileSystem.contents(of: "stdin", at: directory.directory.raw))
        {
            shared.withLock { $0.stdin = record }
        }
        if let inputs = try? FileSystem.openBeneath(
            directory.directory.raw, ManagedRun.inputsName, [.read, .directory])
        {
            for (name, size) in filesBelow(inputs.raw) {
                shared.withLock { $0.inputs.add(name, .init(size: size), program) }
            }
        }
        let kept = bytesOnDisk(directory.directory.raw)
        shared.withLock { $0.snapshot.keptBytes = kept }
    }

    /// Relative paths and sizes of all regular files.
    private func filesBelow(_ directory: Int32, _ prefix: String = "", depth: Int = 64) -> [(String, Int64)] {
        ((try? FileSystem.names(in: directory)) ?? []).flatMap { bytes -> [(String, Int64)] in
            let name = String(decoding: bytes, as: UTF8.self)
            guard let status = try? FileStatus(path: name, at: directory, following: false) else { return [] }
            if status.kind == .file { return [(prefix + name, status.size)] }
            guard status.kind == .directory, depth > 0,
                let child = try? FileSystem.openBeneath(directory, name, [.read, .directory])
            else { return [] }
            return filesBelow(child.raw, "\(prefix)\(name)/", depth: depth - 1)
        }
    }

    private func recoverEnd(_ report: Report, _ last: RunEvent?) throws {
        let state = RunState(rawValue: report.state) ?? .killed, cause = Cause(rawValue: report.cause) ?? .lost
        if last?.state != state.rawValue { try record(state.rawValue, cause: cause) }
        if let status = StatusFile.read(at: "\(path)/status"), process == nil { process = identify(status) }
        letGo()
        try? removeInputs()
        let launch = try? decodeRunFile(LaunchRecord.self, FileSystem.contents(of: "\(path)/launch.json"))
        shared.withLock { shared in
            shared.streamsEnded = true
            shared.endedAt = UInt64((try? FileStatus(path: "\(path)/report.json").modifiedNanoseconds) ?? 0)
            for name in launch?.inputs ?? [] { shared.inputs.add(name, .init(size: 0), program) }
        }
        update { snapshot in
            snapshot.state = state
            snapshot.cause = cause
            snapshot.summary = report.evidence.summary
            snapshot.exitCode = report.exitCode
            snapshot.signal = report.signal
            snapshot.started = report.times.started
            snapshot.ended = report.times.ended
        }
    }

    /// A run that lives on: its record says how far it is.
    private func adopt(_ status: jrun_status?) throws -> RecoveryOutcome {
        monitor.readmit(self)
        if let status {
            process = identify(status)
            recoverStdin(status)
            if process == nil {
                monitor.log(.warning, "its directory is locked, but its record's process is not there", id)
            }
            update { snapshot in
                snapshot.state = .starting
                if status.exec_at > 0 { snapshot.started = timestamp(status.started_realtime) }
            }
            let last = try self.lastEvent()?.state
            // What the log says already needs no second event.
            if let last = last.flatMap({ RunState(rawValue: $0) }), !last.isFinal { update { $0.state = last } }
        } else {
            update { $0.state = .starting }
        }
        try watch()
        closeStdinIfNoted()
        // One that ended before it was watched hangs up on nobody.
        let hasGone = process == nil ? false : process!.hasGone()
        recordChanged(hasGone: hasGone)
        return state.isFinal ? .concluded : .adopted
    }

    /// The last piece may have reached the pipe and not been noted any more.
    private func recoverStdin(_ record: jrun_status) {
        guard program.stdin == .stream, process != nil else { return }
        do {
            let position = StdinBuffer(try process!.share(record.stdin_buffer_fd)).position
            shared.withLock { $0.stdin.bytes = position }
        } catch { monitor.log(.warning, "what its stdin has taken may be counted too low: \(error)", id) }
    }

    /// jrun-init by its record: believed only if pid, start time and cgroup are those, and it lives after all.
    func identify(_ record: jrun_status) -> IdentifiedProcess? {
        IdentifiedProcess(
            pid: record.init_pid, startTime: record.init_start, cgroupSuffix: "/\(monitor.node.cgroupName)/init")
    }
}
