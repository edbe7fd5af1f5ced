import CPlan
import Kernel
import Testing

@testable import Runs

@Suite struct StatusFileTests {
    private static let size = MemoryLayout<jrun_status>.size

    /// A slot as jrun-init writes it.
    private func slot(sequence: UInt64, cause: Int32 = JRUN_CAUSE_EXIT) -> [UInt8] {
        var status = jrun_status()
        status.magic = JRUN_STATUS_MAGIC
        status.sequence = sequence
        status.state = UInt32(JRUN_STATUS_ENDED)
        status.cause = UInt32(cause)
        let bytes = withUnsafeBytes(of: status) { Array($0) }
        status.checksum = StatusFile.fnv1a(bytes.dropLast(8))
        return withUnsafeBytes(of: status) { Array($0) }
    }

    private func read(_ bytes: [UInt8]) throws -> jrun_status? {
        let file = try sealedMemfd(named: "status", bytes)
        return StatusFile.read(file.raw)
    }

    /// The published test vectors of the 64-bit FNV-1a.
    @Test func theChecksumIsFNV1a() {
        #expect(StatusFile.fnv1a([]) == 0xcbf2_9ce4_8422_2325)
        #expect(StatusFile.fnv1a("a".utf8) == 0xaf63_dc4c_8601_ec8c)
        #expect(StatusFile.fnv1a("foobar".utf8) == 0x8594_4171_f739_67e8)
    }

    @Test func theNewerSlotCounts() throws {
        #expect(try read(slot(sequence: 2) + slot(sequence: 1))?.sequence == 2)
        #expect(try read(slot(sequence: 2) + slot(sequence: 3))?.sequence == 3)
        #expect(try read(slot(sequence: .max) + slot(sequence: 3))?.sequence == .max)
    }

    @Test func onlyOneSlotIsEnough() throws {
        let empty = [UInt8](repeating: 0, count: Self.size)
        #expect(try read(empty + slot(sequence: 1))?.sequence == 1, "jrun-init begins with the second slot")
        #expect(try read(slot(sequence: 2))?.sequence == 2, "a file that ends behind the first")
        #expect(try read(slot(sequence: 2) + slot(sequence: 3).dropLast())?.sequence == 2)
    }

    @Test func nothingIsNothing() throws {
        #expect(try read([]) == nil)
        #expect(try read([UInt8](repeating: 0, count: 2 * Self.size)) == nil)
        #expect(try read([UInt8](repeating: 0xff, count: 2 * Self.size)) == nil)
        #expect(try read(Array(slot(sequence: 1).dropLast())) == nil)
        #expect(StatusFile.read(-1) == nil)
    }

    /// A power loss in the middle of a write: the first bytes are new, the rest is old.
    @Test(arguments: [1, 8, 9, 16, 20, 100, 256, 500, 504, 505, 511])
    func aTornSlotLeavesTheOtherInForce(tear: Int) throws {
        let old = slot(sequence: 4, cause: JRUN_CAUSE_EXIT), new = slot(sequence: 6, cause: JRUN_CAUSE_WALL)
        let torn = Array(new[..<tear]) + Array(old[tear...])
        // Where the old and the new bytes are the same, there is nothing torn to see.
        let expected: UInt64 = torn == old ? 5 : torn == new ? 6 : 5
        #expect(try read(torn + slot(sequence: 5))?.sequence == expected)
    }

    @Test func everyFlippedByteIsSeen() throws {
        let good = slot(sequence: 1)
        for index in stride(from: 0, to: good.count, by: 7) {
            var bad = slot(sequence: 9)
            bad[index] ^= 0x10
            let sequence = try read(good + bad)?.sequence
            #expect(sequence == 1, "byte \(index)")
        }
    }
}
