import CLinux
import Kernel

/// One image of the store.
public struct StoredImage: Sendable, Equatable {
    public var digest: ImageDigest
    /// Of the image's file.
    public var path: String
    public var manifest: ImageManifest

    public init(digest: ImageDigest, path: String, manifest: ImageManifest) {
        self.digest = digest
        self.path = path
        self.manifest = manifest
    }
}

/// The directory of a node's images. docs/images.md has its layout.
///
/// Images never change: whoever has resolved a name holds a digest, and what the name means later does not concern it.
public struct ImageStore: Sendable {
    public static let defaultPath = "/var/lib/jrun/images"

    public let path: String

    public init(path: String) { self.path = path }

    /// `JRUN_IMAGES`, or the default.
    public init(environment: (String) -> String?) {
        self.init(path: environment("JRUN_IMAGES").flatMap { $0.isEmpty ? nil : $0 } ?? Self.defaultPath)
    }

    public func imagePath(_ digest: ImageDigest) -> String { "\(path)/sha256/\(digest.hex).erofs" }
    func manifestPath(_ digest: ImageDigest) -> String { "\(path)/sha256/\(digest.hex).json" }
    func listingPath(_ digest: ImageDigest) -> String { "\(path)/sha256/\(digest.hex).files" }
    func namePath(_ name: String) -> String { "\(path)/names/\(name)" }

    // MARK: Looking

    /// The image that is meant.
    ///
    /// - Throws: `ImageError` when there is none.
    public func resolve(_ reference: ImageReference) throws -> StoredImage {
        guard let digest = try reference.digest ?? meaning(of: reference.name) else {
            let known = try allNames()
            let hint = known.isEmpty ? "the store is empty" : "there are: \(known.joined(separator: ", "))"
            throw ImageError(
                "image '\(reference)' is not in the store '\(path)'; \(hint); `jrun-image build` makes one")
        }
        guard let image = try image(digest) else {
            throw ImageError(
                "image '\(reference)' is not in the store '\(path)'; `jrun-image list` shows what is there")
        }
        return image
    }

    /// What a name stands for now; nil when it stands for nothing.
    public func meaning(of name: String) throws -> ImageDigest? {
        let path = namePath(name)
        guard let text = try ifThere({ () throws(KernelError) in try FileSystem.text(of: path) }) else { return nil }
        guard text.hasSuffix("\n"), let digest = ImageDigest(text.dropLast()) else {
            throw ImageError("'\(namePath(name))' is damaged; `jrun-image build` with the name '\(name)' mends it")
        }
        return digest
    }

    /// Sorted.
    ///
    /// - Throws: also when one of them is damaged.
    public func names() throws -> [(name: String, digest: ImageDigest)] {
        try allNames().compactMap { name in try meaning(of: name).map { (name, $0) } }
    }

    /// Sorted; damaged ones too.
    public func allNames() throws -> [String] {
        try contents("names").filter { reasonAgainstImageName($0) == nil }
    }

    /// Nil when it is not there.
    public func image(_ digest: ImageDigest) throws -> StoredImage? {
        let path = manifestPath(digest)
        let json = try ifThere { () throws(KernelError) in
            try FileSystem.contents(of: path, limit: ImageManifest.mostBytes)
        }
        guard let json else { return nil }
        let manifest: ImageManifest
        do { manifest = try ImageManifest(json: json) } catch let error as ImageError {
            throw ImageError("'\(path)' is damaged: \(error); \(Self.cure)")
        } catch {
            throw ImageError("'\(path)' is damaged: it is no manifest of an image; \(Self.cure)")
        }
        let size = (try? FileStatus(path: imagePath(digest)))?.size
        guard size == manifest.size else {
            let what = size.map { "has \($0) bytes and not \(manifest.size)" } ?? "is not there"
            throw ImageError(
                "image '\(printable(manifest.name))' is damaged: its file '\(imagePath(digest))' \(what); build it anew"
            )
        }
        return StoredImage(digest: digest, path: imagePath(digest), manifest: manifest)
    }

    /// Sorted by digest, named or not.
    public func images() throws -> [ImageDigest] {
        try contents("sha256").filter { $0.hasSuffix(".json") }.compactMap { ImageDigest(hex: $0.dropLast(5)) }
    }

    public func listing(_ digest: ImageDigest) throws -> ImageListing {
        let bytes = try FileSystem.contents(of: listingPath(digest), limit: 1 << 30)
        do { return try ImageListing(bytes: bytes) } catch {
            throw ImageError("'\(listingPath(digest))' is damaged: \(error)")
        }
    }

    /// Sorted; empty when the directory is not there.
    func contents(_ directory: String) throws -> [String] {
        let names = try FileSystem.names(inDirectory: "\(path)/\(directory)") ?? []
        return names.map { String(decoding: $0, as: UTF8.self) }.sorted()
    }

    private static let cure = "build it anew, and take the old one away with `jrun-image gc`"

    // MARK: Verifying

    /// Reads every byte of an image.
    ///
    /// - Throws: `ImageError` that says what differs.
    public func verify(_ digest: ImageDigest) throws {
        guard let image = try image(digest) else {
            throw ImageError("image '\(digest)' is not in the store '\(path)'; build it anew")
        }
        let file = try FileSystem.open(image.path, .read)
        let found = try fileDigest(file.raw)
        let cure = Self.cure
        guard found.digest == digest, image.manifest.digest == digest, found.size == image.manifest.size else {
            throw ImageError("image '\(image.path)' is damaged: its digest is \(found.digest); \(cure)")
        }
        let bytes = try FileSystem.contents(of: listingPath(digest), limit: 1 << 30)
        guard ImageDigest(of: bytes) == image.manifest.listing else {
            throw ImageError("'\(listingPath(digest))' is damaged: its digest is not the manifest's; \(cure)")
        }
        let listing = try ImageListing(bytes: bytes)
        guard listing.entries.count == image.manifest.entries,
            listing.contentBytes == image.manifest.contentBytes
        else {
            throw ImageError("'\(manifestPath(digest))' is damaged: it counts other files than the listing; \(cure)")
        }
    }

    // MARK: The lock

    /// While the lock is held, no name changes and nothing is taken away.
    ///
    /// - Parameter exclusive: to change names or take images away; nobody else has the lock then.
    public func locked<Result>(exclusive: Bool = false, _ body: () throws -> Result) throws -> Result {
        let held = try takeLock(exclusive: exclusive)
        return try withExtendedLifetime(held) { try body() }
    }

    /// Nil where there is nothing to protect from, or no way to.
    func takeLock(exclusive: Bool = false) throws(KernelError) -> OwnedFD? {
        let flags: FileSystem.OpenFlags = exclusive ? [.read, .create] : .read
        let place = "\(path)/lock"
        let file: OwnedFD?
        do throws(KernelError) {
            // Whoever can open it can hold it, and make everybody wait.
            file = try ifThere { () throws(KernelError) in try FileSystem.open(place, flags, mode: 0o600) }
        } catch {
            // An ordinary user reads the store as it is at the moment.
            guard error.errno == EACCES, !exclusive else { throw error }
            return nil
        }
        // A store that nobody has built into yet holds nothing to protect.
        guard let file else { return nil }
        _ = try lock(file.raw, shared: !exclusive, waiting: true)
        return file
    }
}
