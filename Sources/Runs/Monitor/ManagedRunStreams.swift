import CLinux
import CPlan
import Kernel
import Programs
import Synchronization

extension ManagedRun {
    nonisolated func sink(of stream: OutputStream) -> StreamSink { stream == .stdout ? program.stdout : program.stderr }

    /// Bytes that the spool holds, and whether more can come; nil when the stream goes elsewhere.
    public nonisolated func stream(_ stream: OutputStream) -> (bytes: Int64, hasEnded: Bool)? {
        guard case .stream = sink(of: stream) else { return nil }
        // Asked in this order: what ends in between has all its bytes.
        let hasEnded = shared.withLock(\.streamsEnded)
        let bytes = (try? FileStatus(path: "\(path)/\(stream.rawValue)").size) ?? 0
        return (bytes, hasEnded)
    }

    /// - Throws: `notFound` when the stream goes elsewhere, `range` beyond its end; when `following`, `ended` after the end.
    public nonisolated func reader(
        of stream: OutputStream, from offset: Int64, following: Bool
    ) throws -> StreamReader {
        guard let now = self.stream(stream) else {
            let place =
                switch sink(of: stream) {
                case .file(let name): "goes to the file '\(name)', which is taken as a result"
                default: "is not kept"
                }
            throw MonitorRefusal(.notFound, "\(stream.rawValue) of program '\(program.name)' \(place)")
        }
        if following && now.hasEnded {
            throw MonitorRefusal(.ended, "\(stream.rawValue) of run '\(id)' has ended with \(now.bytes) bytes")
        }
        // A follower may ask for bytes that are still to come only if it has seen all that are there.
        guard offset >= 0, offset <= now.bytes else {
            throw MonitorRefusal(
                .range, "offset \(offset) is beyond the \(now.bytes) bytes of \(stream.rawValue) of run '\(id)'")
        }
        return StreamReader(self, "\(path)/\(stream.rawValue)", from: offset)
    }

    /// For one request at a time: a second one waits here.
    ///
    /// - Parameter closing: it shall be closed behind what is written. Before the program runs that is all that can be
    ///   done: then the writer takes no bytes.
    /// - Throws: `conflict`, `notFound`
    public func openStdin(closing: Bool = false) async throws -> StdinWriter {
        guard program.stdin == .stream else {
            let words = if case .file(let name) = program.stdin { "is the input '\(name)'" } else { "is empty" }
            throw MonitorRefusal(.notFound, "stdin of program '\(program.name)' \(words)")
        }
        while true {
            let version = changes.version
            let isMine = shared.withLock { shared in
                defer { shared.isStdinTaken = true }
                return !shared.isStdinTaken
            }
            if isMine { break }
            await changes.wait(after: version)
            try Task.checkCancellation()
        }
        do { return try takeStdin(closing: closing) } catch {
            stdinIsFree()
            throw error
        }
    }

    private func takeStdin(closing: Bool) throws -> StdinWriter {
        if closing, state == .created || state == .starting {
            try refuseIfRemoved()
            return StdinWriter(self)
        }
        guard state == .running || state == .suspended else { throw conflict("only a running program takes stdin") }
        if shared.withLock({ $0.stdin.isClosed }) { throw conflict("its stdin was closed already") }
        guard let record = StatusFile.read(at: "\(path)/status"), process != nil,
            let pipe = try? process!.open(record.stdin_fd, [.write, .nonBlocking])
        else { throw conflict("it has just ended") }
        return StdinWriter(self, pipe, StdinBuffer(try process!.share(record.stdin_buffer_fd)))
    }

    nonisolated func stdinIsFree() {
        shared.withLock { $0.isStdinTaken = false }
        changes.raise()
    }

    /// jrun-init lets go of its end, and with that of the last writer the program reads the end. Noted first: what is noted
    /// is done at the launch, or by the next jrund.
    func closeStdin() {
        note { $0.isClosed = true }
        sendControl(JRUN_CONTROL_CLOSE)
    }

    /// Carries out what was noted before there was a jrun-init, or before a jrund died. Once more does no harm.
    func closeStdinIfNoted() {
        if shared.withLock({ $0.stdin.isClosed }) { sendControl(JRUN_CONTROL_CLOSE) }
    }

    nonisolated func note(_ change: (inout StdinRecord) -> Void) {
        let record = shared.withLock { shared in
            change(&shared.stdin)
            return shared.stdin
        }
        changes.raise()
        // Lost with a full disk; the bytes are counted by the buffer as long as jrun-init is there.
        let bytes = runFileJSON(record)
        guard let file = try? FileSystem.open("\(path)/stdin", [.write, .create]) else { return }
        try? FileSystem.write(bytes, to: file.raw, at: 0)
        try? FileSystem.truncate(file.raw, to: Int64(bytes.count))
    }
}

/// Keeps retention from removing a run while somebody reads it.
final class Reading: Sendable {
    let run: ManagedRun

    init(_ run: ManagedRun) {
        self.run = run
        run.shared.withLock { $0.readers += 1 }
    }

