import CLinux
import Images
import Kernel
import Programs

extension Staging {
    /// Takes a whole tar.
    func addTar(_ source: any ByteSource) throws {
        beginLayer()
        let reader = TarReader(bounded(source))
        while let entry = try reader.next() { try add(entry) { try reader.content(upTo: $0) } }
    }

    /// Takes a directory of this node with all beneath it; no link is followed.
    func addDirectory(_ directory: Int32, as path: [String] = [], depth: Int = 0) throws {
        guard depth < 256 else {
            throw ImageError("\(quoted(path.joined(separator: "/"))): more than 256 directories deep")
        }
        for name in try FileSystem.names(in: directory).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let full = Array(path.joined(separator: "/").utf8) + (path.isEmpty ? [] : [UInt8(ascii: "/")]) + name
            let parts = try components(of: full)
            try addFile(parts[parts.count - 1], in: directory, as: parts)
            let status = try FileStatus(path: parts[parts.count - 1], at: directory, following: false)
            guard status.kind == .directory else { continue }
            let below = try FileSystem.openBeneath(directory, parts[parts.count - 1], [.read, .directory])
            try addDirectory(below.raw, as: parts, depth: depth + 1)
        }
    }

    /// Takes one file, link or directory, without what is beneath.
    func addFile(_ name: String, in directory: Int32, as path: [String]) throws {
        let status = try FileStatus(path: name, at: directory, following: false)
        var entry = SourceEntry(name: Array(path.joined(separator: "/").utf8), kind: .directory, mode: status.mode)
        switch status.kind {
        case .directory:
            let open = try FileSystem.open(name, [.read, .directory, .noFollow], at: directory)
            entry.attributes = try extendedAttributes(open.raw)
            try add(entry)
        case .file:
            let file = try FileSystem.open(name, [.read, .noFollow, .nonBlocking], at: directory)
            let opened = try FileStatus(of: file.raw)
            guard opened.inode == status.inode, opened.device == status.device else {
                throw ImageError("\(quoted(path.joined(separator: "/"))): is being changed; build again when it is not")
            }
            entry.kind = .file(size: opened.size)
            entry.attributes = try extendedAttributes(file.raw)
            let raw = file.raw
            try add(entry) { try FileSystem.read(raw, upTo: $0) }
        case .link:
            entry.kind = .link(target: try readTarget(name, in: directory))
            try add(entry)
        case .fifo, .socket:
            entry.kind = status.kind == .fifo ? .fifo : .socket
            try add(entry)
        default:
            entry.kind = .device
            try add(entry)
        }
    }
}

/// The names of a file's extended attributes.
private func extendedAttributes(_ file: Int32) throws -> [String] {
    var length = 0
    let names = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, initialized in
        length = buffer.withMemoryRebound(to: CChar.self) { sys_flistxattr(file, $0.baseAddress, $0.count) }
        initialized = max(0, length)
    }
    // The file system may know none.
    if length == Int(-EOPNOTSUPP) { return [] }
    try check(length, "list the extended attributes of a file")
    return names.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
}

/// A file of this node.
func openFile(_ path: String) throws(ImageError) -> FileSource {
    do throws(KernelError) {
        let file = try FileSystem.open(path, .read)
        guard try FileStatus(of: file.raw).kind != .directory else { throw KernelError("read", errno: EISDIR) }
        return FileSource(file)
    } catch {
        let cure = error.errno == EISDIR ? "; 'from: directory' takes one" : ""
        throw ImageError("archive \(quoted(path)): \(describe(errno: error.errno))\(cure)")
    }
}

/// What a tar is read from, be it packed with gzip or not.
func unpacked(_ source: any ByteSource, name path: String) throws -> any ByteSource {
    let source = PeekedSource(source), magic = try source.peek()
    if magic.starts(with: [0x1f, 0x8b]) { return try Gunzip(source, name: quoted(path)) }
    let others: [(bytes: [UInt8], name: String)] = [
        ([0x28, 0xb5, 0x2f, 0xfd], "zstd"), ([0xfd, 0x37, 0x7a, 0x58, 0x5a], "xz"), ([0x42, 0x5a, 0x68], "bzip2"),
    ]
    if let other = others.first(where: { magic.starts(with: $0.bytes) }) {
        throw ImageError("archive \(quoted(path)): is packed with \(other.name); unpack it, or pack it with gzip")
    }
    return source
}
