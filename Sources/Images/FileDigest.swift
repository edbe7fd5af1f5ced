import Crypto
import Kernel

/// The SHA-256 of an open file from its beginning, and its size; the descriptor's position stays.
public func fileDigest(_ file: Int32) throws(KernelError) -> (digest: ImageDigest, size: Int64) {
    var hash = SHA256(), offset: Int64 = 0
    while true {
        let chunk = try FileSystem.read(file, from: offset, upTo: 1 << 20)
        if chunk.isEmpty { return (ImageDigest(hash.finalize()), offset) }
        hash.update(data: chunk)
        offset += Int64(chunk.count)
    }
}

extension ImageDigest {
    public init(of bytes: [UInt8]) { self.init(SHA256.hash(data: bytes)) }

    public init(_ hash: SHA256.Digest) {
        let digits = Array("0123456789abcdef")
        hex = hash.reduce(into: "") { text, byte in
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
    }
}
