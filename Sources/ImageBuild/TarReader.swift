import Images
import Programs

/// The entries of a tar archive, links and devices included: what of them is welcome, the staging decides.
///
/// ustar, pax and GNU headers. Nothing is skipped silently: what is not understood ends the reading.
final class TarReader {
    private let source: any ByteSource
    private var buffer: [UInt8] = []
    private var position = 0
    /// Of the current entry: content that is not read yet, and what fills its last block.
    private var rest: Int64 = 0
    private var padding = 0

    /// Beyond this an extended header is no honest one.
    private static let maxExtension: Int64 = 1 << 20

    init(_ source: any ByteSource) { self.source = source }

    /// - Returns: nil behind the last entry.
    func next() throws -> SourceEntry? {
        try skipContent()
        var extensions = TarExtensions()
        while true {
            let block = try bytes(512)
            if block.allSatisfy({ $0 == 0 }) {
                guard extensions.isEmpty else { throw ImageError("the archive ends behind an extended header") }
                return nil
            }
            let header = try TarBlock(block)
            guard "xgLK".utf8.contains(header.type) else {
                let size = extensions.size ?? header.size
                let entry = try header.entry(extensions, size: size)
                if case .file = entry.kind { begin(size) }
                return entry
            }
            guard header.size <= Self.maxExtension else { throw ImageError("an extended header is larger than 1 MiB") }
            let content = try bytes(Int(header.size))
            _ = try bytes(Self.padding(header.size))
            try extensions.take(header.type, content)
        }
    }

    /// Of the current entry.
    func content(upTo count: Int) throws -> [UInt8] {
        guard rest > 0 else { return [] }
        let chunk = try some(Int(min(Int64(count), rest)))
        rest -= Int64(chunk.count)
        return chunk
    }

    private func begin(_ size: Int64) {
        rest = size
        padding = Self.padding(size)
    }

    private static func padding(_ size: Int64) -> Int { Int((512 - size % 512) % 512) }

    private func skipContent() throws {
        while rest > 0 { _ = try content(upTo: 1 << 20) }
        _ = try bytes(padding)
        padding = 0
    }

    /// At least one.
    private func some(_ count: Int) throws -> [UInt8] {
        if position == buffer.count {
            (buffer, position) = (try source.read(upTo: 1 << 18), 0)
            guard !buffer.isEmpty else { throw ImageError("the archive is cut short") }
        }
        let end = min(buffer.count, position + count)
        defer { position = end }
        return Array(buffer[position..<end])
    }

    private func bytes(_ count: Int) throws -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count { all += try some(count - all.count) }
        return all
    }
}

/// What extended headers say of the next entry.
private struct TarExtensions {
    var path: [UInt8]?
    var target: [UInt8]?
    var size: Int64?
    var attributes: [String] = []
    /// Why the entry is refused; its name may be known only afterwards.
    var refusal: String?
    var isEmpty = true
    private var taken: Set<UInt8> = []

    mutating func take(_ type: UInt8, _ content: [UInt8]) throws {
        // Comments and defaults for times and owners, which are not taken over either.
        if type == UInt8(ascii: "g") { return }
        guard taken.insert(type).inserted else {
            throw ImageError("two extended headers of one kind stand before an entry")
        }
        isEmpty = false
        switch type {
        case UInt8(ascii: "L"): path = content.prefix { $0 != 0 }.map { $0 }
        case UInt8(ascii: "K"): target = content.prefix { $0 != 0 }.map { $0 }
        default: try records(content)
        }
    }

