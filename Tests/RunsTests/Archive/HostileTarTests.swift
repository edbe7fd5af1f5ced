import FoundationEssentials
import Testing

@testable import Runs

/// Archives that somebody made on purpose. Each is refused with a sentence, and nothing of the bad entry comes out.
@Suite struct HostileTarTests {
    struct Hostile: Sendable, CustomTestStringConvertible {
        var name: String
        var archive: [UInt8]
        /// What the error says.
        var says: String
        var maxBytes = Int64.max

        var testDescription: String { name }
    }

    private static let end = [UInt8](repeating: 0, count: 1024)
    private static let good = RawHeader("good", size: 3).entry(Array("abc".utf8))

    private static func header(_ name: String = "bad", _ change: (inout RawHeader) -> Void) -> [UInt8] {
        var header = RawHeader(name)
        change(&header)
        return header.entry()
    }

    private static func named(_ name: String, _ says: String) -> [Hostile] {
        let short = Array(name.utf8.prefix(100))
        return [
            Hostile(name: "ustar \(name)", archive: header { $0.name = short }, says: says),
            Hostile(name: "pax \(name)", archive: paxHeader([("path", name)]) + RawHeader("x").entry(), says: says),
            Hostile(name: "gnu \(name)", archive: longName(Array(name.utf8)) + RawHeader("x").entry(), says: says),
            Hostile(
                name: "directory \(name)", archive: header { ($0.name, $0.type) = (short, UInt8(ascii: "5")) },
                says: says),
        ]
    }

    private static func longName(_ name: [UInt8], type: Character = "L") -> [UInt8] {
        RawHeader("././@LongLink", size: name.count + 1, type: type).entry(name + [0])
    }

    private static let names: [Hostile] =
        named("/etc/passwd", "absolute") + named("../x", "'..'") + named("a/../../x", "'..'")
        + named("a/..", "'..'") + named("./../x", "'..'") + named("a//b", "empty component")
        + named("-rf", "starts with '-'") + named("a\u{1B}[2Jb", "control character U+001B")
        + named("a/./b", "component '.'") + [
            Hostile(
                name: "prefix with ..", archive: header { $0.prefix = Array("a/..".utf8) }, says: "'..'"),
            Hostile(name: "absolute prefix", archive: header { $0.prefix = Array("/etc".utf8) }, says: "absolute"),
            Hostile(name: "no name", archive: header("") { _ in }, says: "cannot be empty"),
            Hostile(name: "file called .", archive: header(".") { _ in }, says: "component '.'"),
            Hostile(name: "not UTF-8", archive: header { $0.name = [0x61, 0xff] }, says: "not valid UTF-8"),
            Hostile(
                name: "NUL in the name", archive: header { $0.name = [0x61, 0, 0x62] }, says: "NUL inside its name"),
            Hostile(
                name: "NUL in a pax path", archive: paxHeader([("path", "a\u{0}b")]) + RawHeader("x").entry(),
                says: "control character U+0000"),
            Hostile(
                name: "NUL in a long name", archive: longName([0x61, 0, 0x62]) + RawHeader("x").entry(),
                says: "NUL inside its long name"),
            Hostile(
                name: "too long",
                archive: paxHeader([("path", String(repeating: "a/", count: 512) + "b")]) + RawHeader("x").entry(),
                says: "longer than 1024 bytes"),
            Hostile(
                name: "long component",
                archive: paxHeader([("path", String(repeating: "a", count: 256))]) + RawHeader("x").entry(),
                says: "component longer than 255 bytes"),
            Hostile(
                name: "twice, once with ./", archive: RawHeader("a").entry() + RawHeader("./a").entry(),
                says: "entry './a' is there twice"),
        ]

    private static let types: [Hostile] =
        [
            ("1", "a hard link"), ("2", "a symbolic link"), ("3", "a character device"), ("4", "a block device"),
            ("6", "a FIFO"), ("S", "a sparse file"), ("V", "of type 86"), ("M", "of type 77"), ("D", "of type 68"),
            ("X", "of type 88"), ("\u{1}", "of type 1"),
        ].map { type, says in
            Hostile(
                name: "type \(type)",
                archive: header { ($0.type, $0.link) = (Character(type).asciiValue ?? 0, [0x61]) },
                says: "entry 'bad' is \(says), only regular files and directories are taken")
        } + [
            Hostile(
                name: "pax sparse 1.0",
                archive: paxHeader([("GNU.sparse.major", "1"), ("GNU.sparse.name", "x")]) + RawHeader("bad").entry(),
                says: "a sparse file"),
            Hostile(
                name: "directory with content", archive: header { ($0.type, $0.size) = (UInt8(ascii: "5"), [0x31]) },
                says: "a directory with content"),
        ]

    private static func sized(_ size: [UInt8]) -> [UInt8] { header { $0.size = size } }

