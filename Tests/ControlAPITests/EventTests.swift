import Testing

@testable import ControlAPI

@Suite struct EventTests {
    private static let text = """
        : a comment\r
        id: 4711\r
        event: state\r
        data: {"a":1}\r
        \r
        data: one
        data:two
        retry: 10
        unknown

        id
        data

        : only a comment

        id: 9\0
        data:  x\r\rid: 5

        """ + "\nevent: gap\ndata: never finished"

    private static let expected = [
        ServerEvent(id: "4711", name: "state", data: "{\"a\":1}"),
        ServerEvent(id: "4711", name: "message", data: "one\ntwo"),
        ServerEvent(id: "4711", name: "message", data: " x"),
    ]

    @Test func areReadWhereverTheyAreCut() throws {
        let bytes = Array(Self.text.utf8)
        for first in 0...bytes.count {
            var parser = EventParser()
            let events = try parser.add(bytes[..<first]) + parser.add(bytes[first...])
            #expect(events == Self.expected)
            #expect(parser.lastID == "5")
        }
    }

    @Test func aLineThatNeverEndsIsRefused() {
        #expect(throws: ClientError.self) {
            var parser = EventParser()
            _ = try parser.add([UInt8](repeating: 0x61, count: 2 << 20))
        }
    }
}

@Suite struct RouteTests {
    @Test func everythingUnusualIsEncoded() {
        #expect(Route(["v1", "programs", "a/b"]).target == "/v1/programs/a%2Fb")
        #expect(Route.file("dir/ü 1%.txt", of: "01x").target == "/v1/runs/01x/files/dir/%C3%BC%201%25.txt")
        #expect(
            Route.run("01x", "stdout", query: [("offset", "5"), ("a b", "x&y=z")]).target
                == "/v1/runs/01x/stdout?offset=5&a%20b=x%26y%3Dz")
        #expect(percentEncoded("a\r\n?#") == "a%0D%0A%3F%23")
    }
}
