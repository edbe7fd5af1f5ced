/// Looks at a file as text, piece by piece, wherever the pieces are cut: strict UTF-8 (RFC 3629: no overlong forms, no
/// surrogates, nothing beyond U+10FFFF) without control characters but tab, line feed, form feed and carriage return.
struct TextCheck: Sendable {
    /// What makes a file no text.
    enum Fault: Sendable, Equatable {
        case control(UInt8)
        case invalid
        /// The file ends inside a character.
        case cutOff
    }

    private(set) var isASCII = true
    private(set) var fault: (Fault, offset: Int64)?
    private var offset: Int64 = 0
    /// Continuation bytes that must follow, and what the next of them may be.
    private var pending = 0
    private var least: UInt8 = 0x80
    private var most: UInt8 = 0xBF
    /// Within U+0080 to U+00BF, where the C1 control characters are.
    private var isBehindC2 = false

    mutating func add(_ bytes: [UInt8]) {
        guard fault == nil else { return }
        for (index, byte) in bytes.enumerated() {
            // Most of any text; the rest is rare enough for a call.
            if pending == 0 && (byte >= 0x20 && byte < 0x7F || byte == 0x0A) { continue }
            if let found = step(byte) {
                fault = (found, offset + Int64(index))
                return
            }
        }
        offset += Int64(bytes.count)
    }

    mutating func finish() {
        if fault == nil && pending > 0 { fault = (.cutOff, offset) }
    }

    private mutating func step(_ byte: UInt8) -> Fault? {
        if pending > 0 {
            guard (least...most).contains(byte) else { return .invalid }
            if isBehindC2 && byte < 0xA0 { return .control(byte) }
            (pending, least, most, isBehindC2) = (pending - 1, 0x80, 0xBF, false)
            return nil
        }
        if byte < 0x80 { return isAllowedControl(byte) || byte >= 0x20 && byte != 0x7F ? nil : .control(byte) }
        isASCII = false
        return lead(byte)
    }

    private func isAllowedControl(_ byte: UInt8) -> Bool { byte == 9 || byte == 10 || byte == 12 || byte == 13 }

    private mutating func lead(_ byte: UInt8) -> Fault? {
        switch byte {
        case 0xC2...0xDF: pending = 1
        case 0xE0...0xEF: pending = 2
        case 0xF0...0xF4: pending = 3
        default: return .invalid
        }
        isBehindC2 = byte == 0xC2
        if byte == 0xE0 { least = 0xA0 }
        if byte == 0xED { most = 0x9F }
        if byte == 0xF0 { least = 0x90 }
        if byte == 0xF4 { most = 0x8F }
        return nil
    }
}
