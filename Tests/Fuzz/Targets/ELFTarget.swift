import Kernel

@testable import Runs

extension FuzzTarget {
    /// An executable, as the search for its libraries reads it: nothing but text comes out, and not much of it.
    static let elf = FuzzTarget("elf", maxBytes: 8192) { bytes in
        let file = try? ELFFile(named: "fuzz", size: Int64(bytes.count)) { offset, count throws(KernelError) in
            guard offset >= 0, offset <= bytes.count, count >= 0 else {
                fatalError("reads \(count) bytes at \(offset)")
            }
            return Array(bytes[Int(offset)...].prefix(count))
        }
        guard let file else { return }
        let names = file.needed + file.rpath + file.runpath + (file.interpreter.map { [$0] } ?? [])
        try promise(
            names.allSatisfy { name in name.utf8.count <= 4096 && name.utf8.allSatisfy { $0 >= 32 && $0 != 127 } },
            "a name that is no text")
        try promise(file.needed.count <= 8192, "\(file.needed.count) libraries")
    }
}
