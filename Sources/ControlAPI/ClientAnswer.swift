// How an answer of jrund is read: strict and bounded, whatever the other side sends. Source: RFC 9112.
//
//   bytes ──ResponseParser──► head, then the body's bytes
//             │ head: until an empty line, at most 64 KiB
//             └ body: none, Content-Length, or chunked; "until the connection closes" is refused, because an answer that
//               was cut off could not be told from a whole one

/// Status and header fields of an answer.
public struct ResponseHead: Sendable, Equatable {
    /// One header field as it was sent.
    public struct Field: Sendable, Equatable {
        public var name: String
        public var value: String
    }

    /// 200 to 599.
    public var status: Int
    public var fields: [Field]

    /// The first field of this name, whatever its case.
    public subscript(name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    func all(_ name: String) -> [String] { fields.filter { $0.name.lowercased() == name }.map(\.value) }

    var closesConnection: Bool { all("connection").contains { $0.lowercased() == "close" } }
}

/// What is wrong with an answer, in words.
struct BadAnswer: Error, Equatable {
    var reason: String
}

/// Reads one answer, in pieces as they come.
struct ResponseParser {
    static let maxHeadBytes = 1 << 16
    static let maxFields = 100

    private enum State {
        case head
        case length(Int64)
        case chunked(ChunkReader)
        case complete
    }

    private(set) var head: ResponseHead?
    private let isHEAD: Bool
    private var state = State.head
    private var held: [UInt8] = []

    /// - Parameter isHEAD: the answer to HEAD has no body, whatever its fields say.
    init(isHEAD: Bool = false) { self.isHEAD = isHEAD }

    var isComplete: Bool { if case .complete = state { true } else { false } }
    /// Nothing of the answer has come.
    var isUntouched: Bool { head == nil && held.isEmpty }

    /// The body's bytes among these.
    mutating func add(_ bytes: [UInt8]) throws(BadAnswer) -> [UInt8] {
        var rest = bytes[...]
        var body: [UInt8] = []
        while !rest.isEmpty {
            switch state {
            case .head: try readHead(&rest)
            case .length(let remaining):
                let piece = rest.prefix(Int(min(remaining, Int64(rest.count))))
                body += piece
                rest = rest.dropFirst(piece.count)
                state = remaining == Int64(piece.count) ? .complete : .length(remaining - Int64(piece.count))
            case .chunked(var reader):
                try reader.read(&rest, into: &body)
                state = reader.isComplete ? .complete : .chunked(reader)
            case .complete: throw BadAnswer(reason: "there are bytes behind the answer")
            }
        }
        return body
    }

    private mutating func readHead(_ rest: inout ArraySlice<UInt8>) throws(BadAnswer) {
        while let byte = rest.popFirst() {
            held.append(byte)
            if held.count > Self.maxHeadBytes { throw BadAnswer(reason: "its head is larger than 64 KiB") }
            guard byte == 0x0a, held.count >= 4, held.suffix(4).elementsEqual([0x0d, 0x0a, 0x0d, 0x0a]) else {
                continue
            }
            let parsed = try HeadReader(held.dropLast(4)).read()
            held = []
            // 1xx only announces the answer. Source: RFC 9110, 15.2.
            if parsed.status < 200 { continue }
            head = parsed
            state = try framing(of: parsed)
            return
        }
    }

    private func framing(of head: ResponseHead) throws(BadAnswer) -> State {
        let lengths = head.all("content-length"), codings = head.all("transfer-encoding")
        if isHEAD || head.status == 204 || head.status == 304 { return .complete }
        if !codings.isEmpty {
            guard lengths.isEmpty, codings.count == 1, codings[0].lowercased() == "chunked" else {
                throw BadAnswer(reason: "its body's length is said in two ways, or in an unknown one")
            }
            return .chunked(ChunkReader())
        }
        guard lengths.count == 1 else {
            throw BadAnswer(reason: lengths.isEmpty ? "its body's length is not said" : "two Content-Length fields")
        }
        guard !lengths[0].isEmpty, lengths[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let length = Int64(lengths[0])
        else { throw BadAnswer(reason: "its Content-Length is no number") }
        return length == 0 ? .complete : .length(length)
    }
}

/// A head's lines, each ended by CR LF and nothing else.
private struct HeadReader {
    private let text: ArraySlice<UInt8>

    init(_ text: ArraySlice<UInt8>) { self.text = text }

