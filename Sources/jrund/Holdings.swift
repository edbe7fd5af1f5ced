import ControlAPI
import Synchronization

/// Bytes that are in memory as a whole on behalf of each user: JSON bodies while they come, and answers that are not read
/// from a disk piece by piece while they go. Slow clients could otherwise make jrund hold one of either per connection.
final class Holdings: Sendable {
    /// Of one user. A single one may be larger.
    static let mostBytes = 64 << 20

    private let held = Mutex<[UInt32: Int]>([:])

    /// Of everybody, for /metrics.
    var bytes: Int { held.withLock { $0.values.reduce(0, +) } }

    fileprivate func take(_ bytes: Int, of uid: UInt32, always: Bool) -> Bool {
        held.withLock { held in
            let now = held[uid, default: 0]
            guard always || now == 0 || now + bytes <= Holdings.mostBytes else { return false }
            held[uid] = now + bytes
            return true
        }
    }

    fileprivate func giveBack(_ bytes: Int, of uid: UInt32) {
        held.withLock { held in
            let rest = held[uid, default: 0] - bytes
            held[uid] = rest == 0 ? nil : rest
        }
    }
}

/// What one request holds; given back at the latest when nothing knows of it any more.
final class Holding: Sendable {
    private let holdings: Holdings
    private let uid: UInt32
    private let bytes = Mutex(0)

    init(_ holdings: Holdings, uid: UInt32) { (self.holdings, self.uid) = (holdings, uid) }

    deinit { giveBack() }

    /// - Returns: whether there is room.
    func take(_ count: Int) -> Bool { take(count, always: false) }

    /// For what is there already and cannot be undone.
    func takeAnyway(_ count: Int) { _ = take(count, always: true) }

    private func take(_ count: Int, always: Bool) -> Bool {
        guard holdings.take(count, of: uid, always: always) else { return false }
        bytes.withLock { $0 += count }
        return true
    }

    func giveBack() {
        let all = bytes.withLock { bytes in
            defer { bytes = 0 }
            return bytes
        }
        if all > 0 { holdings.giveBack(all, of: uid) }
    }

    static let problem = Problem(
        .quota,
        "bodies that you send and answers that you have not read hold \(Holdings.mostBytes >> 20) MiB; read them first")
}
