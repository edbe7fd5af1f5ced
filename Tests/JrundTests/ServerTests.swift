import Dispatch
import Glibc
import Logging
import NIOPosix
import Testing

@testable import jrund

@Suite struct ServerTests {
    /// The kernel knows no user at the other end of a TCP connection.
    @Test func whoeverCannotBeNamedIsRefused() async throws {
        let (socket, port) = try listen()
        let everybody: @Sendable (Peer) -> Bool = { _ in true }
        let server = Server(limit: 8, logger: Logger(label: "test"), mayTakeAll: everybody) { _, _, _ in
            Issue.record("somebody without a name was served")
        }
        let serving = Task { try await server.run(socket, on: .singleton) }
        // More than once: the first must leave a server that goes on.
        for _ in 0..<3 {
            // On a thread of its own: the server needs those of the pool.
            let answer = await withCheckedContinuation { waiting in
                DispatchQueue.global().async { waiting.resume(returning: ask(port)) }
            }
            #expect(answer.hasPrefix("HTTP/1.1 403 ") && answer.contains("urn:jrun:problem:forbidden"), "\(answer)")
        }
        server.stop()
        try await serving.value
        #expect(server.openConnections == 0)
    }

    private func listen() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(0), size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(descriptor, $0, size)
                _ = getsockname(descriptor, $0, &size)
            }
        }
        try #require(Glibc.listen(descriptor, 8) == 0)
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }
}

private func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
}

/// What is answered to a request until the connection is closed.
private func ask(_ port: UInt16) -> String {
    let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(client) }
    // Other tests keep the pool busy for minutes; this only ends a test that would never end.
    var timeout = timeval(tv_sec: 3600, tv_usec: 0)
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var address = loopback(port)
    let connected = withUnsafePointer(to: &address) { address in
        address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard connected == 0 else { return "not connected" }
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = recv(client, &buffer, buffer.count, 0), count > 0 { all += buffer[..<count] }
    return String(decoding: all, as: UTF8.self)
}

@Suite struct HoldingsTests {
    @Test func oneUserHoldsOnlySoMuch() {
        let holdings = Holdings()
        let first = Holding(holdings, uid: 1), second = Holding(holdings, uid: 1), other = Holding(holdings, uid: 2)
        #expect(first.take(Holdings.mostBytes - 10) && second.take(10))
        #expect(!second.take(1) && other.take(Holdings.mostBytes))
        first.giveBack()
        #expect(second.take(1))
    }

    /// Otherwise what is larger than the bound could never be asked for.
    @Test func whoHoldsNothingMayTakeOneOfAnySize() {
        let holdings = Holdings()
        let one = Holding(holdings, uid: 1)
        #expect(one.take(2 * Holdings.mostBytes) && !one.take(1))
        one.takeAnyway(1)
        #expect(holdings.bytes == 2 * Holdings.mostBytes + 1)
    }

    @Test func whatIsForgottenIsGivenBack() {
        let holdings = Holdings()
        do { #expect(Holding(holdings, uid: 1).take(5)) }
        #expect(holdings.bytes == 0)
    }
}

@Suite struct HTTPDateTests {
    /// The example of RFC 9110, section 5.6.7.
    @Test(arguments: [(784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT")])
    func aDateIsWrittenAsTheStandardSays(second: Int, text: String) {
        #expect(HTTPDate.text(second) == text)
    }
}
