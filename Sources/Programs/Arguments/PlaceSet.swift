/// A set of places between arguments: 0 before the first one, `count` behind the last.
struct PlaceSet {
    private var words: [UInt64]

    /// Empty, for places up to `count`.
    init(upTo count: Int) { words = Array(repeating: 0, count: count / 64 + 1) }

    var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    func contains(_ place: Int) -> Bool {
        place >= 0 && words[place / 64] & (1 << UInt64(place % 64)) != 0
    }

    mutating func insert(_ place: Int) { words[place / 64] |= 1 << UInt64(place % 64) }

    mutating func formUnion(_ other: PlaceSet) {
        for index in words.indices { words[index] |= other.words[index] }
    }

    /// The first place from `place` on.
    func next(from place: Int) -> Int? {
        guard place / 64 < words.count else { return nil }
        var index = place / 64
        var word = words[index] & (UInt64.max << UInt64(place % 64))
        while word == 0 {
            index += 1
            guard index < words.count else { return nil }
            word = words[index]
        }
        return index * 64 + word.trailingZeroBitCount
    }

    /// The last place.
    var last: Int? {
        words.lastIndex { $0 != 0 }.map { $0 * 64 + 63 - words[$0].leadingZeroBitCount }
    }
}
