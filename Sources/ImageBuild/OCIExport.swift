import CLinux
import Images
import Kernel

/// Writes an image as an OCI layout with one layer, which podman, skopeo and umoci read. The same image gives the same
/// bytes.
public struct OCIExport {
    private let store: ImageStore

    public init(store: ImageStore) { self.store = store }

    /// - Parameter directory: not there yet.
    public func write(_ image: StoredImage, tag: String, to directory: String) throws {
        try store.verify(image.digest)
        do { try FileSystem.makeDirectory(directory, mode: 0o755) } catch {
            guard error.errno == EEXIST else { throw error }
            throw ImageError("'\(printable(directory))' is there already; name a directory that is not")
        }
        let layout = try FileSystem.open(directory, [.read, .directory, .noFollow])
        var isWhole = false
        defer {
            if !isWhole {
                try? FileSystem.removeHostileContents(of: layout.raw)
                try? FileSystem.removeDirectory(directory)
            }
        }
        // Whoever may rename it cannot put another one in its place.
        try write(image, tag: tag, into: "/proc/self/fd/\(layout.raw)")
        isWhole = true
    }

    private func write(_ image: StoredImage, tag: String, into directory: String) throws {
        let place = try store.buildPlace(), tree = "\(place.path)/tree"
        try Tool(
            arguments: ["fsck.erofs", "--extract=\(tree)", "--no-preserve-owner", image.path], package: "erofs-utils",
            scratch: place.path
        ).run()
        try FileSystem.makeDirectories("\(directory)/blobs/sha256", mode: 0o755)
        let layer = try layer(of: store.listing(image.digest), tree: tree, directory)
        let config = OCIConfig(
            architecture: OCILayout.architecture, os: "linux", rootfs: .init(diffIDs: [layer.digest]))
        let manifest = OCIManifest(
            config: try blob(imageJSON(config), "application/vnd.oci.image.config.v1+json", directory), layers: [layer])
        var top = try blob(imageJSON(manifest), OCILayout.manifestTypes[0], directory)
        top.annotations = [OCIDescriptor.referenceName: tag]
        try FileSystem.createFile("\(directory)/index.json", imageJSON(OCIIndex(manifests: [top])), mode: 0o644)
        // Last: what has it is a whole layout.
        try FileSystem.createFile(
            "\(directory)/oci-layout", Array("{\"imageLayoutVersion\": \"1.0.0\"}\n".utf8), mode: 0o644)
    }

    private func layer(of listing: ImageListing, tree: String, _ directory: String) throws -> OCIDescriptor {
        let fresh = "\(directory)/blobs/layer"
        var writer = try TarWriter(path: fresh)
        let root = try FileSystem.open(tree, [.read, .directory])
        for entry in listing.entries {
            try writer.add(entry)
            if entry.kind == .file {
                let file = try FileSystem.openBeneath(root.raw, entry.path, .read)
                try writer.writeContent(of: file.raw)
            }
        }
        let (digest, size) = try writer.finish()
        try FileSystem.rename(fresh, to: "\(directory)/blobs/sha256/\(digest.hex)")
        return OCIDescriptor(
            mediaType: "application/vnd.oci.image.layer.v1.tar", digest: digest.description, size: size)
    }

    private func blob(_ bytes: [UInt8], _ type: String, _ directory: String) throws -> OCIDescriptor {
        let digest = ImageDigest(of: bytes)
        try FileSystem.createFile("\(directory)/blobs/sha256/\(digest.hex)", bytes, mode: 0o644)
        return OCIDescriptor(mediaType: type, digest: digest.description, size: Int64(bytes.count))
    }
}
