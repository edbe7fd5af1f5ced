import Testing

@testable import Programs

/// The first bytes of real files.
private let heads: [(type: ContentType, head: [UInt8])] = [
    (.png, [0x89] + Array("PNG\r\n\u{1A}\n".utf8) + [0, 0, 0, 13] + Array("IHDR".utf8)),
    (.jpeg, [0xFF, 0xD8, 0xFF, 0xE0, 0, 16] + Array("JFIF".utf8)),
    (.jpeg, [0xFF, 0xD8, 0xFF, 0xE1]),
    (.gif, Array("GIF89a".utf8) + [1, 0, 1, 0]), (.gif, Array("GIF87a".utf8)),
    (.tiff, [0x49, 0x49, 42, 0, 8, 0, 0, 0]), (.tiff, [0x4D, 0x4D, 0, 42]), (.tiff, [0x49, 0x49, 43, 0]),
    (.bmp, [0x42, 0x4D, 0x3A, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0]),
    (.webp, Array("RIFF".utf8) + [0x24, 0, 0, 0] + Array("WEBPVP8 ".utf8)),
    (.pdf, Array("%PDF-1.7\n".utf8)),
    (.gzip, [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]),
    (.bgzf, [0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 0xFF, 6, 0, 0x42, 0x43, 2, 0, 0x1B, 0]),
    (.bzip2, Array("BZh91AY&SY".utf8)), (.bzip2, Array("BZh9".utf8) + [0x17, 0x72, 0x45, 0x38, 0x50, 0x90]),
    (.xz, [0xFD] + Array("7zXZ".utf8) + [0, 0, 4]), (.zstd, [0x28, 0xB5, 0x2F, 0xFD, 4]),
    (.zip, Array("PK".utf8) + [3, 4, 20, 0]), (.zip, Array("PK".utf8) + [5, 6] + [UInt8](repeating: 0, count: 18)),
    (.tar, Array("a.txt".utf8) + [UInt8](repeating: 0, count: 252) + Array("ustar".utf8) + [0, 0x30, 0x30]),
    (.tar, Array("a.txt".utf8) + [UInt8](repeating: 0, count: 252) + Array("ustar  ".utf8) + [0]),
    (.sevenZip, Array("7z".utf8) + [0xBC, 0xAF, 0x27, 0x1C, 0, 4]),
    (.elf, [0x7F] + Array("ELF".utf8) + [2, 1, 1]), (.sqlite, Array("SQLite format 3".utf8) + [0, 16]),
    (.hdf5, [0x89] + Array("HDF\r\n\u{1A}\n".utf8)),
    (.hdf5, [UInt8](repeating: 0x20, count: 2048) + [0x89] + Array("HDF\r\n\u{1A}\n".utf8)),
    (.netcdf, Array("CDF".utf8) + [1]), (.netcdf, Array("CDF".utf8) + [5]),
    (.fits, Array("SIMPLE  =                    T / conforms".utf8)),
    (.npy, [0x93] + Array("NUMPY".utf8) + [1, 0]), (.parquet, Array("PAR1".utf8) + [0x15]),
    (.cram, Array("CRAM".utf8) + [3, 0]),
    (.wav, Array("RIFF".utf8) + [0x24, 0, 0, 0] + Array("WAVEfmt ".utf8)),
    (.avi, Array("RIFF".utf8) + [0x24, 0, 0, 0] + Array("AVI LIST".utf8)),
    (.mp4, [0, 0, 0, 0x20] + Array("ftypisom".utf8)), (.mp4, [0, 0, 0, 0x1C] + Array("ftypmp42".utf8)),
    (.matroska, [0x1A, 0x45, 0xDF, 0xA3, 0x9F]), (.ogg, Array("OggS".utf8) + [0, 2]),
    (.flac, Array("fLaC".utf8) + [0, 0, 0, 0x22]),
]

/// Texts and what they are found to be; `nil` for what is text and ASCII.
private let texts: [(bytes: [UInt8], types: Set<ContentType>, fault: String?)] = [
    ([], [.text, .asciiText], nil),
    (Array("a\tb\n\u{C}c\r\n".utf8), [.text, .asciiText], nil),
    (Array("ä €, 𝄞, \u{A0}\u{D7FF}\u{E000}\u{10FFFF}".utf8), [.text], "it has characters beyond ASCII"),
    (Array("ab\u{0}c".utf8), [], "byte 3 is the control character U+0000"),
    (Array("\u{1B}[2J".utf8), [], "byte 1 is the control character U+001B"),
    (Array("ab\u{B}".utf8), [], "byte 3 is the control character U+000B"),
    (Array("a\u{7F}".utf8), [], "byte 2 is the control character U+007F"),
    (Array("é\u{9B}".utf8), [], "byte 4 is the control character U+009B"),
    ([0x61, 0xC3], [], "byte 3 is missing: the file ends inside a character"),
    ([0x61, 0xF0, 0x9D, 0x84], [], "byte 5 is missing: the file ends inside a character"),
    ([0xFF, 0xFE, 0x61, 0], [], "byte 1 is not valid UTF-8"),  // UTF-16
    ([0x61, 0xE4, 0x62], [], "byte 3 is not valid UTF-8"),  // Latin-1
    ([0xC0, 0xAF], [], "byte 1 is not valid UTF-8"),  // overlong
    ([0xE0, 0x80, 0xAF], [], "byte 2 is not valid UTF-8"),
    ([0xF0, 0x80, 0x80, 0xAF], [], "byte 2 is not valid UTF-8"),
    ([0xED, 0xA0, 0x80], [], "byte 2 is not valid UTF-8"),  // a surrogate
    ([0xF4, 0x90, 0x80, 0x80], [], "byte 2 is not valid UTF-8"),  // beyond U+10FFFF
    ([0x80], [], "byte 1 is not valid UTF-8"),
]

