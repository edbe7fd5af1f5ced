import Images
import Kernel

/// One run of a program, to see which files it opens, or asks about and finds: modules that are loaded by name, and data.
/// As nobody, without network and without a way to new privileges; strace writes down the calls. What it starts ends with
/// it.
struct Trial {
    var arguments: [String]
    var scratch: String

    /// The builder's own would lead to what nobody may read.
    private static let environment = [
        "env", "-i", "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/nonexistent", "LC_ALL=C.UTF-8",
    ]

    /// The run's own files are in these places of an image.
    private static let runsOwn: Set<String> = ["/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/ld.so.cache"]

    /// Calls whose success says that there is such a file, and whose path is the caller's own. `symlink` and its like take any
    /// text.
    private static let calls: Set<Substring> = [
        "open", "openat", "openat2", "execve", "execveat", "stat", "lstat", "newfstatat", "statx", "access",
        "faccessat", "faccessat2", "readlink", "readlinkat",
    ]

    /// Absolute paths, each once.
    func openedFiles() throws -> [String] {
        guard isRoot() else { throw ImageError("trial: strace runs the command as nobody, which needs root") }
        let record = "\(scratch)/trial"
        let isolated = [
            "timeout", "--kill-after=5", "60", "unshare", "--net", "--ipc", "--pid", "--fork", "--kill-child",
            "--mount-proc", "--", "setpriv", "--no-new-privs",
        ]
        let traced = ["strace", "-f", "-qq", "-z", "-s", "4096", "-u", "nobody", "-e", "trace=%file"]
        let command = Self.environment + isolated + traced + ["-o", record, "--"] + arguments
        try Tool(arguments: command, package: "strace", scratch: scratch).run()
        let bytes = try FileSystem.contents(of: record, limit: 256 << 20)
        return Self.files(in: String(decoding: bytes, as: UTF8.self))
    }

    /// `1234 openat(AT_FDCWD, "/usr/lib/x", O_RDONLY) = 3`: the paths that belong into an image.
    static func files(in record: String) -> [String] {
        var files: [String] = [], seen: Set<String> = []
        for line in record.split(separator: "\n") {
            let pieces = line.split(separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
            guard pieces.count == 3, calls.contains(call(pieces[0])) else { continue }
            let path = String(pieces[1])
            let top = path.utf8.first == UInt8(ascii: "/") ? path.split(separator: "/").first : nil
            let isWanted = top.map { HostTree.publicPlaces.contains(String($0)) } ?? false
            // strace writes unusual bytes with a backslash.
            guard isWanted, !path.contains("\\"), !runsOwn.contains(path), seen.insert(path).inserted else { continue }
            files.append(path)
        }
        return files
    }

    /// `1234 openat(AT_FDCWD, `: the name.
    private static func call(_ text: Substring) -> Substring {
        let name = text.prefix { $0 != "(" }
        return name.split(separator: " ").last ?? ""
    }
}
