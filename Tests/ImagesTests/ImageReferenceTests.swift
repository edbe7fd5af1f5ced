import Testing

@testable import Images

private let hex = String(repeating: "0a", count: 32)

@Suite struct ImageReferenceTests {
    @Test func aNameAloneAndANameWithItsDigest() throws {
        #expect(try ImageReference("scientific-python").digest == nil)
        let pinned = try ImageReference("c_tools.12@sha256:\(hex)")
        #expect(pinned.name == "c_tools.12")
        #expect(pinned.digest?.hex == hex)
        #expect(pinned.description == "c_tools.12@sha256:\(hex)")
    }

    @Test(arguments: [
        "", ".", "..", "-a", "_a", "A", "a/b", "a b", "a\n", "é", "../names/a", String(repeating: "a", count: 65),
    ])
    func whatIsNoNameIsRefused(text: String) {
        #expect(throws: ImageError.self) { try ImageReference(text) }
    }

    @Test(arguments: [
        "", "sha256:", "sha256:\(hex)0", "sha256:" + hex.uppercased(), "md5:\(hex)", hex, "sha256:\(hex)@x",
    ])
    func whatIsNoDigestIsRefused(text: String) {
        #expect(throws: ImageError.self) { try ImageReference("a@\(text)") }
    }

    @Test func aRefusalShowsNothingThatATerminalObeys() {
        let error = #expect(throws: ImageError.self) { try ImageReference("a\u{1b}[2J") }
        #expect(error?.description.contains("\\u{1b}") == true)
    }
}
