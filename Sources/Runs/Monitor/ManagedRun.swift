import Kernel
import Programs

/// One run of the monitor. What blocks (staging, launching, harvest) blocks only this actor, which has a queue of its own;
/// `snapshot` and readers need not wait for it.
public actor ManagedRun {
    public nonisolated let id: RunID
    public nonisolated let owner: Owner
    /// The program as it was when the run was created.
    public nonisolated let program: Program
    public nonisolated let reference: Report.ProgramReference
    public nonisolated let arguments: [String]
    public nonisolated let environment: [String: String]
    public nonisolated let limits: Limits
    /// Raised by every change of the snapshot and whenever a stream has grown.
    public nonisolated let changes = ChangeSignal()

    public nonisolated var snapshot: RunSnapshot { fatalError() }

    init() { fatalError() }

    /// Starts, or waits in the queue.
    ///
    /// - Returns: whether the program was launched (or failed to be: the snapshot says so); false: it waits.
    /// - Throws: `MonitorRefusal` `invalid`, `conflict`, `busy`, `quota`, `node`
    public func start(mayQueue: Bool = true) async throws -> Bool { fatalError() }

    /// Suspend, freeze, resume and thaw return when it is so; terminate and kill at once. What is already so is no error.
    ///
    /// - Throws: `MonitorRefusal` `conflict`
    public func command(_ command: RunCommand) async throws { fatalError() }

    /// Returns when the run has ended, or the task is cancelled.
    public nonisolated func waitForEnd() async { fatalError() }

    /// The report's JSON. - Throws: `conflict` before the end.
    public nonisolated func report() throws -> [UInt8] { fatalError() }

    /// This run's events from behind `sequence`, from its own log.
    public nonisolated func events(after sequence: UInt64) throws -> [RunEvent] { fatalError() }

    // MARK: Files

    /// In the order of their paths.
    public nonisolated func files() throws -> [RunFile] { fatalError() }

    /// A file to be read; counts as a reader of the run until it goes.
    public nonisolated func open(_ path: String) throws -> OpenedFile { fatalError() }

    /// Begins to replace or add an input. - Throws: `conflict`, `invalid`, `precondition`
    public func upload(_ path: String, mayReplace: Bool = true) async throws -> Upload { fatalError() }

    public func removeInput(_ path: String) async throws { fatalError() }

    // MARK: Streams

    /// Bytes that the spool holds, and whether more can come; nil when the stream goes elsewhere.
    public nonisolated func stream(_ stream: OutputStream) -> (bytes: Int64, hasEnded: Bool)? { fatalError() }

    /// - Throws: `notFound` when the stream goes elsewhere, `range` beyond its end; when `following`, `ended` after the end.
    public nonisolated func reader(
        of stream: OutputStream, from offset: Int64, following: Bool
    ) throws -> StreamReader { fatalError() }

    /// For one request at a time: a second one waits here. - Throws: `conflict`, `notFound`
    public func openStdin() async throws -> StdinWriter { fatalError() }
}

/// A file being read: results of an ended run, inputs before.
public final class OpenedFile: Sendable {
    public var file: RunFile { fatalError() }
    /// Blocks as a disk does.
    public func read(from offset: Int64, upTo count: Int) throws -> [UInt8] { fatalError() }
}

/// An input on its way. Nothing of it is to be seen before `finish`; what is not finished is removed.
public final class Upload: Sendable {
    /// - Throws: `invalid` as soon as it is larger than its rule allows; `quota`; `node` when the disk is full.
    public func write(_ bytes: some Collection<UInt8> & Sendable) throws { fatalError() }

    /// Checks the content and puts the file in its place.
    ///
    /// - Returns: the file, and whether there was one of that name.
    public func finish() async throws -> (file: RunFile, replaced: Bool) { fatalError() }
}

/// One reader's place in stdout or stderr.
public final class StreamReader: Sendable {
    /// What is there from `offset` on, at most `count` bytes; empty when there is nothing more now.
    public func read(upTo count: Int) throws -> [UInt8] { fatalError() }
    /// Returns when there may be more; false when the stream has ended and everything was read.
    public func waitForMore() async -> Bool { fatalError() }
    /// Bytes in the spool now.
    public var size: Int64 { fatalError() }
}

/// The way to a program's stdin.
public final class StdinWriter: Sendable {
    /// Returns when the program's pipe has taken all of it. - Throws: `conflict` when the run has ended or the program has
    /// closed its stdin; `tooLarge` at the cap.
    public func write(_ bytes: [UInt8]) async throws { fatalError() }
    /// End of file for the program.
    public func close() async throws { fatalError() }
    /// Lets the next writer go ahead.
    public func finish() { fatalError() }
}
