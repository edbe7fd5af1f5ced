extension ValueRule {
    /// Why `text` is not such a value, or `nil` if it is.
    ///
    /// File names met on the way, also inside lists, are put into `files`.
    func reasonToRefuse(_ text: String, files: inout [NamedFile]) -> String? {
        if text.utf8.count > Self.maxBytes { return "longer than \(Self.maxBytes) bytes" }
        if text.utf8.contains(0) { return "contains the character NUL" }
        return switch self {
        case .integer(let range, let units): refuseInteger(text, range, units)
        case .decimal(let min, let max, let units): refuseDecimal(text, min, max, units)
        case .choice(let texts): refuseChoice(text, texts)
        case .string(let pattern, let maxBytes): refuseString(text, pattern, maxBytes)
        case .file(let direction, let names): refuseFile(text, direction, names, &files)
        case .duration(let range, []): refuse(text, outside: range, format: formatDuration, parse: parseDuration)
        case .size(let range, []): refuse(text, outside: range, format: formatBytes, parse: parseArgumentSize)
        case .duration(let range, let units): QuantityKind.duration.reasonToRefuse(text, outside: range, units: units)
        case .size(let range, let units): QuantityKind.size.reasonToRefuse(text, outside: range, units: units)
        case .date: isDate(text) ? nil : "not a date of the form YYYY-MM-DD"
        case .list(let separator, let element, let count):
            refuseList(text, separator, element, count, &files)
        }
    }
}

/// A file name found on the command line.
struct NamedFile: Equatable {
    var name: String
    var direction: FileDirection
}

private func refuseInteger(_ text: String, _ range: ClosedRange<Int64>, _ units: [String]) -> String? {
    guard let parts = NumberText(text, isDecimal: false), units.isEmpty ? parts.unit.isEmpty : true else {
        return "not an integer"
    }
    guard parts.hasUnit(of: units) else { return reasonAgainst(parts, units) }
    guard let value = Int64(parts.number) else { return "too large" }
    if value < range.lowerBound { return "less than \(range.lowerBound)" }
    if value > range.upperBound { return "more than \(range.upperBound)" }
    return nil
}

private func refuseDecimal(_ text: String, _ min: Double?, _ max: Double?, _ units: [String]) -> String? {
    guard let parts = NumberText(text, isDecimal: true), parts.number.utf8.count <= 64,
        units.isEmpty ? parts.unit.isEmpty : true, let value = Double(parts.number), value.isFinite
    else { return "not a decimal number" }
    guard parts.hasUnit(of: units) else { return reasonAgainst(parts, units) }
    if let min, value < min { return "less than \(min)" }
    if let max, value > max { return "more than \(max)" }
    return nil
}

func reasonAgainst(_ parts: NumberText, _ units: [String]) -> String {
    let unit = String(parts.unit)
    return unit.isEmpty
        ? "has no unit" : "\(quoted(unit)) is not one of its units\(suggestion(for: unit, among: units))"
}

private func isDigits(_ text: Substring.UTF8View) -> Bool {
    !text.isEmpty && text.allSatisfy { (48...57).contains($0) }
}

private func refuseChoice(_ text: String, _ texts: [String]) -> String? {
    texts.contains { isSame($0, text) } ? nil : "not one of the choices"
}

private func refuseString(_ text: String, _ pattern: Pattern?, _ maxBytes: Int) -> String? {
    if text.utf8.count > maxBytes { return "longer than \(maxBytes) bytes" }
    guard let pattern else {
        return text.unicodeScalars.contains(where: isControl) ? "contains a control character" : nil
    }
    return pattern.matches(text) ? nil : "does not match the pattern \(pattern.source)"
}

private func refuseFile(
    _ text: String, _ direction: FileDirection, _ names: NameFilter, _ files: inout [NamedFile]
) -> String? {
    if let reason = checkFileName(text) { return "not a possible file name: \(reason)" }
    if let reason = names.reasonToRefuse(text) { return reason }
    files.append(NamedFile(name: text, direction: direction))
    return nil
}

/// Programs write sizes with `K`, `M`, `G` more often than not.
private func parseArgumentSize(_ text: String) throws(QuantityError) -> Int64 {
    try parseByteSize(text, bareUnits: true)
}

private func refuse(
    _ text: String, outside range: ClosedRange<Int64>, format: (Int64) -> String,
    parse: (String) throws(QuantityError) -> Int64
) -> String? {
    do {
        let value = try parse(text)
        if value < range.lowerBound { return "less than \(format(range.lowerBound))" }
        if value > range.upperBound { return "more than \(format(range.upperBound))" }
        return nil
    } catch {
        return error.reason
    }
}

private func refuseList(
    _ text: String, _ separator: String, _ element: ValueRule, _ count: ClosedRange<Int>, _ files: inout [NamedFile]
) -> String? {
    let parts = text.isEmpty ? [] : pieces(of: text, separatedBy: separator)
    if parts.count < count.lowerBound { return "has \(parts.count) elements, at least \(count.lowerBound) are needed" }
    if parts.count > count.upperBound { return "has \(parts.count) elements, at most \(count.upperBound) are allowed" }
    for (number, part) in parts.enumerated() {
        if let reason = element.reasonToRefuse(part, files: &files) {
            return "element \(number + 1) \(quoted(part)): \(reason)"
        }
    }
    return nil
}

private func pieces(of text: String, separatedBy separator: String) -> [String] {
    guard let byte = separator.utf8.first else { return [text] }
    return text.utf8.split(separator: byte, omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
    }
}

/// A day of the Gregorian calendar, years 0001 to 9999.
private func isDate(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-") else { return false }
    func number(_ range: Range<Int>) -> Int? {
        isDigits(text.utf8.dropFirst(range.lowerBound).prefix(range.count))
            ? range.reduce(0) { $0 * 10 + Int(bytes[$1]) - 48 } : nil
    }
    guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10) else { return false }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return year > 0 && (1...12).contains(month) && (1...days[month - 1]).contains(day)
}
