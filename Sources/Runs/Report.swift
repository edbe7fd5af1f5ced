import Confinement
import Programs

/// `jrun.report/1`: what became of a run, whole. Field by field with units: docs/report.md.
public struct Report: Sendable, Codable, Equatable {
    public var schema = "jrun.report/1"
    public var run: String
    public var program: ProgramReference
    /// Absent when the run had the node's own `/usr`.
    public var image: ImageReport?
    public var arguments: [String]
    public var state: String
    public var cause: String
    public var evidence: Evidence
    public var exitCode: Int32?
    public var signal: String?
    public var times: Times
    public var phases: Phases
    /// The sandbox was there before the run; absent when it was not.
    public var warm: Bool?
    public var usage: Usage
    public var limits: [LimitReport]
    public var security: [String]
    public var results: [HarvestedFile]
    public var resultsRefused: [String]
    public var resultsMissing: [String]
    public var node: NodeReport

    public struct ProgramReference: Sendable, Codable, Equatable {
        public var name: String
        public var version: String?
        /// SHA-256 of the program file, or of the digests of all files that it is made of.
        public var digest: String
        /// All those files; only where there are several.
        public var files: [File]?

        public struct File: Sendable, Codable, Equatable {
            /// Without its directory.
            public var name: String
            public var digest: String
        }
    }

    /// The image that was the run's root.
    public struct ImageReport: Sendable, Codable, Equatable {
        /// As the program file says it.
        public var reference: String
        /// `sha256:HEX`, of the image's file.
        public var digest: String
        public var writable: Bool

        init(_ root: ImageRoot, digest: String) {
            (reference, self.digest, writable) = (root.reference, digest, root.isWritable)
        }
    }

    /// What proves the cause; only the fields that belong to it are there.
    public struct Evidence: Sendable, Codable, Equatable {
        public var summary: String
        /// The control file or the clock that was read, and the value that was found.
        public var source: String?
        public var value: Int64?
        public var limit: Int64?
        public var syscall: Syscall?
        public var step: String?
        public var errno: String?

        public struct Syscall: Sendable, Codable, Equatable {
            public var name: String
            public var number: Int32
            /// Hexadecimal.
            public var arguments: [String]
        }
    }

    /// RFC 3339 in UTC; durations in microseconds.
    public struct Times: Sendable, Codable, Equatable {
        public var created: String
        public var started: String?
        public var ended: String
        public var wallMicroseconds: Int64
        public var suspendedMicroseconds: Int64
    }

    /// Microseconds.
    public struct Phases: Sendable, Codable, Equatable {
        public var stageIn: Int64 = 0
        public var cgroup: Int64 = 0
        public var clone: Int64 = 0
        public var mounts: Int64 = 0
        public var exec: Int64 = 0
        public var run: Int64 = 0
        public var harvest: Int64 = 0
    }

    public struct Usage: Sendable, Codable, Equatable {
        public var cpuMicroseconds: Int64 = 0
        public var cpuUserMicroseconds: Int64 = 0
        public var cpuSystemMicroseconds: Int64 = 0
        public var memoryPeakBytes: Int64 = 0
        /// `cgroup memory.peak`, or `largest process` where the node has no memory controller.
        public var memoryPeakSource = "largest process"
        public var memoryAnonBytes: Int64?
        public var memoryFileBytes: Int64?
        public var memoryShmemBytes: Int64?
        public var processesPeak: Int64?
        /// `cgroup pids.peak`, or `sampled`.
        public var processesPeakSource: String?
        public var readBytes: Int64 = 0
        public var writtenBytes: Int64 = 0
        public var stdoutBytes: Int64 = 0
        public var stderrBytes: Int64 = 0
        /// What the program's pipe took of what the requester sent; absent when stdin is no stream.
        public var stdinBytes: Int64?
        /// More was sent than the cap allows, and was dropped.
        public var stdinTruncated: Bool?
        /// What the program wrote beyond the stream's cap, and was dropped; absent when that is nothing.
        public var stdoutDroppedBytes: Int64?
        public var stderrDroppedBytes: Int64?
        public var diskBytes: Int64 = 0
    }

    public struct LimitReport: Sendable, Codable, Equatable {
        public var name: String
        /// Absent: unlimited.
        public var value: Int64?
        /// `ms`, `bytes`, `count`, `thousandths` or `bytes/s`.
        public var unit: String
        public var enforcedBy: String
        /// Why that is weaker than what the limit asks for; absent when it is not.
        public var weaker: String?
    }

    public struct NodeReport: Sendable, Codable, Equatable {
        public var name: String
        public var kernel: String
        public var architecture: String
        public var cpus: Int
        /// CPUs that runs are restricted to; absent: all.
        public var cpuset: String?
        /// Absent when root started the run.
        public var rootless: RootlessReport?
    }

    /// A run that an ordinary user started: docs/rootless.md.
    public struct RootlessReport: Sendable, Codable, Equatable {
        /// `subordinate` or `single`.
        public var ids: String
        /// The directory that jrun divides among its runs; absent without one.
        public var cgroup: String?
        /// What is weaker than in a run that root starts.
        public var weaker: [String]
    }

    /// More than the largest that can come about: 100,000 results with long names.
    static let maxBytes = 512 << 20
}

extension Report.LimitReport {
    static func all(_ limits: Limits, _ enforcement: Enforcement) -> [Report.LimitReport] {
        LimitName.allCases.map { name in
            Report.LimitReport(
                name: name.rawValue, value: limits[name] == LimitName.unlimited ? nil : limits[name],
                unit: name.unit.rawValue, enforcedBy: enforcement[name].rawValue, weaker: enforcement.weaker[name])
        }
    }
}

/// RFC 3339 in UTC with milliseconds, from nanoseconds since 1970.
public func timestamp(_ nanoseconds: UInt64) -> String {
    let seconds = Int64(nanoseconds / 1_000_000_000), milliseconds = Int64(nanoseconds / 1_000_000 % 1000)
    // Days to year, month, day: the proleptic Gregorian calendar in eras of 400 years that begin in March.
    let days = seconds / 86400 + 719_468, era = days / 146_097, dayOfEra = days % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shifted + 2) / 5 + 1, month = shifted < 10 ? shifted + 3 : shifted - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func two(_ n: Int64) -> String { n < 10 ? "0\(n)" : "\(n)" }
    let fraction = milliseconds < 10 ? "00\(milliseconds)" : milliseconds < 100 ? "0\(milliseconds)" : "\(milliseconds)"
    let time = seconds % 86400
    return "\(year)-\(two(month))-\(two(day))T\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60)).\(fraction)Z"
}
