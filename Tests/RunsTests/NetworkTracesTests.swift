import Testing

@testable import Runs

@Suite struct NetworkTracesTests {
    private func bytes(_ text: String) -> ArraySlice<UInt8> { Array(text.utf8)[...] }

    private let sockets = """
        sockets: used 0
        TCP: inuse 0 orphan 3 tw 0 alloc 12 mem 7
        UDP: inuse 0 mem 5
        UDPLITE: inuse 0
        RAW: inuse 0
        FRAG: inuse 0 memory 0

        """
    private let interfaces = """
        Inter-|   Receive                                                |  Transmit
         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
            lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0

        """

    @Test func anUnusedNamespaceIsSeenAsOne() {
        #expect(NetworkTraces.hasNoSockets(bytes(sockets)) && NetworkTraces.hasNoPackets(bytes(interfaces)))
    }

    @Test(arguments: ["used 0", "TCP: inuse 0", "tw 0", "UDP: inuse 0", "RAW: inuse 0", "FRAG: inuse 0", "memory 0"])
    func everySocketCounts(_ words: String) {
        let changed = sockets.replacing(words, with: words.dropLast() + "1")
        #expect(changed != sockets && !NetworkTraces.hasNoSockets(bytes(changed)))
    }

    @Test(arguments: ["", "\n", "sockets: used", "sockets: used 0 0", "sockets used 0 x\nTCP:"])
    func whatCannotBeReadIsUsed(_ text: String) {
        #expect(!NetworkTraces.hasNoSockets(bytes(text)) && !NetworkTraces.hasNoPackets(bytes(text)))
    }

    @Test func everyCounterOfEveryInterfaceCounts() {
        let zeros = interfaces.indices.filter { interfaces[$0] == "0" }
        #expect(zeros.count == 16)
        for index in zeros {
            var changed = interfaces
            changed.replaceSubrange(index...index, with: "7")
            #expect(!NetworkTraces.hasNoPackets(bytes(changed)))
        }
        let second =
            interfaces + interfaces.split(separator: "\n")[2].replacing("lo", with: "sit0").replacing(" 0", with: " 1")
        #expect(!NetworkTraces.hasNoPackets(bytes(second)))
        #expect(!NetworkTraces.hasNoPackets(bytes(interfaces.split(separator: "\n")[0...1].joined(separator: "\n"))))
    }
}
