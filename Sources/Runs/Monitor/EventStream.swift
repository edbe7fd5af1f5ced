import Programs

/// One transition of a run, as the log and the event stream say it.
public struct RunEvent: Sendable, Codable, Equatable {
    /// Counts up by one on each node, also across restarts.
    public var sequence: UInt64
    /// RFC 3339 in UTC.
    public var time: String
    public var run: String
    public var program: String
    /// The owner's uid.
    public var owner: UInt32
    /// A state, or `removed`.
    public var state: String
    public var cause: String?
}

/// The node's event log, for those who write it and those who follow it.
public final class EventStream: Sendable {
    /// Follows the log from behind `sequence`; `nil`: from now on.
    public func reader(after sequence: UInt64?) throws -> EventReader { fatalError() }
}

/// A place in the log: a file offset, moved by whoever reads.
public final class EventReader: Sendable {
    /// The log no longer reaches back to where the reader wanted to go on.
    public var hasGap: Bool { fatalError() }

    /// The next events, at most a few hundred; empty when there are none now.
    public func next() throws -> [RunEvent] { fatalError() }

    /// Returns when there may be more, or the task is cancelled.
    public func waitForMore() async { fatalError() }
}
