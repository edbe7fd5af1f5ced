import Glibc
import Kernel
import Testing

@testable import ControlAPI

/// Both ends of a connection in one thread: the exchange never waits.
private final class Peer {
    let exchange: ClientExchange
    private var end: Int32

    init(_ request: ClientRequest) {
        var ends: [Int32] = [-1, -1]
        _ = socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0, &ends)
        end = ends[1]
        exchange = ClientExchange(
            ClientSocket(connected: ends[0], path: "test"), head: request.head, body: request.body,
            isHEAD: request.method == "HEAD")
    }

    deinit { hangUp() }

    func answer(_ text: String) { _ = text.withCString { Glibc.write(end, $0, strlen($0)) } }
    func hangUp() {
        if end >= 0 { Glibc.close(end) }
        end = -1
    }

    /// Everything that was sent so far.
    func received() -> String {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let n = Glibc.read(end, &bytes, bytes.count)
        return String(decoding: bytes[..<max(0, n)], as: UTF8.self)
    }
}

@Suite struct ExchangeTests {
    @Test func aRequestIsWrittenAsHTTP() throws {
        let peer = Peer(ClientRequest.post(.run("01x", "start"), json: Array("{}".utf8)))
        try peer.exchange.advance()
        let head = "POST /v1/runs/01x/start HTTP/1.1\r\nHost: jrun\r\nUser-Agent: jrun\r\n"
        #expect(peer.received() == head + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
        peer.answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab")
        try peer.exchange.advance()
        #expect(peer.exchange.head?.status == 200 && !peer.exchange.isComplete)
        peer.answer("c")
        try peer.exchange.advance()
        #expect(peer.exchange.take() == Array("abc".utf8) && peer.exchange.isReusable)
    }

    @Test func piecesAreSentAsChunks() throws {
        var pieces = [Array("hello".utf8), Array("you".utf8), []]
        let peer = Peer(ClientRequest("POST", .run("01x", "stdin"), body: .pieces { pieces.removeFirst() }))
        for _ in 0..<4 { try peer.exchange.advance() }
        let sent = peer.received()
        #expect(sent.contains("Transfer-Encoding: chunked\r\n"))
        #expect(sent.hasSuffix("\r\n\r\n5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n"))
        #expect(peer.exchange.events == Int16(POLLIN) && peer.exchange.sentBytes == 8)
    }

    @Test func aFileIsSentWholeFromItsPosition() throws {
        let file = try sealedMemfd(named: "test", Array("0123456789".utf8))
        _ = lseek(file.raw, 4, SEEK_SET)
        let peer = Peer(ClientRequest("PUT", .file("a", of: "01x"), body: .file(file.raw, size: 6)))
        for _ in 0..<3 { try peer.exchange.advance() }
        #expect(peer.received().hasSuffix("Content-Length: 6\r\n\r\n456789"))
    }

    @Test func aFileThatBecameShorterIsSaid() throws {
        let file = try sealedMemfd(named: "test", Array("0123".utf8))
        let peer = Peer(ClientRequest("PUT", .file("a", of: "01x"), body: .file(file.raw, size: 5)))
        _ = lseek(file.raw, 0, SEEK_SET)
        #expect(throws: ClientError.shortened) { for _ in 0..<4 { try peer.exchange.advance() } }
    }

    /// jrund refuses an upload while it is being sent, and hangs up.
    @Test func anAnswerInTheMiddleOfAnUploadIsRead() throws {
        let peer = Peer(
            ClientRequest("PUT", .file("a", of: "01x"), body: .pieces { [UInt8](repeating: 0x61, count: 1 << 16) }))
        try peer.exchange.advance()
        peer.answer("HTTP/1.1 413 Too large\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        peer.hangUp()
        for _ in 0..<8 where !peer.exchange.isComplete { try peer.exchange.advance() }
        #expect(peer.exchange.head?.status == 413 && !peer.exchange.isReusable)
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcd"])
    func aConnectionThatEndsTooEarlyIsLost(text: String) throws {
        let peer = Peer(.get(Route(["v1", "info"])))
        try peer.exchange.advance()
        peer.answer(text)
        peer.hangUp()
        #expect(throws: ClientError.lost(path: "test")) { for _ in 0..<4 { try peer.exchange.advance() } }
    }

    @Test func nobodyThereIsOneSentence() {
        let client = ControlClient("/nonexistent/control.sock")
        let error = #expect(throws: ClientError.self) { try client.perform(.get(Route(["v1", "info"]))) }
        #expect(
            error?.description
                == "cannot reach jrund at '/nonexistent/control.sock': no such file or directory (ENOENT)"
                + "; is it running? (systemctl status jrund)")
        #expect(error?.mayPass == true)
        let long = ControlClient("/" + String(repeating: "a", count: 108))
        #expect(throws: ClientError.self) { try long.perform(.get(Route(["v1", "info"]))) }
    }
}
