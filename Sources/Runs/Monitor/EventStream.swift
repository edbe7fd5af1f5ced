import Kernel
import Programs
import Synchronization

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

    /// One line of the log. No text in it can hold what JSON would have to escape.
    var line: String {
        let cause = cause.map { ",\"cause\":\"\($0)\"" } ?? ""
        return "\(RunEvent.head)\(sequence),\"time\":\"\(time)\",\"run\":\"\(run)\",\"program\":\"\(program)\","
            + "\"owner\":\(owner),\"state\":\"\(state)\"\(cause)}\n"
    }

    fileprivate static let head = "{\"sequence\":"

    /// The number of a line, without reading the rest of it.
    fileprivate static func sequence(of line: ArraySlice<UInt8>) -> UInt64? {
        guard line.starts(with: head.utf8) else { return nil }
        return possible(
            String(decoding: line.dropFirst(head.utf8.count).prefix { $0 != UInt8(ascii: ",") }, as: UTF8.self))
    }

    /// A number that an event can have, and be followed by others.
    fileprivate static func possible(_ text: some StringProtocol) -> UInt64? {
        UInt64(text).flatMap { (1...UInt64.max / 2).contains($0) ? $0 : nil }
    }
}

/// The node's event log: `events/NUMBER.jsonl`, each file named by its first event's number. Followers are file offsets.
public final class EventStream: Sendable {
    private struct State {
        var file: Int32
        var first: UInt64
        var size: Int64
        var next: UInt64
        /// First numbers of the files that are there, the current one last.
        var files: [UInt64]
    }

    private let directory: String
    private let state: Mutex<State>
    let changes = ChangeSignal()

    /// Bytes after which a new file is begun, and how many files are kept.
    private static let maxFileBytes: Int64 = 8 << 20
    private static let maxFiles = 4

    /// Opens the log where it ended. Half a line at its end, of a writer that was killed in the middle, is taken away.
    init(in directory: String) throws {
        self.directory = directory
        try FileSystem.makeDirectories(directory, mode: 0o700)
        let opened = try FileSystem.open(directory, [.read, .directory])
        var files = try FileSystem.names(in: opened.raw).compactMap { EventStream.number(of: $0) }.sorted()
        if files.isEmpty { files = [1] }
        let first = files.last!
        let file = try FileSystem.open(
            EventStream.path(directory, first), [.readWrite, .create, .append], mode: 0o600)
        let size = try FileStatus(of: file.raw).size
        let tail = try FileSystem.read(file.raw, from: max(0, size - 65536), upTo: 65536)
        let whole = (tail.lastIndex(of: 0x0a) ?? -1) + 1
        let torn = Int64(tail.count - whole)
        if torn > 0 { try FileSystem.truncate(file.raw, to: size - torn) }
        let last = tail[..<whole].split(separator: 0x0a).last.flatMap { RunEvent.sequence(of: $0) }
        state = Mutex(
            State(
                file: file.release(), first: first, size: size - torn, next: last.map { $0 + 1 } ?? first, files: files)
        )
    }

    deinit { OwnedFD(taking: state.withLock(\.file)).close() }

    private static func path(_ directory: String, _ first: UInt64) -> String {
        let digits = String(first)
        return "\(directory)/\(String(repeating: "0", count: max(0, 20 - digits.count)))\(digits).jsonl"
    }

    private static func number(of name: [UInt8]) -> UInt64? {
        let name = String(decoding: name, as: UTF8.self)
        return name.hasSuffix(".jsonl") ? RunEvent.possible(name.dropLast(6)) : nil
    }

    /// Writes the event into the log, and a copy into the run's own: in this order, so that what the copy lacks can be told.
    ///
    /// - Parameter copy: the run's log, open for appending; nil when there is none any more.
    func record(
        _ what: String, of run: String, program: String, owner: UInt32, cause: Cause? = nil, copyTo copy: Int32?
    ) throws(KernelError) {
        let result: Result<Void, KernelError> = state.withLock { state in
            do throws(KernelError) {
                if state.size >= EventStream.maxFileBytes { try begin(&state) }
                let event = RunEvent(
                    sequence: state.next, time: timestamp(realtimeNanoseconds()), run: run, program: program,
                    owner: owner, state: what, cause: cause?.rawValue)
                let line = Array(event.line.utf8)
                do throws(KernelError) { try FileSystem.write(line, to: state.file, named: "the event log") } catch {
                    // Half a line would hide the next one.
                    try? FileSystem.truncate(state.file, to: state.size)
                    throw error
                }
                state.size += Int64(line.count)
                state.next += 1
                if let copy { try FileSystem.write(line, to: copy, named: "events.jsonl") }
                return .success(())
            } catch { return .failure(error) }
        }
        changes.raise()
        try result.get()
    }

