/// A kind of content that an input file can be required to be. Raw values are the words of the program file.
///
/// Only kinds that can be told without doubt are here: those with a signature of their own, and text, which is looked
/// at whole. What a file says inside (a JSON text, a BAM file within its BGZF blocks) is not.
public enum ContentType: String, Sendable, CaseIterable {
    /// UTF-8 without control characters but tab, line feed, form feed and carriage return.
    case text
    case asciiText = "text/ascii"
    case png, jpeg, gif, tiff, bmp, webp, pdf
    case gzip, bgzf, bzip2, xz, zstd, zip, tar
    case sevenZip = "7z"
    case elf, sqlite, hdf5, netcdf, fits, npy, parquet, cram
    case wav, avi, mp4, matroska, ogg, flac

    /// Second words for the same kinds.
    public static let aliases: [String: ContentType] = ["text/utf-8": .text]

    /// Every word that a program file may use, in a stable order.
    public static var words: [String] { allCases.map(\.rawValue) + aliases.keys.sorted() }

    /// The kind that a program file calls so.
    public init?(word: String) {
        guard let type = ContentType(rawValue: word) ?? Self.aliases[word] else { return nil }
        self = type
    }

    /// Whether the whole file decides; the others are told by their first bytes.
    public var isText: Bool { self == .text || self == .asciiText }

    /// How many of a file's first bytes `matches` looks at.
    public var headBytes: Int { signatures.map(\.end).max() ?? 0 }

    /// Whether a file that begins with these bytes is of this kind; for text, ask a `ContentInspector`.
    ///
    /// - Parameter head: the first `headBytes` bytes of the file, all of them when it has fewer.
    public func matches(head: [UInt8]) -> Bool { signatures.contains { $0.matches(head) } }
}

/// Bytes that must all be at their places.
struct Signature: Sendable, Equatable {
    struct Piece: Sendable, Equatable {
        var offset: Int
        var bytes: [UInt8]
    }

    var pieces: [Piece]

    init(_ bytes: [UInt8], at offset: Int = 0) { pieces = [Piece(offset: offset, bytes: bytes)] }

    init(_ text: String, at offset: Int = 0) { self.init(Array(text.utf8), at: offset) }

    func and(_ bytes: [UInt8], at offset: Int) -> Signature {
        var both = self
        both.pieces.append(Piece(offset: offset, bytes: bytes))
        return both
    }

    func and(_ text: String, at offset: Int) -> Signature { and(Array(text.utf8), at: offset) }

    var end: Int { pieces.map { $0.offset + $0.bytes.count }.max() ?? 0 }

    func matches(_ head: [UInt8]) -> Bool {
        pieces.allSatisfy { head.count >= $0.offset && head[$0.offset...].starts(with: $0.bytes) }
    }
}

extension ContentType {
    /// Any of these makes a file one of this kind.
    var signatures: [Signature] {
        switch self {
        case .text, .asciiText: []
        case .png, .jpeg, .gif, .tiff, .bmp, .webp, .pdf: documentSignatures
        case .gzip, .bgzf, .bzip2, .xz, .zstd, .zip, .tar, .sevenZip: archiveSignatures
        case .elf, .sqlite, .hdf5, .netcdf, .fits, .npy, .parquet, .cram: dataSignatures
        case .wav, .avi, .mp4, .matroska, .ogg, .flac: mediaSignatures
        }
    }

    private var documentSignatures: [Signature] {
        switch self {
        // W3C PNG, section 5.2
        case .png: [Signature([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])]
        // ITU-T T.81, B.1.1.3: SOI, then a marker
        case .jpeg: [Signature([0xFF, 0xD8, 0xFF])]
        // GIF89a specification, section 17
        case .gif: [Signature("GIF87a"), Signature("GIF89a")]
        // TIFF 6.0, section 2; 43 instead of 42 is BigTIFF
        case .tiff:
            [[0x49, 0x49, 0x2A, 0], [0x4D, 0x4D, 0, 0x2A], [0x49, 0x49, 0x2B, 0], [0x4D, 0x4D, 0, 0x2B]]
                .map { Signature($0) }
        // BITMAPFILEHEADER: bfType, and bfReserved1 and 2, which must be zero
        case .bmp: [Signature("BM").and([0, 0, 0, 0], at: 6)]
        // RFC 9649, section 2.4
        case .webp: [Signature("RIFF").and("WEBP", at: 8)]
        // ISO 32000-2, 7.5.2
        default: [Signature("%PDF-")]
        }
    }

