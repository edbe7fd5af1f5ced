import ControlAPI
import Testing

@testable import jrund

@Suite struct QueryTests {
    @Test func namesAndValuesAreDecodedOnce() throws {
        let query = try Query("after=a%2525b&user=%C3%A9", known: ["after", "user"])
        #expect(query["after"] == "a%25b" && query["user"] == "é")
    }

    @Test(arguments: ["x=1", "after=1&after=2", "after=%00", "after=%ff", "after=%2", "after=%zz", "%61fter2=1"])
    func whatCannotBeIsRefused(text: String) {
        #expect(throws: Problem.self) { try Query(text, known: ["after"]) }
    }

    @Test func boolAndNumberSayWhatTheyTake() throws {
        let query = try Query("follow=yes&offset=+1&limit=12", known: ["follow", "offset", "limit"])
        #expect(throws: Problem.self) { try query.bool("follow", default: false) }
        #expect(throws: Problem.self) { try query.number("offset", in: 0...10) }
        #expect(throws: Problem.self) { try query.number("limit", in: 0...10) }
        #expect(try query.number("limit", in: 0...12) == 12)
        #expect(try query.bool("absent", default: true))
    }
}

@Suite struct ByteRangeTests {
    @Test(
        arguments: [
            ("bytes=0-0", 0..<1), ("bytes=2-", 2..<10), ("bytes=-3", 7..<10), ("bytes=-99", 0..<10),
            ("bytes=5-99", 5..<10), ("Bytes=1-2", 1..<3),
            ("bytes=3-9223372036854775807", 3..<10),
        ] as [(String, Range<Int64>)])
    func partsAreFound(header: String, range: Range<Int64>) throws {
        #expect(try ByteRange.parse(header, size: 10) == range)
    }

    /// Headers that need not be understood mean the whole file.
    @Test(arguments: ["bytes=0-1,3-4", "lines=0-1", "bytes=a-b", "bytes=5-2", "bytes=-", "bytes", "bytes=+1-2"])
    func othersMeanTheWholeFile(header: String) throws {
        #expect(try ByteRange.parse(header, size: 10) == nil)
    }

    @Test(arguments: ["bytes=10-", "bytes=10-11", "bytes=-0"])
    func beyondTheEndIsAProblem(header: String) {
        #expect(throws: Problem.self) { try ByteRange.parse(header, size: 10) }
    }

    @Test func nothingOfAnEmptyFileIsInAnyRange() {
        #expect(throws: Problem.self) { try ByteRange.parse("bytes=-5", size: 0) }
        #expect(throws: Problem.self) { try ByteRange.parse("bytes=0-", size: 0) }
    }

    @Test func entityTagsAreCompared() {
        #expect(entityTags("\"a\", W/\"b\"", match: "b") && entityTags("*", match: "b"))
        #expect(!entityTags("\"a\"", match: "b") && !entityTags("b", match: "b"))
    }
}
