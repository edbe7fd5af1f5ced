import CLinux
import Kernel

/// The cgroup v2 tree and what a run's leaf gets from it.
struct CgroupChecks {
    let node: Node
    let mounts: MountTable
    let isRoot: Bool

    func diagnoses() -> [Diagnosis] {
        let name = "cgroup v2"
        if let rootless = node.rootless, rootless.cgroup == nil {
            return [
                .weaker(
                    name, "none that this user may divide among runs",
                    cost: "limits 'memory' and 'cpu' only with --best-effort; see docs/rootless.md",
                    cure: "systemd-run --user --scope -p Delegate=yes jrun …")
            ]
        }
        guard let mountPoint = mounts.mounts(ofType: "cgroup2").first?.point else {
            return [CgroupChecks.notMounted(fileSystems: Doctor.text("/proc/filesystems") ?? "", mounts)]
        }
        do {
            let trial = try TrialLeaf(node: node, mountPoint: mountPoint)
            defer { trial.remove() }
            return [.ok(name, "mounted at \(mountPoint)"), leaf(trial)] + controllers(mountPoint, trial)
        } catch {
            let use = "a run's cgroup cannot be made below '\(mountPoint)'"
            let cure =
                error.errno == EROFS
                ? "mount -o remount,rw \(mountPoint)"
                : "set JRUN_CGROUP to a cgroup that is delegated to jrun (systemd: Delegate=yes)"
            return [KernelChecks.judge(name, error, use: use, cure: cure, isRoot: isRoot)]
        }
    }

    static func notMounted(fileSystems: String, _ mounts: MountTable) -> Diagnosis {
        let name = "cgroup v2", cost = "no run can start: runs are counted, frozen and killed by their cgroup"
        guard fileSystems.split(whereSeparator: \.isWhitespace).contains("cgroup2") else {
            return .missing(name, "the kernel has none", cost: cost, cure: "boot a kernel with CONFIG_CGROUPS=y")
        }
        let besideV1 = !mounts.mounts(ofType: "cgroup").isEmpty
        let place = besideV1 ? "/sys/fs/cgroup/unified" : "/sys/fs/cgroup"
        return .missing(
            name, "not mounted", cost: cost,
            cure: (besideV1 ? "mkdir -p \(place) && " : "") + "mount -t cgroup2 none \(place)")
    }

    private func leaf(_ trial: TrialLeaf) -> Diagnosis {
        let name = "cgroup leaf"
        for file in ["cgroup.kill", "cgroup.freeze", "cgroup.events", "cpu.stat"] where trial.text(file) == nil {
            // cgroup.kill can only be written, so nothing but its presence counts.
            if FileSystem.exists("\(trial.leafPath)/\(file)") { continue }
            return .missing(
                name, "'\(file)' is not there", cost: "no run can start: it ends runs and keeps their clocks",
                cure: Doctor.boot("5.14"))
        }
        guard let directory = try? FileSystem.open(trial.leafPath, [.read, .directory]) else {
            return .missing(name, "cannot be opened", cure: "check who else removes cgroups below '\(trial.tree.path)'")
        }
        let answer = cloneOnce(flags: 0, cgroup: directory.raw)
        if answer >= 0 { return .ok(name, "processes start in it; freeze and kill are there") }
        return KernelChecks.judge(
            name, KernelError("clone3 into a cgroup", errno: Int32(-answer)),
            use: "every program is started in a leaf of its own", cure: Doctor.boot("5.7"), isRoot: isRoot)
    }

    private func controllers(_ mountPoint: String, _ trial: TrialLeaf) -> [Diagnosis] {
        let given = CgroupChecks.words(trial.text("cgroup.controllers"))
        let offered = CgroupTree.availableControllers(at: mountPoint)
        let table = Doctor.text("/proc/cgroups") ?? ""
        return Controller.all.map { controller in
            if given.contains(controller.name) { return .ok(controller.title, "every run's cgroup gets it") }
            let reason =
                offered.contains(controller.name)
                ? Absence.notPassedDown(at: trial.firstLevel(without: controller.name) ?? trial.ownPath)
                : Absence.ofController(controller, mounts: mounts, table: table)
            return CgroupChecks.weaker(controller, reason)
        }
    }

    static func words(_ text: String?) -> Set<String> {
        Set((text ?? "").split(whereSeparator: \.isWhitespace).map(String.init))
    }

    static func weaker(_ controller: Controller, _ absence: Absence) -> Diagnosis {
        let unified = Doctor.commandLine("systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all")
        let (found, cure): (String, String) =
            switch absence {
            case .heldByV1(let place): ("held by the cgroup v1 hierarchy\(place.map { " at \($0)" } ?? "")", unified)
            case .disabled:
                (
                    "switched off at boot",
                    "take cgroup_disable=\(controller.v1Name) off the kernel command line, then reboot"
                )
            case .notInKernel: ("the kernel has none", "boot a kernel with \(controller.option)=y")
            case .notPassedDown(let level):
                (
                    "not passed down by '\(level)'",
                    "echo +\(controller.name) > \(level)/cgroup.subtree_control (if busy: move its processes to a cgroup below it)"
                )
            }
        return .weaker(controller.title, found, cost: controller.cost, cure: cure)
    }
}

/// Why a leaf does not have a controller.
enum Absence: Equatable {
    case heldByV1(at: String?)
    case disabled
    case notInKernel
    /// The directory whose `cgroup.subtree_control` lacks it.
    case notPassedDown(at: String)

