/// Writes tar archives of regular files: ustar, with a pax header in front of what ustar cannot say. The same files give the
/// same bytes: nobody's name, number or time but those that are given.
public enum TarWriter {
    /// Two blocks of zeros.
    public static let end = [UInt8](repeating: 0, count: 1024)
    /// Eleven octal digits.
    static let maxOctal: Int64 = 0o777_7777_7777

    /// What stands before a file's bytes.
    ///
    /// - Parameters:
    ///   - name: as `checkFileName` allows it.
    ///   - modified: seconds since 1970; what ustar cannot say becomes the nearest that it can.
    public static func header(name: String, size: Int64, modified: Int64, isExecutable: Bool = false) -> [UInt8] {
        let bytes = Array(name.utf8)
        let place = division(of: bytes)
        var records: [UInt8] = []
        if place == nil { records += record("path", bytes) }
        if size > maxOctal { records += record("size", Array(String(size).utf8)) }
        let time = min(max(modified, 0), maxOctal)
        let mode: Int64 = isExecutable ? 0o755 : 0o644
        let (prefix, last) = place ?? ([], bytes.prefix(100))
        let own = block(
            prefix: prefix, name: last, mode: mode, size: size > maxOctal ? 0 : size, time: time, type: "0")
        if records.isEmpty { return own }
        let extended = block(
            prefix: [], name: "PaxHeaders/entry".utf8.map { $0 }[...], mode: 0o644, size: Int64(records.count),
            time: time,
            type: "x")
        return extended + records + padding(behind: Int64(records.count)) + own
    }

    /// What stands behind a file's bytes.
    public static func padding(behind size: Int64) -> [UInt8] {
        [UInt8](repeating: 0, count: TarReader.padding(behind: size))
    }

    /// A name as ustar holds it, ASCII in two parts that a '/' joins; nil when it cannot.
    private static func division(of name: [UInt8]) -> (prefix: ArraySlice<UInt8>, name: ArraySlice<UInt8>)? {
        guard name.allSatisfy({ $0 < 0x80 }) else { return nil }
        if name.count <= 100 { return ([], name[...]) }
        // The first slash that leaves a short enough name leaves the shortest prefix too.
        guard let slash = name[(name.count - 101)...].firstIndex(of: UInt8(ascii: "/")), (1...155).contains(slash)
        else {
            return nil
        }
        return (name[..<slash], name[(slash + 1)...])
    }

    /// The length counts its own digits.
    private static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let rest = Array(" \(key)=".utf8) + value + [UInt8(ascii: "\n")]
        var length = rest.count + 1
        while String(length).utf8.count + rest.count != length { length = String(length).utf8.count + rest.count }
        return Array(String(length).utf8) + rest
    }

    private static func block(
        prefix: ArraySlice<UInt8>, name: ArraySlice<UInt8>, mode: Int64, size: Int64, time: Int64, type: Unicode.Scalar
    ) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: some Collection<UInt8>, at offset: Int) {
            block.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
        }
        put(name, at: 0)
        put(octal(mode, digits: 7), at: 100)
        put(octal(0, digits: 7), at: 108)
        put(octal(0, digits: 7), at: 116)
        put(octal(size, digits: 11), at: 124)
        put(octal(time, digits: 11), at: 136)
        put([UInt8](repeating: UInt8(ascii: " "), count: 8), at: 148)
        put([UInt8(ascii: type)], at: 156)
        put("ustar\0".utf8, at: 257)
        put("00".utf8, at: 263)
        put(octal(0, digits: 7), at: 329)
        put(octal(0, digits: 7), at: 337)
        put(prefix, at: 345)
        let sum = block.reduce(0) { $0 + Int64($1) }
        put(octal(sum, digits: 6) + [0], at: 148)
        return block
    }

    private static func octal(_ value: Int64, digits: Int) -> [UInt8] {
        let text = String(value, radix: 8)
        return Array((String(repeating: "0", count: digits - text.utf8.count) + text).utf8)
    }
}
