import CLinux
import Images
import Kernel

/// Images of a node's runs, and mounts that none of them needs.
public struct IdleImageMount: Sendable, Equatable {
    public var path: String
    public var digest: ImageDigest
    /// Its loop device, as `/sys/dev/block` calls it.
    public var device: String

    /// The mounts of a store's images that nobody uses any more.
    ///
    /// - Parameter isUsed: says what names, programs and runs need.
    public static func all(
        on node: Node, of store: ImageStore, isUsed: (ImageDigest) -> Bool
    ) throws -> [IdleImageMount] {
        guard let names = try FileSystem.names(inDirectory: node.imageMounts) else { return [] }
        let place = canonical(store.path)
        return names.compactMap { ImageDigest(hex: String(decoding: $0, as: UTF8.self)) }
            .sorted { $0.hex < $1.hex }
            .filter { !isUsed($0) }
            .compactMap { digest in
                let path = "\(node.imageMounts)/\(digest.hex)"
                guard let top = try? FileSystem.open(path, [.read, .directory]), Mounts.isErofs(top.raw),
                    let status = try? FileStatus(of: top.raw)
                else { return nil }
                // Of another store, which this one knows nothing of. A file that has left the store is marked as deleted.
                guard backingFile(of: top.raw)?.hasPrefix("\(place)/sha256/\(digest.hex).erofs") == true else {
                    return nil
                }
                let device = Self.device(status)
                return IdleImageMount(path: path, digest: digest, device: device)
            }
    }

    /// The file that a mount's loop device reads; with ` (deleted)` behind it when its name has gone, or is another's.
    static func backingFile(of mount: Int32) -> String? {
        guard let status = try? FileStatus(of: mount) else { return nil }
        return try? FileSystem.text(of: "/sys/dev/block/\(device(status))/loop/backing_file")
            .split(separator: "\n").first.map(String.init)
    }

    private static func device(_ status: FileStatus) -> String {
        "\(status.device >> 32):\(status.device & 0xffff_ffff)"
    }

    /// Runs that are in it stay in it; with the last of them its loop device goes, which holds the image's file.
    public func detach() throws {
        try Mounts.detach(path)
        try FileSystem.removeDirectory(path)
    }

    private static func canonical(_ path: String) -> String {
        guard let directory = try? FileSystem.open(path, .pathOnly) else { return path }
        return readLink("/proc/self/fd/\(directory.raw)") ?? path
    }
}

/// What runs say of their images in `run.json`.
public enum RunImages {
    /// Only what is asked about here, so that a file of a newer jrun is understood too.
    private struct Frozen: Decodable { var image: String? }

    /// The images of the runs of a node, of those that are being made too.
    ///
    /// - Parameter live: only of those without a report.
    /// - Throws: when a file cannot be read: whoever takes images away must not guess.
    public static func digests(on node: Node, live: Bool = false) throws -> Set<ImageDigest> {
        let directory: OwnedFD?
        do throws(KernelError) {
            directory = try ifThere { () throws(KernelError) in
                try FileSystem.open(node.runsDirectory, [.read, .directory])
            }
        } catch {
            // Runs in images are root's, and so is what they use.
            guard error.errno == EACCES, !isRoot() else { throw error }
            return []
        }
        guard let directory else { return [] }
        var digests: Set<ImageDigest> = []
        for name in try FileSystem.names(in: directory.raw).map({ String(decoding: $0, as: UTF8.self) }) {
            if live, FileSystem.exists("\(node.runsDirectory)/\(name)/report.json") { continue }
            if let digest = try digest(ofRun: "\(node.runsDirectory)/\(name)") { digests.insert(digest) }
        }
        return digests
    }

    private static func digest(ofRun path: String) throws -> ImageDigest? {
        let file = "\(path)/run.json"
        // A run that is just being made or removed has none.
        guard let json = try ifThere({ () throws(KernelError) in try FileSystem.contents(of: file) }) else {
            return nil
        }
        do { return try decodeRunFile(Frozen.self, json).image.flatMap { ImageDigest($0) } } catch {
            throw ImageError("'\(file)' is damaged, so nobody knows which image its run uses; `jrun rm` takes it away")
        }
    }
}
