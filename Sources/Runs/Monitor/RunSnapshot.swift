import Programs

/// Who owns a run: the peer of the connection that created it.
public struct Owner: Sendable, Codable, Hashable {
    public var uid: UInt32
    public var gid: UInt32

    public init(uid: UInt32, gid: UInt32) { (self.uid, self.gid) = (uid, gid) }
}

/// What is known of a run at one moment. Times are RFC 3339 in UTC.
public struct RunSnapshot: Sendable, Equatable {
    public var state: RunState
    /// From 1, while *start* waits for room; the state is `starting` then.
    public var queuePosition: Int?
    public var cause: Cause?
    /// The evidence in one sentence.
    public var summary: String?
    public var exitCode: Int32?
    public var signal: String?
    /// *terminate* was asked for, and the run is still there.
    public var isTerminating = false
    public var created: String
    public var started: String?
    public var ended: String?
    /// Names of the input files that are there.
    public var inputs: [String] = []
    /// Bytes that the program's stdin has taken.
    public var stdinBytes: Int64 = 0
    public var isStdinClosed = false
    /// Bytes on disk: inputs or results, and the spools. Of a live run, without what its spools have grown by.
    public var keptBytes: Int64 = 0

    public var isLive: Bool { state == .starting || state == .running || state == .suspended }
}

/// One file of a run: an input until the run ends, a result afterwards.
public struct RunFile: Sendable, Equatable {
    public enum Kind: String, Sendable { case input, result }

    public var path: String
    public var kind: Kind
    /// Bytes.
    public var size: Int64
    /// SHA-256 in hexadecimal.
    public var sha256: String
    /// Of a result that its program made executable.
    public var isExecutable = false
}

/// A stream of the program that jrun-init keeps in a spool.
public enum OutputStream: String, Sendable, CaseIterable { case stdout, stderr }

/// What can be asked of a run that was started.
public enum RunCommand: String, Sendable, CaseIterable { case suspend, freeze, resume, thaw, terminate, kill }