    private var archiveSignatures: [Signature] {
        switch self {
        // RFC 1952, 2.3.1; deflate is the only method that is defined
        case .gzip: [Signature([0x1F, 0x8B, 8])]
        // SAM/BAM specification, 4.1: a gzip member whose extra field begins with the subfield BC of two bytes
        case .bgzf: [Signature([0x1F, 0x8B, 8, 4]).and([0x42, 0x43, 2, 0], at: 12)]
        // bzip2: "BZh", the level, then a block (pi) or the end of an empty stream (the root of pi)
        case .bzip2:
            [[0x31, 0x41, 0x59, 0x26, 0x53, 0x59], [0x17, 0x72, 0x45, 0x38, 0x50, 0x90]]
                .map { Signature("BZh").and($0, at: 4) }
        // The .xz file format, 2.1.1.1
        case .xz: [Signature([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0])]
        // RFC 8878, 3.1.1
        case .zstd: [Signature([0x28, 0xB5, 0x2F, 0xFD])]
        // APPNOTE.TXT, 4.3.7; an archive without files is its end record alone, 4.3.16
        case .zip: [Signature([0x50, 0x4B, 3, 4]), Signature([0x50, 0x4B, 5, 6])]
        // POSIX pax, "ustar Interchange Format", and GNU tar's own; the format before them has no signature
        case .tar: [Signature([0x75, 0x73, 0x74, 0x61, 0x72, 0], at: 257), Signature("ustar  \u{0}", at: 257)]
        // 7zFormat.txt, Signature Header
        default: [Signature([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C])]
        }
    }

    private var dataSignatures: [Signature] {
        switch self {
        // System V gABI, ELF Identification
        case .elf: [Signature([0x7F, 0x45, 0x4C, 0x46])]
        // SQLite database file format, 1.3.1
        case .sqlite: [Signature("SQLite format 3\u{0}")]
        // HDF5 file format specification, II.A: at 0, or behind a user block of 512, 1024, 2048, … bytes
        case .hdf5:
            ([0] + (9...16).map { 1 << $0 }).map {
                Signature([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], at: $0)
            }
        // NetCDF classic format: version 1, 64-bit offsets, 64-bit data
        case .netcdf: [1, 2, 5].map { Signature([0x43, 0x44, 0x46, $0]) }
        // FITS 4.0, 4.2.2 and 4.4.1.1: the fixed-format value stands in column 30
        case .fits: [Signature("SIMPLE  =                    T")]
        // NumPy, numpy.lib.format
        case .npy: [Signature([0x93] + Array("NUMPY".utf8))]
        // Apache Parquet, File Format; PARE where the footer is encrypted
        case .parquet: [Signature("PAR1"), Signature("PARE")]
        // CRAM format specification, section 6
        default: [Signature("CRAM")]
        }
    }

    private var mediaSignatures: [Signature] {
        switch self {
        // Multimedia Programming Interface 1.0, RIFF WAVE; EBU Tech 3306 for RF64
        case .wav: ["RIFF", "RF64"].map { Signature($0).and("WAVE", at: 8) }
        case .avi: [Signature("RIFF").and("AVI ", at: 8)]
        // ISO/IEC 14496-12, 4.3: the major brand; the brands as registered at mp4ra.org
        case .mp4:
            [
                "isom", "iso2", "iso3", "iso4", "iso5", "iso6", "iso7", "iso8", "iso9", "mp41", "mp42", "mp71", "avc1",
                "dash", "M4A ", "M4B ", "M4P ", "M4V ",
            ].map { Signature("ftyp" + $0, at: 4) }
        // RFC 8794, 11.2.1: the EBML header, with which Matroska and WebM begin
        case .matroska: [Signature([0x1A, 0x45, 0xDF, 0xA3])]
        // RFC 3533, section 6: the capture pattern and version 0
        case .ogg: [Signature([0x4F, 0x67, 0x67, 0x53, 0])]
        // RFC 9639, section 6
        default: [Signature("fLaC")]
        }
    }
}
