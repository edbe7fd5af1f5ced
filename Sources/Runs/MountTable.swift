import Kernel

/// What is mounted where, as this process sees it. Source: proc_pid_mountinfo(5).
struct MountTable: Sendable, Equatable {
    struct Mount: Sendable, Equatable {
        var id: UInt64
        var point: String
        /// Options of this mount, such as `ro` or `noexec`.
        var options: [String]
        /// The file system's type, such as `ext4`.
        var type: String
        var source: String
        /// Options of the file system, such as `prjquota`; of a cgroup v1 hierarchy, its controllers.
        var superOptions: [String]
    }

    /// Later ones lie on top of earlier ones at the same place.
    var mounts: [Mount]

    init(_ text: String) { mounts = text.split(separator: "\n").compactMap(MountTable.parse) }

    static func current() -> MountTable { MountTable((try? FileSystem.text(of: "/proc/self/mountinfo")) ?? "") }

    func mount(id: UInt64) -> Mount? { mounts.first { $0.id == id } }

    func mount(at point: String) -> Mount? { mounts.last { $0.point == point } }

    func mounts(ofType type: String) -> [Mount] { mounts.filter { $0.type == type } }

    /// A variable number of fields stands between the sixth and the `-`.
    private static func parse(_ line: Substring) -> Mount? {
        let fields = line.split(separator: " ")
        guard let dash = fields.firstIndex(of: "-"), dash >= 6, dash + 3 < fields.count, let id = UInt64(fields[0])
        else {
            return nil
        }
        return Mount(
            id: id, point: unescaped(fields[4]), options: list(fields[5]), type: String(fields[dash + 1]),
            source: unescaped(fields[dash + 2]), superOptions: list(fields[dash + 3]))
    }

    private static func list(_ field: Substring) -> [String] { field.split(separator: ",").map(String.init) }

    /// The kernel writes space, tab, newline and backslash as three octal digits.
    private static func unescaped(_ field: Substring) -> String {
        let bytes = Array(field.utf8)
        var result: [UInt8] = []
        var at = 0
        while at < bytes.count {
            let digits = bytes[at...].dropFirst().prefix(3)
            if bytes[at] == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                result.append(value)
                at += 4
            } else {
                result.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
