/// The limits that a run can have. Raw values are the keys of the program file.
public enum LimitName: String, CaseIterable, Sendable {
    /// Wall-clock time without suspended time, milliseconds.
    case wall
    /// Processor time of all processes together, milliseconds.
    case cpu
    /// Memory of all processes together, bytes.
    case memory
    /// Processes and threads alive at once.
    case processes
    /// Open descriptors of one process.
    case open_files
    /// Size of one file, bytes.
    case file_size
    /// Bytes written to stdout and stderr together.
    case output
    /// Bytes in the work directory.
    case disk
    /// Size of `/tmp` and of `/dev/shm`, bytes each.
    case temporary
    /// Processors at once, thousandths of one.
    case cpus
    /// Bytes read from and written to a disk, a second, each; `unlimited` where nobody says.
    case io

    /// What the limit's number counts.
    public enum Unit: String, Sendable {
        case milliseconds = "ms"
        case bytes
        case count
        case thousandths
        case bytesPerSecond = "bytes/s"
    }

    /// The value of a limit that bounds nothing; only `io` can have it.
    public static let unlimited = Int64.max

    /// The least that can be asked for. A processor's share ends where the kernel's does: 1 ms of each 100 ms (source:
    /// kernel/sched/core.c, `min_cfs_quota_period`). Slower traffic than 1 MiB/s would keep pages locked that others wait for.
    public var smallest: Int64 {
        switch self {
        case .cpus: 10
        case .io: 1 << 20
        default: 1
        }
    }

    public var unit: Unit {
        switch self {
        case .wall, .cpu: .milliseconds
        case .memory, .file_size, .output, .disk, .temporary: .bytes
        case .processes, .open_files: .count
        case .cpus: .thousandths
        case .io: .bytesPerSecond
        }
    }

    /// The value as a person reads it: `10 m`, `1 GiB`, `32`, `1.5`, `50 MiB/s`.
    public func format(_ value: Int64) -> String {
        switch unit {
        case .milliseconds: formatDuration(milliseconds: value)
        case .bytes: formatBytes(value)
        case .count: String(value)
        case .thousandths: exactThousandths(value)
        case .bytesPerSecond: value == LimitName.unlimited ? "unlimited" : "\(formatBytes(value))/s"
        }
    }

    /// The value as a program file and a request have it, without rounding.
    func exactText(_ value: Int64) -> String {
        switch unit {
        case .milliseconds: exactDuration(value)
        case .bytes: exactSize(value)
        case .count: String(value)
        case .thousandths: exactThousandths(value)
        case .bytesPerSecond: value == LimitName.unlimited ? "unlimited" : exactSize(value)
        }
    }

    /// Reads the value as a person writes it, in the limit's unit.
    func parse(_ text: String) throws(QuantityError) -> Int64 {
        switch unit {
        case .milliseconds: try parseDuration(text)
        case .bytes: try parseByteSize(text)
        case .count: try parseCount(text)
        case .thousandths: try parseCPUs(text)
        case .bytesPerSecond: text == "unlimited" ? LimitName.unlimited : try parseByteSize(text)
        }
    }
}

/// One limit of a program: what a run gets unless it asks, and how far a request may raise it.
/// Both in the limit's unit; `smallest <= default <= max`.
public struct LimitRule: Sendable, Equatable {
    public var `default`: Int64
    public var max: Int64

    public init(default: Int64, max: Int64) {
        self.default = `default`
        self.max = max
    }
}

/// A rule for every limit: there is no limit that is absent.
public struct LimitRules: Sendable, Equatable {
    private var rules: [LimitRule]

    /// What `temporary` is when a file does not say.
    static let defaultTemporary = LimitRule(default: 64 << 20, max: 64 << 20)
    /// What `cpus` is when a file does not say: what one thread can use.
    public static let defaultCPUs = LimitRule(default: 1000, max: 1000)
    static let defaultIO = LimitRule(default: LimitName.unlimited, max: LimitName.unlimited)

    public init(_ rule: (LimitName) -> LimitRule) {
        rules = LimitName.allCases.map(rule)
    }

    public subscript(name: LimitName) -> LimitRule {
        get { rules[name.position] }
        set { rules[name.position] = newValue }
    }

    /// The limits of a run that asks for nothing.
    public var defaults: Limits { Limits { self[$0].default } }
}

/// The limits of one run, each in its own unit.
public struct Limits: Sendable, Equatable {
    private var values: [Int64]

    public init(_ value: (LimitName) -> Int64) {
        values = LimitName.allCases.map(value)
    }

    public subscript(name: LimitName) -> Int64 {
        get { values[name.position] }
        set { values[name.position] = newValue }
    }
}

extension LimitName {
    fileprivate var position: Int {
        switch self {
        case .wall: 0
        case .cpu: 1
        case .memory: 2
        case .processes: 3
        case .open_files: 4
        case .file_size: 5
        case .output: 6
        case .disk: 7
        case .temporary: 8
        case .cpus: 9
        case .io: 10
        }
    }
}

/// Why `NAME=VALUE` is not a limit.
public struct LimitSyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String
}

/// Reads a limit as it is written on a command line, for example `wall=30s` or `memory=512MiB`.
public func parseLimit(_ text: String) throws(LimitSyntaxError) -> (LimitName, Int64) {
    guard let equals = text.firstIndex(of: "=") else {
        throw LimitSyntaxError(description: "limit \(quoted(text)): write it as NAME=VALUE, for example wall=30s")
    }
    let key = String(text[..<equals])
    guard let name = LimitName(rawValue: key) else {
        let names = LimitName.allCases.map(\.rawValue)
        throw LimitSyntaxError(
            description:
                "limit \(quoted(text)): no limit is called \(quoted(key))\(suggestion(for: key, among: names, else: ";"))"
                + " limits: \(names.joined(separator: ", "))")
    }
    do {
        return (name, try name.parse(String(text[text.index(after: equals)...])))
    } catch {
        throw LimitSyntaxError(description: "limit \(quoted(text)): \(error.reason)")
    }
}
