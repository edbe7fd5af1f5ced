// Carries one stream of the program from its pipe to its spool, without looking at it.

import CLinux
import CPlan

struct Relay {
    enum Outcome {
        /// Everything that was there is in the spool.
        case waiting
        /// Nobody can write any more.
        case ended
        /// The program wrote more than it may; the spool holds exactly what it may.
        case overLimit
        /// The spool could not be written.
        case failed(Int32)
    }

    private(set) var pipe: Int32
    private let spool: Int32
    private(set) var bytes: UInt64 = 0

    init(pipe: Int32, spool: Int32) {
        self.pipe = pipe
        self.spool = spool
    }

    /// Moves what the pipe holds. `allowance` is what both streams together may still write.
    mutating func move(allowance: UInt64) -> Outcome {
        guard pipe >= 0 else { return .ended }
        var left = allowance
        while true {
            // One byte more than allowed tells the end of the stream from the end of the allowance.
            let n =
                left > 0
                ? sys_splice(pipe, spool, Int(min(left, 1 << 20)), UInt32(SPLICE_F_MOVE | SPLICE_F_NONBLOCK))
                : sys_read(pipe, buffer, 1)
            switch n {
            case Int(-EAGAIN): return .waiting
            case Int(-EINTR): continue
            case 0:
                close()
                return .ended
            case let n where n < 0: return .failed(Int32(-n))
            default:
                // The pipe stays open: the program is about to be killed, and not by SIGPIPE.
                if left == 0 { return .overLimit }
                left -= UInt64(n)
                bytes += UInt64(n)
            }
        }
    }

    /// Lets go of the pipe: writers get EPIPE from now on.
    private mutating func close() {
        _ = sys_close(pipe)
        pipe = -1
    }
}
