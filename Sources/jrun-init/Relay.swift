// Carries one stream of the program from its pipe to its spool or file, without looking at it.

import CInit
import CLinux
import CPlan

struct Relay {
    enum Outcome {
        /// Everything that was there has been taken.
        case waiting
        /// There may be more, but somebody else's turn has come.
        case interrupted
        /// Nobody can write any more.
        case ended
        /// The program wrote more than both streams may; the spools hold exactly what they may.
        case overLimit
        /// The program wrote more than this stream may; its target holds exactly what it may.
        case overCap
        /// The target could not be written.
        case failed(Int32)
    }

    private(set) var pipe: Int32
    private let target: Int32
    private let cap: UInt64
    /// What exceeds the cap is dropped while the program goes on.
    private let truncates: Bool
    /// The target is a file of the run, which the limit `output` says nothing about.
    let isFile: Bool
    /// Bytes that the target has got.
    private(set) var bytes: UInt64 = 0
    private(set) var dropped: UInt64 = 0
    private var isWide = false

    /// Pieces of at most a mebibyte that are moved before somebody else has a turn: whoever writes without end must not
    /// keep us from the clocks.
    static let piecesInTurn = 16

    /// Source: pipe(7), "Pipe capacity".
    private static let usualPipeBytes = 64 << 10
    /// What anybody may have. Source: /proc/sys/fs/pipe-max-size
    private static let widePipeBytes = 1 << 20

    init(pipe: Int32, target: Int32, cap: UInt64, truncates: Bool, isFile: Bool) {
        self.pipe = pipe
        self.target = target
        self.cap = cap
        self.truncates = truncates
        self.isFile = isFile
    }

    var outputBytes: UInt64 { isFile ? 0 : bytes }

    /// Moves what the pipe holds.
    ///
    /// - Parameters:
    ///   - outputLeft: what both streams together may still write.
    ///   - pieces: how many pieces at most.
    mutating func move(outputLeft: UInt64, pieces: Int) -> Outcome {
        guard pipe >= 0 else { return .ended }
        var outputLeft = isFile ? UInt64.max : outputLeft
        var piece = 0
        while piece < pieces {
            piece += 1
            let capLeft = cap - bytes
            let drops = capLeft == 0 && truncates
            let room = min(outputLeft, capLeft)
            let n = drops ? drop() : take(room)
            switch n {
            case Int(-EAGAIN): return .waiting
            case Int(-EINTR): continue
            case 0:
                close()
                return .ended
            case let n where n < 0: return .failed(Int32(-n))
            default:
                if drops {
                    dropped += UInt64(n)
                    continue
                }
                // The pipe stays open: the program is about to be killed, and not by SIGPIPE.
                if room == 0 { return capLeft == 0 ? .overCap : .overLimit }
                outputLeft -= UInt64(n)
                bytes += UInt64(n)
                if n >= Relay.usualPipeBytes { widen() }
            }
        }
        return .interrupted
    }

    private func take(_ room: UInt64) -> Int {
        // One byte more than allowed tells the end of the stream from the end of the allowance.
        room > 0
            ? sys_splice(pipe, target, Int(min(room, 1 << 20)), UInt32(SPLICE_F_MOVE | SPLICE_F_NONBLOCK))
            : sys_read(pipe, buffer, 1)
    }

    /// A program that fills the usual pipe has more to say: with a larger one, it and we take turns less often. The others
    /// are spared the memory of it.
    private mutating func widen() {
        if isWide { return }
        isWide = true
        _ = sys_fcntl(pipe, F_SETPIPE_SZ, Relay.widePipeBytes)
    }

    /// Our own stdout is /dev/null, which takes pages without a copy.
    private func drop() -> Int { sys_splice(pipe, 1, 1 << 20, UInt32(SPLICE_F_MOVE | SPLICE_F_NONBLOCK)) }

    /// Lets go of the pipe: writers get EPIPE from now on.
    private mutating func close() {
        _ = sys_close(pipe)
        pipe = -1
    }
}
