import Programs

/// One stream that jrun-init carries from the program's pipe to its target.
public struct RelayRule: Sendable, Equatable {
    public enum Target: Sendable, Equatable {
        /// A file of the run directory, which the requester's stream follows.
        case spool
        /// A file in the work directory. The program has only a pipe to it, because nothing that the program itself holds
        /// open could be kept to a cap.
        case file(String)
    }

    public var target: Target
    /// `nil`: only the limits count.
    public var cap: StreamCap?

    /// `nil` for a stream that does not pass through jrun-init.
    init?(_ sink: StreamSink, cap: StreamCap?) {
        switch (sink, cap) {
        case (.stream, _): target = .spool
        case (.file(let name), .some): target = .file(name)
        default: return nil
        }
        self.cap = cap
    }

    var isFile: Bool { target != .spool }
}

extension Program {
    var stdoutRelay: RelayRule? { RelayRule(stdout, cap: streamCaps.stdout) }
    var stderrRelay: RelayRule? { RelayRule(stderr, cap: streamCaps.stderr) }
}
