import CLinux

/// What can be waited for on a descriptor, and what was found. Source: poll(2).
public struct Readiness: OptionSet, Sendable {
    public let rawValue: Int16
    public init(rawValue: Int16) { self.rawValue = rawValue }

    public static let input = Readiness(rawValue: Int16(POLLIN))
    public static let output = Readiness(rawValue: Int16(POLLOUT))
    /// Found only: the other end is gone.
    public static let gone = Readiness(rawValue: Int16(POLLERR))
}

/// Waits until something is ready on one of the descriptors; a negative one is not looked at.
///
/// - Parameter milliseconds: at most so long; nil: as long as it takes.
/// - Returns: what was found on each of them; all empty when the time was over or a signal came.
public func waitUntilReady(
    _ descriptors: [(descriptor: Int32, for: Readiness)], milliseconds: Int64? = nil
) -> [Readiness] {
    var polls = descriptors.map { k_pollfd(fd: $0.descriptor, events: $0.for.rawValue, revents: 0) }
    let count = UInt32(polls.count)
    if let milliseconds {
        var time = k_timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
        _ = sys_ppoll(&polls, count, &time)
    } else {
        _ = sys_ppoll(&polls, count, nil)
    }
    return polls.map { Readiness(rawValue: $0.revents) }
}

/// Writes some of the bytes, as many as one call takes.
///
/// - Returns: how many; 0 when the descriptor takes none without waiting.
public func writeSome(_ bytes: ArraySlice<UInt8>, to file: Int32) throws(KernelError) -> Int {
    let n = bytes.withUnsafeBytes { sys_write(file, $0.baseAddress, $0.count) }
    if n == Int(-EAGAIN) || n == Int(-EINTR) { return 0 }
    return try check(n, "write")
}