    private static let sizes: [Hostile] = [
        Hostile(
            name: "negative base 256", archive: sized([UInt8](repeating: 0xff, count: 12)), says: "size is no number"),
        Hostile(
            name: "huge base 256", archive: sized([0x80] + [UInt8](repeating: 0xff, count: 11)),
            says: "size is no number"),
        Hostile(
            name: "2^63", archive: sized([0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0]), says: "size is no number"),
        Hostile(
            name: "2^63-1", archive: sized([0x80, 0, 0, 0, 0x7f] + [UInt8](repeating: 0xff, count: 7)),
            says: "entry 'bad' has 9223372036854775807 bytes; 1000 are left for it", maxBytes: 1000),
        Hostile(name: "minus sign", archive: sized(Array("-0000000001".utf8)), says: "size is no number"),
        Hostile(name: "decimal size", archive: sized(Array("00000000009".utf8)), says: "size is no number"),
        Hostile(name: "digits behind a space", archive: sized(Array("1 1".utf8)), says: "size is no number"),
        Hostile(
            name: "negative pax size", archive: paxHeader([("size", "-1")]) + RawHeader("bad").entry(),
            says: "pax header whose size is no number"),
        Hostile(
            name: "huge pax size", archive: paxHeader([("size", "9223372036854775808")]) + RawHeader("bad").entry(),
            says: "pax header whose size is no number"),
        Hostile(
            name: "pax size beyond the budget", archive: paxHeader([("size", "11")]) + RawHeader("bad").entry(),
            says: "has 11 bytes; 10 are left", maxBytes: 10),
        // The header says three bytes, the pax header none: what were bytes are read as a header.
        Hostile(
            name: "pax size that hides", archive: paxHeader([("size", "0")]) + good, says: "its checksum does not fit"),
        // Four bytes, padding and all that follows: whole blocks, so it is a file that is too long.
        Hostile(name: "pax size that swallows", archive: paxHeader([("size", "5000")]) + good, says: "cut short"),
        Hostile(
            name: "sum beyond the budget", archive: good + RawHeader("b", size: 3).entry([1, 2, 3]),
            says: "entry 'b' has 3 bytes; 2 are left", maxBytes: 5),
        Hostile(
            name: "pax header of 64 KiB and more",
            archive: RawHeader("x", size: 65_537, type: "x").entry([UInt8](repeating: 0x61, count: 65_537)),
            says: "an extended header of 65537 bytes"),
        Hostile(
            name: "pax bomb: terabytes", archive: RawHeader("x", size: 1 << 35, type: "x").entry(),
            says: "an extended header of 34359738368 bytes"),
        Hostile(
            name: "global bomb", archive: RawHeader("x", size: 1 << 20, type: "g").entry(),
            says: "an extended header of 1048576 bytes"),
        Hostile(
            name: "long name bomb", archive: RawHeader("x", size: 1 << 20, type: "L").entry(),
            says: "an extended header of 1048576 bytes"),
    ]

    private static let records = [
        "x", "5", "99 path=a\n", "0 path=a\n", "9 path=ab\n", "10 path=abc", "9 pathaaa\n", "-9 path=a\n",
        " 9 path=a\n",
        "9 path=a\n9", "+9 path=a\n", "999999999999999999999 path=a\n", "3 \n", "2 ",
    ].map { text in
        Hostile(
            name: "record \(text.debugDescription)",
            archive: RawHeader("x", size: text.utf8.count, type: "x").entry(Array(text.utf8)) + RawHeader("a").entry(),
            says: "no list of 'LENGTH KEY=VALUE'")
    }

    private static let frames: [Hostile] = [
        Hostile(name: "text", archive: Array(repeating: 0x61, count: 1024), says: "its checksum does not fit"),
        Hostile(name: "broken checksum", archive: header { $0.checksum = Array("0000001\0".utf8) }, says: "checksum"),
        Hostile(name: "checksum of words", archive: header { $0.checksum = Array("zzzzzz\0 ".utf8) }, says: "checksum"),
        Hostile(
            name: "another magic", archive: header { $0.magic = Array("ustarXYZ".utf8) }, says: "that is known here"),
        Hostile(name: "mode of words", archive: header { $0.mode = Array("rwxr-xr".utf8) }, says: "mode is no number"),
        Hostile(name: "two pax headers", archive: paxHeader([("path", "a")]) + paxHeader([("path", "b")]), says: "two"),
        Hostile(name: "two long names", archive: longName([0x61]) + longName([0x62]), says: "two extended headers"),
        Hostile(
            name: "two long links", archive: longName([0x61], type: "K") + longName([0x62], type: "K"), says: "two"),
        Hostile(name: "pax header at the end", archive: paxHeader([("path", "a")]) + end, says: "without the entry"),
        Hostile(
            name: "one block of zeros", archive: [UInt8](repeating: 0, count: 512) + good,
            says: "zeros in the middle"),
        Hostile(name: "behind the end", archive: good + end + good, says: "something follows the end"),
        Hostile(name: "a byte behind the end", archive: good + end + [1], says: "something follows the end"),
    ]

