// What the control socket answers, as JSON: docs/control-api.md. Keys are snake_case on the wire (`APICoder`); a key
// without a value is left out, and unknown keys are ignored by whoever reads.

/// A run as every answer shows it.
public struct RunView: Codable, Sendable, Equatable {
    public struct ProgramView: Codable, Sendable, Equatable {
        public var name: String
        public var version: String?
        /// SHA-256 in hexadecimal.
        public var digest: String

        public init(name: String, version: String?, digest: String) {
            (self.name, self.version, self.digest) = (name, version, digest)
        }
    }

    public struct OwnerView: Codable, Sendable, Equatable {
        public var uid: UInt32
        /// `nil` when the node knows no name for the uid.
        public var name: String?

        public init(uid: UInt32, name: String?) { (self.uid, self.name) = (uid, name) }
    }

    public struct StdinView: Codable, Sendable, Equatable {
        /// `stream`, `file` or `ignore`.
        public var kind: String
        public var bytes: Int64
        public var closed: Bool

        public init(kind: String, bytes: Int64, closed: Bool) {
            (self.kind, self.bytes, self.closed) = (kind, bytes, closed)
        }
    }

    public struct StreamView: Codable, Sendable, Equatable {
        /// `stream`, `file` or `ignore`.
        public var kind: String
        public var bytes: Int64
        public var ended: Bool

        public init(kind: String, bytes: Int64, ended: Bool) {
            (self.kind, self.bytes, self.ended) = (kind, bytes, ended)
        }
    }

    public var id: String
    public var program: ProgramView
    public var owner: OwnerView
    /// `created`, `starting`, `running`, `suspended`, `complete`, `failed`, `interrupted`, `killed`.
    public var state: String
    /// From 1, while the start waits for room.
    public var queuePosition: Int?
    public var cause: String?
    /// The evidence for the cause in one sentence.
    public var summary: String?
    public var exitCode: Int32?
    public var signal: String?
    public var terminating: Bool
    /// RFC 3339 in UTC, like the other two.
    public var created: String
    public var started: String?
    public var ended: String?
    public var arguments: [String]
    public var environment: [String: String]
    public var inputs: [String]
    /// Each in its own unit: milliseconds, bytes, counts.
    public var limits: [String: Int64]
    public var stdin: StdinView
    public var stdout: StreamView
    public var stderr: StreamView
    public var keptBytes: Int64

    public init(
        id: String, program: ProgramView, owner: OwnerView, state: String, queuePosition: Int?, cause: String?,
        summary: String?, exitCode: Int32?, signal: String?, terminating: Bool, created: String, started: String?,
        ended: String?, arguments: [String], environment: [String: String], inputs: [String], limits: [String: Int64],
        stdin: StdinView, stdout: StreamView, stderr: StreamView, keptBytes: Int64
    ) {
        self.id = id
        self.program = program
        self.owner = owner
        self.state = state
        self.queuePosition = queuePosition
        self.cause = cause
        self.summary = summary
        self.exitCode = exitCode
        self.signal = signal
        self.terminating = terminating
        self.created = created
        self.started = started
        self.ended = ended
        self.arguments = arguments
        self.environment = environment
        self.inputs = inputs
        self.limits = limits
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.keptBytes = keptBytes
    }

    public var hasEnded: Bool { ["complete", "failed", "interrupted", "killed"].contains(state) }
}

/// `GET /v1/runs`
public struct RunList: Codable, Sendable, Equatable {
    public var runs: [RunView]
    /// Pass it as `after` for the next page; `nil` on the last.
    public var next: String?

    public init(runs: [RunView], next: String?) { (self.runs, self.next) = (runs, next) }
}

/// `GET /v1/programs/{name}`; without `file` in `GET /v1/programs`.
public struct ProgramInfo: Codable, Sendable, Equatable {
    public var name: String
    public var summary: String
    public var version: String?
    /// SHA-256 in hexadecimal.
    public var digest: String
    /// The merged program file.
    public var file: String?

    public init(name: String, summary: String, version: String?, digest: String, file: String?) {
        (self.name, self.summary, self.version, self.digest, self.file) = (name, summary, version, digest, file)
    }
}

public struct ProgramList: Codable, Sendable, Equatable {
    public var programs: [ProgramInfo]

    public init(programs: [ProgramInfo]) { self.programs = programs }
}

/// One file of a run.
public struct FileView: Codable, Sendable, Equatable {
    public var path: String
    /// `input` or `result`.
    public var kind: String
    public var sizeBytes: Int64
    public var sha256: String
    /// True for a result that its program made executable; otherwise left out.
    public var executable: Bool?

    public init(path: String, kind: String, sizeBytes: Int64, sha256: String, executable: Bool? = nil) {
        (self.path, self.kind, self.sizeBytes, self.sha256) = (path, kind, sizeBytes, sha256)
        self.executable = executable
    }
}

public struct FileList: Codable, Sendable, Equatable {
    public var files: [FileView]

    public init(files: [FileView]) { self.files = files }
}

/// `GET /v1/info`
public struct NodeInfo: Codable, Sendable, Equatable {
    public struct Capacity: Codable, Sendable, Equatable {
        public var runs: Int
        public var memoryBytes: Int64
        /// In steps of a thousandth.
        public var cpus: Double
        public var queue: Int

        public init(runs: Int, memoryBytes: Int64, cpus: Double, queue: Int) {
            (self.runs, self.memoryBytes, self.cpus, self.queue) = (runs, memoryBytes, cpus, queue)
        }
    }

    /// jrund's own, such as `0.1.0`.
    public var version: String
    public var api: String
    public var node: String
    public var kernel: String
    public var architecture: String
    public var cpus: Int
    /// When this jrund began to serve; RFC 3339.
    public var since: String
    public var enforcement: String
    public var capacity: Capacity
    public var used: Capacity
    public var keptBytes: Int64

    public init(
        version: String, api: String, node: String, kernel: String, architecture: String, cpus: Int, since: String,
        enforcement: String, capacity: Capacity, used: Capacity, keptBytes: Int64
    ) {
        self.version = version
        self.api = api
        self.node = node
        self.kernel = kernel
        self.architecture = architecture
        self.cpus = cpus
        self.since = since
        self.enforcement = enforcement
        self.capacity = capacity
        self.used = used
        self.keptBytes = keptBytes
    }
}

/// One event of `GET /v1/events`.
public struct EventView: Codable, Sendable, Equatable {
    public var sequence: UInt64
    public var time: String
    public var run: String
    public var program: String
    public var owner: UInt32
    public var state: String
    public var cause: String?

    public init(
        sequence: UInt64, time: String, run: String, program: String, owner: UInt32, state: String, cause: String?
    ) {
        self.sequence = sequence
        self.time = time
        self.run = run
        self.program = program
        self.owner = owner
        self.state = state
        self.cause = cause
    }
}

/// `POST /v1/reload`
public struct ReloadAnswer: Codable, Sendable, Equatable {
    /// One sentence for each file that was broken; its older version stays in force.
    public var problems: [String]

    public init(problems: [String]) { self.problems = problems }
}
