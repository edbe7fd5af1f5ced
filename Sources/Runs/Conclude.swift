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
        var conclusion = Conclusion(
            run: directory.id.description, program: program, reference: preparation.programReference,
            arguments: preparation.request.arguments, limits: limits, enforcement: preparation.enforcement,
            security: ended.failure == nil ? preparation.securityMechanisms : [], createdAt: createdAt, phases: phases,
            verdict: ended.failure.map { Verdict(launchFailed: $0) }
                ?? Verdict(ended.status, program: program, limits: limits, enforcement: preparation.enforcement),
            status: ended.status, image: preparation.image?.digest.description, rootless: preparation.node.rootless)
        conclusion.addPhases(clonedAt: ended.clonedAt)
        let inputs = options.inputs.compactMap { try? FileStatus(path: $0.source) }.map(FileIdentity.init)
        let outcome = try conclusion.harvest(
            from: workspace, into: outputDirectory, reserved: Set(inputs), stopRequests: signals.descriptor.raw)
        if ended.outputLost != nil { conclusion.verdict.isUndelivered = true }
        var usage = Report.Usage()
        usage.stdinBytes = ended.stdin?.bytes
        usage.stdinTruncated = ended.stdin?.isTruncated == true ? true : nil
        usage.add(leaf)
        usage.add(workspace)
        let report = conclusion.report(outcome, usage, on: preparation.cgroups, node: ended.node)
        let verdict = conclusion.verdict
        try EventLog(in: directory).record(verdict.state, cause: verdict.cause)
        if options.keep {
            try keepWorkDirectory(conclusion, signals, workspace, directory)
            // Last: a directory with a report is a run that somebody wants to keep, not one to sweep.
            try directory.write("report.json", report.json())
        }
        return ExecutionOutcome(
            report: report, exitStatus: verdict.exitStatus, outputLost: ended.outputLost,
            directory: options.keep ? directory.path : nil)
    }

    /// Copies what the program left, so that it can be looked at when the run is over.
    private func keepWorkDirectory(
        _ conclusion: Conclusion, _ signals: borrowing SignalQueue, _ workspace: borrowing Workspace,
        _ directory: borrowing RunDirectory
    ) throws {
        var harvest = Harvest(
            program: conclusion.program, limits: conclusion.limits, state: conclusion.verdict.state,
            cause: conclusion.verdict.cause, reserved: [], stopRequests: signals.descriptor.raw)
        harvest.givesAway = conclusion.rootless == nil
        try FileSystem.makeDirectory("work", mode: 0o700, at: directory.directory.raw)
        let work = try FileSystem.open("work", [.read, .directory], at: directory.directory.raw)
        try harvest.copyEverything(from: workspace, into: work.raw)
    }
}

extension Verdict {
    init(launchFailed failure: LaunchFailed) {
        state = .failed
        cause = .launchError
        // The file itself was looked for when the run was prepared.
        let hint =
            failure.isExecution && failure.errno == ENOENT
            ? "; its loader, or the interpreter on its first line, is not there" : ""
        evidence = .init(summary: "\(failure)\(hint)", step: failure.step, errno: errnoName(failure.errno))
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
public enum NodeFacts {
    public static func report(_ rootless: RootlessPlace? = nil) -> Report.NodeReport {
        func text(_ name: String) -> String {
            let text = (try? FileSystem.text(of: "/proc/sys/kernel/\(name)")) ?? "unknown"
            return String(text.prefix { $0 != "\n" })
        }
        return Report.NodeReport(
            name: text("hostname"), kernel: text("osrelease"), architecture: architecture, cpus: HostProbe.cpus(),
            rootless: rootless.map { .init(ids: $0.ids.rawValue, cgroup: $0.cgroup, weaker: $0.weaker) })
    }

    #if arch(x86_64)
    private static let architecture = "x86_64"
    #else
    private static let architecture = "aarch64"
    #endif
}
