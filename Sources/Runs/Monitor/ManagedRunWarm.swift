import CLinux
import CPlan
import Confinement
import Kernel
import Programs

// A run whose sandbox was there before it: docs/daemon.md, "Warm sandboxes".

extension ManagedRun {
    /// From the inputs on disk to the program's execve, in the run's own sandbox. What could not be launched because of a
    /// step of the plan has failed; otherwise, when an error is thrown, nothing was executed.
    ///
    /// - Returns: false when there is no sandbox any more: it is as if there had never been one.
    func launch(
        _ accepted: AcceptedRequest, in sandbox: WarmSandbox, _ preparation: Preparation, isRecorded: Bool,
        _ clock: inout UInt64
    ) throws -> Bool {
        guard sandbox.isThere else { return false }
        // Whatever can be refused is, before anybody is told of a start.
        let message = try accepted.encoded(for: program)
        let itself = try sandbox.identified()
        var record = LaunchRecord(
            uid: sandbox.uid, limits: Report.LimitReport.all(accepted.limits, preparation.enforcement),
            security: preparation.securityMechanisms, phases: .init(), clonedAt: 0, inputs: accepted.inputs, staged: [])
        record.warm = true
        if !accepted.inputs.isEmpty {
            var workspace = try sandbox.workspace()
            try stage(accepted, into: &workspace)
            record.staged = workspace.staged.map { .init(inode: $0, input: $1) }
        }
        record.phases.stageIn = lap(&clock)
        record.clonedAt = clock
        let directory = try open()
        // A sandbox that turns out to have died leaves it to the launch that follows.
        try directory.write("launch.json", runFileJSON(record))
        launchRecord = record
        if !isRecorded { try self.record(RunState.starting.rawValue) }
        do {
            launchRecord?.clonedAt = monotonicNanoseconds()
            let executes = try monitor.warm.whileLaunching {
                try sandbox.execute(message, status: "\(path)/status")
            }
            guard executes else {
                // Back to where it was; what comes now begins anew.
                if !isRecorded { try self.record(RunState.created.rawValue) }
                try? FileSystem.removeFile("launch.json", at: directory.directory.raw)
                launchRecord = nil
                return false
            }
            process = consume itself
        } catch let failure as LaunchFailed {
            end(failure)
            return true
        }
        watchStarted()
        showStarted()
        return true
    }

    /// Whatever is not used of it goes now, and before anything else can happen in the run's directory.
    nonisolated func dropSandbox() {
        let sandbox = shared.withLock { shared in
            defer { shared.sandbox = nil }
            return shared.sandbox
        }
        guard let sandbox else { return }
        monitor.warm.settle(sandbox)
        if sandbox.drop() { removeLeaf() }
    }

    /// Of a sandbox that was not used: jrun-init removes it, unless it was killed.
    nonisolated func removeLeaf() {
        guard let runs = try? monitor.cgroups?.openRuns(),
            let leaf = try? CgroupLeaf(opening: id.description, in: runs.raw)
        else { return }
        try? leaf.remove(from: runs.raw)
    }

    /// What jrun-init says once the sandbox of a dead jrund has executed what it was told, or has gone.
    func settledStatus(_ directory: borrowing RunDirectory) throws -> jrun_status? {
        var status = StatusFile.read(at: "\(path)/status")
        while let parked = status, parked.state == UInt32(JRUN_STATUS_PARKED), try !lock(directory.directory.raw),
            let sandbox = identify(parked)
        {
            let growth = try FileSystem.open("\(path)/\(ManagedRun.growthName)", [.read, .nonBlocking])
            var polls = [
                k_pollfd(fd: growth.raw, events: Int16(POLLIN), revents: 0),
                k_pollfd(fd: sandbox.descriptor.raw, events: Int16(POLLIN), revents: 0),
            ]
            _ = sys_ppoll(&polls, 2, nil)
            _ = try? FileSystem.read(growth.raw, upTo: 65536)
            status = StatusFile.read(at: "\(path)/status")
        }
        return status
    }
}
