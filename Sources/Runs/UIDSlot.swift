import Kernel

/// A uid that no other run on this node has, held by a lock that lives as long as anybody who may still use the uid:
/// this process and jrun-init share it, and the kernel drops it with the last of them.
struct UIDSlot: ~Copyable {
    let uid: UInt32
    let lock: OwnedFD

    struct Exhausted: Error, CustomStringConvertible {
        var range: ClosedRange<UInt32>
        var description: String {
            "every uid from \(range.lowerBound) to \(range.upperBound) is in use by a run; wait for one to end, or widen JRUN_UIDS"
        }
    }

    /// The one uid of a user namespace that has no other: all runs of the user share it.
    static func share(_ uid: UInt32, in directory: String) throws -> UIDSlot {
        try FileSystem.makeDirectories(directory, mode: 0o700)
        let file = try FileSystem.open("\(directory)/\(uid)", [.readWrite, .create], mode: 0o600)
        guard try Kernel.lock(file.raw, shared: true) else { throw Exhausted(range: uid...uid) }
        return UIDSlot(uid: uid, lock: file)
    }

    /// Tries uids from a random one on, so that a uid is not soon used again.
    static func take(from range: ClosedRange<UInt32>, in directory: String) throws -> UIDSlot {
        try FileSystem.makeDirectories(directory, mode: 0o700)
        let start = range.randomElement()!
        for step in 0..<UInt32(range.count) {
            let past = UInt64(start) + UInt64(step)
            let uid = UInt32(past > UInt64(range.upperBound) ? past - UInt64(range.count) : past)
            let file = try FileSystem.open("\(directory)/\(uid)", [.readWrite, .create], mode: 0o600)
            if try Kernel.lock(file.raw) { return UIDSlot(uid: uid, lock: file) }
        }
        throw Exhausted(range: range)
    }
}

extension Node {
    func takeUID() throws -> UIDSlot {
        rootless?.ids == .single
            ? try UIDSlot.share(uids.lowerBound, in: uidsDirectory) : try UIDSlot.take(from: uids, in: uidsDirectory)
    }
}