    func read() throws(BadAnswer) -> ResponseHead {
        var lines: [ArraySlice<UInt8>] = []
        for part in text.split(separator: 0x0a, omittingEmptySubsequences: false) {
            let isLast = part.endIndex == text.endIndex
            guard isLast || part.last == 0x0d else { throw BadAnswer(reason: "a line of its head lacks its CR") }
            lines.append(isLast ? part : part.dropLast())
        }
        if lines.count > ResponseParser.maxFields + 1 { throw BadAnswer(reason: "more than 100 header fields") }
        var head = ResponseHead(status: try status(lines[0]), fields: [])
        for line in lines.dropFirst() { head.fields.append(try field(line)) }
        return head
    }

    /// `HTTP/1.1 200 OK`; the words behind the number may be missing, their space not always.
    private func status(_ line: ArraySlice<UInt8>) throws(BadAnswer) -> Int {
        let isHTTP = line.starts(with: "HTTP/1.1 ".utf8) || line.starts(with: "HTTP/1.0 ".utf8)
        let rest = line.dropFirst(9)
        guard isHTTP, rest.count >= 3, rest.count == 3 || rest.dropFirst(3).first == 0x20,
            rest.allSatisfy(HeadReader.isText), let status = Int(String(decoding: rest.prefix(3), as: UTF8.self)),
            (100...599).contains(status)
        else { throw BadAnswer(reason: "it is not HTTP/1.1") }
        return status
    }

    private func field(_ line: ArraySlice<UInt8>) throws(BadAnswer) -> ResponseHead.Field {
        guard let colon = line.firstIndex(of: 0x3a), colon > line.startIndex,
            line[..<colon].allSatisfy(HeadReader.isToken)
        else { throw BadAnswer(reason: "a header field without a proper name") }
        let value = line[(colon + 1)...].drop(while: HeadReader.isBlank)
        guard value.allSatisfy(HeadReader.isText) else { throw BadAnswer(reason: "control characters in its head") }
        let end = value.lastIndex { !HeadReader.isBlank($0) }.map { $0 + 1 } ?? value.startIndex
        return .init(
            name: String(decoding: line[..<colon], as: UTF8.self), value: String(decoding: value[..<end], as: UTF8.self)
        )
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    static func isText(_ byte: UInt8) -> Bool { byte == 0x09 || byte >= 0x20 && byte != 0x7f }

    /// Source: RFC 9110, 5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

/// A body in chunks. Extensions and trailers are bounded and not looked at. Source: RFC 9112, 7.1.
private struct ChunkReader {
    private static let maxLineBytes = 1024
    private static let maxTrailerBytes = 1 << 16

    private enum State { case size, data(Int64), dataEnd, trailers, complete }

    private var state = State.size
    private var line: [UInt8] = []
    private var trailerBytes = 0

    var isComplete: Bool { if case .complete = state { true } else { false } }

    /// Takes what belongs to the body off `rest`.
    mutating func read(_ rest: inout ArraySlice<UInt8>, into body: inout [UInt8]) throws(BadAnswer) {
        while !rest.isEmpty, !isComplete {
            if case .data(let remaining) = state {
                let piece = rest.prefix(Int(min(remaining, Int64(rest.count))))
                body += piece
                rest = rest.dropFirst(piece.count)
                state = remaining == Int64(piece.count) ? .dataEnd : .data(remaining - Int64(piece.count))
            } else if let byte = rest.popFirst(), try endsLine(byte) {
                try take(line)
                line = []
            }
        }
    }

    private mutating func endsLine(_ byte: UInt8) throws(BadAnswer) -> Bool {
        guard byte == 0x0a else {
            line.append(byte)
            if line.count > Self.maxLineBytes { throw BadAnswer(reason: "a line between its chunks is too long") }
            return false
        }
        guard line.popLast() == 0x0d else { throw BadAnswer(reason: "a line between its chunks lacks its CR") }
        return true
    }

    private mutating func take(_ line: [UInt8]) throws(BadAnswer) {
        switch state {
        case .size:
            let digits = line.prefix { $0 != 0x3b }
            guard (1...15).contains(digits.count), line.allSatisfy(HeadReader.isText),
                digits.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x46).contains($0 & 0xdf) }),
                let size = Int64(String(decoding: digits, as: UTF8.self), radix: 16)
            else { throw BadAnswer(reason: "a chunk without a proper size") }
            state = size == 0 ? .trailers : .data(size)
        case .dataEnd:
            guard line.isEmpty else { throw BadAnswer(reason: "a chunk is longer than it says") }
            state = .size
        case .trailers:
            trailerBytes += line.count + 2
            if trailerBytes > Self.maxTrailerBytes { throw BadAnswer(reason: "too much behind its last chunk") }
            if line.isEmpty { state = .complete }
        case .data, .complete: break
        }
    }
}
