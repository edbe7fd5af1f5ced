import CLinux
import Kernel

/// Follows one spool to one of this process's own streams. Writes only what the stream takes without waiting, so that a
/// slow reader never keeps jrun from obeying a signal.
struct SpoolFollower: ~Copyable {
    let spool: OwnedFD
    let sink: Int32
    private var offset: Int64 = 0
    /// Why the sink takes no more.
    private(set) var failure: Int32?
    var isBroken: Bool { failure != nil }
    private let kind: FileStatus.Kind

    init(spool: consuming OwnedFD, sink: Int32) {
        self.spool = spool
        self.sink = sink
        kind = (try? FileStatus(of: sink))?.kind ?? .unknown
    }

    /// Whether there are bytes that the sink has not taken yet.
    func hasPending() -> Bool {
        guard !isBroken, let size = try? FileStatus(of: spool.raw).size else { return false }
        return size > offset
    }

    /// Passes on what is there; returns when the sink would make us wait or everything is through.
    mutating func pump() {
        // A sink that is gone is no loss as long as there is nothing for it.
        while hasPending() {
            let n = passOn()
            if n == Int(-EINTR) { continue }
            if n == Int(-EAGAIN) || n == 0 { return }
            if n < 0 { failure = Int32(-n) } else { offset += Int64(n) }
        }
    }

    private func passOn() -> Int {
        switch kind {
        // A pipe takes whole pages without copying, and says EAGAIN instead of waiting.
        case .fifo:
            var at = offset
            return sys_splice_at(spool.raw, &at, sink, 1 << 20, UInt32(SPLICE_F_NONBLOCK))
        case .file:
            var at = offset
            let n = sys_sendfile_at(sink, spool.raw, &at, 1 << 30)
            // A file that is open for appending takes no sendfile.
            if n == Int(-EINVAL) { return write(upTo: 1 << 20) }
            return n
        // A terminal or a socket: as much as a ready one surely takes.
        default:
            return isReady() ? write(upTo: 4096) : Int(-EAGAIN)
        }
    }

    private func write(upTo count: Int) -> Int {
        guard let bytes = try? FileSystem.read(spool.raw, from: offset, upTo: count), !bytes.isEmpty else { return 0 }
        return bytes.withUnsafeBytes { sys_write(sink, $0.baseAddress, $0.count) }
    }

    private func isReady() -> Bool {
        var poll = k_pollfd(fd: sink, events: Int16(POLLOUT), revents: 0)
        var now = k_timespec()
        return sys_ppoll(&poll, 1, &now) > 0
    }

    /// The rest, however long the reader takes, for the end of a run; a signal ends the wait.
    mutating func drain(unlessStoppedBy signals: borrowing SignalQueue) {
        pump()
        while hasPending() {
            var polls = [
                k_pollfd(fd: sink, events: Int16(POLLOUT), revents: 0),
                k_pollfd(fd: signals.descriptor.raw, events: Int16(POLLIN), revents: 0),
            ]
            _ = sys_ppoll(&polls, 2, nil)
            if signals.next() != nil { return }
            pump()
        }
    }
}
