import CLinux
import CPlan
import Confinement
import Kernel
import Programs

extension Execution {
    /// From the end of jrun-init to the report: evidence, results, figures.
    mutating func conclude(
        _ ended: Ended, _ directory: borrowing RunDirectory, _ signals: borrowing SignalQueue,
        _ workspace: borrowing Workspace,
        _ leaf: borrowing CgroupLeaf, _ outputDirectory: Int32?
    ) throws -> ExecutionOutcome {
        let program = preparation.program, limits = preparation.request.limits
        let harvestStarted = monotonicNanoseconds()
        var verdict =
            ended.failure.map { Verdict(launchFailed: $0) }
            ?? Verdict(ended.status, program: program, limits: limits, enforcement: preparation.enforcement)
        var harvest = Harvest(
            program: program, limits: limits, state: verdict.state, cause: verdict.cause,
            reserved: Set(options.inputs.compactMap { try? FileStatus(path: $0.source) }.map(FileIdentity.init)),
            stopRequests: signals.descriptor.raw)
        let outcome = try harvest.collect(from: workspace, into: outputDirectory)
        verdict.judgeResults(missing: outcome.missing)
        verdict.isUndelivered = outcome.isIncomplete || ended.outputLost != nil
        if let status = ended.status { addPhases(status, clonedAt: ended.clonedAt) }
        phases.harvest = Int64((monotonicNanoseconds() - harvestStarted) / 1000)

        let report = Report(
            run: directory.id.description, program: preparation.programReference,
            arguments: preparation.request.arguments,
            state: verdict.state.rawValue, cause: verdict.cause.rawValue, evidence: verdict.evidence,
            exitCode: verdict.exitCode, signal: verdict.signal.map(signalName), times: times(ended.status),
            phases: phases,
            usage: usage(ended, leaf, workspace),
            limits: Report.LimitReport.all(limits, preparation.enforcement),
            security: ended.failure == nil ? securityMechanisms : [], results: outcome.files,
            resultsRefused: outcome.refused,
            resultsMissing: outcome.missing, node: NodeFacts.report)
        try EventLog(in: directory).record(verdict.state, cause: verdict.cause)
        if options.keep {
            try keepWorkDirectory(&harvest, workspace, directory)
            // Last: a directory with a report is a run that somebody wants to keep, not one to sweep.
            try directory.write("report.json", try report.json())
        }
        return ExecutionOutcome(
            report: report, exitStatus: verdict.exitStatus, outputLost: ended.outputLost,
            directory: options.keep ? directory.path : nil)
    }

    private mutating func addPhases(_ status: jrun_status, clonedAt: UInt64) {
        func microseconds(_ from: UInt64, _ to: UInt64) -> Int64 { to > from ? Int64((to - from) / 1000) : 0 }
        phases.clone = microseconds(clonedAt, status.entered_at)
        phases.mounts = microseconds(status.entered_at, status.view_at)
        phases.exec = microseconds(status.view_at, status.exec_at)
        phases.run = microseconds(status.exec_at, status.ended_at)
    }

    private func times(_ status: jrun_status?) -> Report.Times {
        // A record without an end is a lost run's: it ended at some time before now.
        let hasEnded = status?.state == UInt32(JRUN_STATUS_ENDED)
        let endedAt = hasEnded ? status!.ended_realtime : realtimeNanoseconds()
        let wall =
            status.map { hasEnded ? $0.wall_ns : monotonicNanoseconds() - $0.exec_at }.map { Int64($0 / 1000) } ?? 0
        return Report.Times(
            created: timestamp(createdAt), started: status.map { timestamp($0.started_realtime) },
            ended: timestamp(endedAt),
            wallMicroseconds: wall,
            suspendedMicroseconds: Int64((status?.suspended_ns ?? 0) / 1000))
    }

