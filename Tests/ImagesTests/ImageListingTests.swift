import Testing

@testable import Images

@Suite struct ImageListingTests {
    static let entries = [
        ListingEntry(kind: .link, mode: 0o777, size: 7, path: "bin", target: "usr/bin"),
        ListingEntry(kind: .file, mode: 0o755, size: 3, sha256: ImageDigest(of: [1, 2, 3]).hex, path: "usr/a b"),
        ListingEntry(kind: .directory, mode: 0o755, path: "usr"),
        ListingEntry(kind: .link, mode: 0o777, size: 3, path: "x -> y", target: "\\ \t"),
    ]

    @Test func itIsSortedByBytes() {
        let paths = ImageListing(Self.entries.reversed()).entries.map(\.path)
        #expect(paths == ["bin", "usr", "usr/a b", "x -> y"])
        let mixed = ["b", "B", "a/b", "a", "a-b"].map { ListingEntry(kind: .directory, mode: 0o755, path: $0) }
        #expect(ImageListing(mixed).entries.map(\.path) == ["B", "a", "a-b", "a/b", "b"])
    }

    @Test func aLineIsWhatTheDocumentationSays() {
        let lines = String(decoding: ImageListing(Self.entries).bytes, as: UTF8.self).split(separator: "\n")
        #expect(lines[0] == "l 0777 7 - bin -> usr/bin")
        #expect(lines[1] == "d 0755 0 - usr")
        #expect(lines[2] == "f 0755 3 \(ImageDigest(of: [1, 2, 3]).hex) usr/a\\x20b")
        #expect(lines[3] == "l 0777 3 - x\\x20->\\x20y -> \\x5c\\x20\\x09")
    }

    @Test func itIsReadBack() throws {
        let listing = ImageListing(Self.entries)
        #expect(try ImageListing(bytes: listing.bytes) == listing)
        #expect(listing.contentBytes == 3)
    }

    @Test(arguments: [
        "f 0755 3 - a b", "q 0755 0 - a", "d x 0 - a", "d 0755 0 - a\\x2", "d 0755 0 - a\\q20", "d",
        "l 0777 1 - a => b",
    ])
    func aDamagedLineIsNamed(line: String) {
        let error = #expect(throws: ImageError.self) { try ImageListing(bytes: Array("d 0755 0 - a\n\(line)\n".utf8)) }
        #expect(error?.description == "line 2 of the listing is damaged")
    }
}

@Suite struct ListingDifferenceTests {
    private func file(_ path: String, _ text: String, mode: UInt32 = 0o644) -> ListingEntry {
        let bytes = Array(text.utf8)
        return ListingEntry(
            kind: .file, mode: mode, size: Int64(bytes.count), sha256: ImageDigest(of: bytes).hex, path: path)
    }

    @Test func whatOnlyOneHasAndWhatDiffers() {
        let old = ImageListing([file("a", "1"), file("b", "1"), file("c", "1"), file("e", "1"), file("same", "1")])
        let new = ImageListing([
            file("b", "22"), file("c", "1", mode: 0o755), file("d", "1"), file("same", "1"), file("z", "333"),
            ListingEntry(kind: .directory, mode: 0o755, path: "e"),
        ])
        let difference = ListingDifference(from: old, to: new)
        #expect(difference.added.map(\.path) == ["d", "z"])
        #expect(difference.added.map(\.size) == [1, 3])
        #expect(difference.removed.map(\.path) == ["a"])
        #expect(difference.changed.map(\.path) == ["b", "c", "e"])
        #expect(difference.changed.map(\.what) == [["content"], ["mode"], ["type", "mode"]])
        #expect(difference.changed[0].sizes == [1, 2])
        #expect(ListingDifference(from: old, to: old).isEmpty)
        #expect(ListingDifference(from: old, to: ImageListing([])).removed.count == 5)
    }

    @Test func aLinkThatLeadsElsewhere() {
        let links = ["x", "y"].map { ListingEntry(kind: .link, mode: 0o777, size: 1, path: "a", target: $0) }
        let difference = ListingDifference(from: ImageListing([links[0]]), to: ImageListing([links[1]]))
        #expect(difference.changed.map(\.what) == [["target"]])
    }
}