    /// - Parameter table: /proc/cgroups: name, hierarchy (0 is v2's), number of cgroups, enabled.
    static func ofController(_ controller: Controller, mounts: MountTable, table: String) -> Absence {
        if let held = mounts.mounts(ofType: "cgroup").first(where: { $0.superOptions.contains(controller.v1Name) }) {
            return .heldByV1(at: held.point)
        }
        for line in table.split(separator: "\n") {
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard fields.count == 4, fields[0] == controller.v1Name else { continue }
            return fields[3] == "0" ? .disabled : .heldByV1(at: nil)
        }
        return .notInKernel
    }
}

/// A cgroup v2 controller, and what runs lose without it.
struct Controller {
    var name: String
    var option: String
    var cost: String
    var title: String { "\(name) controller" }
    /// Its name in cgroup v1 and in /proc/cgroups.
    var v1Name: String { name == "io" ? "blkio" : name }

    static let all = [
        Controller(
            name: "memory", option: "CONFIG_MEMCG",
            cost: "memory limits only with --best-effort, as RLIMIT_AS: of each process, not of the run"),
        Controller(
            name: "pids", option: "CONFIG_CGROUP_PIDS",
            cost: "limit 'processes' is held by RLIMIT_NPROC of the run's own uid, and reached limits are noticed later"
        ),
        Controller(
            name: "cpu", option: "CONFIG_CGROUP_SCHED",
            cost: "limit 'cpus' is not held, and one other than 1 is refused; limits 'cpu' and 'wall' hold all the same"
        ),
        Controller(
            name: "io", option: "CONFIG_BLK_CGROUP",
            cost: "limit 'io' only with --best-effort, where nothing holds it"),
        Controller(
            name: "cpuset", option: "CONFIG_CPUSETS",
            cost: "jrund does not start with 'cpuset' in jrund.yaml"),
    ]
}

/// A leaf as a run would get it, and its removal. In jrun's own subtree where that exists; otherwise in one beside it,
/// made by the same code as the real one.
struct TrialLeaf {
    let tree: CgroupTree
    let leaf = "doctor-\(RunID())"
    /// Where jrun's own subtree is or will be.
    let ownPath: String
    private let mountPoint: String
    /// Directories that were not there before, outermost first.
    private let made: [String]
    /// What the parent of the subtree passed down before.
    private let passedDown: Set<String>
    private let parent: String

    init(node: Node, mountPoint: String) throws(KernelError) {
        let own = node.rootless?.cgroup ?? "\(mountPoint)/\(node.cgroupName)"
        let exists = FileSystem.exists("\(own)/runs")
        // An ordinary user may make cgroups only there.
        let path = exists || node.rootless != nil ? own : "\(own)-doctor-\(RunID())"
        self.mountPoint = mountPoint
        ownPath = own
        parent = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        passedDown = TrialLeaf.subtreeControl(parent)
        made = TrialLeaf.ancestors(of: "\(path)/runs", from: mountPoint).filter { !FileSystem.exists($0) }
        do {
            tree = try CgroupTree(preparing: path)
            try FileSystem.makeDirectory("\(path)/runs/\(leaf)", mode: 0o755)
        } catch {
            TrialLeaf.removeDirectories(made, subtree: path)
            throw error
        }
    }

    var leafPath: String { "\(tree.path)/runs/\(leaf)" }

    func text(_ file: String) -> String? { Doctor.text("\(leafPath)/\(file)") }

    /// The outermost directory that does not pass the controller down, named as in jrun's own subtree.
    func firstLevel(without controller: String) -> String? {
        let levels = [mountPoint] + TrialLeaf.ancestors(of: "\(tree.path)/runs", from: mountPoint)
        guard let level = levels.first(where: { !TrialLeaf.subtreeControl($0).contains(controller) }) else {
            return nil
        }
        return level.hasPrefix(tree.path) ? ownPath + level.dropFirst(tree.path.count) : level
    }

    func remove() {
        if let runs = try? tree.openRuns(), let directory = try? FileSystem.open(leafPath, [.read, .directory]) {
            try? CgroupLeaf.killAndRemove(leaf, directory: directory.raw, from: runs.raw)
        }
        guard !made.isEmpty else { return }
        TrialLeaf.removeDirectories(made, subtree: tree.path)
        // A jrun that made its subtree meanwhile needs what was passed down; the kernel keeps what is in use anyway.
        if FileSystem.exists(ownPath) { return }
        let added = TrialLeaf.subtreeControl(parent).subtracting(passedDown)
        for controller in Controller.all.map(\.name) where added.contains(controller) {
            try? FileSystem.write("-\(controller)", toPath: "\(parent)/cgroup.subtree_control")
        }
    }

    private static func removeDirectories(_ made: [String], subtree: String) {
        if !made.isEmpty { try? FileSystem.removeDirectory("\(subtree)/init") }
        for directory in made.reversed() { try? FileSystem.removeDirectory(directory) }
    }

    private static func subtreeControl(_ directory: String) -> Set<String> {
        CgroupChecks.words(Doctor.text("\(directory)/cgroup.subtree_control"))
    }

    /// `path` and the directories above it, up to but without `top`; outermost first.
    static func ancestors(of path: String, from top: String) -> [String] {
        let components = path.dropFirst(top.count).split(separator: "/")
        return components.indices.map { "\(top)/" + components[...$0].joined(separator: "/") }
    }
}
