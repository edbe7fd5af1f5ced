import CLinux
import Kernel

/// One request and its answer on a connection of its own. Nothing here waits but what says so, so that one thread can
/// serve several of them with poll(2): `events` says what to wait for, `advance` does what can be done.
public final class ClientExchange {
    /// What a request carries.
    public enum Body {
        case none
        case bytes([UInt8])
        /// An open regular file from its position on: sent by the kernel, never copied here.
        case file(Int32, size: Int64)
        /// In chunks of what the function returns, which may wait; nothing is the end.
        case pieces(() throws -> [UInt8])
    }

    private let socket: ClientSocket
    private var parser: ResponseParser
    /// Bytes to be sent before what `body` still has.
    private var outgoing: ArraySlice<UInt8>
    private var body: Body
    /// Of a file or pieces.
    public private(set) var sentBytes: Int64 = 0
    private var isCutOff = false

    /// What `advance` received behind the head before anybody asked for it.
    private var received: [UInt8] = []

    init(_ socket: ClientSocket, head: [UInt8], body: Body, isHEAD: Bool) {
        self.socket = socket
        parser = ResponseParser(isHEAD: isHEAD)
        outgoing = head[...]
        self.body = body
        if case .bytes(let bytes) = body {
            outgoing += bytes
            self.body = .none
        }
    }

    public var descriptor: Int32 { socket.descriptor.raw }
    /// Nil until it has come.
    public var head: ResponseHead? { parser.head }
    /// The whole answer has come; `next` may still have some of it.
    public var isComplete: Bool { parser.isComplete }
    var isReusable: Bool { isComplete && hasSentEverything && !isCutOff && parser.head?.closesConnection == false }
    private var hasSentEverything: Bool {
        if case .none = body { outgoing.isEmpty } else { false }
    }

    /// For poll(2).
    public var events: Int16 { Int16(POLLIN) | (hasSentEverything || head != nil ? 0 : Int16(POLLOUT)) }

    /// Sends what the connection takes and reads what is there.
    public func advance() throws {
        // An answer that comes before everything was sent is a refusal, and the rest is not wanted.
        if head == nil { try send() }
        let (bytes, error) = socket.receive()
        if error == EAGAIN || isComplete { return }
        guard error == 0, !bytes.isEmpty else { throw ClientError.lost(path: socket.path) }
        do { received += try parser.add(bytes) } catch { throw ClientError.badAnswer(error.reason) }
    }

    /// What has come of the body since the last call; may be nothing.
    public func take() -> [UInt8] {
        defer { received = [] }
        return received
    }

    private func send() throws {
        if outgoing.isEmpty {
            if case .file(let file, let size) = body { return try sendFile(file, size) }
            try refill()
        }
        while !outgoing.isEmpty {
            guard let n = try sent(socket.send(outgoing), "send to jrund") else { return }
            outgoing = outgoing.dropFirst(n)
        }
    }

    private func sendFile(_ file: Int32, _ size: Int64) throws {
        if size == 0 {
            body = .none
            return
        }
        let result = sys_sendfile(socket.descriptor.raw, file, Int(min(size, 1 << 20)))
        if result == 0 { throw ClientError.shortened }
        guard let n = try sent(result, "send a file to jrund") else { return }
        sentBytes += Int64(n)
        body = .file(file, size: size - Int64(n))
    }

    /// Nil when the connection takes no more, now or for ever; then the answer says why.
    private func sent(_ result: Int, _ operation: String) throws(KernelError) -> Int? {
        if result == Int(-EAGAIN) || result == Int(-EINTR) { return nil }
        if result == Int(-EPIPE) || result == Int(-ECONNRESET) {
            (outgoing, body, isCutOff) = ([], .none, true)
            return nil
        }
        return try check(result, operation)
    }

    private func refill() throws {
        guard case .pieces(let next) = body else { return }
        let piece = try next()
        sentBytes += Int64(piece.count)
        outgoing = Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [0x0d, 0x0a]
        if piece.isEmpty { body = .none }
    }

    func takeSocket() -> ClientSocket { socket }
}
