import Kernel

/// Why jrund could not be asked; what it answers to a request that it refuses is a `Problem`.
public enum ClientError: Error, Equatable, CustomStringConvertible {
    /// Nobody listens there.
    case unreachable(path: String, errno: Int32)
    /// The connection ended in the middle of a request or an answer.
    case lost(path: String)
    /// What came is not what the control API says.
    case badAnswer(String)
    /// The client's `interruption` became readable.
    case interrupted
    /// Nothing came within the client's `patience`.
    case slow(path: String)
    /// A file that is being sent became shorter.
    case shortened

    public var description: String {
        switch self {
        case .unreachable(let path, let error):
            "cannot reach jrund at '\(path)': \(describe(errno: error))\(ClientError.cure(errnoName(error)))"
        case .lost(let path): "lost the connection to jrund at '\(path)'; was it stopped? (systemctl status jrund)"
        case .badAnswer(let reason): "jrund answered what cannot be read: \(reason)"
        case .interrupted: "interrupted"
        case .slow(let path): "jrund at '\(path)' does not answer; what does it do? (systemctl status jrund)"
        case .shortened: "the file became shorter while it was sent"
        }
    }

    private static func cure(_ name: String) -> String {
        switch name {
        case "EACCES", "EPERM": "; who may use it is said by the socket's owner and mode (ls -l)"
        case "ENAMETOOLONG": "; a socket's path has at most 107 bytes"
        default: "; is it running? (systemctl status jrund)"
        }
    }

    /// Whether it may be otherwise when jrund is back.
    public var mayPass: Bool {
        switch self {
        case .unreachable(_, let error): ["ENOENT", "ECONNREFUSED", "ECONNRESET", "EAGAIN"].contains(errnoName(error))
        case .lost: true
        case .badAnswer, .interrupted, .slow, .shortened: false
        }
    }
}
