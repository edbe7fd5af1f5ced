import CLinux
import Crypto
import Kernel

/// Which file a name stands for.
struct FileIdentity: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64

    init(_ status: FileStatus) { (device, inode) = (status.device, status.inode) }
}

extension Harvest {
    /// Copies under a temporary name and renames, so that a reader sees the whole result or none; hashes on the way.
    /// - Parameter size: how many of its bytes, from the first on.
    func copy(
        _ file: Int32, _ status: FileStatus, _ size: Int64, as path: String, into directory: Int32?
    ) throws -> HarvestedFile {
        var sha256 = ""
        if let directory {
            do { sha256 = try publish(file, status, size, as: path, in: directory) } catch let error as KernelError {
                // These the program brought about by the name it chose; the others are our own side's.
                let words = "cannot be written to the output directory: \(describe(errno: error.errno))"
                let chosen = [EISDIR, ENOTDIR, ENOTEMPTY, EEXIST, ELOOP, ENAMETOOLONG, EXDEV].contains(error.errno)
                if chosen { throw Refused(reason: words) }
                throw NotWritten(reason: words)
            }
        } else {
            sha256 = try digest(of: file, size: size, copyingTo: nil)
        }
        var taken = HarvestedFile(path: path, size: size, sha256: sha256)
        if size < status.size { (taken.truncated, taken.originalBytes) = (true, status.size) }
        return taken
    }

    private func publish(
        _ file: Int32, _ status: FileStatus, _ size: Int64, as path: String, in directory: Int32
    ) throws -> String {
        let components = path.split(separator: "/").map(String.init)
        let parent = try openParent(components.dropLast(), in: directory)
        let name = components[components.count - 1]
        try checkReplaceable(name, in: parent.raw)
        let temporary = ".jrun-\(RunID())"
        var published = false
        let target = try FileSystem.openBeneath(parent.raw, temporary, [.write, .create, .exclusive], mode: 0o600)
        let place = parent.raw
        defer { if !published { try? FileSystem.removeFile(temporary, at: place) } }
        let sha256 = try digest(of: file, size: size, copyingTo: target.raw)
        try FileSystem.changeMode(target.raw, to: status.mode & 0o100 != 0 ? 0o755 : 0o644)
        if givesAway {
            let owner = try FileStatus(of: directory).owner
            try FileSystem.changeOwner(target.raw, to: owner.uid, group: owner.gid)
        }
        try FileSystem.rename(temporary, to: name, from: place, at: place)
        published = true
        return sha256
    }

    /// One component after the other, each opened without following a link before the next is made: a link in the
    /// output directory leads nowhere (mkdirat of a longer path would follow it).
    private func openParent(_ components: ArraySlice<String>, in directory: Int32) throws -> OwnedFD {
        var parent = try FileSystem.openBeneath(directory, ".", [.read, .directory])
        for component in components {
            try FileSystem.makeDirectory(component, mode: 0o755, at: parent.raw, orFindIt: true)
            parent = try FileSystem.openBeneath(parent.raw, component, [.read, .directory])
        }
        return parent
    }

    private func checkReplaceable(_ name: String, in directory: Int32) throws {
        guard let status = try? FileStatus(path: name, at: directory, following: false) else { return }
        if reserved.contains(FileIdentity(status)) { throw Refused(reason: "it would replace the input of that name") }
        if status.kind == .directory {
            throw Refused(reason: "there is a directory of that name in the output directory")
        }
    }

    private func checkStopRequests() throws {
        if SignalQueue.isWaiting(on: stopRequests) { throw NotWritten(reason: "jrun was asked to stop") }
    }

    /// Holes are kept: a sparse file costs what it holds.
    private func digest(of file: Int32, size: Int64, copyingTo target: Int32?) throws -> String {
        var hash = SHA256(), at: Int64 = 0
        let zeros = [UInt8](repeating: 0, count: 1 << 16)
        if let target { try FileSystem.truncate(target, to: size) }
        while at < size {
            let data = min(size, FileSystem.nextData(in: file, from: at) ?? size)
            while at < data {
                try checkStopRequests()
                let n = Int(min(data - at, Int64(zeros.count)))
                hash.update(data: zeros[..<n])
                at += Int64(n)
            }
            let hole = min(size, FileSystem.nextHole(in: file, from: at) ?? size)
            while at < hole {
                try checkStopRequests()
                let chunk = try FileSystem.read(file, from: at, upTo: Int(min(hole - at, 1 << 20)))
                if chunk.isEmpty { return hex(hash.finalize()) }
                hash.update(data: chunk)
                if let target { try FileSystem.write(chunk, to: target, at: at) }
                at += Int64(chunk.count)
            }
        }
        return hex(hash.finalize())
    }
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
