import CLinux
import Kernel
import Programs

/// What went through stdin.
struct StdinTally: Equatable {
    /// Bytes that the program's pipe has taken.
    var bytes: Int64 = 0
    /// More came than the cap allows, and was dropped.
    var isTruncated = false
}

/// Carries this process's stdin to the program's pipe, up to the cap.
struct StdinFeeder: ~Copyable {
    enum Reading { case goesOn, overCap }

    private(set) var writer: Int32
    private(set) var tally = StdinTally()
    private let source: Int32
    private let cap: StreamCap?
    private var pending: [UInt8] = []
    /// What the cap leaves to be read.
    private var room: Int64
    private var ended = false

    /// - Parameters:
    ///   - writer: the pipe's end, which the feeder closes; -1 when there is none.
    ///   - source: what is read; stays the caller's.
    init(writer: Int32, cap: StreamCap?, source: Int32 = 0) {
        self.writer = writer
        self.source = source
        self.cap = cap
        room = cap?.maxSize ?? .max
        ended = writer < 0
        _ = sys_fcntl(writer, F_SETFL, Int(O_WRONLY | O_NONBLOCK))
    }

    deinit { if writer >= 0 { _ = sys_close(writer) } }

    var wantsInput: Bool { pending.isEmpty && !ended }
    var wantsOutput: Bool { writer >= 0 && !pending.isEmpty }

    /// Reads one piece; a stdin that cannot be read counts as ended.
    mutating func readInput() -> Reading {
        // One byte more than allowed tells the end of the stream from the end of the allowance.
        var bytes = (try? FileSystem.read(source, upTo: Int(min(room, 65535)) + 1)) ?? []
        let isOver = Int64(bytes.count) > room
        if isOver { bytes.removeLast(bytes.count - Int(room)) }
        ended = isOver || bytes.isEmpty
        // The program keeps waiting for what it does not get any more, instead of ending well before it is killed.
        if isOver && cap?.excess == .kill { return .overCap }
        if cap != nil { room -= Int64(bytes.count) }
        tally.isTruncated = isOver
        pending = bytes
        writeOutput()
        return .goesOn
    }

    /// A program that has closed its stdin gets no more of it.
    mutating func writeOutput() {
        if !pending.isEmpty {
            let n = pending.withUnsafeBytes { sys_write(writer, $0.baseAddress, $0.count) }
            if n > 0 {
                tally.bytes += Int64(n)
                pending.removeFirst(n)
            } else if n != Int(-EAGAIN) && n != Int(-EINTR) {
                ended = true
                pending = []
            }
        }
        // At a cap that truncates, the program need not wait for the requester's end; whether more comes, we still see.
        let isFull = room == 0 && cap?.excess == .truncate
        if pending.isEmpty && (ended || isFull) { close() }
    }

    private mutating func close() {
        if writer >= 0 { _ = sys_close(writer) }
        writer = -1
    }
}
