/// Why a text is not a size, a duration or a count; a phrase that fits after "limit 'x': ".
struct QuantityError: Error, Equatable {
    var reason: String
}

typealias QuantityUnit = (name: String, factor: Int64)

private let binarySizes: [QuantityUnit] = [
    ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
]
private let decimalSizes: [QuantityUnit] = [
    ("", 1), ("B", 1), ("kB", 1000), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
]
/// What most programs take on their own command lines; in a program file they would be ambiguous.
private let bareSizes: [QuantityUnit] = [("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30), ("T", 1 << 40)]
let durations: [QuantityUnit] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]

/// What a size on a command line may have behind it.
let argumentSizes = decimalSizes + binarySizes + bareSizes

/// Reads a size in bytes: `4096`, `512KiB`, `10MiB`, `2MB`, `1.5GiB`; at least 1.
///
/// - Parameter bareUnits: also take `K`, `M`, `G` and `T`, as many programs do (powers of 1024).
func parseByteSize(_ text: String, bareUnits: Bool = false) throws(QuantityError) -> Int64 {
    let units = bareUnits ? argumentSizes : binarySizes + decimalSizes
    return try parseQuantity(text, units: units, what: "a size such as 4096, 512KiB, 10MiB or 2MB")
}

/// Reads a duration in milliseconds: `500ms`, `10s`, `1.5s`, `10m`, `2h`, `1d`; at least 1 ms.
func parseDuration(_ text: String) throws(QuantityError) -> Int64 {
    try parseQuantity(text, units: durations, what: "a duration with its unit, such as 500ms, 10s, 10m, 2h or 1d")
}

/// Reads a whole number that is at least 1.
func parseCount(_ text: String) throws(QuantityError) -> Int64 {
    try parseQuantity(text, units: [("", 1)], what: "a whole number")
}

/// Reads a number of processors in thousandths: `1`, `1.5`, `0.25`; at least 0.01.
func parseCPUs(_ text: String) throws(QuantityError) -> Int64 {
    let thousandths = try parseQuantity(
        text, units: [("", 1000)], what: "a number of processors such as 1, 1.5 or 8",
        smallest: exactThousandths(LimitName.cpus.smallest), tooFine: "has more than three decimals")
    guard thousandths >= LimitName.cpus.smallest else {
        throw QuantityError(
            reason: "\(quoted(text)) is too little, the smallest is \(exactThousandths(LimitName.cpus.smallest))")
    }
    return thousandths
}

/// - Parameters:
///   - smallest: what to write instead of zero.
///   - tooFine: what is said of a fraction that does not come out whole, also of one of too many digits.
private func parseQuantity(
    _ text: String, units: [QuantityUnit], what: String, smallest: String = "1", tooFine: String? = nil
) throws(QuantityError) -> Int64 {
    let notOne = QuantityError(reason: "\(quoted(text)) is not \(what)")
    let unitStart = text.firstIndex { !($0.isASCIIDigit || $0 == ".") } ?? text.endIndex
    let number = text[..<unitStart].split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(number.count), number.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 30 }),
        let unit = units.first(where: { $0.name == text[unitStart...] })
    else { throw notOne }
    let fraction = number.count == 2 ? number[1] : ""
    guard let whole = Int64(number[0]) else { throw QuantityError(reason: "\(quoted(text)) is too large") }
    let (product, overflow) = whole.multipliedReportingOverflow(by: unit.factor)
    let part: Int64
    do throws(QuantityError) { part = try fractionOf(unit.factor, digits: fraction, text: text) } catch {
        throw tooFine.map { QuantityError(reason: "\(quoted(text)) \($0)") } ?? error
    }
    let (sum, carry) = product.addingReportingOverflow(part)
    guard !overflow, !carry else { throw QuantityError(reason: "\(quoted(text)) is too large") }
    guard sum > 0 else { throw QuantityError(reason: "zero is not possible here, the smallest is \(smallest)") }
    return sum
}

/// `0.digits` times `factor`, which must come out whole: 1.5s is 1500 ms, but 0.5ms is nothing.
private func fractionOf(_ factor: Int64, digits: Substring, text: String) throws(QuantityError) -> Int64 {
    var value: Int64 = 0
    var scale: Int64 = 1
    for digit in digits.utf8 where scale <= 1_000_000 || digit != UInt8(ascii: "0") {
        guard scale < 1_000_000 else { throw QuantityError(reason: "\(quoted(text)) has too many decimal places") }
        scale *= 10
        value = value * 10 + Int64(digit - UInt8(ascii: "0"))
    }
    // factor <= 2^40 and value < 10^6, so the product stays under 2^60.
    let rest = factor * value
    guard rest % scale == 0 else {
        throw QuantityError(reason: "\(quoted(text)) is not a whole number of its smallest unit")
    }
    return rest / scale
}

extension Character {
    var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}

/// A size as a person reads it: `10 MiB`, `1.5 GiB`, `512 bytes`; rounded to one decimal place.
public func formatBytes(_ bytes: Int64) -> String {
    for unit in binarySizes.reversed() where bytes >= unit.factor {
        let (whole, rest) = bytes.quotientAndRemainder(dividingBy: unit.factor)
        let tenths = (rest * 10 + unit.factor / 2) / unit.factor
        let name = String(unit.name)
        if tenths == 0 { return "\(whole) \(name)" }
        return tenths == 10 ? "\(whole + 1) \(name)" : "\(whole).\(tenths) \(name)"
    }
    return bytes == 1 ? "1 byte" : "\(bytes) bytes"
}

/// A duration as a person reads it, exactly: `10 s`, `1 m 30 s`, `1.5 s`, `500 ms`.
public func formatDuration(milliseconds: Int64) -> String {
    guard milliseconds >= 1000 else { return "\(milliseconds) ms" }
    var parts: [String] = []
    var rest = milliseconds
    for unit in durations.reversed().dropLast(2) where rest >= unit.factor {
        parts.append("\(rest / unit.factor) \(unit.name)")
        rest %= unit.factor
    }
    if rest > 0 {
        let thousandths = rest % 1000
        parts.append(thousandths == 0 ? "\(rest / 1000) s" : "\(rest / 1000).\(decimals(thousandths)) s")
    }
    return parts.joined(separator: " ")
}

/// Three decimal places without the zeros at the end.
private func decimals(_ thousandths: Int64) -> String {
    var digits = String(1000 + thousandths).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return String(digits)
}

// MARK: As a program file has it

/// The same number of bytes in the largest unit that leaves no fraction: `10MiB`, `2MB`, `4097`.
func exactSize(_ bytes: Int64) -> String {
    let units = binarySizes + decimalSizes.filter { !["", "B", "KB"].contains($0.name) }
    return exact(bytes, units.sorted { $0.factor < $1.factor }) ?? String(bytes)
}

/// The same time in the largest unit that leaves no fraction: `10m`, `90s`, `1500ms`.
func exactDuration(_ milliseconds: Int64) -> String {
    exact(milliseconds, durations) ?? "\(milliseconds)ms"
}

/// A number of thousandths: `1`, `1.5`, `0.25`.
func exactThousandths(_ value: Int64) -> String {
    let (whole, rest) = value.quotientAndRemainder(dividingBy: 1000)
    return rest == 0 ? "\(whole)" : "\(whole).\(decimals(rest))"
}

private func exact(_ value: Int64, _ units: [QuantityUnit]) -> String? {
    units.last { value % $0.factor == 0 }.map { "\(value / $0.factor)\($0.name)" }
}
