import ControlAPI
import Kernel
import Programs
import Runs

/// Why one file was not fetched.
struct NotTaken: Error, CustomStringConvertible {
    var description: String
    /// The program brought it about by the name it chose; nothing here is at fault.
    var isProgramsDoing = true
}

/// Where results go to. Every file is whole or not there; nothing on the way to it may be a link.
final class OutputDirectory {
    private let directory: OwnedFD

    /// Which file a name stands for.
    struct Identity: Hashable {
        var device: UInt64
        var inode: UInt64

        init(_ status: FileStatus) { (device, inode) = (status.device, status.inode) }
    }

    /// Files that no result may replace: the inputs as the user has them.
    var reserved: Set<Identity> = []

    /// Found out before anything runs, so that a result always has a place to go to.
    init(_ path: String) throws {
        do {
            directory = try FileSystem.open(path, [.read, .directory])
            // A file that is made and removed says more than mode bits do.
            let probe = ".jrun-\(RunID())"
            _ = try FileSystem.open(probe, [.write, .create, .exclusive], at: directory.raw)
            try FileSystem.removeFile(probe, at: directory.raw)
        } catch {
            let cure = errnoName(error.errno) == "ENOENT" ? "; make it first" : ""
            throw RunRefused("output directory '\(path)': \(describe(errno: error.errno))\(cure)")
        }
    }

    func reserve(_ path: String) { if let status = try? FileStatus(path: path) { reserved.insert(Identity(status)) } }

    /// Fetches one file of a run. Its name was chosen by the program.
    func fetch(_ file: FileView, of id: String, with client: ControlClient) throws {
        do {
            if let reason = checkFileName(file.path) { throw NotTaken(description: "its name \(reason)") }
            let components = file.path.split(separator: "/").map(String.init)
            let parent = try openParent(components.dropLast())
            let name = components[components.count - 1]
            try checkReplaceable(name, in: parent.raw)
            try client.persisting { try fetch(file, of: id, as: name, in: parent.raw, client) }
        } catch let error as KernelError {
            let chosen = ["EISDIR", "ENOTDIR", "ENOTEMPTY", "EEXIST", "ELOOP", "ENAMETOOLONG", "EXDEV"]
            throw NotTaken(
                description: "cannot be written to the output directory: \(describe(errno: error.errno))",
                isProgramsDoing: chosen.contains(errnoName(error.errno)))
        }
    }

    private func fetch(
        _ file: FileView, of id: String, as name: String, in parent: Int32, _ client: ControlClient
    ) throws {
        let temporary = ".jrun-\(RunID())"
        let target = try FileSystem.openBeneath(
            parent, temporary, [.write, .create, .exclusive], mode: file.executable == true ? 0o755 : 0o644)
        var isPublished = false
        defer { if !isPublished { try? FileSystem.removeFile(temporary, at: parent) } }
        let progress = TransferProgress(file.path, total: file.sizeBytes)
        defer { progress.finish() }
        let exchange = try client.perform(.get(.file(file.path, of: id)))
        var size: Int64 = 0
        while let piece = try client.next(of: exchange) {
            try FileSystem.write(piece, to: target.raw, named: file.path)
            size += Int64(piece.count)
            progress.update(size)
        }
        if size != file.sizeBytes {
            throw ClientError.badAnswer("a file of \(size) bytes instead of \(file.sizeBytes)")
        }
        if isRoot() {
            // Who runs jrun by sudo finds his own files in his own directory.
            let owner = try FileStatus(of: directory.raw).owner
            try FileSystem.changeOwner(target.raw, to: owner.uid, group: owner.gid)
        }
        try FileSystem.rename(temporary, to: name, from: parent, at: parent)
        isPublished = true
    }

    /// Each opened without following a link before the next is made.
    private func openParent(_ components: ArraySlice<String>) throws(KernelError) -> OwnedFD {
        var parent = try FileSystem.openBeneath(directory.raw, ".", [.read, .directory])
        for component in components {
            try FileSystem.makeDirectory(component, mode: 0o755, at: parent.raw, orFindIt: true)
            parent = try FileSystem.openBeneath(parent.raw, component, [.read, .directory])
        }
        return parent
    }

    private func checkReplaceable(_ name: String, in parent: Int32) throws {
        guard let status = try? FileStatus(path: name, at: parent, following: false) else { return }
        if reserved.contains(Identity(status)) {
            throw NotTaken(description: "it would replace the input of that name")
        }
        if status.kind == .directory {
            throw NotTaken(description: "there is a directory of that name in the output directory")
        }
    }
}
