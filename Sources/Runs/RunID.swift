import Kernel

/// A run's name: 26 characters that sort by the time of creation. Milliseconds since 1970 in 48 bits, then 80 random
/// bits, in Crockford's base 32, lower case. Source: the ULID specification.
public struct RunID: Sendable, Hashable, CustomStringConvertible {
    public let description: String

    public init() { self.init(milliseconds: realtimeNanoseconds() / 1_000_000, random: randomBytes(10)) }

    init(milliseconds: UInt64, random: [UInt8]) {
        let time = (0..<6).map { UInt8(truncatingIfNeeded: milliseconds >> (8 * UInt64(5 - $0))) }
        // 128 bits in groups of five from the right: the first character holds only three.
        var bits: UInt32 = 0, held: UInt32 = 2, text = ""
        for byte in time + random {
            bits = (bits << 8 | UInt32(byte)) & 0xffff
            held += 8
            while held >= 5 {
                held -= 5
                text.append(RunID.alphabet[Int(bits >> held) & 31])
            }
        }
        description = text
    }

    public init?(_ text: String) {
        guard text.count == 26, text.allSatisfy({ RunID.alphabet.contains($0) }) else { return nil }
        description = text
    }

    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz")
}