    private func begin(_ state: inout State) throws(KernelError) {
        let file = try FileSystem.open(
            EventStream.path(directory, state.next), [.readWrite, .create, .append], mode: 0o600)
        // The number of the open file stays, so that a reader of it goes on; its descriptor is closed here.
        OwnedFD(taking: state.file).close()
        state.file = file.release()
        (state.first, state.size) = (state.next, 0)
        state.files.append(state.next)
        while state.files.count > EventStream.maxFiles {
            try? FileSystem.removeFile(EventStream.path(directory, state.files.removeFirst()))
        }
    }

    /// The last events, for recovery: those of which a run's own log may lack one.
    func lastEvents() throws -> [RunEvent] {
        let (file, size) = state.withLock { ($0.file, $0.size) }
        let start = max(0, size - 65536)
        let lines = try FileSystem.read(file, from: start, upTo: 65536).split(separator: 0x0a)
        return try lines.dropFirst(start > 0 ? 1 : 0).map { try decodeRunFile(RunEvent.self, Array($0)) }
    }

    /// The number of the last event; 0 when there was none.
    public var newest: UInt64 { state.withLock { $0.next - 1 } }

    /// Follows the log from behind `sequence`; `nil`: from now on.
    public func reader(after sequence: UInt64?) throws -> EventReader {
        let (next, size, first, files) = state.withLock { ($0.next, $0.size, $0.first, $0.files) }
        guard let sequence, sequence < next - 1 else {
            return EventReader(self, after: next - 1, file: first, offset: size, hasGap: false)
        }
        let start = files.last { $0 <= sequence + 1 } ?? files[0]
        return EventReader(self, after: sequence, file: start, offset: 0, hasGap: sequence + 1 < files[0])
    }

    /// The first number of the file behind that which begins with `first`; nil when it is the last.
    fileprivate func file(behind first: UInt64) -> UInt64? { state.withLock { $0.files.first { $0 > first } } }

    /// Nil when it is no longer there.
    fileprivate func open(_ first: UInt64) -> SharedFile? {
        try? SharedFile(FileSystem.open(EventStream.path(directory, first), .read))
    }
}

/// A place in the log: a file offset, moved by whoever reads.
public final class EventReader: Sendable {
    private struct Place {
        var after: UInt64
        var file: UInt64
        var offset: Int64
        var version: UInt64 = 0
        var opened: SharedFile?
    }

    private let stream: EventStream
    private let place: Mutex<Place>
    /// The log no longer reaches back to where the reader wanted to go on.
    public let hasGap: Bool

    fileprivate init(_ stream: EventStream, after: UInt64, file: UInt64, offset: Int64, hasGap: Bool) {
        self.stream = stream
        self.hasGap = hasGap
        // Opened now: the file may be taken away while the reader is still in it.
        let opened = stream.open(file)
        place = Mutex(Place(after: after, file: file, offset: offset, opened: opened))
    }

    /// The next events, at most a few hundred; empty when there are none now.
    public func next() throws -> [RunEvent] {
        try place.withLock { place in
            place.version = stream.changes.version
            while true {
                // Asked before the reading: what was written to this file was written before the next one was begun.
                let behind = stream.file(behind: place.file)
                let lines = try read(&place)
                let events = try lines.map { try decodeRunFile(RunEvent.self, Array($0)) }.filter {
                    $0.sequence > place.after
                }
                if let last = events.last {
                    place.after = last.sequence
                    return events
                }
                if !lines.isEmpty { continue }
                guard let behind else { return [] }
                place.file = behind
                place.offset = 0
                place.opened = stream.open(behind)
            }
        }
    }

    private func read(_ place: inout Place) throws -> [ArraySlice<UInt8>] {
        guard let file = place.opened else { return [] }
        let bytes = try FileSystem.read(file.file.raw, from: place.offset, upTo: 65536)
        let whole = (bytes.lastIndex(of: 0x0a) ?? -1) + 1
        place.offset += Int64(whole)
        return bytes[..<whole].split(separator: 0x0a)
    }

    /// Returns when there may be more, or the task is cancelled.
    public func waitForMore() async {
        let version = place.withLock(\.version)
        await stream.changes.wait(after: version)
    }
}
