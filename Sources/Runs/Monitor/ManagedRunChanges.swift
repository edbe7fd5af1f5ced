import CLinux
import CPlan
import Kernel
import Programs

extension ManagedRun {
    /// What the run has changed since its start, as it is now or as it was at the end; JSON.
    ///
    /// - Throws: `conflict` before the start, and of a run whose work directory was lost.
    public func changesSinceStart() throws -> [UInt8] {
        let snapshot = snapshot
        if snapshot.state.isFinal {
            if snapshot.cause == .lost { throw conflict("what it changed was lost together with jrun-init") }
            do { return try FileSystem.contents(of: "\(path)/\(ManagedRun.changesName)") } catch {
                guard error.errno == ENOENT else { throw error }
                return runFileJSON(unchanged)
            }
        }
        let launch = storedLaunch()
        let record = StatusFile.read(at: "\(path)/status")
        guard let workspace = workspace(record, launch) else {
            throw conflict("there is something to compare when it has started")
        }
        return runFileJSON(changes(in: workspace, record))
    }

    /// Before jrun-init is released, and with it what was changed. A run that has changed nothing keeps nothing.
    func keepChanges(of workspace: borrowing Workspace, _ record: jrun_status?) {
        let changes = changes(in: workspace, record)
        guard changes != unchanged else { return }
        do { try open().publish(ManagedRun.changesName, runFileJSON(changes)) } catch {
            monitor.log(.error, "what it changed cannot be kept: \(error)", id)
        }
    }

    private var unchanged: RunChanges {
        var changes = RunChanges()
        if hasWritableImage { changes.image = [] }
        return changes
    }

    private var hasWritableImage: Bool {
        if case .image(let root) = program.security.root { root.isWritable } else { false }
    }

    private func changes(in workspace: borrowing Workspace, _ record: jrun_status?) -> RunChanges {
        var changes = RunChanges()
        changes.add(workDirectory: workspace)
        guard hasWritableImage else { return changes }
        guard let record, record.layer_fd > 0, record.image_fd > 0, process != nil,
            let layer = try? process!.open(record.layer_fd, [.read, .directory]),
            let upper = try? FileSystem.openBeneath(layer.raw, ImageLayer.upper, [.read, .directory]),
            // As the run has it, whatever has become of its name, its file and our own mount of it.
            let lower = try? process!.open(record.image_fd, [.read, .directory])
        else {
            changes.image = []
            changes.complete = false
            return changes
        }
        changes.add(layer: upper.raw, over: lower.raw)
        return changes
    }

    static let changesName = "changes.json"
}
