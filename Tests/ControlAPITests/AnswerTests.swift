import Testing

@testable import ControlAPI

/// An answer, and what must be read from it however its bytes are cut into pieces.
struct AnswerCase: Sendable, CustomTestStringConvertible {
    var name: String
    var bytes: String
    var status: Int
    var body: String
    var isHEAD = false

    var testDescription: String { name }

    static let all = [
        AnswerCase(
            name: "length", bytes: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"x\" \r\n\r\nhello", status: 200,
            body: "hello"),
        AnswerCase(name: "empty", bytes: "HTTP/1.1 201 Created\r\ncontent-length:0\r\n\r\n", status: 201, body: ""),
        AnswerCase(name: "no content", bytes: "HTTP/1.1 204 \r\n\r\n", status: 204, body: ""),
        AnswerCase(name: "no words", bytes: "HTTP/1.1 304\r\nContent-Length: 99\r\n\r\n", status: 304, body: ""),
        AnswerCase(
            name: "head only", bytes: "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", status: 200, body: "",
            isHEAD: true),
        AnswerCase(
            name: "chunks",
            bytes:
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0A\r\n0123456789\r\n0\r\nT: 1\r\n\r\n",
            status: 200, body: "abc0123456789"),
        AnswerCase(
            name: "announced",
            bytes:
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n{}",
            status: 404, body: "{}"),
    ]
}

@Suite struct AnswerTests {
    @Test(arguments: AnswerCase.all) func isReadWhereverItIsCut(answer: AnswerCase) throws {
        let bytes = Array(answer.bytes.utf8)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                var parser = ResponseParser(isHEAD: answer.isHEAD)
                var body: [UInt8] = []
                for piece in [bytes[..<first], bytes[first..<second], bytes[second...]] {
                    body += try parser.add(Array(piece))
                }
                #expect(parser.isComplete && parser.head?.status == answer.status)
                #expect(String(decoding: body, as: UTF8.self) == answer.body)
            }
        }
    }

    @Test(arguments: AnswerCase.all) func isNotCompleteBeforeItsLastByte(answer: AnswerCase) throws {
        let bytes = Array(answer.bytes.utf8)
        for end in 0..<bytes.count {
            var parser = ResponseParser(isHEAD: answer.isHEAD)
            _ = try parser.add(Array(bytes[..<end]))
            #expect(!parser.isComplete, "\(end)")
        }
    }

    @Test func fieldsAreFoundWhateverTheirCase() throws {
        var parser = ResponseParser()
        _ = try parser.add(Array("HTTP/1.1 200 OK\r\nX-Jrun-Offset:\t 7 \r\nContent-Length: 0\r\n\r\n".utf8))
        #expect(parser.head?["x-jrun-offset"] == "7")
        #expect(parser.head?["x-jrun"] == nil)
    }

    @Test(
        arguments: [
            "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 99 No\r\n\r\n", "HTTP/1.1 2000 No\r\n\r\n", "hello, world\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\nX: y\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\n Content-Length: 1\r\n\r\n", "HTTP/1.1 200 OK\r\n: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX: a\u{1}b\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxy",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000000000000000\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\nx",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx",
        ])
    func whatIsNoAnswerIsRefused(text: String) {
        #expect(throws: BadAnswer.self) {
            var parser = ResponseParser()
            _ = try parser.add(Array(text.utf8))
        }
        #expect(throws: BadAnswer.self) {
            var parser = ResponseParser()
            for byte in text.utf8 { _ = try parser.add([byte]) }
        }
    }

    @Test func whatNeverEndsIsBounded() {
        let heads = [
            "HTTP/1.1 200 OK\r\nX: " + String(repeating: "a", count: 70_000),
            "HTTP/1.1 200 OK\r\n" + String(repeating: "X: y\r\n", count: 101) + "\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + String(repeating: "a", count: 2000),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + String(repeating: "X: y\r\n", count: 11_000),
        ]
        for text in heads {
            #expect(throws: BadAnswer.self) {
                var parser = ResponseParser()
                _ = try parser.add(Array(text.utf8))
            }
        }
    }
}