    /// `LENGTH KEY=VALUE` and a line feed, again and again. Source: POSIX pax, "pax Extended Header".
    private mutating func records(_ bytes: [UInt8]) throws {
        let wrong = ImageError("a pax header is no list of 'LENGTH KEY=VALUE'")
        var rest = bytes[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0 != UInt8(ascii: " ") }
            guard let length = number(digits), length > digits.count + 1, length <= rest.count else { throw wrong }
            let line = rest.prefix(Int(length)).dropFirst(digits.count + 1)
            guard line.last == UInt8(ascii: "\n"), let equals = line.firstIndex(of: UInt8(ascii: "=")) else {
                throw wrong
            }
            rest = rest.dropFirst(Int(length))
            try record(String(decoding: line[..<equals], as: UTF8.self), Array(line[(equals + 1)...].dropLast()))
        }
    }

    private mutating func record(_ key: String, _ value: [UInt8]) throws {
        switch key {
        case "path": path = value
        case "linkpath": target = value
        case "size":
            guard let size = number(value[...]) else { throw ImageError("a pax header's size is no number") }
            self.size = size
        case _ where key.hasPrefix("GNU.sparse."):
            refusal = "a sparse file; make the archive without --sparse"
        case _ where key.hasPrefix("SCHILY.xattr."): attribute(String(key.dropFirst(13)))
        case _ where key.hasPrefix("LIBARCHIVE.xattr."): attribute(String(key.dropFirst(17)))
        default: break
        }
    }

    /// Source: xattr(7), XATTR_NAME_MAX
    private mutating func attribute(_ name: String) {
        if name.utf8.count > 255 { refusal = "the name of an extended attribute is longer than 255 bytes" }
        attributes.append(name)
    }

    private func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self))
    }
}

/// One header. Source: POSIX pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".
private struct TarBlock {
    var name: [UInt8]
    var target: [UInt8]
    var mode: UInt32
    var size: Int64
    var type: UInt8

    init(_ block: [UInt8]) throws(ImageError) {
        let sum = block.enumerated().reduce(Int64(0)) {
            $0 + ((148..<156).contains($1.offset) ? 32 : Int64($1.element))
        }
        guard try Self.number(block[148..<156]) == sum else {
            throw ImageError("this is no tar archive, or a damaged one: the checksum of a header does not fit")
        }
        name = Self.text(block[0..<100])
        mode = UInt32(truncatingIfNeeded: try Self.number(block[100..<108]))
        size = try Self.number(block[124..<136])
        type = block[156]
        target = Self.text(block[157..<257])
        if block[257..<263].elementsEqual("ustar\0".utf8) {
            let prefix = Self.text(block[345..<500])
            if !prefix.isEmpty { name = prefix + [UInt8(ascii: "/")] + name }
        }
    }

    private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] { Array(field.prefix { $0 != 0 }) }

    /// Octal, or with the first bit set big-endian; never negative.
    private static func number(_ field: ArraySlice<UInt8>) throws(ImageError) -> Int64 {
        let wrong = ImageError("this is no tar archive, or a damaged one: a number in a header is none")
        if let first = field.first, first & 0x80 != 0 {
            var value = Int64(first & 0x7f)
            for byte in field.dropFirst() {
                guard value <= Int64.max >> 8 else { throw wrong }
                value = value << 8 | Int64(byte)
            }
            return value
        }
        let digits = field.drop { $0 == 0x20 }.prefix { (0x30...0x37).contains($0) }
        guard field.drop(while: { $0 == 0x20 }).dropFirst(digits.count).allSatisfy({ $0 == 0 || $0 == 0x20 }) else {
            throw wrong
        }
        return digits.reduce(0) { $0 << 3 | Int64($1 - 0x30) }
    }

    func entry(_ extensions: TarExtensions, size: Int64) throws(ImageError) -> SourceEntry {
        let name = extensions.path ?? name, target = extensions.target ?? target
        let shown = quoted(String(decoding: name, as: UTF8.self))
        if let refusal = extensions.refusal { throw ImageError("\(shown): \(refusal)") }
        let kind: SourceEntry.Kind
        switch type {
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"):
            // Of old archives, in which directories are files whose names end so.
            kind = name.last == UInt8(ascii: "/") && size == 0 ? .directory : .file(size: size)
        case UInt8(ascii: "1"): kind = .hardLink(target: target)
        case UInt8(ascii: "2"): kind = .link(target: target)
        case UInt8(ascii: "3"), UInt8(ascii: "4"): kind = .device
        case UInt8(ascii: "5"): kind = .directory
        case UInt8(ascii: "6"): kind = .fifo
        case UInt8(ascii: "S"): throw ImageError("\(shown): a sparse file; make the archive without --sparse")
        default: throw ImageError("\(shown): an entry of the unknown type \(type)")
        }
        if case .file = kind {} else if size != 0 { throw ImageError("\(shown): has a content, but is no file") }
        return SourceEntry(name: name, kind: kind, mode: mode, attributes: extensions.attributes)
    }
}
