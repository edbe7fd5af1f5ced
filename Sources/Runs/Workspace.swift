import CLinux
import Kernel
import Programs

/// One file to be put into the work directory before the start.
public struct InputFile: Sendable, Equatable {
    public var source: String
    /// Its name in the work directory, relative, maybe with directories.
    public var name: String
    public var size: Int64

    public init(source: String, name: String, size: Int64) {
        self.source = source
        self.name = name
        self.size = size
    }
}

/// The work directory, attached only inside the run; this process reads and writes it by descriptor. A tmpfs as large as
/// the disk limit, which is gone with its last descriptor, whatever the program put there; or a directory on disk
/// (WorkOnDisk.swift).
struct Workspace: ~Copyable {
    /// The detached mount that jrun-init attaches.
    let mount: OwnedFD
    let root: OwnedFD
    private let owner: UInt32
    /// Whose is what the program shall not write to.
    var keeper: UInt32 = 0
    /// Inputs as they were put in, by inode, so that the harvest can tell a result from an untouched input.
    private(set) var staged: [UInt64: StagedInput] = [:]

    /// Bytes of inputs that may still come. A tmpfs says so itself; a quota does not bind root.
    private var room = Int64.max

    struct StagedInput: Codable {
        var modifiedNanoseconds: Int64
        var size: Int64
        /// Absent in what an earlier version of jrund put there.
        var name: String?
    }

    /// One that jrun-init holds, looked at again.
    init(root: consuming OwnedFD, owner: UInt32, staged: [UInt64: StagedInput]) throws(KernelError) {
        mount = try root.duplicate()
        self.root = root
        self.owner = owner
        self.staged = staged
    }

    /// Files that a program of any size makes, and few enough that their inodes do not hurt the node.
    static let inodes: Int64 = 65_536

    init(bytes: Int64, owner: UInt32) throws {
        let mount = try Mounts.temporaryFileSystem(bytes: bytes, inodes: Workspace.inodes, owner: owner)
        self.root = try Mounts.openRoot(of: mount.raw)
        self.mount = mount
        self.owner = owner
    }

    init(onDisk mount: consuming OwnedFD, bytes: Int64, owner: UInt32) throws {
        self.root = try Mounts.openRoot(of: mount.raw)
        self.mount = mount
        self.owner = owner
        room = bytes
    }

    /// - Parameter types: kinds of content, one of which the copy must be; empty: any content. The copy is looked at, not
    ///   the source: whoever owns that may have changed it since the request was checked.
    mutating func stage(_ input: InputFile, as types: [ContentType] = []) throws {
        let source = try FileSystem.open(input.source, [.read, .nonBlocking])
        let now = try FileStatus(of: source.raw)
        guard now.kind == .file, now.size == input.size else {
            throw RunRefused("input '\(input.source)' has changed since it was looked at")
        }
        try makeParents(of: input.name)
        let target = try FileSystem.openBeneath(root.raw, input.name, [.readWrite, .create, .exclusive], mode: 0o600)
        room -= input.size
        do throws(KernelError) {
            if room < 0 { throw KernelError("copy", errno: ENOSPC) }
            try copy(input.size, from: source.raw, to: target.raw)
        } catch {
            let cure = error.errno == ENOSPC ? "; the work directory holds what limit 'disk' allows" : ""
            throw RunRefused("input '\(input.name)': \(describe(errno: error.errno))\(cure)")
        }
        if !types.isEmpty, let reason = try contentFacts(of: target.raw, lookingFor: types).reasonToRefuse(as: types) {
            throw RunRefused("input '\(input.source)' has changed since it was looked at: \(reason)")
        }
        try FileSystem.changeOwner(target.raw, to: owner)
        let status = try FileStatus(of: target.raw)
        staged[status.inode] = StagedInput(
            modifiedNanoseconds: status.modifiedNanoseconds, size: status.size, name: input.name)
    }

    /// A file for a stream of the program. Whatever input has its name is emptied, as the program would do by opening it.
    ///
    /// The program can read, rename and remove the file, but not open it for writing: while it allocated or truncated
    /// gigabytes there, the kernel would keep jrun-init waiting for the file's lock, and with it the clocks.
    func makeStreamFile(_ name: String) throws -> OwnedFD {
        do {
            try makeParents(of: name)
            let file = try FileSystem.openBeneath(root.raw, name, [.write, .create, .truncate], mode: 0o644)
            try FileSystem.changeOwner(file.raw, to: keeper)
            try FileSystem.changeMode(file.raw, to: 0o644)
            return file
        } catch let error as KernelError {
            throw RunRefused("the file '\(name)', where a stream of the program goes: \(describe(errno: error.errno))")
        }
    }

    private func makeParents(of name: String) throws {
        let components = name.pathComponents.dropLast()
        for index in components.indices {
            let path = components[...index].joined(separator: "/")
            try FileSystem.makeDirectory(path, mode: 0o700, at: root.raw, orFindIt: true)
            let directory = try FileSystem.openBeneath(root.raw, path, [.read, .directory])
            try FileSystem.changeOwner(directory.raw, to: owner)
        }
    }

    func isUntouchedInput(_ status: FileStatus) -> Bool {
        guard let input = staged[status.inode] else { return false }
        return input.modifiedNanoseconds == status.modifiedNanoseconds && input.size == status.size
    }
}

/// Copies `size` bytes from the current positions, inside the kernel; a file that has become shorter ends it.
func copy(_ size: Int64, from source: Int32, to target: Int32) throws(KernelError) {
    var left = size
    while left > 0 {
        let n = sys_sendfile(target, source, Int(min(left, 1 << 30)))
        if n == Int(-EINTR) { continue }
        if try check(n, "copy") == 0 { return }
        left -= Int64(n)
    }
}
