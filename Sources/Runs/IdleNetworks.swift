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
/// A multicast group that was left is told of on the loopback for some seconds more, by packets that no later run can receive; the
/// namespace is not kept a second time then.
///
/// Settings below /proc/sys/net and interfaces take CAP_NET_ADMIN, which no run has. Counters of refused calls (`snmp`)
/// remain, but no run sees them: /proc has no `net`, and the default filter no netlink.
enum NetworkTraces {
    /// - Parameter directory: `/proc/PID/net`
    static func areNone(in directory: String) -> Bool {
        guard let directory = try? FileSystem.open(directory, [.read, .directory]) else { return false }
        func read(_ name: String, _ judge: (ArraySlice<UInt8>) -> Bool) -> Bool {
            guard let file = try? FileSystem.open(name, .read, at: directory.raw),
                let bytes = try? FileSystem.read(file.raw, upTo: 4096), bytes.count < 4096
            else { return false }
            return judge(bytes[...])
        }
        guard read("sockstat", hasNoSockets), read("dev", hasNoPackets) else { return false }
        // Without IPv6 the kernel has neither.
        guard (try? FileStatus(path: "if_inet6", at: directory.raw)) != nil else { return true }
        return read("sockstat6", hasNoSockets) && read("ip6_flowlabel") { lines(of: $0).count == 1 }
    }

    /// Lines of `NAME: KEY VALUE KEY VALUE …`. Three keys count the node's sockets of that kind, not the namespace's.
    static func hasNoSockets(_ text: ArraySlice<UInt8>) -> Bool {
        let lines = lines(of: text)
        return !lines.isEmpty
            && lines.allSatisfy { line in
                let words = line.split(separator: UInt8(ascii: " "))
                guard words.count >= 3, words.count % 2 == 1 else { return false }
                return stride(from: 1, to: words.count, by: 2).allSatisfy { index in
                    ofTheNode.contains { words[index].elementsEqual($0) } || isZero(words[index + 1])
                }
            }
    }

    private static let ofTheNode = ["orphan", "alloc", "mem"].map { Array($0.utf8) }

    /// Two lines of headings, then `NAME: NUMBER NUMBER …`
    static func hasNoPackets(_ text: ArraySlice<UInt8>) -> Bool {
        let interfaces = lines(of: text).dropFirst(2)
        return !interfaces.isEmpty
            && interfaces.allSatisfy { line in
                let words = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: ":") }
                return words.count == 17 && words.dropFirst().allSatisfy(isZero)
            }
    }

    private static func lines(of text: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        text.split(separator: UInt8(ascii: "\n"))
    }

    private static func isZero(_ word: ArraySlice<UInt8>) -> Bool { word.elementsEqual([UInt8(ascii: "0")]) }
}
