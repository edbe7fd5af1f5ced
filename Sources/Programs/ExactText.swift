/// Whether two texts are the same bytes.
///
/// Swift's `==` also calls texts equal that only look alike ("K" and the Kelvin sign, é in one or two code points); the
/// kernel and the program compare bytes, so every comparison with something a requester wrote must too.
func isSame(_ a: String, _ b: String) -> Bool {
    a.utf8.elementsEqual(b.utf8)
}

/// A key for sets and dictionaries that compares bytes.
struct ExactText: Hashable, Sendable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (a: ExactText, b: ExactText) -> Bool { isSame(a.text, b.text) }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
