import CLinux
import Kernel

/// A connection to jrund's socket that never waits by itself.
final class ClientSocket {
    let descriptor: OwnedFD
    let path: String
    private static let pieceBytes = 1 << 16

    init(_ path: String) throws(ClientError) {
        self.path = path
        var address = k_sockaddr_un()
        address.sun_family = UInt16(AF_UNIX)
        let isTooLong = withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard path.utf8.count < room.count else { return true }
            room.copyBytes(from: path.utf8)
            return false
        }
        if isTooLong { throw .unreachable(path: path, errno: ENAMETOOLONG) }
        let raw = sys_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)
        if raw < 0 { throw .unreachable(path: path, errno: Int32(-raw)) }
        descriptor = OwnedFD(taking: Int32(raw))
        let result = sys_connect(descriptor.raw, &address)
        if result < 0 { throw .unreachable(path: path, errno: Int32(-result)) }
    }

    /// One that is connected already, and does not wait.
    init(connected raw: Int32, path: String) {
        descriptor = OwnedFD(taking: raw)
        self.path = path
    }

    /// How many bytes it took, or -errno.
    func send(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.withUnsafeBytes { sys_send(descriptor.raw, $0.baseAddress, $0.count, MSG_NOSIGNAL) }
    }

    /// What is there, nothing at the end; or the error.
    func receive() -> (bytes: [UInt8], error: Int32) {
        var error: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { buffer, initialized in
            let n = sys_read(descriptor.raw, buffer.baseAddress, buffer.count)
            if n < 0 { error = n == Int(-EINTR) ? EAGAIN : Int32(-n) }
            initialized = max(n, 0)
        }
        return (bytes, error)
    }

    /// Whether the other side has closed an idle connection, or sent what nobody asked for.
    var isStale: Bool {
        var poll = k_pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
        var now = k_timespec()
        return sys_ppoll(&poll, 1, &now) != 0
    }
}
