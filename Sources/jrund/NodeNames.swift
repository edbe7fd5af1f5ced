import Glibc
import Synchronization

/// Users and groups of the node, by name and by number.
enum NodeNames {
    /// A name of the user database, or a number.
    static func uid(of user: String) -> UInt32? {
        if let number = UInt32(user) { return number }
        return entry { buffer, count in
            var found = passwd(), result: UnsafeMutablePointer<passwd>?
            let error = getpwnam_r(user, &found, buffer, count, &result)
            return (error, result.map { $0.pointee.pw_uid })
        }
    }

    static func gid(of group: String) -> UInt32? {
        if let number = UInt32(group) { return number }
        return entry { buffer, count in
            var found = Glibc.group(), result: UnsafeMutablePointer<Glibc.group>?
            let error = getgrnam_r(group, &found, buffer, count, &result)
            return (error, result.map { $0.pointee.gr_gid })
        }
    }

    private static func userName(_ uid: UInt32) -> String? {
        entry { buffer, count in
            var found = passwd(), result: UnsafeMutablePointer<passwd>?
            let error = getpwuid_r(uid, &found, buffer, count, &result)
            return (error, result.flatMap { String(validatingCString: $0.pointee.pw_name) })
        }
    }

    /// Calls `look` with a buffer that grows until the entry fits.
    private static func entry<Value>(
        _ look: (UnsafeMutablePointer<CChar>, Int) -> (error: Int32, value: Value?)
    ) -> Value? {
        var count = 4096
        while count <= 1 << 20 {
            let (error, value) = withUnsafeTemporaryAllocation(of: CChar.self, capacity: count) {
                look($0.baseAddress.unsafelyUnwrapped, count)
            }
            if error != ERANGE { return error == 0 ? value : nil }
            count *= 4
        }
        return nil
    }

    /// Owners' names for answers. Looked up once: a list of a thousand runs must not ask a directory service a thousand
    /// times.
    final class Cache: Sendable {
        private let names = Mutex<[UInt32: String?]>([:])

        func userName(_ uid: UInt32) -> String? {
            if let known = names.withLock({ $0[uid] }) { return known }
            let name = NodeNames.userName(uid)
            names.withLock { $0[uid] = .some(name) }
            return name
        }

        /// Users may have been renamed since.
        func clear() { names.withLock { $0 = [:] } }
    }
}
