// A terminal for a child: the test sits at the other end and sees every byte.

import Foundation
import Glibc
import TestSupport

final class Terminal {
    /// The child's end.
    let path: String
    private let master: Int32
    /// Kept open: without anybody at the child's end the terminal would count as hung up.
    private let slave: Int32
    private(set) var text = ""

    init(columns: Int = 80, rows: Int = 24) throws {
        // posix_openpt(3) and what belongs to it, which Swift does not see. Source: ioctl_tty(2).
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var isLocked: Int32 = 0, number: UInt32 = 0
        guard master >= 0, ioctl(master, 0x4004_5431, &isLocked) == 0, ioctl(master, 0x8004_5430, &number) == 0 else {
            throw ChildError(description: "no terminal: \(String(cString: strerror(errno)))")
        }
        path = "/dev/pts/\(number)"
        slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        let size = try Command(["/usr/bin/stty", "-F", path, "cols", "\(columns)", "rows", "\(rows)"]).run()
        guard slave >= 0, size.status == 0 else { throw ChildError(description: "no terminal: \(size.stderr)") }
    }

    deinit {
        close(slave)
        close(master)
    }

    /// - Parameter streams: which of the child's streams are this terminal.
    func start(_ command: Command, streams: [Int32] = [0, 1, 2]) throws -> Child {
        let redirections = streams.map { "\($0)\($0 == 0 ? "<" : ">")'\(path)'" }.joined(separator: " ")
        var command = command
        command.arguments =
            ["/bin/sh", "-c", "exec \"$0\" \"$@\" \(redirections)"].map { Array($0.utf8) } + command.arguments
        return try Child(command)
    }

    /// What a person types.
    func type(_ keys: String) { _ = Array(keys.utf8).withUnsafeBytes { write(master, $0.baseAddress, $0.count) } }

    /// Reads what is shown until `words` have come.
    func await(_ words: String, seconds: Double = 30) throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while !text.contains(words) {
            let left = (deadline - .now).milliseconds
            guard left > 0 else {
                throw ChildError(description: "the terminal never shows '\(words)': \(text.debugDescription)")
            }
            read(within: Int32(left))
        }
    }

    /// Reads what is shown, waiting for it that long; false when nothing came.
    @discardableResult
    func read(within milliseconds: Int32 = 0) -> Bool {
        var poll = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        guard Glibc.poll(&poll, 1, milliseconds) > 0 else { return false }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(master, &buffer, buffer.count)
        if count > 0 { text += String(decoding: buffer[..<count], as: UTF8.self) }
        return count > 0
    }

    /// Everything that has been shown.
    func drain() -> String {
        while read() {}
        return text
    }

    /// Whether it echoes, and waits for whole lines.
    var localModes: tcflag_t {
        var settings = termios()
        tcgetattr(slave, &settings)
        return settings.c_lflag
    }
}
