import CLinux
import Kernel

/// Which file a name stands for.
struct FileIdentity: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64

    init(_ status: FileStatus) { (device, inode) = (status.device, status.inode) }
}

extension Harvest {
    /// - Parameter size: how many of its bytes, from the first on.
    func copy(
        _ file: Int32, _ status: FileStatus, _ size: Int64, as path: String, into directory: ResultDirectory?
    ) throws -> HarvestedFile {
        let work = ResultCopy(
            file: file, size: size, hasHoles: status.allocatedBytes < status.size, stopRequests: stopRequests)
        var sha256 = ""
        if let directory {
            do {
                sha256 = try directory.publish(path, mode: status.mode & 0o100 != 0 ? 0o755 : 0o644) {
                    try work.digest(copyingTo: $0, buffer.bytes)
                }
            } catch let error as KernelError {
                // These the program brought about by the name it chose; the others are our own side's.
                let words = "cannot be written to the output directory: \(describe(errno: error.errno))"
                let chosen = [EISDIR, ENOTDIR, ENOTEMPTY, EEXIST, ELOOP, ENAMETOOLONG, EXDEV].contains(error.errno)
                if chosen { throw Refused(reason: words) }
                throw NotWritten(reason: words)
            }
        } else {
            sha256 = try work.digest(copyingTo: nil, buffer.bytes)
        }
        var taken = HarvestedFile(path: path, size: size, sha256: sha256)
        if size < status.size { (taken.truncated, taken.originalBytes) = (true, status.size) }
        return taken
    }
}

/// What all files of a harvest pass through.
final class HarvestBuffer {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: ResultCopy.pieceBytes, alignment: 4096)
    deinit { bytes.deallocate() }
}

/// A hostile name made harmless for a terminal or a report: no control characters, neither C0 nor C1, and none that
/// change the direction of writing.
public func printable(_ text: String) -> String {
    String(
        text.unicodeScalars.map { scalar in
            switch scalar.value {
            case 0..<0x20, 0x7f..<0xa0, 0x200e...0x200f, 0x202a...0x202e, 0x2066...0x2069: "?"
            default: Character(scalar)
            }
        })
}