@Suite struct ContentTests {
    private func facts(_ bytes: [UInt8], lookingFor types: [ContentType], pieces: [Int] = []) -> ContentFacts {
        var inspector = ContentInspector(lookingFor: types)
        var rest = bytes[...]
        for piece in pieces {
            inspector.add(Array(rest.prefix(piece)))
            rest = rest.dropFirst(piece)
        }
        inspector.add(Array(rest))
        return inspector.facts()
    }

    @Test(arguments: heads)
    func filesAreKnownByTheirFirstBytes(type: ContentType, head: [UInt8]) {
        #expect(type.matches(head: head))
        let found = facts(head, lookingFor: [type]).types
        #expect(found == (type == .bgzf ? [.bgzf, .gzip] : [type]), "and are nothing else")
        #expect(facts(head, lookingFor: [type], pieces: [1, 3, 2]).types == found)
    }

    /// Every byte of a signature counts, and so does its end.
    @Test(arguments: ContentType.allCases)
    func everyByteOfASignatureCounts(type: ContentType) {
        for signature in type.signatures {
            var head = [UInt8](repeating: 0x55, count: signature.end)
            for piece in signature.pieces {
                head.replaceSubrange(piece.offset..<(piece.offset + piece.bytes.count), with: piece.bytes)
            }
            #expect(type.matches(head: head) && !type.matches(head: head.dropLast()))
            for piece in signature.pieces {
                for at in piece.offset..<(piece.offset + piece.bytes.count) {
                    var wrong = head
                    wrong[at] ^= 0x80
                    #expect(!signature.matches(wrong), "\(type) without byte \(at)")
                }
            }
        }
    }

    @Test func everyKindHasASample() {
        #expect(Set(heads.map(\.type)) == Set(ContentType.allCases.filter { !$0.isText }))
        #expect(ContentType.allCases.allSatisfy { $0.isText == ($0.headBytes == 0) })
        #expect(!ContentType.allCases.contains { $0.matches(head: []) })
    }

    @Test(arguments: texts)
    func textIsLookedAtWhole(bytes: [UInt8], types: Set<ContentType>, fault: String?) {
        let whole = facts(bytes, lookingFor: [.text])
        #expect(whole.types == types && whole.textFault == fault)
        // However the file is cut, even inside a character.
        for cut in 0...bytes.count {
            #expect(facts(bytes, lookingFor: [.text], pieces: [cut]) == whole, "cut at \(cut)")
        }
        #expect(facts(bytes, lookingFor: [.asciiText], pieces: bytes.map { _ in 1 }) == whole)
    }

    /// The standard library's own decoder is the second opinion, over every text of up to three odd bytes.
    @Test func validityIsThatOfTheStandardLibrary() {
        let odd: [UInt8] =
            [0x61, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED]
            + [0xEE, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF]
        var states: [[UInt8]] = [[]]
        for _ in 0..<4 { states += states.flatMap { state in odd.map { state + [$0] } }.filter { $0.count <= 3 } }
        for bytes in Set(states) {
            let text = String(validating: bytes, as: UTF8.self)
            let isText = text.map { !$0.unicodeScalars.contains { $0.properties.generalCategory == .control } } ?? false
            #expect(facts(bytes, lookingFor: [.text]).types.contains(.text) == isText, "\(bytes)")
        }
    }

    @Test func readingEndsWhenTheAnswerIsKnown() {
        var inspector = ContentInspector(lookingFor: [.png])
        inspector.add([UInt8](repeating: 0, count: 511))
        #expect(inspector.wantsMore)
        inspector.add([0])
        #expect(!inspector.wantsMore)
        var text = ContentInspector(lookingFor: [.png, .text])
        text.add([UInt8](repeating: 0x61, count: 1 << 20))
        #expect(text.wantsMore)
        text.add([0])
        #expect(!text.wantsMore)
    }

    @Test func refusalsSayWhatTheFileIs() {
        let png = facts(heads[0].head, lookingFor: [.png, .text])
        #expect(png.reasonToRefuse(as: []) == nil)
        #expect(png.reasonToRefuse(as: [.jpeg, .png]) == nil)
        #expect(png.reasonToRefuse(as: [.jpeg]) == "its content is png, not jpeg")
        #expect(png.reasonToRefuse(as: [.jpeg, .text]) == "its content is png, not one of jpeg, text")
        let noise = facts([1, 2, 3], lookingFor: [.text])
        #expect(noise.reasonToRefuse(as: [.zip]) == "its content is not zip")
        #expect(noise.reasonToRefuse(as: [.text]) == "its content is not text: byte 1 is the control character U+0001")
        let german = facts(Array("ä".utf8), lookingFor: [.asciiText])
        #expect(german.reasonToRefuse(as: [.asciiText]) == "its content is text, not text/ascii")
        let empty = facts([], lookingFor: [.png, .text])
        #expect(empty.reasonToRefuse(as: [.text]) == nil)
        #expect(empty.reasonToRefuse(as: [.png]) != nil)
    }

    @Test func wordsNameKinds() {
        #expect(Set(ContentType.words).count == ContentType.words.count)
        #expect(ContentType.words.allSatisfy { ContentType(word: $0) != nil })
        #expect(ContentType(word: "text/utf-8") == .text && ContentType(word: "PNG") == nil)
    }
}
