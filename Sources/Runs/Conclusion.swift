import CLinux
import CPlan
import Confinement
import Kernel
import Programs

/// From what jrun-init recorded to the report: evidence, results, figures. The same for a run that was watched to its end
/// and for one whose end is found afterwards.
struct Conclusion {
    let run: String
    let program: Program
    let reference: Report.ProgramReference
    let arguments: [String]
    let limits: Limits
    let enforcement: Enforcement
    let security: [String]
    let createdAt: UInt64
    var phases: Report.Phases
    var verdict: Verdict
    /// jrun-init's record; nil when the program was not launched.
    let status: jrun_status?
    /// Digest of the image that was its root.
    var image: String?
    /// Nil when root started the run.
    var rootless: RootlessPlace?
    /// Its sandbox was there before it.
    var isWarm = false
    private let harvestStarted = monotonicNanoseconds()

    /// - Parameters:
    ///   - stopRequests: ends the harvest when it becomes readable; -1: nothing does.
    ///   - directory: where results go; nil looks but does not copy.
    ///   - isPrivate: nobody looks there before the harvest is over, and it is empty.
    mutating func harvest(
        from workspace: borrowing Workspace, into directory: Int32?, reserved: Set<FileIdentity> = [],
        stopRequests: Int32 = -1, isPrivate: Bool = false
    ) throws -> Harvest.Outcome {
        var harvest = Harvest(
            program: program, limits: limits, state: verdict.state, cause: verdict.cause, reserved: reserved,
            stopRequests: stopRequests)
        harvest.givesAway = rootless == nil
        harvest.isPrivate = isPrivate
        let outcome = try harvest.collect(from: workspace, into: directory)
        verdict.judgeResults(missing: outcome.missing)
        verdict.isUndelivered = verdict.isUndelivered || outcome.isIncomplete
        phases.harvest = Int64((monotonicNanoseconds() - harvestStarted) / 1000)
        return outcome
    }

    /// - Parameters:
    ///   - usage: what the cgroup and the work directory say; the record's figures are added.
    ///   - cgroups: says which CPUs runs may use.
    ///   - node: nil looks at it now.
    func report(
        _ outcome: Harvest.Outcome, _ usage: Report.Usage, on cgroups: CgroupTree?, node: Report.NodeReport? = nil
    ) -> Report {
        var node = node ?? NodeFacts.report(rootless)
        node.cpuset = cgroups?.runsCPUs?.description
        return Report(
            run: run, program: reference, image: imageReport, arguments: arguments, state: verdict.state.rawValue,
            cause: verdict.cause.rawValue, evidence: verdict.evidence, exitCode: verdict.exitCode,
            signal: verdict.signal.map(signalName), times: times, phases: phases, warm: isWarm ? true : nil,
            usage: usage.with(status),
            limits: Report.LimitReport.all(limits, enforcement), security: security, results: outcome.files,
            resultsRefused: outcome.refused, resultsMissing: outcome.missing, node: node)
    }

    private var imageReport: Report.ImageReport? {
        guard let image, case .image(let root) = program.security.root else { return nil }
        return .init(root, digest: image)
    }

    mutating func addPhases(clonedAt: UInt64) {
        func microseconds(_ from: UInt64, _ to: UInt64) -> Int64 { to > from ? Int64((to - from) / 1000) : 0 }
        guard let status else { return }
        if isWarm {
            // The rest was done ahead.
            phases.exec = microseconds(clonedAt, status.exec_at)
        } else {
            phases.clone = microseconds(clonedAt, status.entered_at)
            phases.mounts = microseconds(status.entered_at, status.view_at)
            phases.exec = microseconds(status.view_at, status.exec_at)
        }
        phases.run = microseconds(status.exec_at, status.ended_at)
    }

    private var times: Report.Times {
        // A record without an end is a lost run's: it ended at some time before now.
        let hasEnded = status?.state == UInt32(JRUN_STATUS_ENDED)
        let endedAt = hasEnded ? status!.ended_realtime : realtimeNanoseconds()
        return Report.Times(
            created: timestamp(createdAt),
            started: status.flatMap { $0.exec_at > 0 ? timestamp($0.started_realtime) : nil },
            ended: timestamp(endedAt), wallMicroseconds: wall(hasEnded: hasEnded),
            suspendedMicroseconds: Int64((status?.suspended_ns ?? 0) / 1000))
    }

    private func wall(hasEnded: Bool) -> Int64 {
        guard let status, status.exec_at > 0 else { return 0 }
        if hasEnded { return Int64(status.wall_ns / 1000) }
        // After a boot the clock of the record is not ours.
        let now = monotonicNanoseconds()
        return now > status.exec_at ? Int64((now - status.exec_at) / 1000) : 0
    }
}

extension Report.Usage {
    /// What the leaf's counters say, of children that nobody waited for too.
    mutating func add(_ leaf: borrowing CgroupLeaf) {
        let times = leaf.text("cpu.stat") ?? ""
        cpuUserMicroseconds = CgroupLeaf.number("user_usec", in: times) ?? 0
        cpuSystemMicroseconds = CgroupLeaf.number("system_usec", in: times) ?? 0
        cpuMicroseconds = cpuUserMicroseconds + cpuSystemMicroseconds
        if let peak = leaf.number("memory.peak") {
            (memoryPeakBytes, memoryPeakSource) = (peak, "cgroup memory.peak")
            (memoryAnonBytes, memoryFileBytes, memoryShmemBytes) = (0, 0, 0)
        }
        if let peak = leaf.number("pids.peak") { (processesPeak, processesPeakSource) = (peak, "cgroup pids.peak") }
    }

    mutating func add(_ workspace: borrowing Workspace) {
        if let free = try? FileSystem.freeBytes(workspace.root.raw) { diskBytes = Int64(free.total - free.bytes) }
    }

    /// Figures that a number of the report does not hold are its largest: whatever a damaged record says, there is a report.
    func with(_ status: jrun_status?) -> Report.Usage {
        guard let status else { return self }
        var usage = self
        usage.cpuMicroseconds = max(cpuMicroseconds, Int64(status.cpu_ns / 1000))
        if cpuMicroseconds == 0 {
            usage.cpuUserMicroseconds = Int64(status.cpu_user_ns / 1000)
            usage.cpuSystemMicroseconds = Int64(status.cpu_system_ns / 1000)
        }
        usage.readBytes = Int64(clamping: status.read_bytes)
        usage.writtenBytes = Int64(clamping: status.written_bytes)
        usage.stdoutBytes = Int64(clamping: status.stdout_bytes)
        usage.stderrBytes = Int64(clamping: status.stderr_bytes)
        usage.stdoutDroppedBytes = status.stdout_dropped_bytes > 0 ? Int64(clamping: status.stdout_dropped_bytes) : nil
        usage.stderrDroppedBytes = status.stderr_dropped_bytes > 0 ? Int64(clamping: status.stderr_dropped_bytes) : nil
        if memoryAnonBytes == nil {
            usage.memoryPeakBytes = Int64(clamping: status.max_rss_bytes)
        } else {
            usage.memoryAnonBytes = Int64(clamping: status.memory_anon_bytes)
            usage.memoryFileBytes = Int64(clamping: status.memory_file_bytes)
            usage.memoryShmemBytes = Int64(clamping: status.memory_shmem_bytes)
        }
        if processesPeak == nil, status.peak_tasks > 0 {
            (usage.processesPeak, usage.processesPeakSource) = (Int64(clamping: status.peak_tasks), "sampled")
        }
        return usage
    }
}
