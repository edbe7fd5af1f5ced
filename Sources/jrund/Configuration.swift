import Kernel
import Runs

/// What `jrund.yaml` decides; docs/operations.md describes every key.
struct Configuration: Sendable, Equatable {
    /// Users and groups, by name or number, that may use a program.
    struct Access: Sendable, Equatable {
        var program: String
        var users: [String] = []
        var groups: [String] = []
    }

    enum LogLevel: String, Sendable, CaseIterable { case debug, info, warning, error }

    enum Enforcement: String, Sendable, CaseIterable {
        case strict
        case bestEffort = "best-effort"
    }

    var socket: String
    /// Directories of program files; the first that has a name wins.
    var programs: [String]
    var adminGroup = "jrun-admin"
    var enforcement = Enforcement.strict
    var workDirectory = WorkDirectoryPlace.memory
    /// CPUs that runs may use; nil: all.
    var cpuset: CPUList?
    var capacity: MonitorSettings.Capacity
    var quota = MonitorSettings.Quota(runs: 32, keptBytes: 10 << 30)
    var retention = MonitorSettings.Retention(
        time: 7 * 86_400_000, bytes: 50 << 30, created: 86_400_000, runs: 10_000)
    var access: [Access] = []
    /// Who may read /metrics beside administrators.
    var metricsUsers: [String] = []
    /// Connections served at once; more wait.
    var connections = 1024
    var log = LogLevel.info

    /// What holds where the file says nothing.
    init(defaultsOf machine: Machine) {
        socket = "\(machine.runtimeDirectory)/control.sock"
        programs = ["/etc/jrun/programs"] + machine.shippedPrograms
        // The rest is for the system and for jrund itself.
        capacity = MonitorSettings.Capacity(
            runs: 64, memory: max(1, machine.memoryBytes / 10 * 9), cpus: 4 * machine.cpus, queue: 1000)
    }

    var monitorSettings: MonitorSettings {
        var settings = MonitorSettings(
            bestEffort: enforcement == .bestEffort, capacity: capacity, quota: quota, retention: retention)
        settings.workDirectory = workDirectory
        return settings
    }
}

/// What the defaults depend on.
struct Machine: Sendable, Equatable {
    var memoryBytes: Int64
    var cpus: Int
    var runtimeDirectory: String
    var shippedPrograms: [String]
    /// What the environment says; wins over the file.
    var workDirectory: WorkDirectoryPlace?
}
