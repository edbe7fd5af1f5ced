import Images
import Kernel
import Programs

/// An OCI image layout. What it holds is believed by digest only: the directory may be anybody's.
struct OCILayout: ~Copyable {
    private let directory: OwnedFD
    private let path: String

    static let manifestTypes = [
        "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
    ]
    static let indexTypes = [
        "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
    ]
    /// With gzip or without.
    static let layerTypes = [
        "application/vnd.oci.image.layer.v1.tar": false, "application/vnd.oci.image.layer.v1.tar+gzip": true,
        "application/vnd.docker.image.rootfs.diff.tar": false,
        "application/vnd.docker.image.rootfs.diff.tar.gzip": true,
    ]
    private static let maxDocument = 4 << 20

    #if arch(x86_64)
    static let architecture = "amd64"
    #else
    static let architecture = "arm64"
    #endif

    /// - Parameter name: what the user calls it, for errors.
    init(path: String, name: String) throws {
        directory = try Self.open(path, name)
        self.path = name
    }

    private static func open(_ path: String, _ name: String) throws(ImageError) -> OwnedFD {
        let directory: OwnedFD
        do { directory = try FileSystem.open(path, [.read, .directory]) } catch {
            throw ImageError("OCI layout \(quoted(name)): \(error)")
        }
        guard (try? FileStatus(path: "oci-layout", at: directory.raw)) != nil else {
            throw ImageError(
                "\(quoted(name)) is no OCI layout: it has no file 'oci-layout'; `skopeo copy SOURCE oci:DIRECTORY:TAG` makes one"
            )
        }
        return directory
    }

    /// The manifest of the image that is meant, and its digest.
    func manifest(_ reference: String?) throws -> (manifest: OCIManifest, digest: String) {
        let file = try FileSystem.openBeneath(directory.raw, "index.json", .read)
        let bytes = try FileSystem.contents(of: file.raw, named: "index.json", limit: Self.maxDocument)
        var descriptor = try choose(from: ociDocument(OCIIndex.self, bytes, "index.json"), reference)
        for _ in 0..<4 {
            let document = try self.bytes(descriptor)
            if Self.manifestTypes.contains(descriptor.mediaType) {
                return (try ociDocument(OCIManifest.self, document, descriptor.digest), descriptor.digest)
            }
            guard Self.indexTypes.contains(descriptor.mediaType) else {
                throw ImageError("\(descriptor.digest): \(quoted(descriptor.mediaType)) is no kind of image known here")
            }
            descriptor = try platform(of: ociDocument(OCIIndex.self, document, descriptor.digest))
        }
        throw ImageError("OCI layout \(quoted(path)): indexes are nested deeper than 4")
    }

    private func choose(from index: OCIIndex, _ reference: String?) throws -> OCIDescriptor {
        let names = index.manifests.compactMap { $0.annotations?[OCIDescriptor.referenceName] }.map(quoted)
        let known = names.isEmpty ? "none has a tag" : "there are: \(names.joined(separator: ", "))"
        guard let reference else {
            guard index.manifests.count == 1 else {
                throw ImageError(
                    "OCI layout \(quoted(path)) has \(index.manifests.count) images; choose one by 'reference'; \(known)"
                )
            }
            return index.manifests[0]
        }
        let found = index.manifests.first {
            $0.annotations?[OCIDescriptor.referenceName] == reference || $0.digest == reference
        }
        guard let found else {
            throw ImageError("OCI layout \(quoted(path)) has no image \(quoted(reference)); \(known)")
        }
        return found
    }

    private func platform(of index: OCIIndex) throws -> OCIDescriptor {
        let found = index.manifests.first {
            $0.platform?.os == "linux" && $0.platform?.architecture == Self.architecture
        }
        guard let found else {
            throw ImageError("OCI layout \(quoted(path)) has no image for linux on \(Self.architecture)")
        }
        return found
    }

    func config(_ manifest: OCIManifest) throws -> OCIConfig {
        try ociDocument(OCIConfig.self, bytes(manifest.config), manifest.config.digest)
    }

    /// A document. The bytes that are compared are those that are used: the file may be somebody else's to change.
    private func bytes(_ descriptor: OCIDescriptor) throws -> [UInt8] {
        let digest = try digest(of: descriptor), file = try open(digest)
        let bytes = try FileSystem.contents(of: file.raw, named: digest.description, limit: Self.maxDocument)
        try compare(descriptor, digest, found: ImageDigest(of: bytes), Int64(bytes.count))
        return bytes
    }

    /// A layer, every byte of which was compared with its digest before it is looked at. Who changes the file afterwards is
    /// found out by what it unpacks to: the layer's diff_id stands in a document.
    func layer(_ descriptor: OCIDescriptor) throws -> OwnedFD {
        let digest = try digest(of: descriptor), file = try open(digest)
        let found = try fileDigest(file.raw)
        try compare(descriptor, digest, found: found.digest, found.size)
        return file
    }

    private func compare(
        _ descriptor: OCIDescriptor, _ digest: ImageDigest, found: ImageDigest, _ size: Int64
    ) throws(ImageError) {
        guard found == digest, size == descriptor.size else {
            throw ImageError(
                "blob \(digest) of OCI layout \(quoted(path)) is not what it is named: digest \(found), \(size) bytes"
            )
        }
    }

    private func digest(of descriptor: OCIDescriptor) throws(ImageError) -> ImageDigest {
        guard let digest = ImageDigest(descriptor.digest) else {
            throw ImageError("\(quoted(descriptor.digest)): only digests by SHA-256 are known here")
        }
        return digest
    }

    private func open(_ digest: ImageDigest) throws -> OwnedFD {
        let file: OwnedFD
        do { file = try FileSystem.openBeneath(directory.raw, "blobs/sha256/\(digest.hex)", .read) } catch {
            throw ImageError("OCI layout \(quoted(path)) misses the blob \(digest): \(describe(errno: error.errno))")
        }
        guard try FileStatus(of: file.raw).kind == .file else { throw ImageError("blob \(digest) is no file") }
        return file
    }
}
