import FoundationEssentials

/// What is known of an image beside its bytes. It holds no time and no place, so two builds of a recipe give the same.
public struct ImageManifest: Sendable, Equatable, Codable {
    public static let schema = 1

    /// Where the content came from; only what belongs to `from` is there.
    public struct Source: Sendable, Equatable, Codable {
        /// debian, host, oci, directory or tar.
        public var from: String
        public var suite: String?
        public var mirror: String?
        /// Sorted by name.
        public var packages: [Package]?
        /// Digest of the manifest in the OCI layout.
        public var manifest: String?
        /// Digests of the layers, the lowest first.
        public var layers: [String]?
        /// Digest of the archive.
        public var archive: String?
        /// The files that `host` found, sorted, links included.
        public var hostFiles: [String]?

        public init(from: String) { self.from = from }
    }

    /// An installed package.
    public struct Package: Sendable, Equatable, Codable {
        public var name: String
        public var version: String
        public var architecture: String

        public init(name: String, version: String, architecture: String) {
            self.name = name
            self.version = version
            self.architecture = architecture
        }
    }

    /// Something of the source that is not in the image.
    public struct Dropped: Sendable, Equatable, Codable {
        public var path: String
        public var what: String

        public init(path: String, what: String) {
            self.path = path
            self.what = what
        }
    }

    public var schema = ImageManifest.schema
    public var name: String
    /// Of the image's file.
    public var digest: ImageDigest
    /// Of the image's file, in bytes.
    public var size: Int64
    /// `erofs`
    public var format: String
    /// Files, directories and links; the root is not counted.
    public var entries: Int
    /// Of all regular files together.
    public var contentBytes: Int64
    /// Digest of the listing.
    public var listing: ImageDigest
    /// The recipe's text.
    public var recipe: String
    public var source: Source
    /// The first of them; a tree may hold more than anybody wants to read.
    public var dropped: [Dropped]
    /// How many more were dropped than are listed; absent when none.
    public var moreDropped: Int?

    /// Of a manifest, as it is written and as it is read.
    static let mostBytes = 64 << 20

    public init(
        name: String, digest: ImageDigest, size: Int64, format: String, entries: Int, contentBytes: Int64,
        listing: ImageDigest, recipe: String, source: Source, dropped: [Dropped], moreDropped: Int? = nil
    ) {
        self.name = name
        self.digest = digest
        self.size = size
        self.format = format
        self.entries = entries
        self.contentBytes = contentBytes
        self.listing = listing
        self.recipe = recipe
        self.source = source
        self.dropped = dropped
        self.moreDropped = moreDropped
    }

    /// Sorted keys, one a line.
    ///
    /// - Throws: `ImageError` when it is larger than any reader takes.
    public func json() throws -> [UInt8] {
        let json = try imageJSON(self)
        guard json.count <= Self.mostBytes else {
            throw ImageError(
                "the manifest of image '\(name)' has \(json.count) bytes, more than \(Self.mostBytes); take directories as 'from: directory' instead of 'data', or fewer packages or files"
            )
        }
        return json
    }

    public init(json: [UInt8]) throws {
        self = try JSONDecoder().decode(ImageManifest.self, from: Data(json))
        guard schema == Self.schema else {
            throw ImageError("the manifest has schema \(schema); this jrun reads \(Self.schema)")
        }
    }
}

/// JSON of equal values is equal: sorted keys, one a line, a newline at the end.
public func imageJSON(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return Array(try encoder.encode(value)) + [0x0A]
}
