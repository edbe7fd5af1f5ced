import CLinux
import CPlan
import Confinement
import Kernel
import Programs

extension ManagedRun {
    /// Brings the snapshot up to what jrun-init's record says; concludes the run when it has ended.
    ///
    /// - Parameter hasGone: jrun-init is not there any more.
    func recordChanged(hasGone: Bool) {
        let record = StatusFile.read(at: "\(path)/status")
        guard !state.isFinal, !shared.withLock(\.isRemoved) else { return }
        shared.withLock { $0.recordSequence = record?.sequence ?? 0 }
        // One whose launcher died between clone3 and the first record.
        if process == nil, !hasGone, let record { process = identify(record) }
        if record?.cause == UInt32(JRUN_CAUSE_TERMINATE), !state.isFinal, !snapshot.isTerminating {
            update { $0.isTerminating = true }
        }
        do {
            switch Int32(record?.state ?? 0) {
            case JRUN_STATUS_ENDED:
                // It ran, whether anybody was there to see it or not, and what exits by itself has been thawed.
                if let record, record.exec_at > 0,
                    state == .starting || state == .suspended && record.wait_status & 0x7f == 0
                {
                    try showRunning(record)
                }
                try conclude(record)
            case _ where hasGone: try conclude(nil)
            case JRUN_STATUS_SUSPENDED where state != .suspended: try transition(to: .suspended)
            case JRUN_STATUS_RUNNING where state != .running: if let record { try showRunning(record) }
            default: break
            }
        } catch {
            monitor.log(.error, "cannot be brought to its end, which is tried again: \(error)", id)
            tryAgain(hasGone: hasGone)
        }
    }

    private func showRunning(_ record: jrun_status) throws {
        try transition(to: .running) { $0.started = $0.started ?? timestamp(record.started_realtime) }
    }

    /// A full disk is somebody's to make room on; nothing tells us when.
    private func tryAgain(hasGone: Bool) {
        Task(executorPreference: WorkPool.shared) { [weak self] in
            try? await Task.sleep(for: .seconds(5))
            await self?.recordChanged(hasGone: hasGone)
        }
    }

    /// From the end to the report. Every step can be done again: docs/daemon.md, "Life of a run".
    ///
    /// - Parameter record: nil for a run that is lost.
    func conclude(_ record: jrun_status?) throws {
        shared.withLock { $0.streamsEnded = true }
        changes.raise()
        let launch = storedLaunch()
        var conclusion = try conclusion(record, launch)
        if let launch { conclusion.addPhases(clonedAt: launch.clonedAt) }
        // Which of them apply is known at the end of the harvest only.
        let hasResults = !program.results.isEmpty
        let results = OwnedFD(taking: hasResults ? try emptyResults().release() : -1)
        var usage = Report.Usage()
        let outcome: Harvest.Outcome
        if let workspace = workspace(record, launch) {
            outcome = try conclusion.harvest(
                from: workspace, into: hasResults ? results.raw : nil, isPrivate: true)
            usage.add(workspace)
            keepChanges(of: workspace, record)
        } else {
            outcome = conclusion.lostResults()
        }
        let runs = try? monitor.cgroups?.openRuns()
        if let runs, let leaf = try? CgroupLeaf(opening: id.description, in: runs.raw) { usage.add(leaf) }
        try finish(conclusion, outcome, usage)
    }

    /// What was decided at the start; nil when there was none.
    func storedLaunch() -> LaunchRecord? {
        launchRecord ?? (try? decodeRunFile(LaunchRecord.self, FileSystem.contents(of: "\(path)/launch.json")))
    }

    private func conclusion(_ record: jrun_status?, _ launch: LaunchRecord?) throws -> Conclusion {
        let enforcement =
            try launch?.enforcement
            ?? Enforcement.decide(
                facts: HostProbe.facts(for: program, cgroups: monitor.requireCgroups()), limits: limits,
                bestEffort: true
            ).get()
        return Conclusion(
            run: id.description, program: program, reference: reference, arguments: arguments, limits: limits,
            enforcement: enforcement, security: launch?.security ?? [], createdAt: createdAt,
            phases: launch?.phases ?? .init(),
            verdict: Verdict(record, program: program, limits: limits, enforcement: enforcement), status: record,
            image: request.image, isWarm: launch?.warm == true)
    }

    /// The work directory, which jrun-init holds until it is released; nil when that has gone.
    func workspace(_ record: jrun_status?, _ launch: LaunchRecord?) -> Workspace? {
        guard let record, let launch, record.work_fd > 0, process != nil,
            let mount = try? process!.open(record.work_fd, [.read, .directory])
        else { return nil }
        let staged = Dictionary(launch.staged.map { ($0.inode, $0.input) }) { first, _ in first }
        return try? Workspace(root: mount, owner: launch.uid, staged: staged)
    }

    private func emptyResults() throws -> OwnedFD {
        let directory = try open()
        try FileSystem.makeDirectory(
            ManagedRun.resultsName, mode: 0o700, at: directory.directory.raw, orFindIt: true)
        let results = try FileSystem.openBeneath(directory.directory.raw, ManagedRun.resultsName, [.read, .directory])
        try FileSystem.removeContents(of: results.raw)
        return results
    }

    /// A run whose plan could not be carried out.
    func end(_ failure: LaunchFailed) {
        do {
            var conclusion = try conclusion(nil, nil)
            conclusion.verdict = Verdict(launchFailed: failure)
            try finish(conclusion, Harvest.Outcome(), Report.Usage())
        } catch {
            endWithoutReport(Verdict(launchFailed: failure), error)
        }
    }

