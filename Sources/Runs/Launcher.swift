import CLaunch
import CLinux
import CPlan
import Confinement
import Kernel

/// jrun-init at work.
struct LaunchedRun: ~Copyable {
    let process: IdentifiedProcess
    /// When this process called clone3; CLOCK_MONOTONIC nanoseconds.
    let clonedAt: UInt64
    /// Of a sandbox that waits for its request: what becomes of that will be said there.
    let report: LaunchReport?

    consuming func takeProcess() -> IdentifiedProcess { process }
}

/// Writes one of the commands of CPlan.h to a pipe or FIFO that jrun-init reads; false when it has gone.
@discardableResult
func send(_ command: Int32, to control: Int32) -> Bool {
    var byte = UInt8(truncatingIfNeeded: command)
    return sys_write(control, &byte, 1) == 1
}

/// A plan that could not be carried out.
struct LaunchFailed: Error, CustomStringConvertible {
    var step: String
    var errno: Int32
    /// Whether it was the program's own execve that failed.
    var isExecution: Bool
    var description: String { "\(step): \(describe(errno: errno))" }
}

/// Descriptors that are closed together, at the latest when the bag goes. An Array cannot hold OwnedFD.
private final class DescriptorBag {
    private var raw: [Int32]
    init(_ raw: [Int32]) { self.raw = raw }
    deinit { closeAll() }

    func add(_ fd: Int32) { raw.append(fd) }

    func closeAll() {
        for fd in raw { _ = sys_close(fd) }
        raw = []
    }
}

/// Opens what a plan names, seals the plan, and starts jrun-init with both.
struct Launcher {
    let node: Node
    let plan: LaunchPlan
    let runName: String
    /// What the caller holds open for the run; host paths are opened here.
    var descriptors: [PlanDescriptor: Int32]
    /// An idle network namespace, entered instead of making one; -1 for none.
    var network: Int32 = -1

    /// - Parameter meanwhile: done while jrun-init makes the run's view.
    func launch(initCgroup: Int32, meanwhile: () -> Void) throws -> LaunchedRun {
        let initExecutable = try FileSystem.open(node.initPath, .read)
        let null = try FileSystem.open("/dev/null", .readWrite)
        let memfd = try sealedMemfd(named: "jrun-plan", try plan.encode(runName: runName))
        let pipe = try makePipe()
        let report = LaunchReport(OwnedFD(taking: pipe.reader), steps: plan.steps)
        let opened = DescriptorBag([pipe.writer])
        var known = descriptors
        for case .hostPath(let path) in plan.descriptors {
            let mount = try Mounts.clone(path).release()
            opened.add(mount)
            known[.hostPath(path)] = mount
        }
        var fds = [memfd.raw, pipe.writer] + plan.descriptors.map { known[$0]! }
        // jrun-init keeps it, and with it the lock on it, as long as the run is there.
        if network >= 0 { fds.append(network) }

        let clonedAt = monotonicNanoseconds()
        let clone = try clone(fds, initExecutable.raw, null.raw, initCgroup)
        // Our copies of the pipe ends that are jrun-init's; the report ends only when its own are closed.
        opened.closeAll()
        let process = IdentifiedProcess(child: clone.pid, descriptor: OwnedFD(taking: clone.pidfd))
        meanwhile()
        switch try report.next() {
        case .ended: return LaunchedRun(process: process, clonedAt: clonedAt, report: nil)
        case .holds: return LaunchedRun(process: process, clonedAt: clonedAt, report: report)
        case .failed(let failure):
            process.waitUntilGone()
            throw failure
        }
    }

    private func clone(_ fds: [Int32], _ executable: Int32, _ null: Int32, _ cgroup: Int32) throws -> (
        pidfd: Int32, pid: Int32
    ) {
        var launch = jrun_launch()
        for namespace in plan.namespaces where namespace != .network || network < 0 {
            launch.namespaces |= namespace.cloneFlag
        }
        launch.network = network
        launch.cgroup = cgroup
        launch.`init` = executable
        launch.null = null
        launch.fd_count = Int32(fds.count)
        launch.pidfd = -1
        let result = fds.withUnsafeBufferPointer { fds in
            runName.withCString { name in
                launch.fds = fds.baseAddress
                launch.run = name
                return jrun_launch(&launch)
            }
        }
        if result < 0 {
            let step =
                switch launch.failed_step {
                case JRUN_STEP_EXEC_INIT: "execute jrun-init '\(node.initPath)'"
                case JRUN_STEP_NETWORK: "enter an idle network namespace"
                default: "clone into new namespaces"
                }
            throw LaunchFailed(step: step, errno: -result, isExecution: false)
        }
        return (launch.pidfd, launch.pid)
    }
}
