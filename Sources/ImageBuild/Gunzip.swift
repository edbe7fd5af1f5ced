import CZlib
import Images

/// What gzip has packed; several members after one another are one content. Source: RFC 1952, 2.2.
final class Gunzip: ByteSource {
    private let inner: any ByteSource
    private let name: String
    /// zlib keeps the address of this.
    private let stream: UnsafeMutablePointer<z_stream>
    private var input: [UInt8] = []
    private var position = 0
    private var isAtEnd = false
    /// Inside of a member.
    private var isOpen = true

    /// - Parameter name: for errors.
    init(_ inner: any ByteSource, name: String) throws(ImageError) {
        self.inner = inner
        self.name = name
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window, and 16 for a gzip header.
        guard inflateInit2_(stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw ImageError("\(name): zlib has no memory")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    func read(upTo count: Int) throws -> [UInt8] {
        while !isAtEnd {
            if position == input.count {
                (input, position) = (try inner.read(upTo: 1 << 16), 0)
                if input.isEmpty {
                    guard !isOpen else { throw ImageError("\(name): the gzip data is cut short") }
                    isAtEnd = true
                    break
                }
            }
            if !isOpen {
                inflateReset(stream)
                isOpen = true
            }
            let output = try inflate(upTo: count)
            if !output.isEmpty { return output }
        }
        return []
    }

    private func inflate(upTo count: Int) throws(ImageError) -> [UInt8] {
        var result: Int32 = 0
        let output = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            input.withUnsafeMutableBufferPointer { bytes in
                stream.pointee.next_in = bytes.baseAddress! + position
                stream.pointee.avail_in = UInt32(bytes.count - position)
                stream.pointee.next_out = buffer.baseAddress
                stream.pointee.avail_out = UInt32(count)
                result = CZlib.inflate(stream, Z_NO_FLUSH)
                position = bytes.count - Int(stream.pointee.avail_in)
            }
            initialized = count - Int(stream.pointee.avail_out)
        }
        if result == Z_STREAM_END { isOpen = false }
        // Z_BUF_ERROR: more input is needed.
        guard [Z_OK, Z_STREAM_END, Z_BUF_ERROR].contains(result) else {
            throw ImageError("\(name): the gzip data is damaged")
        }
        return output
    }
}
