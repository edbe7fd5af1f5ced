import Crypto
import Images
import Kernel

/// Bytes in their order.
protocol ByteSource: AnyObject {
    /// Up to so many; none at the end, and only there.
    func read(upTo count: Int) throws -> [UInt8]
}

/// An open file, from its beginning or from where the descriptor is.
final class FileSource: ByteSource {
    private let file: OwnedFD

    init(_ file: consuming OwnedFD) { self.file = file }

    func read(upTo count: Int) throws -> [UInt8] { try FileSystem.read(file.raw, upTo: count) }
}

/// Knows whether everything has been read.
final class EndedSource: ByteSource {
    private let inner: any ByteSource
    private(set) var hasEnded = false

    init(_ inner: any ByteSource) { self.inner = inner }

    func read(upTo count: Int) throws -> [UInt8] {
        let bytes = try inner.read(upTo: count)
        if bytes.isEmpty { hasEnded = true }
        return bytes
    }
}

/// Lets the first bytes be seen before they are read.
final class PeekedSource: ByteSource {
    private let inner: any ByteSource
    private var first: [UInt8] = []

    init(_ inner: any ByteSource) { self.inner = inner }

    /// The first bytes: 6, or all there are.
    func peek() throws -> [UInt8] {
        while first.count < 6 {
            let more = try inner.read(upTo: 512)
            if more.isEmpty { break }
            first += more
        }
        return Array(first.prefix(6))
    }

    func read(upTo count: Int) throws -> [UInt8] {
        guard !first.isEmpty else { return try inner.read(upTo: count) }
        defer { first.removeFirst(min(count, first.count)) }
        return Array(first.prefix(count))
    }
}

/// Refuses to give more than a number of bytes: the end of a decompression bomb.
final class BoundedSource: ByteSource {
    private let inner: any ByteSource
    private var rest: Int64
    private let what: String

    /// - Parameter what: names the source and the bound, for the error.
    init(_ inner: any ByteSource, limit: Int64, what: String) {
        self.inner = inner
        rest = limit
        self.what = what
    }

    func read(upTo count: Int) throws -> [UInt8] {
        let bytes = try inner.read(upTo: count)
        rest -= Int64(bytes.count)
        if rest < 0 { throw ImageError(what) }
        return bytes
    }
}

extension Recipe.Limits {
    /// Of a tar with as much as is allowed in it: also headers and padding.
    var tarBytes: Int64 {
        let around = Int64(entries) * 4096 + 1 << 20
        return bytes > Int64.max - around ? Int64.max : bytes + around
    }
}

extension Staging {
    /// What is unpacked from a tar or a layer; headers that make no entry count too.
    func bounded(_ source: any ByteSource) -> any ByteSource {
        let limit = limits.tarBytes
        return BoundedSource(
            source, limit: limit, what: "unpacks to more than \(limit) bytes; the recipe's limits allow more")
    }
}

/// Computes the digest of what passes.
final class DigestSource: ByteSource {
    private let inner: any ByteSource
    private var hash = SHA256()

    init(_ inner: any ByteSource) { self.inner = inner }

    func read(upTo count: Int) throws -> [UInt8] {
        let bytes = try inner.read(upTo: count)
        hash.update(data: bytes)
        return bytes
    }

    /// Of all bytes, those that nobody has asked for included.
    func finish() throws -> ImageDigest {
        while try !read(upTo: 1 << 20).isEmpty {}
        return ImageDigest(hash.finalize())
    }
}
