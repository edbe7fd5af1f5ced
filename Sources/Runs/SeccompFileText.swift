import Crypto
import Kernel
import Programs

/// The bytes of a program's own system call filter, which the digest of the program file does not cover.
struct SeccompFileText: Sendable {
    var path: String
    var bytes: [UInt8]

    static let maxBytes = 1 << 20

    /// Without waiting: a pipe that lies there must not hold whoever looks.
    init(path: String) throws(RunRefused) {
        self.path = path
        do throws(KernelError) {
            let file = try FileSystem.open(path, [.read, .nonBlocking])
            bytes = try FileSystem.contents(of: file.raw, named: path, limit: SeccompFileText.maxBytes)
        } catch {
            let reason = errnoName(error.errno) == "EFBIG" ? "is larger than 1 MiB" : describe(errno: error.errno)
            throw RunRefused("seccomp file '\(printable(path))': \(reason)")
        }
    }

    /// As a report names it: without its directory, like the program's files.
    var reportName: String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return "seccomp filter '\(printable(name))' (sha256 \(hex(SHA256.hash(data: bytes))))"
    }
}

extension SeccompChoice {
    /// What the report says of a filter that is not jrun's own.
    func reportName() throws(RunRefused) -> String? {
        guard case .file(let path) = self else { return nil }
        return try SeccompFileText(path: path).reportName
    }
}
