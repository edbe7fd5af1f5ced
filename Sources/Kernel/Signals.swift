import CLinux

/// Signals as something to poll. Source: signalfd(2).
public struct SignalQueue: ~Copyable {
    public let descriptor: OwnedFD

    /// SIGINT, SIGTERM and SIGHUP: the ways of asking a command to stop. Blocks their usual effect in this thread.
    public static func requestsToStop() throws(KernelError) -> SignalQueue {
        var mask: UInt64 = 0
        // One that is ignored stays so: that is what nohup means.
        for signal in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(signal) { mask |= 1 << (UInt64(signal) - 1) }
        try check(sys_rt_sigprocmask(SIG_BLOCK, &mask, nil), "block signals")
        return SignalQueue(
            descriptor: try checkFD(sys_signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK), "make a signal descriptor"))
    }

    private static func isIgnored(_ signal: Int32) -> Bool {
        var action = k_sigaction()
        return sys_rt_sigaction(signal, nil, &action) >= 0 && action.handler == 1
    }

    /// Whether one is waiting; it stays there.
    public static func isWaiting(on descriptor: Int32) -> Bool {
        var poll = k_pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        var now = k_timespec()
        return sys_ppoll(&poll, 1, &now) > 0
    }

    /// The next signal's number; nil when none is waiting.
    public func next() -> Int32? {
        var info = k_signalfd_siginfo()
        let n = sys_read(descriptor.raw, &info, MemoryLayout<k_signalfd_siginfo>.size)
        return n > 0 ? Int32(info.ssi_signo) : nil
    }
}

/// A broken pipe and a file that may not grow are errors of write(2), not signals. jrun's child resets this before it
/// executes.
public func ignoreSignalsOfWriting() {
    var ignore = k_sigaction(handler: 1, flags: 0, restorer: 0, mask: 0)
    _ = sys_rt_sigaction(SIGPIPE, &ignore, nil)
    _ = sys_rt_sigaction(SIGXFSZ, &ignore, nil)
}

/// A counter to poll: readable once somebody has added to it. Source: eventfd(2).
///
/// Not inotify: destroying an inotify group waits for an SRCU grace period, 15 ms that every run would pay.
public struct EventCounter: ~Copyable {
    public let descriptor: OwnedFD

    public init() throws(KernelError) {
        descriptor = try checkFD(sys_eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "make an event counter")
    }

    public func clear() { _ = try? FileSystem.read(descriptor.raw, upTo: 8) }
}

public func isTerminal(_ file: Int32) -> Bool {
    var settings = [UInt8](repeating: 0, count: 64)
    return sys_ioctl(file, UInt(TCGETS), &settings) >= 0
}

/// Size of the terminal behind a descriptor; nil when it is none, or does not know. Source: tty_ioctl(4).
public func terminalSize(_ file: Int32) -> (columns: Int, rows: Int)? {
    var size = k_winsize()
    guard sys_ioctl(file, UInt(TIOCGWINSZ), &size) >= 0, size.ws_col > 0 else { return nil }
    return (Int(size.ws_col), Int(size.ws_row))
}

/// Its columns alone.
public func terminalColumns(_ file: Int32) -> Int? { terminalSize(file)?.columns }