    @Test(arguments: names + types + sizes + records + frames)
    func itIsRefused(_ hostile: Hostile) throws {
        for pieces in [Int.max, 512, 100, 1] {
            var names: [String] = []
            let error = #expect(throws: TarError.self, "pieces of \(pieces)") {
                var reader = TarReader(maxBytes: hostile.maxBytes)
                var rest = (hostile.archive.ends(with: Self.end) ? hostile.archive : hostile.archive + Self.end)[...]
                while !rest.isEmpty {
                    try reader.feed(rest.prefix(pieces)) { if case .file(let name, _, _) = $0 { names.append(name) } }
                    rest = rest.dropFirst(pieces)
                }
                try reader.finish()
            }
            let description = error?.description ?? ""
            #expect(description.contains(hostile.says) && description.hasPrefix("tar archive"), "\(description)")
            #expect(!description.unicodeScalars.contains { $0.value < 32 } && description.utf8.count < 600)
            #expect(!names.contains("bad") || hostile.says == "cut short")
        }
    }

    /// With what goes before it, each of the tables' pieces is fine.
    @Test func whatIsOddButHonestIsTaken() throws {
        let archive =
            Self.header("./") { $0.type = UInt8(ascii: "5") } + Self.header(".") { $0.type = UInt8(ascii: "5") }
            + Self.header("a/") { $0.type = UInt8(ascii: "5") } + Self.header("old/") { ($0.type, $0.magic) = (0, []) }
            + paxHeader([("comment", "x=y=z"), ("path", "other")], type: "g")
            + paxHeader([("path", "gone"), ("path", ""), ("mtime", "-1.5"), ("linkpath", "/etc")])
            + Self.header("././a/b") { ($0.type, $0.size) = (UInt8(ascii: "7"), []) }
            + Self.longName(Array("link".utf8), type: "K") + Self.good
            + paxHeader([("size", "2")]) + RawHeader("pax", size: 0).block + [1, 2]
            + [UInt8](repeating: 0x55, count: 510)
        let files = try readTar(archive + Self.end + [UInt8](repeating: 0, count: 9000), pieces: 700)
        #expect(
            files == [
                TarFile(name: "a/b", content: []), TarFile(name: "good", content: Array("abc".utf8)),
                TarFile(name: "pax", content: [1, 2]),
            ])
    }

    @Test func whatIsCutShortIsRefusedAtEveryByte() throws {
        let archive =
            Self.longName(Array("long".utf8)) + Self.good.dropFirst(0) + paxHeader([("path", "p")])
            + RawHeader("x", size: 600).entry([UInt8](repeating: 1, count: 600)) + Self.end
        #expect(try readTar(archive).map(\.name) == ["long", "p"])
        for count in 0..<archive.count {
            let error = #expect(throws: TarError.self) { _ = try readTar(Array(archive[..<count])) }
            #expect(error?.description == (count == 0 ? "tar archive: it is empty" : error?.description))
        }
    }

    @Test func entriesAreCounted() throws {
        let directory = RawHeader("d", type: "5").block
        let global = paxHeader([], type: "g")
        var reader = TarReader()
        for index in 1...TarReader.maxEntries { try reader.feed(index % 2 == 0 ? directory : global) { _ in } }
        let error = try #require(
            #expect(throws: TarError.self) { try reader.feed(RawHeader("one too many").block) { _ in } })
        #expect(error.kind == .tooLarge && error.description.contains("more than 100000 entries"))
        // It stays so.
        #expect(throws: error) { try reader.feed(directory) { _ in } }
        #expect(throws: error) { try reader.finish() }
    }

    @Test func namesAreBoundedTogether() throws {
        var reader = TarReader()
        let tail = String(repeating: "/" + String(repeating: "n", count: 200), count: 5)
        let error = #expect(throws: TarError.self) {
            for index in 0..<TarReader.maxEntries {
                try reader.feed(TarWriter.header(name: "\(index)\(tail)", size: 0, modified: 0)) { _ in }
            }
        }
        #expect(error?.kind == .tooLarge && error?.description.contains("names of more than") == true)
    }

    /// What goes wrong where the bytes go to is not taken for the archive's fault.
    @Test func theSinksErrorsPassThrough() throws {
        struct Full: Error {}
        var reader = TarReader()
        #expect(throws: Full.self) { try reader.feed(Self.good) { _ in throw Full() } }
        #expect(throws: TarError.self) { try reader.feed(Self.good) { _ in } }
    }
}

extension Array where Element == UInt8 {
    fileprivate func ends(with tail: [UInt8]) -> Bool { suffix(tail.count).elementsEqual(tail) }
}
