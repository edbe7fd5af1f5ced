import CLinux
import Crypto
import Dispatch
import Kernel
import Synchronization

/// The bytes of one result: their digest, and a copy of them. Holes are kept: a sparse file costs what it holds.
struct ResultCopy {
    let file: Int32
    /// How many of its bytes, from the first on.
    let size: Int64
    /// Without holes there is nothing to look for.
    let hasHoles: Bool
    /// What becomes readable when it shall end; -1: nothing does.
    let stopRequests: Int32

    /// As much as a processor's second cache holds together with what the digest needs.
    static let pieceBytes = 256 << 10
    /// From here on the digest, which takes twice as long as the copy, is made beside it.
    static let largeBytes: Int64 = 8 << 20
    private static let zeros = [UInt8](repeating: 0, count: 1 << 16)

    /// The digest in hexadecimal. - Parameter target: an empty file, or nil to make no copy.
    func digest(copyingTo target: Int32?, _ buffer: UnsafeMutableRawBufferPointer) throws -> String {
        guard let target else { return try hash(buffer) { _ in } }
        if size >= ResultCopy.largeBytes { return try digestBeside(target, buffer) }
        var written: Int64 = 0
        let digest = try hash(buffer) { piece in
            try FileSystem.write(piece.bytes, to: target, at: piece.offset)
            written = piece.offset + Int64(piece.bytes.count)
        }
        if written < size { try FileSystem.truncate(target, to: size) }
        return digest
    }

    private struct Piece {
        var offset: Int64
        var bytes: UnsafeRawBufferPointer
    }

    private func hash(_ buffer: UnsafeMutableRawBufferPointer, _ take: (Piece) throws -> Void) throws -> String {
        var hash = SHA256()
        try forEachPiece(buffer) { piece in
            hash.update(bufferPointer: piece.bytes)
            try take(piece)
        } skipped: { count in
            ResultCopy.zeros.withUnsafeBytes { hash.update(bufferPointer: .init(rebasing: $0[..<count])) }
        }
        return hex(hash.finalize())
    }

    /// Two threads read the same bytes, each for itself: the second time they come from memory, and nothing has to be handed
    /// over.
    private func digestBeside(_ target: Int32, _ buffer: UnsafeMutableRawBufferPointer) throws -> String {
        let beside = Beside(), group = DispatchGroup()
        let work = self
        DispatchQueue.global().async(group: group) {
            let own = UnsafeMutableRawBufferPointer.allocate(byteCount: ResultCopy.pieceBytes, alignment: 4096)
            defer { own.deallocate() }
            let result = Result {
                try work.hash(own) { _ in if beside.isCancelled.withLock({ $0 }) { throw CancellationError() } }
            }
            beside.result.withLock { $0 = result }
        }
        defer { group.wait() }
        do {
            var written: Int64 = 0
            try forEachPiece(buffer) { piece in
                try FileSystem.write(piece.bytes, to: target, at: piece.offset)
                written = piece.offset + Int64(piece.bytes.count)
            } skipped: { _ in
            }
            if written < size { try FileSystem.truncate(target, to: size) }
        } catch {
            beside.isCancelled.withLock { $0 = true }
            throw error
        }
        group.wait()
        return try beside.result.withLock { $0! }.get()
    }

    private final class Beside: Sendable {
        let isCancelled = Mutex(false)
        let result = Mutex<Result<String, any Error>?>(nil)
    }

    /// From the first to the last; `skipped` says how many zeros of a hole follow, a little at a time.
    private func forEachPiece(
        _ buffer: UnsafeMutableRawBufferPointer, _ take: (Piece) throws -> Void, skipped: (Int) throws -> Void
    ) throws {
        var at: Int64 = 0
        while at < size {
            let data = hasHoles ? min(size, FileSystem.nextData(in: file, from: at) ?? size) : at
            while at < data {
                try checkStopRequests()
                let n = Int(min(data - at, Int64(ResultCopy.zeros.count)))
                try skipped(n)
                at += Int64(n)
            }
            let hole = hasHoles ? min(size, FileSystem.nextHole(in: file, from: at) ?? size) : size
            while at < hole {
                try checkStopRequests()
                let wanted = UnsafeMutableRawBufferPointer(
                    rebasing: buffer[..<Int(min(hole - at, Int64(buffer.count)))])
                let n = try FileSystem.read(file, from: at, into: wanted)
                if n == 0 { return }
                try take(Piece(offset: at, bytes: UnsafeRawBufferPointer(rebasing: wanted[..<n])))
                at += Int64(n)
            }
        }
    }

    private func checkStopRequests() throws {
        if stopRequests >= 0, SignalQueue.isWaiting(on: stopRequests) {
            throw Harvest.NotWritten(reason: "jrun was asked to stop")
        }
    }
}
