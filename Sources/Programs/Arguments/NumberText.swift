/// A number on the command line, taken apart from the unit behind it.
///
/// There is one way to write a number: programs disagree about signs, leading zeros (octal), hexadecimal and infinity.
struct NumberText {
    let number: Substring
    /// What stands behind the number.
    let unit: Substring

    /// The longest number that `text` begins with, or `nil` if it does not begin with one.
    ///
    /// - Parameter isDecimal: Whether `.5` and `e-3` behind the digits belong to it.
    init?(_ text: String, isDecimal: Bool) {
        let bytes = text.utf8
        let start = bytes.first == UInt8(ascii: "-") ? bytes.index(after: bytes.startIndex) : bytes.startIndex
        var end = Self.digits(bytes, from: start)
        // A zero in front of another digit is no decimal number to everybody.
        guard end > start, bytes[start] != UInt8(ascii: "0") || end == bytes.index(after: start) else { return nil }
        if isDecimal {
            end = Self.part(bytes, from: end, behind: ".", signed: false)
            end = Self.part(bytes, from: end, behind: "eE", signed: true)
        }
        number = text[..<end]
        unit = text[end...]
    }

    private static func digits(_ bytes: String.UTF8View, from start: String.Index) -> String.Index {
        bytes[start...].firstIndex { !(48...57).contains($0) } ?? bytes.endIndex
    }

    /// The end of the mark and the digits behind it, or `start` if there are none.
    private static func part(
        _ bytes: String.UTF8View, from start: String.Index, behind marks: StaticString, signed: Bool
    ) -> String.Index {
        guard start < bytes.endIndex, marks.description.utf8.contains(bytes[start]) else { return start }
        var first = bytes.index(after: start)
        if signed, first < bytes.endIndex, "+-".utf8.contains(bytes[first]) { first = bytes.index(after: first) }
        let end = digits(bytes, from: first)
        return end > first ? end : start
    }

    func hasUnit(of units: [String]) -> Bool {
        units.isEmpty ? unit.isEmpty : units.contains { $0.utf8.elementsEqual(unit.utf8) }
    }
}
