import CLinux
import Kernel
import Programs
import Testing

@testable import Runs

/// What the feeder takes and passes on, with pipes at both ends.
@Suite struct StdinFeederTests {
    private struct Result: Equatable {
        var passed: [UInt8]
        var tally: StdinTally
        var isOver: Bool
        /// Bytes left unread in the requester's pipe.
        var left: Int
    }

    /// - Parameter pieces: what the requester sends, each read before the next is written; then it ends.
    private func feed(_ pieces: [Int], cap: StreamCap?) throws -> Result {
        let source = try makePipe(), target = try makePipe()
        defer { for end in [source.reader, target.reader] { _ = sys_close(end) } }
        var feeder = StdinFeeder(writer: target.writer, cap: cap, source: source.reader)
        var isOver = false
        for piece in pieces {
            try FileSystem.write([UInt8](repeating: 0x61, count: piece), to: source.writer, named: "the pipe")
            while feeder.wantsInput && isReady(source.reader) { isOver = feeder.readInput() == .overCap || isOver }
        }
        _ = sys_close(source.writer)
        while feeder.wantsInput { isOver = feeder.readInput() == .overCap || isOver }
        #expect((feeder.writer == -1) == !isOver, "the program sees the end, unless it is about to be killed")
        let tally = feeder.tally
        discard(feeder)
        let left = try FileSystem.read(source.reader, upTo: 1 << 20)
        return Result(
            passed: try FileSystem.contents(of: target.reader, named: "the pipe", limit: 1 << 20), tally: tally,
            isOver: isOver, left: left.count)
    }

    private func discard(_ feeder: consuming StdinFeeder) {}

    private func isReady(_ descriptor: Int32) -> Bool {
        var poll = k_pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        var now = k_timespec()
        return sys_ppoll(&poll, 1, &now) > 0
    }

    private func expected(_ bytes: Int, isTruncated: Bool = false, isOver: Bool = false, left: Int = 0) -> Result {
        Result(
            passed: [UInt8](repeating: 0x61, count: bytes),
            tally: StdinTally(bytes: Int64(bytes), isTruncated: isTruncated), isOver: isOver, left: left)
    }

    @Test func withoutACapEverythingPasses() throws {
        #expect(try feed([], cap: nil) == expected(0))
        #expect(try feed([1, 50_000, 7], cap: nil) == expected(50_008))
    }

    @Test func theCapIsExact() throws {
        for excess in StreamCap.Excess.allCases {
            let cap = StreamCap(maxSize: 100, excess: excess)
            #expect(try feed([99], cap: cap) == expected(99))
            #expect(try feed([100], cap: cap) == expected(100))
            #expect(try feed([40, 60], cap: cap) == expected(100))
        }
        let kill = StreamCap(maxSize: 100, excess: .kill), truncate = StreamCap(maxSize: 100, excess: .truncate)
        for (pieces, passed) in [([101], 0), ([100, 1], 100), ([40, 61], 40)] {
            #expect(try feed(pieces, cap: kill) == expected(passed, isOver: true))
            #expect(try feed(pieces, cap: truncate) == expected(100, isTruncated: true))
        }
        #expect(try feed([1000], cap: truncate) == expected(100, isTruncated: true, left: 899), "no more is read")
    }

    @Test func aFullStdinEndsAtOnce() throws {
        let source = try makePipe(), target = try makePipe()
        defer { for end in [source.reader, source.writer, target.reader] { _ = sys_close(end) } }
        var feeder = StdinFeeder(
            writer: target.writer, cap: StreamCap(maxSize: 3, excess: .truncate), source: source.reader)
        try FileSystem.write(Array("abc".utf8), to: source.writer, named: "the pipe")
        _ = feeder.readInput()
        #expect(feeder.writer == -1 && feeder.wantsInput && feeder.tally == StdinTally(bytes: 3, isTruncated: false))
        try FileSystem.write(Array("d".utf8), to: source.writer, named: "the pipe")
        _ = feeder.readInput()
        #expect(!feeder.wantsInput && feeder.tally.isTruncated)
    }

    @Test func aClosedStdinTakesNoMore() throws {
        let source = try makePipe(), target = try makePipe()
        defer { for end in [source.reader, source.writer] { _ = sys_close(end) } }
        var feeder = StdinFeeder(writer: target.writer, cap: nil, source: source.reader)
        _ = sys_close(target.reader)
        ignoreSignalsOfWriting()
        try FileSystem.write(Array("abc".utf8), to: source.writer, named: "the pipe")
        _ = feeder.readInput()
        #expect(feeder.writer == -1 && !feeder.wantsInput && feeder.tally.bytes == 0)
    }
}
