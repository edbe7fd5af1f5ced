// A process that a test starts: its streams are captured, its end is waited for, and a deadline ends what hangs.

import Foundation
import Glibc
import Synchronization

package struct Command {
    package var arguments: [[UInt8]]
    package var environment: [String: String] = [:]
    /// Written to stdin, which is then closed; nil is /dev/null.
    package var input: [UInt8]?
    /// Further descriptors that the process inherits.
    package var inheritedDescriptors: ClosedRange<Int32>?
    package var blockedSignals = sigset_t()
    /// A safety net: what takes longer is killed and fails the test.
    package var seconds = 240.0

    package init(_ arguments: [String]) { self.arguments = arguments.map { Array($0.utf8) } }

    /// Runs it to its end.
    package func run() throws -> Ended { try Child(self).finish() }
}

package struct Ended {
    /// As a shell would say it: 128+N for signal N.
    package var status: Int32
    package var stdout: Bytes
    package var stderrBytes: Bytes
    package var elapsed: Duration

    package var text: String { String(decoding: stdout.array, as: UTF8.self) }
    package var stderr: String { String(decoding: stderrBytes.array, as: UTF8.self) }
}

/// Bytes that a failed expectation does not print by the million.
package struct Bytes: Equatable, Sendable, CustomStringConvertible {
    package var array: [UInt8]
    package init(_ array: some Sequence<UInt8>) { self.array = Array(array) }

    package var count: Int { array.count }
    package var isEmpty: Bool { array.isEmpty }
    package var description: String {
        "\(count) bytes, \(String(decoding: array.prefix(80), as: UTF8.self).debugDescription)…"
    }
}

package struct ChildError: Error, CustomStringConvertible {
    package var description: String
    package init(description: String) { self.description = description }
}

package final class Child {
    package let pid: pid_t
    private let started = ContinuousClock.now
    private let deadline: ContinuousClock.Instant
    private let watchdog: Watchdog
    private var stdin: Int32 = -1
    private var pendingInput: ArraySlice<UInt8> = []
    package private(set) var stdout: Stream
    package private(set) var stderr: Stream
    private var reaped = false

    package struct Stream {
        package var descriptor: Int32
        package var bytes: [UInt8] = []
        package var text: String { String(decoding: bytes, as: UTF8.self) }

        mutating func close() {
            if descriptor >= 0 { Glibc.close(descriptor) }
            descriptor = -1
        }
    }

    package init(_ command: Command) throws {
        let out = try makePipe(), err = try makePipe()
        let source: (reader: Int32, writer: Int32)
        if command.input == nil {
            source = (open("/dev/null", O_RDONLY | O_CLOEXEC), -1)
        } else {
            source = try makePipe()
        }
        defer { for descriptor in [out.writer, err.writer, source.reader] { close(descriptor) } }
        pid = try spawn(command, [source.reader, out.writer, err.writer])
        stdout = Stream(descriptor: out.reader)
        stderr = Stream(descriptor: err.reader)
        deadline = started + .seconds(command.seconds)
        watchdog = Watchdog(pid, seconds: command.seconds)
        if let input = command.input {
            stdin = source.writer
            _ = fcntl(stdin, F_SETFL, O_NONBLOCK)
            pendingInput = input[...]
        }
    }

    deinit {
        if !reaped {
            kill(pid, SIGKILL)
            _ = waitForEnd()
        }
        closeInput()
        stdout.close()
        stderr.close()
    }

    package func signal(_ number: Int32) { kill(pid, number) }

    /// Reads stdout until `text` has come.
    package func await(_ text: String) throws {
        while !stdout.text.contains(text) {
            guard stdout.descriptor >= 0 else { throw error("ended without saying '\(text)'") }
            try pump()
        }
    }

    /// Reads stdout until anything more has come.
    package func awaitMore() throws {
        let count = stdout.bytes.count
        while stdout.bytes.count == count {
            guard stdout.descriptor >= 0 else { throw error("ended without saying more") }
            try pump()
        }
    }

    package func closeStdout() { stdout.close() }
    package func closeStderr() { stderr.close() }

    /// Reads everything and waits for the end.
    package func finish() throws -> Ended {
        while stdout.descriptor >= 0 || stderr.descriptor >= 0 || stdin >= 0 { try pump() }
        return try wait()
    }

    /// Waits for the end without reading.
    package func wait() throws -> Ended {
        let status = waitForEnd()
        if watchdog.hasFired { throw error("still running") }
        return Ended(
            status: status, stdout: Bytes(stdout.bytes), stderrBytes: Bytes(stderr.bytes), elapsed: .now - started)
    }

    private func waitForEnd() -> Int32 {
        var status: Int32 = 0
        watchdog.disarm { while waitpid(pid, &status, 0) < 0 && errno == EINTR {} }
        reaped = true
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }

    private func error(_ what: String) -> ChildError {
        ChildError(
            description:
                "\(what) after \(.now - started); stdout: \(stdout.text.prefix(2000)) stderr: \(stderr.text.prefix(2000))"
        )
    }

    /// Moves what can be moved now, or waits until something can.
    private func pump() throws {
        var polls = [
            pollfd(fd: stdout.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: stderr.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: stdin, events: Int16(POLLOUT), revents: 0),
        ]
        let left = (deadline - .now).milliseconds
        guard left > 0, poll(&polls, 3, Int32(left)) != 0 else { throw error("still running") }
        if polls[0].revents != 0 { read(into: &stdout) }
        if polls[1].revents != 0 { read(into: &stderr) }
        if polls[2].revents != 0 { writeInput() }
    }

    private func read(into stream: inout Stream) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = Glibc.read(stream.descriptor, &buffer, buffer.count)
        if count > 0 { stream.bytes += buffer[..<count] } else { stream.close() }
    }

    private func writeInput() {
        let count = pendingInput.withUnsafeBytes { Glibc.write(stdin, $0.baseAddress, $0.count) }
        if count > 0 { pendingInput = pendingInput.dropFirst(count) }
        if pendingInput.isEmpty || count < 0 && errno != EAGAIN { closeInput() }
    }

    private func closeInput() {
        if stdin >= 0 { close(stdin) }
        stdin = -1
    }
}

