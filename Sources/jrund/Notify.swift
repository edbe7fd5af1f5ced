import Glibc
import Kernel

/// Tells systemd how jrund is. Source: sd_notify(3), of which only a datagram is needed.
struct Notify: Sendable {
    private let address: String?
    /// Between two signs of life; `nil` when systemd does not ask for any.
    let heartbeatNanoseconds: UInt64?

    /// - Parameter environment: `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`.
    init(environment: (String) -> String?) {
        let address = environment("NOTIFY_SOCKET")
        self.address = address
        let isForUs = environment("WATCHDOG_PID").map { $0 == "\(getpid())" } ?? true
        // Twice as often as systemd looks.
        heartbeatNanoseconds =
            address != nil && isForUs
            ? environment("WATCHDOG_USEC").flatMap(UInt64.init).flatMap { $0 > 1 ? $0 * 500 : nil } : nil
    }

    func ready(status: String) { send("READY=1\nSTATUS=\(status)") }
    func status(_ status: String) { send("STATUS=\(status)") }
    func heartbeat() { send("WATCHDOG=1") }
    func stopping() { send("STOPPING=1\nSTATUS=stopping; runs stay alive") }

    /// Needs `ready` behind it.
    func reloading() { send("RELOADING=1\nMONOTONIC_USEC=\(monotonicNanoseconds() / 1000)") }

    private func send(_ state: String) {
        guard let address, let first = address.utf8.first else { return }
        var target = sockaddr_un()
        target.sun_family = sa_family_t(AF_UNIX)
        var name = Array(address.utf8)
        // A name without a file: the kernel marks it with NUL where people write '@'.
        if first == UInt8(ascii: "@") { name[0] = 0 }
        let fits = withUnsafeMutableBytes(of: &target.sun_path) { buffer in
            guard name.count < buffer.count else { return false }
            buffer.copyBytes(from: name)
            return true
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard fits, descriptor >= 0 else { return }
        defer { close(descriptor) }
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        let size = MemoryLayout<sockaddr_un>.offset(of: \.sun_path).unsafelyUnwrapped + name.count
        // A systemd that does not listen, or is too busy to, is no reason to stop serving.
        _ = withUnsafePointer(to: &target) { target in
            target.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
                Array(state.utf8).withUnsafeBytes {
                    sendto(descriptor, $0.baseAddress, $0.count, flags, target, socklen_t(size))
                }
            }
        }
    }
}
