import Images
import Kernel
import Programs

extension Staging {
    /// Applies the layers of an image, the lowest first.
    ///
    /// - Parameter scratch: a directory for an unpacked archive.
    func addOCI(path: String, reference: String?, scratch: String) throws -> ImageManifest.Source {
        let status: FileStatus
        do { status = try FileStatus(path: path) } catch { throw ImageError("OCI layout \(quoted(path)): \(error)") }
        guard status.kind != .directory else { return try addLayout(OCILayout(path: path, name: path), reference) }
        let unpacked = "\(scratch)/layout"
        try FileSystem.makeDirectory(unpacked, mode: 0o700)
        try Staging(path: unpacked, limits: limits).addTar(ImageBuild.unpacked(openFile(path), name: path))
        return try addLayout(OCILayout(path: unpacked, name: path), reference)
    }

    private func addLayout(_ layout: borrowing OCILayout, _ reference: String?) throws -> ImageManifest.Source {
        let (manifest, digest) = try layout.manifest(reference)
        let config = try layout.config(manifest)
        guard config.rootfs.diffIDs.count == manifest.layers.count else {
            throw ImageError(
                "\(digest): has \(manifest.layers.count) layers and \(config.rootfs.diffIDs.count) diff_ids")
        }
        for (layer, content) in zip(manifest.layers, config.rootfs.diffIDs) {
            do { try addLayer(layout, layer, content: content) } catch let error as ImageError {
                throw ImageError("layer \(quoted(layer.digest)): \(error)")
            }
        }
        var source = ImageManifest.Source(from: "oci")
        source.manifest = digest
        source.layers = manifest.layers.map(\.digest)
        return source
    }

    private func addLayer(_ layout: borrowing OCILayout, _ layer: OCIDescriptor, content: String) throws {
        guard let isPacked = OCILayout.layerTypes[layer.mediaType] else {
            throw ImageError(
                "\(quoted(layer.mediaType)) is not known here; `skopeo copy --dest-compress-format gzip` makes one that is"
            )
        }
        let file = FileSource(try layout.layer(layer))
        let unpacked: any ByteSource = isPacked ? try Gunzip(file, name: layer.digest) : file
        let digest = DigestSource(bounded(unpacked))
        try applyLayer(digest)
        guard try digest.finish().description == content else {
            throw ImageError("what it unpacks to is not what its diff_id \(quoted(content)) names")
        }
    }

    /// Source: OCI Image Format Specification, "Image Layer Filesystem Changeset".
    func applyLayer(_ source: any ByteSource) throws {
        beginLayer()
        let reader = TarReader(source)
        while let entry = try reader.next() {
            let path = try components(of: entry.name)
            if let name = path.last, name.utf8.starts(with: ".wh.".utf8) {
                try count(path)
                try applyWhiteout(String(Substring(name.utf8.dropFirst(4))), beneath: Array(path.dropLast()))
            } else {
                try add(entry) { try reader.content(upTo: $0) }
            }
        }
    }

    private func applyWhiteout(_ name: String, beneath parent: [String]) throws {
        if name == ".wh..opq" { return try removeLower(beneath: parent) }
        let shown = quoted((parent + [".wh.\(name)"]).joined(separator: "/"))
        guard !name.isEmpty, name != ".", name != ".." else {
            throw ImageError("\(shown): the whiteout points outside of its directory")
        }
        guard !name.utf8.starts(with: ".wh.".utf8) else { throw ImageError("\(shown): a whiteout of an unknown kind") }
        try removeLower(parent + [name])
    }
}