/// Kills a process at its deadline, and never another one that has inherited its pid.
private final class Watchdog: Sendable {
    private let state = Mutex((isReaped: false, hasFired: false))
    private let pid: pid_t

    init(_ pid: pid_t, seconds: Double) {
        self.pid = pid
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { [weak self] in self?.fire() }
    }

    var hasFired: Bool { state.withLock { $0.hasFired } }

    private func fire() {
        state.withLock {
            if $0.isReaped { return }
            $0.hasFired = true
            kill(pid, SIGKILL)
        }
    }

    /// A zombie keeps its pid until it is reaped, so only the reaping itself is done under the lock.
    func disarm(_ reap: () -> Void) {
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
        state.withLock {
            reap()
            $0.isReaped = true
        }
    }
}

/// Closed in whatever another test starts at the same moment: a daemon that inherited an end would keep it open for long.
/// By name, because Swift does not see pipe2(2).
private func makePipe() throws -> (reader: Int32, writer: Int32) {
    typealias Pipe2 = @convention(c) (UnsafeMutablePointer<Int32>, Int32) -> Int32
    var ends: [Int32] = [-1, -1]
    guard let symbol = dlsym(nil, "pipe2"),
        unsafeBitCast(symbol, to: Pipe2.self)(&ends, O_CLOEXEC) == 0  // SAFETY: pipe2(2) has this signature
    else { throw ChildError(description: "no pipe: \(String(cString: strerror(errno)))") }
    return (ends[0], ends[1])
}

/// Not Foundation's Process, which hands on the signal mask of whatever thread the test runs in.
private func spawn(_ command: Command, _ streams: [Int32]) throws -> pid_t {
    var actions = posix_spawn_file_actions_t(), attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
        posix_spawn_file_actions_destroy(&actions)
        posix_spawnattr_destroy(&attributes)
    }
    for (number, descriptor) in streams.enumerated() {
        posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
    }
    for descriptor in command.inheritedDescriptors.map(Array.init) ?? [] {
        posix_spawn_file_actions_addopen(&actions, descriptor, "/etc/passwd", O_RDONLY, 0)
    }
    var all = sigset_t(), mask = command.blockedSignals
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &mask)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let environment = command.environment.map { Array("\($0.key)=\($0.value)".utf8) }
    var pid: pid_t = 0
    let result = withCStrings(command.arguments) { argv in
        withCStrings(environment) { envp in
            posix_spawnp(&pid, argv[0]!, &actions, &attributes, argv, envp)
        }
    }
    guard result == 0 else {
        let name = String(decoding: command.arguments[0], as: UTF8.self)
        throw ChildError(description: "'\(name)' does not start: \(String(cString: strerror(result)))")
    }
    return pid
}

/// The kernel's form of an argument list. Bytes, because a test has names that are no text.
private func withCStrings<R>(_ strings: [[UInt8]], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
    let pointers = strings.map { bytes in
        let pointer = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
        for (index, byte) in (bytes + [0]).enumerated() { pointer[index] = CChar(bitPattern: byte) }
        return pointer
    }
    defer { for pointer in pointers { pointer.deallocate() } }
    return body(pointers + [nil])
}

extension Duration {
    package var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
