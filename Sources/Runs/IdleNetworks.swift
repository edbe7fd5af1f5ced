import CLinux
import Kernel
import Programs
import Synchronization

// Network namespaces of runs that have ended, for runs to come. Making one and taking it down is a third of what the
// kernel does for a run (docs/performance.md). A run without capabilities cannot change its namespace, only use it, and
// only one that shows no trace of use is kept: `NetworkTraces`.

extension Program {
    /// Whether its runs may enter an idle network namespace, and leave theirs behind. The default filter, or a narrower one:
    /// what `NetworkTraces` looks at is all that its sockets can leave, and nothing that it could read tells of others.
    var mayShareIdleNetworks: Bool {
        guard security.network == .none else { return false }
        return switch security.seccomp {
        case .default: true
        case .extended(let allow, _): allow.isEmpty
        case .file: false
        }
    }
}

/// Those that jrund keeps, as descriptors.
final class IdleNetworks: Sendable {
    private let idle = Mutex<[SharedFile]>([])

    /// More are not worth their memory, about 200 KiB each: that many runs do not begin at once on a node.
    static let most = 64

    func take(for program: Program) -> SharedFile? {
        guard program.mayShareIdleNetworks else { return nil }
        return idle.withLock { $0.popLast() }
    }

    /// Keeps the namespace of a run of which only jrun-init is left; does nothing if it was used, or cannot be looked at.
    func keep(of process: borrowing IdentifiedProcess, _ program: Program) {
        guard program.mayShareIdleNetworks, idle.withLock({ $0.count < IdleNetworks.most }),
            NetworkTraces.areNone(in: "/proc/\(process.pid)/net"),
            let space = try? FileSystem.open("/proc/\(process.pid)/ns/net", .read),
            // Looked at by number, believed because it still lives.
            !process.hasGone()
        else { return }
        let file = SharedFile(space)
        idle.withLock { $0.append(file) }
    }
}

/// What the use of a network namespace leaves behind when all processes have gone. Every check errs towards "used".
///
/// - No socket: not in any process, not in a message that is on its way, not in a cycle that waits for collection, no
///   TIME_WAIT, no fragment (`sockstat`, `sockstat6`; net/socket.c, net/ipv4/proc.c).
/// - No packet has ever gone through an interface: so there are no routes with exceptions, no metrics of connections, no neighbours, no
///   counters of packets (`dev`).
/// - No IPv6 flow label, the one thing that a socket without a packet leaves for a while (`ip6_flowlabel`;
///   net/ipv6/ip6_flowlabel.c).
///
/// Settings below /proc/sys/net and interfaces take CAP_NET_ADMIN, which no run has. Counters of refused calls (`snmp`)
/// remain, but no run sees them: /proc has no `net`, and the default filter no netlink.
enum NetworkTraces {
    /// - Parameter directory: `/proc/PID/net`
    static func areNone(in directory: String) -> Bool {
        func text(_ name: String) -> String? { try? FileSystem.text(of: "\(directory)/\(name)") }
        guard let sockets = text("sockstat"), hasNoSockets(sockets), let interfaces = text("dev"),
            hasNoPackets(interfaces)
        else { return false }
        // Without IPv6 the kernel has neither.
        guard FileSystem.exists("\(directory)/if_inet6") else { return true }
        guard let sockets6 = text("sockstat6"), hasNoSockets(sockets6), let labels = text("ip6_flowlabel") else {
            return false
        }
        return labels.utf8.count { $0 == 0x0a } <= 1
    }

    /// Lines of `NAME: KEY VALUE KEY VALUE …`. Three keys count the node's sockets of that kind, not the namespace's.
    static func hasNoSockets(_ text: String) -> Bool {
        let lines = text.split(separator: "\n")
        return !lines.isEmpty
            && lines.allSatisfy { line in
                let words = line.split(separator: " ")
                guard words.count >= 3, words.count % 2 == 1 else { return false }
                return stride(from: 1, to: words.count, by: 2).allSatisfy {
                    ["orphan", "alloc", "mem"].contains(words[$0]) || words[$0 + 1] == "0"
                }
            }
    }

    /// Two lines of headings, then `NAME: NUMBER NUMBER …`
    static func hasNoPackets(_ text: String) -> Bool {
        let lines = text.split(separator: "\n").dropFirst(2)
        return !lines.isEmpty
            && lines.allSatisfy { line in
                let words = line.split(whereSeparator: { $0 == " " || $0 == ":" })
                return words.count == 17 && words.dropFirst().allSatisfy { $0 == "0" }
            }
    }
}
