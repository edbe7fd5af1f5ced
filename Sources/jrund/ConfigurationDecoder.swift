import Kernel
import Programs
import Runs

/// Reads `jrund.yaml`. Strict like a program file: an unknown key is an error with its line, and all errors are told at
/// once.
struct ConfigurationDecoder {
    private static let keys = [
        "socket", "programs", "enforcement", "admin_group", "work_directory", "cpuset", "capacity", "quota",
        "retention", "access", "metrics",
        "connections", "log",
    ]

    private let findings: Findings
    private var configuration: Configuration

    private var read: ValueReader { ValueReader(findings: findings) }

    /// - Parameter defaults: what holds where the file says nothing.
    static func parse(
        _ bytes: [UInt8], fileName: String, defaults: Configuration
    ) -> Result<Configuration, ProgramFileErrors> {
        if saysNothing(bytes) { return .success(defaults) }
        let findings = Findings(file: fileName)
        var decoder = ConfigurationDecoder(findings: findings, configuration: defaults)
        if let root = YAMLComposer.compose(bytes, findings: findings) { decoder.decode(root) }
        return findings.isEmpty ? .success(decoder.configuration) : .failure(findings.sorted())
    }

    /// A file with nothing but comments, which is how it is installed, means the defaults.
    private static func saysNothing(_ bytes: [UInt8]) -> Bool {
        bytes.split(separator: UInt8(ascii: "\n")).allSatisfy { line in
            let first = line.first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\r") }
            return first == nil || first == UInt8(ascii: "#")
        }
    }

    private mutating func decode(_ root: YAMLNode) {
        guard let fields = Fields(root, what: "the configuration", keys: Self.keys, findings: findings) else { return }
        set(\.socket, fields.node("socket").flatMap { read.absolutePath($0, "socket") })
        set(\.programs, fields.node("programs").map(directories))
        set(
            \.enforcement,
            fields.node("enforcement").flatMap { read.word($0, "enforcement", Configuration.Enforcement.self) })
        set(\.adminGroup, fields.node("admin_group").flatMap { name($0, "admin_group") })
        set(
            \.workDirectory,
            fields.node("work_directory").flatMap { read.word($0, "work_directory", WorkDirectoryPlace.self) })
        set(\.cpuset, fields.node("cpuset").flatMap(cpuset))
        fields.node("capacity").map { capacity($0) }
        fields.node("quota").map { quota($0) }
        fields.node("retention").map { retention($0) }
        set(\.access, fields.node("access").map(access))
        set(\.metricsUsers, fields.node("metrics").map(metrics))
        set(\.connections, fields.node("connections").flatMap { count($0, "connections", 8...65_536) })
        set(\.log, fields.node("log").flatMap { read.word($0, "log", Configuration.LogLevel.self) })
    }

    private mutating func set<Value>(_ path: WritableKeyPath<Configuration, Value>, _ value: Value?) {
        if let value { configuration[keyPath: path] = value }
    }

    // MARK: Mappings

    private mutating func capacity(_ node: YAMLNode) {
        let keys = ["runs", "memory", "cpus", "queue"]
        guard let fields = Fields(node, what: "capacity", keys: keys, findings: findings) else { return }
        set(\.capacity.runs, fields.node("runs").flatMap { count($0, "capacity.runs", 1...100_000) })
        set(\.capacity.memory, fields.node("memory").flatMap { read.size($0, "capacity.memory") })
        set(\.capacity.cpus, fields.node("cpus").flatMap { count($0, "capacity.cpus", 1...100_000) })
        set(\.capacity.queue, fields.node("queue").flatMap { count($0, "capacity.queue", 0...1_000_000) })
    }

    private mutating func quota(_ node: YAMLNode) {
        guard let fields = Fields(node, what: "quota", keys: ["runs", "kept"], findings: findings) else { return }
        set(\.quota.runs, fields.node("runs").flatMap { count($0, "quota.runs", 1...1_000_000) })
        set(\.quota.keptBytes, fields.node("kept").flatMap { read.size($0, "quota.kept") })
    }

    private mutating func retention(_ node: YAMLNode) {
        let keys = ["time", "size", "created"]
        guard let fields = Fields(node, what: "retention", keys: keys, findings: findings) else { return }
        set(\.retention.time, fields.node("time").flatMap { read.duration($0, "retention.time") })
        set(\.retention.bytes, fields.node("size").flatMap { read.size($0, "retention.size") })
        set(\.retention.created, fields.node("created").flatMap { read.duration($0, "retention.created") })
    }

    private func access(_ node: YAMLNode) -> [Configuration.Access] {
        var seen: Set<String> = []
        return (read.list(node, "access") ?? []).compactMap { item in
            let keys = ["program", "users", "groups"]
            guard let fields = Fields(item, what: "access", keys: keys, findings: findings),
                let node = fields.required("program", in: "access"),
                let program = read.checked(node, "access.program", reasonAgainstName)
            else { return nil }
            if !seen.insert(program).inserted {
                findings.add(node.mark, "access.program: '\(program)' is here twice; put its users and groups together")
            }
            return Configuration.Access(
                program: program, users: names(fields.node("users"), "access.users"),
                groups: names(fields.node("groups"), "access.groups"))
        }
    }

    private func metrics(_ node: YAMLNode) -> [String] {
        let fields = Fields(node, what: "metrics", keys: ["users"], findings: findings)
        return names(fields?.node("users"), "metrics.users")
    }

    // MARK: Values

    private func directories(_ node: YAMLNode) -> [String] {
        (read.list(node, "programs") ?? []).compactMap { read.absolutePath($0, "programs") }
    }

    private func names(_ node: YAMLNode?, _ what: String) -> [String] {
        guard let node else { return [] }
        return (read.list(node, what) ?? []).compactMap { name($0, what) }
    }

    private func name(_ node: YAMLNode, _ what: String) -> String? {
        read.checked(node, what) { text in
            text.isEmpty || text.unicodeScalars.contains { $0.value <= 32 || $0 == ":" || $0.value == 127 }
                ? "not a name of a user or group" : nil
        }
    }

    private func cpuset(_ node: YAMLNode) -> CPUList? {
        read.checked(node, "cpuset") {
            CPUList($0) == nil ? "write CPUs and ranges of CPUs, such as 2-7 or 0,4-6" : nil
        }
        .flatMap { CPUList($0) }
    }

    private func count(_ node: YAMLNode, _ what: String, _ range: ClosedRange<Int64>) -> Int? {
        read.integer(node, what, in: range).map(Int.init)
    }
}
