import Programs

extension SeccompPolicy {
    /// Bytes that equal policies share and no two others: the key of what was compiled from one. Every text and every list
    /// stands behind its length, whatever is in it.
    public var identity: [UInt8] {
        var writer = IdentityWriter()
        for list in [allowed, forbidden] {
            writer.add(list.count)
            for name in list { writer.add(name) }
        }
        writer.add(rules.count)
        for rule in rules {
            writer.add(rule.call)
            writer.add(rule.answer)
            writer.add(rule.comparisons.count)
            for comparison in rule.comparisons {
                writer.add(comparison.operation.rawValue)
                writer.add(comparison.argument)
                writer.add(comparison.value)
                writer.add(comparison.valueTwo)
            }
        }
        writer.add(otherwise)
        return writer.bytes
    }
}

private struct IdentityWriter {
    private(set) var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(16_384) }

    mutating func add(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: UInt64(truncatingIfNeeded: number).littleEndian) { bytes += $0 }
    }

    mutating func add(_ text: String) {
        add(text.utf8.count)
        bytes += text.utf8
    }

    mutating func add(_ answer: SeccompFile.Answer) {
        switch answer {
        case .allow: add(0)
        case .log: add(1)
        case .kill: add(2)
        case .error(let number):
            add(3)
            add(number)
        }
    }
}
