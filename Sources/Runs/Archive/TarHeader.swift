/// One header block of an archive, checked.
struct TarHeader {
    enum Kind: Sendable { case file, directory }

    /// Headers that say something of the entry behind them, or of all of them.
    enum Extension: Sendable { case pax, global, longName, longLink }

    static let onlyFiles = "only regular files and directories are taken"

    var name: [UInt8]
    var size: Int64
    var isExecutable: Bool
    private var type: UInt8

    private enum Format { case old, posix, gnu }

    /// - Parameter block: 512 bytes.
    init(_ block: [UInt8]) throws(TarError) {
        try TarHeader.check(block)
        let format = try TarHeader.format(block[257..<265])
        name = try TarHeader.text(block[0..<100], "name")
        if format == .posix {
            let prefix = try TarHeader.text(block[345..<500], "name")
            if !prefix.isEmpty { name = prefix + [UInt8(ascii: "/")] + name }
        }
        size = try TarHeader.number(block[124..<136], "size")
        isExecutable = try TarHeader.number(block[100..<108], "mode") & 0o100 != 0
        type = block[156]
    }

    var `extension`: Extension? {
        switch type {
        case UInt8(ascii: "x"): .pax
        case UInt8(ascii: "g"): .global
        case UInt8(ascii: "L"): .longName
        case UInt8(ascii: "K"): .longLink
        default: nil
        }
    }

    /// - Parameter entry: what to call it in an error.
    func kind(of entry: String) throws(TarError) -> Kind {
        let refused: String
        switch type {
        // Before POSIX a directory was a file whose name ended so.
        case 0: return name.last == UInt8(ascii: "/") ? .directory : .file
        case UInt8(ascii: "0"), UInt8(ascii: "7"): return .file
        case UInt8(ascii: "5"): return .directory
        case UInt8(ascii: "1"): refused = "a hard link"
        case UInt8(ascii: "2"): refused = "a symbolic link"
        case UInt8(ascii: "3"): refused = "a character device"
        case UInt8(ascii: "4"): refused = "a block device"
        case UInt8(ascii: "6"): refused = "a FIFO"
        case UInt8(ascii: "S"): refused = "a sparse file"
        default: refused = "of type \(type)"
        }
        throw TarError("\(entry) is \(refused), \(TarHeader.onlyFiles)")
    }

    // MARK: Fields

    /// The sum of all bytes, the checksum itself as spaces.
    private static func check(_ block: [UInt8]) throws(TarError) {
        let field = 148..<156
        let sum =
            block.reduce(0) { $0 + Int64($1) } - block[field].reduce(0) { $0 + Int64($1) } + Int64(field.count) * 32
        let expected = try? number(block[field], "checksum")
        guard expected == sum else { throw TarError("no header of a tar archive: its checksum does not fit") }
    }

    /// Magic and version together.
    private static func format(_ magic: ArraySlice<UInt8>) throws(TarError) -> Format {
        if magic.allSatisfy({ $0 == 0 }) { return .old }
        if magic.starts(with: Array("ustar\0".utf8)) { return .posix }
        if magic.elementsEqual(Array("ustar  \0".utf8)) { return .gnu }
        throw TarError("no header of a tar archive that is known here: ustar, pax, GNU and v7 are")
    }

    /// What stands before the first NUL. Nothing may hide behind it.
    private static func text(_ field: ArraySlice<UInt8>, _ what: String) throws(TarError) -> [UInt8] {
        let text = field.prefix { $0 != 0 }
        guard field.dropFirst(text.count).allSatisfy({ $0 == 0 }) else {
            throw TarError("a header with a NUL inside its \(what)")
        }
        return Array(text)
    }

    /// Octal, or with the first bit set big-endian. Never negative.
    private static func number(_ field: ArraySlice<UInt8>, _ what: String) throws(TarError) -> Int64 {
        let wrong = TarError("a header whose \(what) is no number from 0 to \(Int64.max)")
        if let first = field.first, first & 0x80 != 0 {
            guard first & 0x40 == 0 else { throw wrong }
            return try big([first & 0x3f] + field.dropFirst(), wrong)
        }
        let text = field.drop { $0 == UInt8(ascii: " ") }
        let digits = text.prefix { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }
        guard text.dropFirst(digits.count).allSatisfy({ $0 == 0 || $0 == UInt8(ascii: " ") }) else { throw wrong }
        // At most twelve digits: 36 bits.
        return digits.reduce(0) { $0 << 3 | Int64($1 - UInt8(ascii: "0")) }
    }

    private static func big(_ bytes: [UInt8], _ wrong: TarError) throws(TarError) -> Int64 {
        var value: Int64 = 0
        for byte in bytes {
            guard value <= Int64.max >> 8 else { throw wrong }
            value = value << 8 | Int64(byte)
        }
        return value
    }
}

extension TarHeader {
    /// What extended headers say of the next entry.
    struct Extensions: Sendable {
        private var records: PaxRecords?
        private var longName: [UInt8]?
        private var hasLongLink = false

        var isEmpty: Bool { records == nil && longName == nil && !hasLongLink }
        var path: [UInt8]? { records?.path ?? longName }
        var size: Int64? { records?.size }
        var isSparse: Bool { records?.isSparse == true }

        func has(_ kind: Extension) -> Bool {
            switch kind {
            case .pax: records != nil
            case .longName: longName != nil
            case .longLink: hasLongLink
            case .global: false
            }
        }

        mutating func take(_ kind: Extension, _ bytes: [UInt8]) throws(TarError) {
            switch kind {
            case .pax: records = try PaxRecords(bytes)
            case .longName: longName = try text(bytes[...], "long name")
            // Links are refused for what they are.
            case .longLink: hasLongLink = true
            // Comments and defaults for times and owners, which are not taken over either.
            case .global: break
            }
        }
    }
}

/// The records of a pax extended header that matter here: `LENGTH KEY=VALUE` and a line feed, again and again.
struct PaxRecords: Sendable {
    var path: [UInt8]?
    var size: Int64?
    var isSparse = false

    init(_ bytes: [UInt8]) throws(TarError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let (key, value) = try PaxRecords.record(&rest)
            switch key {
            // An empty value takes back what an earlier record has said.
            case "path": path = value.isEmpty ? nil : Array(value)
            case "size": size = value.isEmpty ? nil : try PaxRecords.size(value)
            case _ where key.hasPrefix("GNU.sparse."): isSparse = true
            default: break
            }
        }
    }

    private static func record(_ rest: inout ArraySlice<UInt8>) throws(TarError) -> (String, ArraySlice<UInt8>) {
        let wrong = TarError("a pax header that is no list of 'LENGTH KEY=VALUE'")
        let digits = rest.prefix { $0 != UInt8(ascii: " ") }
        // The length counts itself, the space, the record and the line feed.
        guard let length = decimal(digits), length > digits.count + 1, length <= rest.count else { throw wrong }
        let line = rest.prefix(Int(length)).dropFirst(digits.count + 1)
        guard line.last == UInt8(ascii: "\n"), let equals = line.firstIndex(of: UInt8(ascii: "=")) else { throw wrong }
        rest = rest.dropFirst(Int(length))
        return (String(decoding: line[..<equals], as: UTF8.self), line[(equals + 1)...].dropLast())
    }

    private static func size(_ value: ArraySlice<UInt8>) throws(TarError) -> Int64 {
        guard let size = decimal(value) else {
            throw TarError("a pax header whose size is no number from 0 to \(Int64.max)")
        }
        return size
    }

    private static func decimal(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int64(String(decoding: digits, as: UTF8.self))
    }
}
