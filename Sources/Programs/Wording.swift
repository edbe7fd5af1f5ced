/// `'text'`, with control characters made visible and long texts shortened: what a user wrote goes to terminals and
/// logs.
public func quoted(_ text: String) -> String {
    var shown = "'"
    var room = 80
    for scalar in text.unicodeScalars {
        guard room > 0 else { return shown + "…'" }
        room -= 1
        if isControl(scalar) {
            shown += "\\u{\(String(scalar.value, radix: 16))}"
        } else {
            shown.unicodeScalars.append(scalar)
        }
    }
    return shown + "'"
}

/// C0, DEL and C1 control characters, and the line, paragraph and direction marks that make text lie about itself.
func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
}

/// `; did you mean 'x'?` for the candidate nearest to `text`, or nothing when none is near.
///
/// - Parameter otherwise: What stands there when none is near.
public func suggestion(for text: String, among candidates: [String], else otherwise: String = "") -> String {
    nearest(to: text, among: candidates).map { "; did you mean '\($0)'?" } ?? otherwise
}

/// The candidate with the fewest typing errors between it and `text`, if those are few for its length.
func nearest(to text: String, among candidates: [String]) -> String? {
    guard text.utf8.count <= 64 else { return nil }
    var best: (distance: Int, candidate: String)?
    for candidate in candidates where candidate.utf8.count <= 64 && candidate != text {
        let distance = editDistance(Array(text.utf8), Array(candidate.utf8))
        let allowed = min(text.utf8.count, candidate.utf8.count) / 3
        if distance <= allowed, distance < best?.distance ?? Int.max { best = (distance, candidate) }
    }
    return best?.candidate
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var older: [Int] = []
    var previous = Array(0...b.count)
    for i in 0..<a.count {
        var current = [i + 1]
        for j in 0..<b.count {
            let cost = a[i] == b[j] ? 0 : 1
            var least = min(current[j] + 1, previous[j + 1] + 1, previous[j] + cost)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, older[j - 1] + 1) }
            current.append(least)
        }
        (older, previous) = (previous, current)
    }
    return previous[b.count]
}

/// At most `limit` items, the rest counted: `a, b, … (7 more)`.
func shortList(_ items: [String], limit: Int = 8) -> String {
    guard items.count > limit else { return items.joined(separator: ", ") }
    return items.prefix(limit).joined(separator: ", ") + ", … (\(items.count - limit) more)"
}
