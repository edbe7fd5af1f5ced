import Confinement
import Crypto
import Kernel

/// Compiled seccomp filters, kept by the digest of what they were made from: compiling one takes longer than
/// everything else in a launch together.
struct FilterCache {
    let directory: String

    func filter(for policy: SeccompPolicy, notify: Bool) throws -> SeccompFilter {
        let key = Array("\(SeccompPolicy.compilerIdentity) \(notify) ".utf8) + policy.identity
        let path = "\(directory)/seccomp-\(hex(SHA256.hash(data: key)))"
        if let stored = try? FileSystem.contents(of: path), let instructions = FilterCache.verified(stored) {
            return SeccompFilter(instructions: instructions, notifies: notify && policy.ends)
        }
        let filter = try policy.compile(notify: notify)
        try FileSystem.makeDirectories(directory, mode: 0o700)
        let stored = Array(SHA256.hash(data: filter.instructions)) + filter.instructions
        // Under a name of its own first: a reader sees the whole file or none.
        let temporary = "\(path).\(RunID())"
        try FileSystem.createFile(temporary, stored)
        try FileSystem.rename(temporary, to: path)
        return filter
    }

    /// The instructions behind their own digest; nil when the file was cut short.
    private static func verified(_ stored: [UInt8]) -> [UInt8]? {
        guard stored.count > 32, stored.count % 8 == 0 else { return nil }
        let instructions = Array(stored[32...])
        return Array(SHA256.hash(data: instructions)) == Array(stored[..<32]) ? instructions : nil
    }
}

func hex(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(64)
    for byte in bytes {
        text.append(digit(byte >> 4))
        text.append(digit(byte & 15))
    }
    return String(decoding: text, as: UTF8.self)
}

private func digit(_ number: UInt8) -> UInt8 {
    number < 10 ? UInt8(ascii: "0") + number : UInt8(ascii: "a") + number - 10
}
