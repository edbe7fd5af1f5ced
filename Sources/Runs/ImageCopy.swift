import CLaunch
import CLinux
import Kernel

extension MountedImage {
    /// A detached copy of the mount, for one run.
    ///
    /// In a writable root every file is the run's own: an image's files all belong to root, and nobody else could change
    /// them. The mount says so; the image knows nothing of it.
    func copy(for uid: UInt32, on node: Node) throws -> OwnedFD {
        let copy = try clone(on: node)
        guard root.isWritable else { return copy }
        do throws(KernelError) {
            let namespace = try owners(uid)
            try Mounts.changeOwners(of: copy.raw, by: namespace.raw)
        } catch {
            throw RunRefused(
                "image '\(root.reference)' cannot be writable on this kernel: \(error); take 'writable: false', or Linux 6.0 or newer"
            )
        }
        return copy
    }

    /// Of the mount that was looked at. One that has been taken away since then, because its name means another image now,
    /// cannot be copied any more, and is made again. Source: fs/namespace.c, __do_loopback
    private func clone(on node: Node) throws -> OwnedFD {
        do throws(KernelError) { return try Mounts.clone(directory: top.file.raw) } catch {
            guard error.errno == EINVAL else { throw error }
        }
        let again = try ImageMounts.mounted(root.pinned(to: digest.description), on: node)
        return try Mounts.clone(directory: again.top.file.raw)
    }

    private func owners(_ uid: UInt32) throws(KernelError) -> OwnedFD {
        try checkFD(Int(jrun_owner_namespace(uid)), "make a user namespace")
    }
}

extension Preparation {
    /// Where a run's changes to its image go: as large as its other temporary places, and gone with its last descriptor.
    func makeLayer() throws -> OwnedFD? {
        guard image?.root.isWritable == true else { return nil }
        let layer = try Mounts.temporaryFileSystem(
            bytes: request.limits[.temporary], inodes: Workspace.inodes, owner: 0)
        let top = try Mounts.openRoot(of: layer.raw)
        for name in [ImageLayer.upper, ImageLayer.work] {
            try FileSystem.makeDirectory(name, mode: 0o755, at: top.raw)
        }
        return layer
    }
}

/// The two directories that overlayfs wants. Source: filesystems/overlayfs.rst, "Upper and Lower"
enum ImageLayer {
    static let upper = "upper", work = "work"
}
