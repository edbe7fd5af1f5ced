/// The source of every choice that a generator makes: a seed, or bytes that a fuzzer invents.
struct Dice: RandomNumberGenerator {
    private var state: UInt64
    /// Used up first, one for each choice.
    private var bytes: ArraySlice<UInt8>
    private let isBoundToBytes: Bool

    init(seed: UInt64) {
        state = seed
        bytes = []
        isBoundToBytes = false
    }

    /// Every choice behind the last byte is the first of its possibilities, so that short inputs make small cases.
    init(bytes: ArraySlice<UInt8>) {
        state = 0
        self.bytes = bytes
        isBoundToBytes = true
    }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func number(below count: Int) -> Int {
        if isBoundToBytes { return Int(bytes.popFirst() ?? 0) % count }
        return Int(next() % UInt64(count))
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int { range.lowerBound + number(below: range.count) }

    /// True once in so many times.
    mutating func once(in count: Int) -> Bool { number(below: count) == count - 1 }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[number(below: elements.count)] }

    mutating func shuffle<Element>(_ elements: [Element]) -> [Element] {
        var rest = elements
        var shuffled: [Element] = []
        while !rest.isEmpty { shuffled.append(rest.remove(at: number(below: rest.count))) }
        return shuffled
    }
}

/// A text in double quotes as JSON and YAML read it.
func quotedForYAML(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": quoted += "\\\""
        case "\\": quoted += "\\\\"
        case "\n": quoted += "\\n"
        case "\t": quoted += "\\t"
        default: quoted.unicodeScalars.append(scalar)
        }
    }
    return quoted + "\""
}
