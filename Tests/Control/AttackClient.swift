// What the attacks on the control socket share: connections of other users, and bytes that no client would send.

import Foundation
import Glibc
import TestSupport
import Testing

/// Users without a name on the node.
let stranger: UInt32 = 65_534
let owner: UInt32 = 65_533

/// Carries something out on this thread as another user.
///
/// The C library's `setresuid` changes all threads of a process, the system call only its own, and a socket is given the
/// name of the thread that connects. Source: credentials(7), nptl(7), unix(7).
func asUser<Value>(_ uid: UInt32, _ body: () throws -> Value) rethrows -> Value {
    if uid == 0 { return try body() }
    setEffectiveUser(Int(uid))
    defer { setEffectiveUser(0) }
    return try body()
}

private func setEffectiveUser(_ uid: Int) {
    #if arch(x86_64)
    let setresuid = 117
    #else
    let setresuid = 147
    #endif
    typealias SystemCall = @convention(c) (Int, Int, Int, Int) -> Int
    // Variadic, so Swift does not import it; with whole numbers for arguments it is called like any other.
    let call = unsafeBitCast(dlsym(nil, "syscall"), to: SystemCall.self)  // SAFETY: syscall(2) takes whole numbers.
    precondition(call(setresuid, -1, uid, -1) == 0, "a thread cannot become uid \(uid)")
}

extension RawConnection {
    /// The client has said all that it will.
    func closeInput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Everything that comes until jrund closes the connection.
    func rest() throws -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EAGAIN {
                throw DaemonError(description: "the connection is not closed: \(all.count) bytes")
            }
            // A reset: what was sent was not read to its end.
            if count <= 0 { return all }
            all += buffer[..<count]
        }
    }

    /// Whether something has come, or the end, within so many milliseconds.
    func isReadable(within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }
}

/// The statuses of all answers in what jrund has sent.
func statuses(_ bytes: [UInt8]) -> [Int] {
    let text = String(decoding: bytes, as: UTF8.self)
    return text.components(separatedBy: "HTTP/1.").dropFirst().compactMap { part in
        let words = part.prefix(6).split(separator: " ")
        return words.count >= 2 ? Int(words[1]) : nil
    }
}
