import Glibc

/// Who is at the other end of a connection, as the kernel says; asked once for each connection.
struct Peer: Sendable, Equatable {
    var uid: UInt32
    var gid: UInt32
    /// Supplementary groups and `gid`.
    var groups: Set<UInt32>

    init(uid: UInt32, gid: UInt32, groups: Set<UInt32>) { (self.uid, self.gid, self.groups) = (uid, gid, groups) }

    /// Of a connected Unix socket; `nil` when the kernel does not say. Source: unix(7).
    init?(of socket: Int32) {
        // struct ucred: pid, uid, gid.
        var credentials: [UInt32] = [0, .max, .max]
        var size = socklen_t(credentials.count * MemoryLayout<UInt32>.size)
        guard getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0, credentials[1] != .max else {
            return nil
        }
        (uid, gid, groups) = (credentials[1], credentials[2], [credentials[2]])
        guard let supplementary = Peer.groups(of: socket) else { return nil }
        groups.formUnion(supplementary)
    }

    private static func groups(of socket: Int32) -> [UInt32]? {
        // NGROUPS_MAX is 65,536; most users have a few.
        for count in [64, 65_536] {
            var found = [UInt32](repeating: 0, count: count)
            var size = socklen_t(count * MemoryLayout<UInt32>.size)
            if getsockopt(socket, SOL_SOCKET, Peer.optionOfGroups, &found, &size) == 0 {
                return Array(found.prefix(Int(size) / MemoryLayout<UInt32>.size))
            }
            if errno != ERANGE { return nil }
        }
        return nil
    }

    /// `SO_PEERGROUPS`; newer than the headers of some C libraries. Source: asm-generic/socket.h, Linux 4.13.
    private static let optionOfGroups: Int32 = 59
}