    /// A run that ended while it waited for room.
    func endUnlaunched(_ state: RunState, _ cause: Cause, _ summary: String) {
        var verdict = Verdict(nil, program: program, limits: limits, enforcement: nil)
        (verdict.state, verdict.cause, verdict.evidence) = (state, cause, .init(summary: summary))
        do {
            var conclusion = try conclusion(nil, nil)
            conclusion.verdict = verdict
            try finish(conclusion, Harvest.Outcome(), Report.Usage())
        } catch {
            endWithoutReport(verdict, error)
        }
    }

    /// Nothing ran, so nothing is lost with the report but the report.
    private func endWithoutReport(_ verdict: Verdict, _ error: any Error) {
        monitor.log(.error, "its report cannot be written: \(error)", id)
        monitor.release(self)
        showEnd(verdict, ended: timestamp(realtimeNanoseconds()))
        recordEnd(verdict)
    }

    /// The report first, since with it the results are known to be whole; then everything that is not needed any more goes;
    /// and whoever then hears of the end finds the report and the room.
    private func finish(_ conclusion: Conclusion, _ outcome: Harvest.Outcome, _ usage: Report.Usage) throws {
        var usage = usage
        if program.stdin == .stream {
            let stdin = shared.withLock { $0.stdin }
            usage.stdinBytes = stdin.bytes
            usage.stdinTruncated = stdin.isTruncated ? true : nil
        }
        let report = conclusion.report(outcome, usage, on: monitor.cgroups), verdict = conclusion.verdict
        try open().publish("report.json", report.json())
        shared.withLock { if $0.attendance.isAttended { $0.attendance.report = report } }
        letGo()
        try? removeInputs()
        monitor.hasEnded(self, report, verdict)
        showEnd(verdict, ended: report.times.ended)
        recordEnd(verdict)
    }

    /// A disk that is full now may not be later; a jrund that begins looks whether the event is there.
    private func recordEnd(_ verdict: Verdict) {
        guard !shared.withLock(\.isRemoved) else { return }
        do { try record(verdict.state.rawValue, cause: verdict.cause) } catch {
            monitor.log(
                .error, "the event '\(verdict.state.rawValue)' cannot be written, which is tried again: \(error)", id)
            Task(executorPreference: WorkPool.shared) { [weak self] in
                try? await Task.sleep(for: .seconds(5))
                await self?.recordEnd(verdict)
            }
        }
    }

    private func showEnd(_ verdict: Verdict, ended: String) {
        let kept = measureKeptBytes()
        shared.withLock { shared in
            shared.streamsEnded = true
            shared.endedAt = realtimeNanoseconds()
        }
        update { snapshot in
            snapshot.state = verdict.state
            snapshot.cause = verdict.cause
            snapshot.summary = verdict.evidence.summary
            snapshot.exitCode = verdict.exitCode
            snapshot.signal = verdict.signal.map(signalName)
            snapshot.ended = ended
            snapshot.isTerminating = false
            snapshot.keptBytes = kept
        }
        monitor.countKept(self)
    }

    func measureKeptBytes() -> Int64 {
        do {
            let directory = try open()
            return bytesOnDisk(directory.directory.raw)
        } catch { return 0 }
    }

    /// The cgroup leaf goes, jrun-init may leave, and with it the work directory and the uid.
    func letGo() {
        var isEmpty = false
        if let runs = try? monitor.cgroups?.openRuns(),
            let leaf = try? CgroupLeaf(opening: id.description, in: runs.raw)
        {
            do {
                try leaf.remove(from: runs.raw)
                isEmpty = true
            } catch { monitor.log(.error, "its cgroup cannot be removed: \(error)", id) }
        }
        removeWorkOnDisk()
        guard process != nil else { return }
        // A cgroup that could be removed holds no process that could still use it.
        if isEmpty { monitor.networks.keep(of: process!, program) }
        // One that does not take its release any more must not hold us either: everything of it has been taken.
        if !sendControl(JRUN_CONTROL_RELEASE) { process!.kill() }
        process!.waitUntilGone()
        process = nil
    }

    /// Before jrun-init is released: it holds the uid, which is the number of the quota.
    private func removeWorkOnDisk() {
        if !has(WorkOnDisk.name) { return }
        do {
            let directory = try open()
            if process != nil {
                try WorkOnDisk.remove(from: directory.directory.raw)
            } else {
                try WorkOnDisk.removeAbandoned(from: directory.directory.raw, monitor.node)
            }
        } catch { monitor.log(.error, "its work directory cannot be removed: \(error)", id) }
    }

    private func has(_ name: String) -> Bool { (try? FileStatus(path: "\(path)/\(name)", following: false)) != nil }

    func removeInputs() throws {
        if !has(ManagedRun.inputsName) { return }
        let directory = try open()
        guard
            let inputs = try? FileSystem.openBeneath(
                directory.directory.raw, ManagedRun.inputsName, [.read, .directory])
        else { return }
        try FileSystem.removeContents(of: inputs.raw)
        try FileSystem.removeDirectory(ManagedRun.inputsName, at: directory.directory.raw)
    }

    static let resultsName = "results"
}

extension Conclusion {
    /// What stands in the report of a run whose work directory went with the node, or with jrun-init.
    func lostResults() -> Harvest.Outcome {
        var outcome = Harvest.Outcome()
        let rules = program.results.filter { $0.applies(state: verdict.state, cause: verdict.cause) }
        outcome.missing = rules.filter(\.required).map(\.path.source)
        if !rules.isEmpty { outcome.refused = ["the work directory was lost together with jrun-init"] }
        return outcome
    }
}
