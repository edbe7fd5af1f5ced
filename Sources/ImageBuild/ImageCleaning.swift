import Images
import Kernel
import Runs

/// Takes away what nobody needs of a store: mounts first, then the images.
public struct ImageCleaning {
    public var mounts: [IdleImageMount] = []
    public var garbage: [ImageStore.Garbage] = []

    /// - Parameters:
    ///   - programs: directories of program files, whose digests keep images.
    ///   - dryRun: only look.
    public init(of store: ImageStore, on node: Node, programs: [String], dryRun: Bool) throws {
        var mounts: [IdleImageMount] = []
        garbage = try store.collectGarbage(dryRun: dryRun) { named in
            let use = try ImageUse(programs: programs, node: node)
            mounts = try IdleImageMount.all(on: node, of: store) { named.contains($0) || use.contains($0) }
            if !dryRun { for mount in mounts { try mount.detach() } }
            // A device that is still there after its mount has gone has another user.
            let idle = dryRun ? Set(mounts.map(\.device)) : []
            let files = try ImageUse.mountedFiles(except: idle)
            return { digest in use.contains(digest) || files.contains { $0.contains("\(digest.hex).") } }
        }
        self.mounts = mounts
    }
}