    private func usage(
        _ ended: Ended, _ leaf: borrowing CgroupLeaf, _ workspace: borrowing Workspace
    ) -> Report.Usage {
        var usage = Report.Usage()
        let status = ended.status
        usage.stdinBytes = ended.stdin?.bytes
        usage.stdinTruncated = ended.stdin?.isTruncated == true ? true : nil
        if let status {
            usage.cpuMicroseconds = Int64(status.cpu_ns / 1000)
            usage.memoryPeakBytes = Int64(status.max_rss_bytes)
            usage.readBytes = Int64(status.read_bytes)
            usage.writtenBytes = Int64(status.written_bytes)
            usage.stdoutBytes = Int64(status.stdout_bytes)
            usage.stderrBytes = Int64(status.stderr_bytes)
            usage.stdoutDroppedBytes = status.stdout_dropped_bytes > 0 ? Int64(status.stdout_dropped_bytes) : nil
            usage.stderrDroppedBytes = status.stderr_dropped_bytes > 0 ? Int64(status.stderr_dropped_bytes) : nil
            if status.peak_tasks > 0 {
                (usage.processesPeak, usage.processesPeakSource) = (Int64(status.peak_tasks), "sampled")
            }
        }
        // The cgroup counts what nobody waited for, too.
        usage.cpuUserMicroseconds = leaf.number("user_usec", in: "cpu.stat") ?? 0
        usage.cpuSystemMicroseconds = leaf.number("system_usec", in: "cpu.stat") ?? 0
        usage.cpuMicroseconds = max(usage.cpuMicroseconds, usage.cpuUserMicroseconds + usage.cpuSystemMicroseconds)
        if let peak = leaf.number("memory.peak") {
            (usage.memoryPeakBytes, usage.memoryPeakSource) = (peak, "cgroup memory.peak")
            usage.memoryAnonBytes = status.map { Int64($0.memory_anon_bytes) }
            usage.memoryFileBytes = status.map { Int64($0.memory_file_bytes) }
            usage.memoryShmemBytes = status.map { Int64($0.memory_shmem_bytes) }
        }
        if let peak = leaf.number("pids.peak") {
            (usage.processesPeak, usage.processesPeakSource) = (peak, "cgroup pids.peak")
        }
        if let free = try? FileSystem.freeBytes(workspace.root.raw) { usage.diskBytes = Int64(free.total - free.bytes) }
        return usage
    }

    private var securityMechanisms: [String] {
        let facts = preparation.facts, security = preparation.program.security
        let spaces = "namespaces: mount, pid, ipc, uts, cgroup" + (security.network == .none ? ", network" : "")
        return [
            spaces, "private read-only root", "own uid and gid", "no capabilities", "no_new_privs",
            "seccomp allow-list" + (facts.seccompNotify ? " with evidence" : ""),
        ] + (facts.landlockABI > 0 ? ["Landlock ABI \(facts.landlockABI)"] : [])
    }

    /// Copies what the program left, so that it can be looked at when the run is over.
    private func keepWorkDirectory(
        _ harvest: inout Harvest, _ workspace: borrowing Workspace, _ directory: borrowing RunDirectory
    ) throws {
        try FileSystem.makeDirectory("work", mode: 0o700, at: directory.directory.raw)
        let work = try FileSystem.open("work", [.read, .directory], at: directory.directory.raw)
        try harvest.copyEverything(from: workspace, into: work.raw)
    }
}

extension Verdict {
    init(launchFailed failure: LaunchFailed) {
        state = .failed
        cause = .launchError
        evidence = .init(summary: "\(failure)", step: failure.step, errno: errnoName(failure.errno))
        if failure.isExecution { launchExitStatus = failure.errno == ENOENT ? 127 : 126 }
    }

    /// A run that ended well without its required results has failed.
    mutating func judgeResults(missing: [String]) {
        guard state == .complete, !missing.isEmpty else { return }
        state = .failed
        cause = .result
        evidence = .init(summary: "required result missing: \(missing.joined(separator: ", "))")
    }
}

/// What a report says of the node, from /proc.
enum NodeFacts {
    static var report: Report.NodeReport {
        func text(_ name: String) -> String {
            let text = (try? FileSystem.text(of: "/proc/sys/kernel/\(name)")) ?? "unknown"
            return String(text.prefix { $0 != "\n" })
        }
        return Report.NodeReport(
            name: text("hostname"), kernel: text("osrelease"), architecture: architecture, cpus: HostProbe.cpus())
    }

    #if arch(x86_64)
    private static let architecture = "x86_64"
    #else
    private static let architecture = "aarch64"
    #endif
}
