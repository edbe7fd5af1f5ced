/// Changes to a known input, all of which follow from a seed.
struct Changes: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// One of the inputs, a little different, or two of them together.
    mutating func changed(_ inputs: [[UInt8]], upTo maxBytes: Int) -> [UInt8] {
        var bytes = inputs.randomElement(using: &self) ?? []
        for _ in 0..<Int.random(in: 1...5, using: &self) { change(&bytes, inputs) }
        return Array(bytes.prefix(maxBytes))
    }

    private static let words = [
        "{", "}", "[", "]", ":", ",", "\"", "-", "\n", " ", "..", "/", "%", "=", "0", "9", "null",
    ]
    private static let numbers: [UInt64] = [
        0, 1, 7, 8, 255, 1 << 15, 1 << 16, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 63) - 1, .max,
    ]

    private mutating func change(_ bytes: inout [UInt8], _ inputs: [[UInt8]]) {
        let place = bytes.isEmpty ? 0 : Int.random(in: 0..<bytes.count, using: &self)
        let count = Int.random(in: 1...32, using: &self)
        switch Int.random(in: bytes.isEmpty ? 6...7 : 0...8, using: &self) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &self)
        case 1: bytes[place] = UInt8.random(in: 0...255, using: &self)
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + count))
        case 3: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + count)], at: place)
        case 4: write(number: &bytes, at: place)
        case 5: bytes.removeLast(bytes.count - place)
        case 6: bytes.insert(contentsOf: Self.words.randomElement(using: &self)!.utf8, at: place)
        case 7: splice(&bytes, inputs.randomElement(using: &self) ?? [], at: place)
        default: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &self))
        }
    }

    /// A number of interest in one of the widths that formats have, where such a number would stand.
    private mutating func write(number bytes: inout [UInt8], at place: Int) {
        let width = [1, 2, 4, 8].randomElement(using: &self)!
        let start = place / width * width
        guard start + width <= bytes.count else { return }
        let number = Self.numbers.randomElement(using: &self)!
        withUnsafeBytes(of: number) { bytes.replaceSubrange(start..<(start + width), with: $0.prefix(width)) }
    }

    private mutating func splice(_ bytes: inout [UInt8], _ other: [UInt8], at place: Int) {
        let from = Int.random(in: 0...other.count, using: &self)
        bytes.replaceSubrange(place..., with: other[from...].prefix(1024))
    }
}
