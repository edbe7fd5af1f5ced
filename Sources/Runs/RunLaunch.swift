import CLinux
import Confinement
import Kernel
import Programs

/// Brings a run to life out of what was made for it. Whoever calls owns, and closes, everything that is handed in.
struct RunLaunch {
    let preparation: Preparation
    let plan: LaunchPlan
    let identity: RunIdentity
    /// An idle network namespace to enter; -1 to make one.
    var network: Int32 = -1

    /// - Parameter pipes: `control` and `growth`, and the ends of stdin where the program has one.
    /// - Parameter meanwhile: done while jrun-init makes the run's view.
    /// - Throws: `LaunchFailed` when a step of the plan could not be carried out.
    func start(
        in directory: borrowing RunDirectory, _ slot: borrowing UIDSlot, _ workspace: borrowing Workspace,
        _ leaf: borrowing CgroupLeaf, runs: Int32, pipes: [PlanDescriptor: Int32],
        meanwhile: () -> Void = {}
    ) throws -> LaunchedRun {
        let flags: FileSystem.OpenFlags = [.readWrite, .create, .truncate]
        let status = try directory.createFile("status", flags)
        let stdoutSpool = try directory.createFile("stdout", flags)
        let stderrSpool = try directory.createFile("stderr", flags)
        let initCgroup = try preparation.cgroups?.openInit().release() ?? -1
        defer { if initCgroup >= 0 { _ = sys_close(initCgroup) } }
        var descriptors: [PlanDescriptor: Int32] = [
            .work: workspace.mount.raw, .stdoutSpool: stdoutSpool.raw, .stderrSpool: stderrSpool.raw,
            .status: status.raw, .cgroupLeaf: leaf.directory.raw, .cgroupRuns: runs,
            .runDirectory: directory.directory.raw, .runsDirectory: directory.parent.raw, .uidLock: slot.lock.raw,
        ]
        let image = try preparation.image?.copy(for: identity.uid, on: preparation.node).release()
        defer { if let image { _ = sys_close(image) } }
        descriptors[.image] = image
        let layer = try preparation.makeLayer()?.release()
        defer { if let layer { _ = sys_close(layer) } }
        descriptors[.imageLayer] = layer
        descriptors.merge(pipes) { _, pipe in pipe }
        var streamFiles: [Int32] = []
        defer { for file in streamFiles { _ = sys_close(file) } }
        for (relay, descriptor) in [
            (plan.supervision.stdout, PlanDescriptor.stdoutFile), (plan.supervision.stderr, .stderrFile),
        ] {
            guard case .file(let name) = relay?.target else { continue }
            let file = try workspace.makeStreamFile(name).release()
            streamFiles.append(file)
            descriptors[descriptor] = file
        }
        return try Launcher(
            node: preparation.node, plan: plan, runName: identity.id, descriptors: descriptors, network: network
        ).launch(initCgroup: initCgroup, meanwhile: meanwhile)
    }
}

extension Preparation {
    /// The run's leaf with the limits that the controllers here can hold.
    ///
    /// - Parameter runs: the directory of all leaves; -1 where there is no cgroup tree.
    func makeLeaf(_ id: RunID, in runs: Int32) throws -> CgroupLeaf {
        if cgroups == nil { return .absent() }
        let leaf = try CgroupLeaf(creating: id.description, in: runs)
        do { try setLimits(of: leaf) } catch {
            try? leaf.remove(from: runs)
            throw error
        }
        return leaf
    }

    private func setLimits(of leaf: borrowing CgroupLeaf) throws {
        let limits = request.limits
        if enforcement[.memory] == .memoryMax {
            try leaf.set("memory.max", "\(limits[.memory])")
            try leaf.set("memory.oom.group", "1")
            // Absent where the kernel has no swap accounting, and then there is nothing to forbid.
            try? leaf.set("memory.swap.max", "0")
        }
        if enforcement[.processes] == .pidsMax { try leaf.set("pids.max", "\(limits[.processes])") }
        // Microseconds of each 100 ms. Source: admin-guide/cgroup-v2.rst, cpu.max
        if enforcement[.cpus] == .cpuMax { try leaf.set("cpu.max", "\(limits[.cpus] * 100) 100000") }
        if enforcement[.io] == .ioMax {
            for disk in facts.disks { try leaf.set("io.max", "\(disk) rbps=\(limits[.io]) wbps=\(limits[.io])") }
        }
    }

    /// What keeps the run in, as the report names it.
    var securityMechanisms: [String] {
        let security = program.security
        let spaces =
            "namespaces: \(node.rootless == nil ? "" : "user, ")mount, pid, ipc, uts, cgroup"
            + (security.network == .none ? ", network" : "")
        let root =
            switch security.root {
            case .host: "private read-only root"
            case .image(let image):
                image.isWritable ? "private root on an image, changes apart" : "read-only root image"
            }
        return [
            spaces, root,
            node.rootless?.ids == .single ? "the user's own uid, under another number" : "own uid and gid",
            "no capabilities", "no_new_privs",
            seccompName ?? "seccomp allow-list" + (facts.seccompNotify ? " with evidence" : ""),
        ] + (facts.landlockABI > 0 ? ["Landlock ABI \(facts.landlockABI)"] : [])
    }
}
