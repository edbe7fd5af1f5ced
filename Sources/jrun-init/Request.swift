// What a process that holds is told: see jrun_request in CPlan.h. Verified like the plan before anything points into it.

import CLinux
import CPlan

/// Arguments and environment as execve(2) takes them.
struct ArgumentTable {
    let argv: UnsafePointer<UnsafeMutablePointer<CChar>?>
    let envp: UnsafePointer<UnsafeMutablePointer<CChar>?>

    /// Turns a table of offsets (argv, 0, envp, 0) into pointers, in place; nil when it does not add up.
    ///
    /// - Parameters:
    ///   - table: `bytes` long, aligned to eight.
    ///   - data: what the offsets count from; its last byte is NUL.
    init?(
        at table: UnsafeMutableRawPointer, bytes: UInt64, arguments: UInt64, environment: UInt64,
        into data: UnsafeMutableRawPointer, dataBytes: UInt32
    ) {
        let entries = arguments &+ environment &+ 2
        guard arguments >= 1, arguments < 1 << 20, environment < 1 << 20, entries * 8 == bytes else { return nil }
        let offsets = table.assumingMemoryBound(to: UInt.self)
        var index = 0
        while index < Int(entries) {
            let isTerminator = index == Int(arguments) || index == Int(entries) - 1
            let offset = offsets[index]
            guard isTerminator ? offset == 0 : offset < UInt(dataBytes) else { return nil }
            if !isTerminator { offsets[index] = UInt(bitPattern: data) + offset }
            index += 1
        }
        let pointers = UnsafeRawPointer(offsets).assumingMemoryBound(to: UnsafeMutablePointer<CChar>?.self)
        argv = pointers
        envp = pointers + Int(arguments) + 1
    }

    /// - Parameter request: as much of it as has come, aligned to eight bytes.
    init?(request: UnsafeMutableRawPointer, _ size: Int) {
        let headerBytes = MemoryLayout<jrun_request>.size
        guard size >= headerBytes, size <= JRUN_REQUEST_MAX_BYTES else { return nil }
        let header = request.assumingMemoryBound(to: jrun_request.self).pointee
        let tableBytes = (UInt64(header.argument_count) + UInt64(header.environment_count) + 2) * 8
        // Every text ends inside because the last byte is NUL.
        guard header.magic == JRUN_REQUEST_MAGIC, Int(header.total_bytes) == size,
            UInt64(headerBytes) + tableBytes < UInt64(size),
            request.load(fromByteOffset: size - 1, as: UInt8.self) == 0
        else { return nil }
        self.init(
            at: request + headerBytes, bytes: tableBytes, arguments: UInt64(header.argument_count),
            environment: UInt64(header.environment_count), into: request, dataBytes: header.total_bytes)
    }
}

extension Launch {
    /// Where the request comes to. Taken before anything is given up; pages are made as they are written.
    static func requestMemory() -> UnsafeMutableRawPointer? {
        let memory = sys_mmap(
            Int(JRUN_REQUEST_MAX_BYTES), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1)
        return memory < 0 ? nil : UnsafeMutableRawPointer(bitPattern: memory)
    }

    /// Says that everything is ready, and waits for the request. Without one nothing is to run.
    mutating func hold(_ step: jrun_step) -> Int {
        guard let memory = requestBytes else { return Int(-ENOMEM) }
        tellLauncher(UInt32(JRUN_HOLD_MAGIC))
        let headerBytes = MemoryLayout<jrun_request>.size
        guard read(step.fd, into: memory, headerBytes) else { return Int(-ECANCELED) }
        let total = Int(memory.assumingMemoryBound(to: jrun_request.self).pointee.total_bytes)
        guard total > headerBytes, total <= JRUN_REQUEST_MAX_BYTES else { return Int(-EINVAL) }
        guard read(step.fd, into: memory + headerBytes, total - headerBytes) else { return Int(-ECANCELED) }
        isWanted = true
        request = ArgumentTable(request: memory, total)
        return request == nil ? Int(-EINVAL) : 0
    }

    /// False when the pipe ends before.
    private func read(_ pipe: Int32, into memory: UnsafeMutableRawPointer, _ count: Int) -> Bool {
        var have = 0
        while have < count {
            let n = sys_read(pipe, memory + have, count - have)
            if n == Int(-EINTR) { continue }
            if n <= 0 { return false }
            have += n
        }
        return true
    }
}
