// Which texts are values, read straight from the table in docs/program-file.md. Slow and plain on purpose; nothing of
// the module under test is used.

extension ValueModel {
    func accepts(_ text: String) -> Bool {
        guard text.utf8.count <= 131_071, !text.utf8.contains(0) else { return false }
        switch self {
        case .integer(let min, let max, let units):
            return Self.withoutUnit(text, units).contains { number in
                guard let value = referenceInteger(number) else { return false }
                return value >= min ?? .min && value <= max ?? .max
            }
        case .decimal(let min, let max, let units):
            return Self.withoutUnit(text, units).contains { number in
                guard let value = referenceDecimal(number) else { return false }
                return value >= min ?? -.infinity && value <= max ?? .infinity
            }
        case .choice(let texts): return texts.contains { Array($0.utf8) == Array(text.utf8) }
        case .string(let pattern, let max):
            guard text.utf8.count <= max ?? 4096 else { return false }
            return pattern?.matches(text) ?? !text.unicodeScalars.contains(where: isControlForReference)
        case .file(let direction, let patterns, let exceptions):
            guard patterns.isEmpty || patterns.contains(where: { $0.matches(text) }) else { return false }
            if exceptions.contains(where: { $0.matches(text) }) { return false }
            let isThere = direction != "input" || Self.inputs.contains { Array($0.utf8) == Array(text.utf8) }
            return isThere && isFileName(text)
        case .duration(let min, let max, let units):
            guard Self.isWholeBefore(text, units) else { return false }
            return Self.isWithin(referenceQuantity(text, referenceDurations), min?.1, max?.1)
        case .size(let min, let max, let units):
            guard Self.isWholeBefore(text, units) else { return false }
            return Self.isWithin(referenceQuantity(text, referenceSizes), min?.1, max?.1)
        case .date: return isReferenceDate(text)
        case .list(let separator, let element, let min, let max):
            let parts =
                text.isEmpty
                ? []
                : text.unicodeScalars.split(
                    separator: (separator ?? ",").unicodeScalars.first ?? ",", omittingEmptySubsequences: false)
            guard parts.count >= min ?? 1, parts.count <= max ?? 1000 else { return false }
            return parts.allSatisfy { element.accepts(String($0)) }
        }
    }

    /// The texts before a unit that `text` ends with.
    private static func withoutUnit(_ text: String, _ units: [String]) -> [String] {
        if units.isEmpty { return [text] }
        return units.compactMap { unit in
            let bytes = Array(text.utf8), end = Array(unit.utf8)
            guard bytes.count >= end.count, Array(bytes[(bytes.count - end.count)...]) == end else { return nil }
            return String(decoding: bytes[..<(bytes.count - end.count)], as: UTF8.self)
        }
    }

    private static func isWholeBefore(_ text: String, _ units: [String]) -> Bool {
        units.isEmpty || withoutUnit(text, units).contains { isWhole($0) }
    }

    private static func isWithin(_ value: Int?, _ min: Int?, _ max: Int?) -> Bool {
        guard let value else { return false }
        return value >= min ?? 1 && value <= max ?? .max
    }
}

private func isDigits(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.unicodeScalars.allSatisfy { ("0"..."9").contains($0) }
}

private func isWhole(_ text: some StringProtocol) -> Bool {
    isDigits(text) && (text.utf8.count == 1 || text.utf8.first != 48)
}

private func referenceInteger(_ text: String) -> Int? {
    let digits = text.utf8.first == 45 ? String(text.unicodeScalars.dropFirst()) : text
    return isWhole(digits) ? Int(text) : nil
}

private func referenceDecimal(_ text: String) -> Double? {
    let unsigned = text.utf8.first == 45 ? String(text.unicodeScalars.dropFirst()) : text
    let halves = unsigned.unicodeScalars.split(omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        .map { String($0) }
    let parts = halves[0].unicodeScalars.split(separator: ".", omittingEmptySubsequences: false).map { String($0) }
    guard halves.count <= 2, parts.count <= 2, isWhole(parts[0]), parts.count == 1 || isDigits(parts[1]) else {
        return nil
    }
    if halves.count == 2 {
        let isSigned = halves[1].utf8.first == 43 || halves[1].utf8.first == 45
        guard isDigits(isSigned ? String(halves[1].unicodeScalars.dropFirst()) : halves[1]) else { return nil }
    }
    return Double(text).flatMap { $0.isFinite ? $0 : nil }
}

private let referenceDurations = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
private let referenceSizes: [(String, Int)] = [
    ("", 1), ("B", 1), ("kB", 1000), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("K", 1 << 10), ("M", 1 << 20),
    ("G", 1 << 30), ("T", 1 << 40),
]

private func referenceQuantity(_ text: String, _ units: [(String, Int)]) -> Int? {
    let scalars = Array(text.unicodeScalars)
    let end = scalars.firstIndex { !("0"..."9").contains($0) && $0 != "." } ?? scalars.count
    let unit = scalars[end...].map { String($0) }.joined()
    let parts = scalars[..<end].split(separator: ".", omittingEmptySubsequences: false)
        .map { $0.map { String($0) }.joined() }
    guard let factor = units.first(where: { Array($0.0.utf8) == Array(unit.utf8) })?.1, (1...2).contains(parts.count),
        parts.allSatisfy(isDigits), let whole = Int(parts[0])
    else { return nil }
    // The fraction must come out whole: 0.75 of 4 is 3, 0.5 of 1 is nothing.
    var fraction = parts.count == 2 ? parts[1] : "", scale = 1
    while fraction.hasSuffix("0") { fraction.removeLast() }
    for _ in fraction.utf8.prefix(7) { scale *= 10 }
    guard fraction.utf8.count <= 6, (factor * (Int(fraction) ?? 0)) % scale == 0 else { return nil }
    let (product, overflow) = whole.multipliedReportingOverflow(by: factor)
    let (value, carry) = product.addingReportingOverflow(factor * (Int(fraction) ?? 0) / scale)
    return overflow || carry || value < 1 ? nil : value
}

private func isReferenceDate(_ text: String) -> Bool {
    let parts = text.unicodeScalars.split(separator: "-", omittingEmptySubsequences: false).map { String($0) }
    guard parts.count == 3, parts.map(\.utf8.count) == [4, 2, 2], parts.allSatisfy(isDigits),
        let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]), year >= 1
    else { return false }
    let february = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0) ? 29 : 28
    let days = [1: 31, 2: february, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31]
    return day >= 1 && day <= days[month] ?? 0
}

private func isControlForReference(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control
        || [0x2028, 0x2029, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069]
            .contains(scalar.value)
}

func isFileName(_ name: String) -> Bool {
    let components = name.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
    return !name.isEmpty && name.utf8.count <= 1024 && name.utf8.first != 45
        && !name.unicodeScalars.contains(where: isControlForReference)
        && components.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255 }
}
