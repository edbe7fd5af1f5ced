import Glibc
import Kernel

/// The socket that clients connect to.
struct ListeningSocket: Sendable {
    var descriptor: Int32
    /// For the log.
    var name: String
    /// To be removed at the end; `nil` when systemd made the socket.
    private var ownPath: String?

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    // MARK: From systemd

    /// The socket that systemd passed, if it did. Source: sd_listen_fds(3).
    static func passed(environment: (String) -> String?) throws(Failure) -> ListeningSocket? {
        guard let pid = environment("LISTEN_PID"), pid == "\(getpid())", let count = environment("LISTEN_FDS") else {
            return nil
        }
        guard count == "1" else {
            throw Failure(description: "systemd passed \(count) sockets; jrund serves exactly one")
        }
        let descriptor: Int32 = 3
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var address = sockaddr_un()
        var size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let isUnix = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) == 0 }
                && address.pointee.sun_family == sa_family_t(AF_UNIX)
        }
        guard isUnix, option(SO_ACCEPTCONN, of: descriptor) == 1,
            option(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue)
        else {
            throw Failure(
                description: "what systemd passed is no listening Unix stream socket; see ListenStream= of jrund.socket"
            )
        }
        return ListeningSocket(descriptor: descriptor, name: "the socket that systemd passed")
    }

    private static func option(_ name: Int32, of descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
    }

    // MARK: Our own

    /// Makes the socket under another name and renames it when it listens, so that no client meets one that does not.
    /// Everybody may connect: who may do what is decided by who the peer is.
    static func bind(_ path: String) throws -> ListeningSocket {
        let temporary = "\(path).\(getpid())"
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { buffer in
            guard temporary.utf8.count < buffer.count else { return false }
            buffer.copyBytes(from: temporary.utf8)
            return true
        }
        guard fits else { throw Failure(description: "socket '\(path)': the path is too long for a Unix socket") }
        try makeDirectory(of: path)
        let socket = try OwnedFD(
            taking: checked(
                Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0), "make a socket"))
        unlink(temporary)
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let bound = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.bind(socket.raw, $0, size) }
        }
        _ = try checked(bound, "bind '\(temporary)'")
        do {
            _ = try checked(chmod(temporary, 0o666), "change the mode of '\(temporary)'")
            _ = try checked(listen(socket.raw, backlog), "listen on '\(temporary)'")
            _ = try checked(rename(temporary, path), "rename '\(temporary)' to '\(path)'")
        } catch {
            unlink(temporary)
            throw error
        }
        return ListeningSocket(descriptor: socket.release(), name: path, ownPath: path)
    }

    /// Clients that wait while jrund takes over the runs of its predecessor.
    static let backlog: Int32 = 1024

    private static func makeDirectory(of path: String) throws(KernelError) {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
        try FileSystem.makeDirectories(String(path[..<slash]), mode: 0o755)
    }

    private static func checked(_ result: Int32, _ operation: String) throws(KernelError) -> Int32 {
        if result < 0 { throw KernelError(operation, errno: errno) }
        return result
    }

    /// Nobody shall connect any more to what nobody accepts.
    func remove() {
        if let ownPath { unlink(ownPath) }
    }
}
