import Images
import Kernel

/// Makes an image from a recipe: source, staging, listing, file, store.
public struct ImageBuilder {
    public static let format = "erofs"

    public let store: ImageStore

    public init(store: ImageStore) { self.store = store }

    /// - Parameter name: in the store; the recipe's when nil.
    /// - Throws: `ImageError` or `KernelError`; the store is then as before.
    public func build(_ recipe: Recipe, name: String? = nil) throws -> StoredImage {
        let place = try store.buildPlace()
        let tree = "\(place.path)/root", file = "\(place.path)/image"
        try FileSystem.makeDirectory(tree, mode: 0o755)
        let staging = try Staging(path: tree, limits: recipe.limits)
        let source = try fill(staging, from: recipe.source, scratch: place.path)
        let listing = try staging.finish(remove: recipe.remove), listed = listing.bytes
        try makeErofs(from: tree, to: file, scratch: place.path)
        let image = try FileSystem.open(file, .read)
        let (digest, size) = try fileDigest(image.raw)
        let manifest = ImageManifest(
            name: name ?? recipe.name, digest: digest, size: size, format: Self.format,
            entries: listing.entries.count, contentBytes: listing.contentBytes, listing: ImageDigest(of: listed),
            recipe: recipe.text, source: source,
            dropped: staging.dropped.items.sorted { ($0.path, $0.what) < ($1.path, $1.what) },
            moreDropped: staging.dropped.more > 0 ? staging.dropped.more : nil)
        try store.add(file: "image", in: place, manifest: manifest, listing: listed, name: manifest.name)
        return StoredImage(digest: digest, path: store.imagePath(digest), manifest: manifest)
    }

    private func fill(_ staging: Staging, from source: Recipe.Source, scratch: String) throws -> ImageManifest.Source {
        switch source {
        case .debian(let debian): return try debian.fill(staging, scratch: scratch)
        case .host(let host): return try host.fill(staging, scratch: scratch)
        case .oci(let path, let reference):
            return try staging.addOCI(path: path, reference: reference, scratch: scratch)
        case .directory(let path):
            let directory: OwnedFD
            do { directory = try FileSystem.open(path, [.read, .directory]) } catch {
                throw ImageError("directory '\(printable(path))': \(describe(errno: error.errno))")
            }
            staging.beginLayer()
            try staging.addDirectory(directory.raw)
            return ImageManifest.Source(from: "directory")
        case .tar(let path):
            let digest = DigestSource(try openFile(path))
            try staging.addTar(unpacked(digest, name: path))
            var result = ImageManifest.Source(from: "tar")
            result.archive = try digest.finish().description
            return result
        }
    }
}

/// The same bytes for the same tree: no times, no owners, no attributes, a fixed UUID.
private func makeErofs(from tree: String, to file: String, scratch: String) throws {
    let arguments = [
        "mkfs.erofs", "--quiet", "-x-1", "-T1", "-U00000000-0000-0000-0000-000000000000", "--all-root", file, tree,
    ]
    try Tool(arguments: arguments, package: "erofs-utils", scratch: scratch).run()
}