    deinit { run.shared.withLock { $0.readers -= 1 } }
}

/// One reader's place in stdout or stderr.
public final class StreamReader: Sendable {
    private struct Place {
        var offset: Int64
        var file: SharedFile?
    }

    private let reading: Reading
    private let path: String
    private let place: Mutex<Place>

    init(_ run: ManagedRun, _ path: String, from offset: Int64) {
        reading = Reading(run)
        self.path = path
        place = Mutex(Place(offset: offset, file: nil))
    }

    /// The spool is not there before the start.
    private func file(_ place: inout Place) -> SharedFile? {
        if place.file == nil { place.file = try? SharedFile(FileSystem.open(path, .read)) }
        return place.file
    }

    /// Fills `buffer` with what is there now. - Returns: how many bytes that are; 0 when there is nothing more now.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try place.withLock { place in
            guard let file = file(&place) else { return 0 }
            let n = try FileSystem.read(file.file.raw, from: place.offset, into: buffer)
            place.offset += Int64(n)
            return n
        }
    }

    /// Bytes that are there now and have not been read.
    public var rest: Int64 { place.withLock { size(&$0) - $0.offset } }

    /// Returns when there may be more; false when the stream has ended and everything was read, or the task is cancelled.
    public func waitForMore() async -> Bool {
        let run = reading.run
        while !Task.isCancelled {
            let version = run.changes.version
            let hasEnded = run.shared.withLock { $0.streamsEnded || $0.isRemoved }
            if place.withLock({ size(&$0) > $0.offset }) { return true }
            if hasEnded { return false }
            await run.changes.wait(after: version)
        }
        return false
    }

    private func size(_ place: inout Place) -> Int64 {
        file(&place).flatMap { try? FileStatus(of: $0.file.raw).size } ?? 0
    }

    /// Bytes in the spool now.
    public var size: Int64 { place.withLock { size(&$0) } }
}

/// The way to a program's stdin.
public final class StdinWriter: Sendable {
    private let run: ManagedRun
    /// -1 before the program runs.
    private let pipe: OwnedFD
    private let buffer: StdinBuffer
    private let isFree = Mutex(false)

    init(_ run: ManagedRun, _ pipe: consuming OwnedFD, _ buffer: consuming StdinBuffer) {
        self.run = run
        self.pipe = pipe
        self.buffer = buffer
    }

    /// Before the program runs.
    convenience init(_ run: ManagedRun) {
        self.init(run, OwnedFD(taking: -1), StdinBuffer(OwnedFD(taking: -1)))
    }

    /// Returns when the program's pipe has taken all of it. - Throws: `conflict` when the run has ended or the program has
    /// closed its stdin; `tooLarge` at the cap.
    public func write(_ bytes: [UInt8]) async throws {
        var rest = bytes[...]
        if pipe.raw < 0, !bytes.isEmpty { throw run.conflict("before its program runs, stdin can only be closed") }
        while !rest.isEmpty {
            let room = run.program.streamCaps.stdin.map { $0.maxSize - run.shared.withLock { $0.stdin.bytes } } ?? .max
            if room == 0 { return try await capReached() }
            let n = try buffer.move(rest.prefix(Int(min(room, 65536))), into: pipe.raw)
            switch n {
            case Int(-EINTR): continue
            case Int(-EAGAIN): try await waitUntilWritable()
            case Int(-EPIPE): throw run.conflict("its program takes no more of its stdin")
            case let n where n < 0: throw KernelError("write to stdin of run '\(run.id)'", errno: Int32(-n))
            default:
                rest = rest.dropFirst(n)
                // On disk at the end: until then jrun-init's buffer knows it.
                run.shared.withLock { $0.stdin.bytes = buffer.position }
                run.changes.raise()
                run.monitor.count { $0.stdinBytes += Int64(n) }
            }
        }
    }

    /// More has come than the program may get.
    private func capReached() async throws {
        let cap = run.program.streamCaps.stdin
        if cap?.excess == .truncate {
            run.note { $0.isTruncated = true }
            return
        }
        await run.sendControl(JRUN_CONTROL_INPUT)
        throw MonitorRefusal(
            .tooLarge, "stdin of program '\(run.program.name)' takes at most \(cap?.maxSize ?? 0) bytes")
    }

    /// Until the program has read something, or has gone.
    private func waitUntilWritable() async throws {
        let signal = ChangeSignal()
        let version = signal.version
        let key = try run.monitor.watcher.watch(pipe.duplicate(), for: .writable) { _, _ in
            signal.raise()
            return false
        }
        await signal.wait(after: version)
        run.monitor.watcher.forget(key)
        try Task.checkCancellation()
    }

    /// End of file for the program.
    public func close() async throws { await run.closeStdin() }

    deinit { finish() }

    /// Lets the next writer go ahead, at the latest when nobody holds this one any more.
    public func finish() {
        let wasFree = isFree.withLock { isFree in
            defer { isFree = true }
            return isFree
        }
        if wasFree { return }
        if pipe.raw >= 0 { run.note { _ in } }
        run.stdinIsFree()
    }
}
