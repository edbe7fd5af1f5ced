import CLinux
import Kernel

extension ImageStore {
    /// An image that nothing names, or what a broken build left.
    public struct Garbage: Sendable, Equatable {
        public var path: String
        /// Of the image, when it is a whole one.
        public var digest: ImageDigest?
        public var bytes: Int64
    }

    /// Takes away what is not needed: images that no name stands for and that nobody uses, and what builds left that
    /// did not come to their end.
    ///
    /// - Parameters:
    ///   - usage: says what is used, besides what the names stand for. It looks while the lock is held, so nothing that is
    ///     resolved under the lock can go meanwhile.
    ///   - dryRun: only look.
    public func collectGarbage(
        dryRun: Bool, usage: (_ named: Set<ImageDigest>) throws -> (ImageDigest) -> Bool
    ) throws -> [Garbage] {
        guard !dryRun else { return try locked { try garbage(usage) } }
        try prepare()
        return try locked(exclusive: true) {
            let garbage = try garbage(usage)
            for item in garbage { try remove(item) }
            return garbage
        }
    }

    private func garbage(_ usage: (Set<ImageDigest>) throws -> (ImageDigest) -> Bool) throws -> [Garbage] {
        let named = Set(try names().map(\.digest)), isUsed = try usage(named)
        var found: [Garbage] = []
        var digests: Set<ImageDigest> = []
        for file in try contents("sha256") {
            guard let digest = ImageDigest(hex: file.prefix { $0 != "." }) else { continue }
            digests.insert(digest)
        }
        for digest in digests.sorted(by: { $0.hex < $1.hex }) where !named.contains(digest) {
            if isUsed(digest) { continue }
            let size = (try? FileStatus(path: imagePath(digest)))?.size ?? 0
            found.append(Garbage(path: imagePath(digest), digest: digest, bytes: size))
        }
        for name in try contents("tmp") where !isHeld(name) {
            found.append(Garbage(path: "\(path)/tmp/\(name)", digest: nil, bytes: 0))
        }
        return found
    }

    /// Whether a build is at work there.
    private func isHeld(_ name: String) -> Bool {
        guard let file = try? FileSystem.open("\(path)/tmp/\(name)", .read) else { return false }
        return sys_flock(file.raw, LOCK_EX | LOCK_NB) < 0
    }

    private func remove(_ garbage: Garbage) throws {
        if let digest = garbage.digest {
            // The manifest first: what has none is no image.
            for path in [manifestPath(digest), listingPath(digest), imagePath(digest)] {
                _ = try ifThere { () throws(KernelError) in try FileSystem.removeFile(path) }
            }
            return
        }
        guard try FileStatus(path: garbage.path, following: false).kind == .directory else {
            return try FileSystem.removeFile(garbage.path)
        }
        let directory = try FileSystem.open(garbage.path, [.read, .directory, .noFollow])
        try FileSystem.removeHostileContents(of: directory.raw)
        try FileSystem.removeDirectory(garbage.path)
    }
}
