import CPlan
import Kernel

/// jrun-init's record, read back: see jrun_status in CPlan.h.
enum StatusFile {
    /// The newest slot whose checksum holds; nil when there is none.
    static func read(_ file: Int32) -> jrun_status? {
        let size = MemoryLayout<jrun_status>.size
        guard let bytes = try? FileSystem.read(file, from: 0, upTo: size * Int(JRUN_STATUS_SLOTS)) else { return nil }
        var newest: jrun_status?
        for slot in 0..<Int(JRUN_STATUS_SLOTS) where bytes.count >= (slot + 1) * size {
            let record = Array(bytes[(slot * size)..<((slot + 1) * size)])
            let status = record.withUnsafeBytes { $0.loadUnaligned(as: jrun_status.self) }
            guard status.magic == JRUN_STATUS_MAGIC, status.checksum == fnv1a(record.dropLast(8)) else { continue }
            if status.sequence > newest?.sequence ?? 0 { newest = status }
        }
        return newest
    }

    /// Whether the newest record is the last one.
    static func saysEnded(_ file: Int32) -> Bool { read(file)?.state == UInt32(JRUN_STATUS_ENDED) }

    static func fnv1a(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
