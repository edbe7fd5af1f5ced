import ArgumentParser
import ControlAPI
import FoundationEssentials
import Kernel
import Runs

struct LogsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Print what a run has written to stdout, or to stderr.",
        discussion: "With --json an object a line: {\"offset\": …, \"text\": …}, or \"base64\" where it is not UTF-8.")

    @OptionGroup var answer: AnswerOptions

    @Flag(name: .shortAndLong, help: "Go on until the stream has ended.")
    var follow = false

    @Flag(name: .long, help: "What it has written to stderr.")
    var stderr = false

    @Option(name: .long, help: ArgumentHelp("Begin at this byte, counted from 0.", valueName: "bytes"))
    var offset: Int64 = 0

    @Argument(help: idHelp) var id: String

    func run() throws {
        try reporting {
            if offset < 0 { throw RunRefused("--offset \(offset): bytes are counted from 0") }
            let client = answer.client
            var reader = StreamReading(id: try client.id(id), stream: stderr ? "stderr" : "stdout", offset: offset)
            try reader.read(with: client, following: follow) { offset, piece in
                if answer.json { return try printJSON(LogPiece(offset: offset, piece)) }
                try FileSystem.write(piece, to: 1, named: "stdout")
            }
        }
    }
}

/// Some bytes of a stream as JSON.
private struct LogPiece: Encodable {
    var offset: Int64
    var text: String?
    var base64: String?

    init(offset: Int64, _ bytes: [UInt8]) {
        self.offset = offset
        text = String(validating: bytes, as: UTF8.self)
        if text == nil { base64 = Data(bytes).base64EncodedString() }
    }
}

/// A place in a run's stdout or stderr, and how to go on from there.
struct StreamReading {
    let id: String
    let stream: String
    /// Bytes that were received.
    private(set) var offset: Int64

    init(id: String, stream: String, offset: Int64) { (self.id, self.stream, self.offset) = (id, stream, offset) }

    func request(following: Bool) -> ClientRequest {
        let query = [(name: "offset", value: "\(offset)")] + (following ? [("follow", "true")] : [])
        return .get(.run(id, stream, query: query))
    }

    mutating func advance(by count: Int) { offset += Int64(count) }

    /// Hands on every byte once, also when jrund is restarted meanwhile.
    mutating func read(
        with client: ControlClient, following: Bool, _ take: (_ offset: Int64, _ piece: [UInt8]) throws -> Void
    ) throws {
        var comeback = Comeback(), follows = following
        while true {
            do {
                let exchange = try client.perform(request(following: follows))
                comeback.reset()
                while let piece = try client.next(of: exchange) {
                    try take(offset, piece)
                    advance(by: piece.count)
                }
                return
            } catch let problem as Problem where problem.isEndedStream && follows {
                // What is kept of it is there without following.
                follows = false
            } catch let error as ClientError {
                try comeback.wait(for: error, client)
            }
        }
    }
}

extension Problem {
    var isEndedStream: Bool { status == Kind.ended.status }
}
