/// Sizes and durations as values of which a program takes only some spellings: a whole number and one of a few units.
struct QuantityKind: Sendable {
    let name: String
    /// What each unit that a value may have is worth in the smallest one.
    let factors: [(name: String, factor: Int64)]
    let format: @Sendable (Int64) -> String

    static let size = QuantityKind(name: "size", factors: argumentSizes, format: { formatBytes($0) })
    static let duration = QuantityKind(
        name: "duration", factors: durations, format: { formatDuration(milliseconds: $0) })

    var units: [String] { factors.map(\.name) }

    func factor(of unit: some StringProtocol) -> Int64? {
        factors.first { $0.name.utf8.elementsEqual(unit.utf8) }?.factor
    }

    func reasonToRefuse(_ text: String, outside range: ClosedRange<Int64>, units: [String]) -> String? {
        guard let parts = NumberText(text, isDecimal: false), !parts.unit.utf8.starts(with: ".".utf8) else {
            return "not a whole number" + (units == [""] ? "" : " with a unit")
        }
        guard parts.hasUnit(of: units), let factor = factor(of: parts.unit) else {
            return reasonAgainst(parts, units)
        }
        guard let number = Int64(parts.number) else { return "too large" }
        let (value, overflow) = number.multipliedReportingOverflow(by: factor)
        if overflow { return "too large" }
        if value < range.lowerBound { return "less than \(format(range.lowerBound))" }
        if value > range.upperBound { return "more than \(format(range.upperBound))" }
        return nil
    }

    /// The whole numbers that may stand before this unit; `nil` when none does.
    func numbers(before unit: String, in range: ClosedRange<Int64>) -> ClosedRange<Int64>? {
        guard let factor = factor(of: unit) else { return nil }
        let least = (range.lowerBound - 1) / factor + 1
        let most = range.upperBound / factor
        return least <= most ? least...most : nil
    }

    /// A value near `wish`, or nothing when there is none at all.
    func example(near wish: Int64, in range: ClosedRange<Int64>, units: [String]) -> String {
        for unit in units {
            guard let factor = factor(of: unit), let numbers = numbers(before: unit, in: range) else { continue }
            return "\(min(max(wish / factor, numbers.lowerBound), numbers.upperBound))\(unit)"
        }
        return ""
    }
}
