import CLinux
import Images
import Kernel
import Programs

extension Staging {
    /// Takes out what has no place in an image, puts in what must be there, and lists the rest.
    func finish(remove: [String]) throws -> ImageListing {
        for name in leftOutDirectories { try self.remove([name]) }
        for path in remove {
            guard try self.remove(components(of: Array(path.utf8))) else {
                throw ImageError("remove: \(quoted(path)) is not in the image; take it out of the recipe")
            }
        }
        try addAccounts()
        try checkTopLevel()
        var walk = ListingWalk()
        try walk.walk(root.raw, [], depth: 0)
        return ImageListing(walk.entries)
    }

    /// A run's root is put together from these, one after the other.
    private func checkTopLevel() throws {
        let names = try FileSystem.names(in: root.raw).map { String(decoding: $0, as: UTF8.self) }
        if let name = names.sorted().first(where: ImageTopLevel.taken.contains) {
            throw ImageError(
                "\(quoted(name)): jrun uses this name itself while it puts a run's root together; rename it in the source"
            )
        }
        guard names.count <= ImageTopLevel.most else {
            throw ImageError(
                "the image's root has \(names.count) names, more than \(ImageTopLevel.most), each of which would be a mount of every run; move what is there into a directory"
            )
        }
    }

    /// The run's own are attached at these places, so each is a file.
    private func addAccounts() throws {
        try FileSystem.makeDirectory("etc", mode: 0o755, at: root.raw, orFindIt: true)
        let etc: OwnedFD
        do { etc = try FileSystem.openBeneath(root.raw, "etc", [.read, .directory]) } catch {
            throw ImageError("'etc' is no directory; a run's accounts are attached in it")
        }
        let files = [
            ("passwd", "root:x:0:0:root:/root:/usr/sbin/nologin\n"), ("group", "root:x:0:\n"),
            ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
        ]
        for (name, text) in files {
            let status = try? FileStatus(path: name, at: etc.raw, following: false)
            if status?.kind == .file { continue }
            if let status {
                dropped.add("etc/\(name)", "\(status.kind.rawValue) where a file belongs")
                try self.remove(["etc", name])
            }
            let file = try FileSystem.openBeneath(etc.raw, name, [.write, .create, .exclusive])
            try FileSystem.write(text.utf8, to: file.raw, named: name)
            try FileSystem.changeMode(file.raw, to: 0o644)
        }
    }
}

/// Goes through a finished tree.
private struct ListingWalk {
    var entries: [ListingEntry] = []

    /// mkfs.erofs goes down by recursion too.
    static let maxDepth = 256

    mutating func walk(_ directory: Int32, _ path: [String], depth: Int) throws {
        guard depth < Self.maxDepth else {
            throw ImageError("\(quoted(path.joined(separator: "/"))): more than \(Self.maxDepth) directories deep")
        }
        for bytes in try FileSystem.names(in: directory) {
            let name = String(decoding: bytes, as: UTF8.self)
            let status = try FileStatus(path: name, at: directory, following: false)
            let child = path + [name], text = child.joined(separator: "/")
            switch status.kind {
            case .directory:
                entries.append(ListingEntry(kind: .directory, mode: status.mode, path: text))
                let below = try FileSystem.openBeneath(directory, name, [.read, .directory])
                try walk(below.raw, child, depth: depth + 1)
            case .file: entries.append(try file(name, in: directory, status.mode, text))
            case .link:
                let target = String(decoding: try readTarget(name, in: directory), as: UTF8.self)
                entries.append(
                    ListingEntry(
                        kind: .link, mode: 0o777, size: Int64(target.utf8.count), path: text, target: target))
            default: throw ImageError("\(quoted(text)): a \(status.kind.rawValue) has no place in an image")
            }
        }
    }

    private func file(_ name: String, in directory: Int32, _ mode: UInt32, _ path: String) throws -> ListingEntry {
        let file = try FileSystem.openBeneath(directory, name, .read)
        if name.hasSuffix(".pyc") {
            try FileSystem.changeMode(file.raw, to: mode | 0o200)
            let module = try FileSystem.openBeneath(directory, name, .readWrite)
            try makeValidForGood(module.raw)
            try FileSystem.changeMode(file.raw, to: mode)
        }
        let (digest, size) = try fileDigest(file.raw)
        return ListingEntry(kind: .file, mode: mode, size: size, sha256: digest.hex, path: path)
    }
}

/// A module that Python has compiled holds the time of its source, which is another one in an image: Python would compile
/// it again at every start. With this flag it believes the file as it is. Source: PEP 552, unchecked hash-based pycs.
private func makeValidForGood(_ file: Int32) throws(KernelError) {
    let header = try FileSystem.read(file, from: 0, upTo: 16)
    guard header.count == 16, header[2] == 0x0D, header[3] == 0x0A, header[4..<8].allSatisfy({ $0 == 0 }) else {
        return
    }
    try FileSystem.write([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], to: file, at: 4)
}

/// Where a link leads.
func readTarget(_ name: String, in directory: Int32) throws -> [UInt8] {
    var length = 0
    let target = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, initialized in
        length = buffer.withMemoryRebound(to: CChar.self) { sys_readlinkat(directory, name, $0.baseAddress, $0.count) }
        initialized = max(0, length)
    }
    try check(length, "read the link '\(name)'")
    return target
}
