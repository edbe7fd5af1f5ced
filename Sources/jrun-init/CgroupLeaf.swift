// The run's cgroup leaf as jrun-init uses it: a few control files relative to the leaf's descriptor.
// Source: Documentation/admin-guide/cgroup-v2.rst

import CInit
import CLinux
import CPlan

struct CgroupLeaf {
    /// -1 where there is no cgroup: then the run is everything in our pid namespace but us.
    let directory: Int32
    var isThere: Bool { directory >= 0 }

    /// Everything in the leaf, at once; should that not be possible, everything in our pid namespace but us.
    func kill() {
        liftRates()
        if !write("cgroup.kill", "1") { _ = sys_kill(-1, SIGKILL) }
    }

    /// Whoever waits for throttled traffic waits uninterruptibly, for hours at a low rate, and may hold a page of a file that
    /// everybody reads. Source: block/blk-throttle.c
    private func liftRates() {
        _ = write("cpu.max", "max")
        guard let length = read("io.max"), length < bufferBytes / 2 else { return }
        var line = 0
        while line < length {
            // `MAJOR:MINOR rbps=… wbps=… riops=… wiops=…`; what is written is put together behind what was read.
            var at = line
            var end = length
            while at < length && buffer[at] != 0x20 && buffer[at] != 0x0a {
                buffer[end] = buffer[at]
                (at, end) = (at + 1, end + 1)
            }
            end = append(" rbps=max wbps=max", at: end)
            if let file = open("io.max", O_WRONLY) {
                _ = sys_write(file, buffer + length, end - length)
                _ = sys_close(file)
            }
            while at < length && buffer[at] != 0x0a { at += 1 }
            line = at + 1
        }
    }

    private func append(_ words: StaticString, at place: Int) -> Int {
        for index in 0..<words.utf8CodeUnitCount { buffer[place + index] = words.utf8Start[index] }
        return place + words.utf8CodeUnitCount
    }

    func freeze() { if !write("cgroup.freeze", "1") && !isThere { _ = sys_kill(-1, SIGSTOP) } }
    func thaw() { if !write("cgroup.freeze", "0") && !isThere { _ = sys_kill(-1, SIGCONT) } }

    /// CPU time of everything that ever ran in the leaf, in nanoseconds.
    func cpuNanoseconds() -> UInt64 {
        isThere ? number(after: "usage_usec ", in: "cpu.stat") &* 1000 : ProcessTable().cpuNanoseconds()
    }

    func oomKills() -> UInt64 { number(after: "oom_kill ", in: "memory.events") }
    func memoryParts() -> (anon: UInt64, file: UInt64, shmem: UInt64) {
        guard let n = read("memory.stat") else { return (0, 0, 0) }
        return (
            parseNumber(after: "anon ", length: n), parseNumber(after: "file ", length: n),
            parseNumber(after: "shmem ", length: n)
        )
    }

    func refusedForks() -> UInt64 { number(after: "max ", in: "pids.events") }

    /// Tasks in the leaf now, or `limit + 1` as soon as there are more than `limit`.
    func taskCount(upTo limit: UInt64) -> UInt64 {
        if !isThere { return ProcessTable().taskCount() }
        guard let file = open("cgroup.threads", O_RDONLY) else { return 0 }
        defer { _ = sys_close(file) }
        var count: UInt64 = 0
        while count <= limit {
            let n = sys_read(file, buffer, bufferBytes)
            if n <= 0 { break }
            for index in 0..<n where buffer[index] == 0x0a { count += 1 }
        }
        return count
    }

    func open(_ name: StaticString, _ flags: Int32) -> Int32? {
        let file = sys_openat(directory, text(name), flags | O_CLOEXEC, 0)
        return file < 0 ? nil : Int32(file)
    }

    private func write(_ name: StaticString, _ value: StaticString) -> Bool {
        guard let file = open(name, O_WRONLY) else { return false }
        let n = sys_write(file, value.utf8Start, value.utf8CodeUnitCount)
        _ = sys_close(file)
        return n > 0
    }

    /// The number behind `key` at the start of a line; 0 when the file or the key is not there.
    private func number(after key: StaticString, in name: StaticString) -> UInt64 {
        read(name).map { parseNumber(after: key, length: $0) } ?? 0
    }

    /// Reads a control file into the buffer; its length, or nil when it is not there.
    private func read(_ name: StaticString) -> Int? {
        guard let file = open(name, O_RDONLY) else { return nil }
        let n = sys_read(file, buffer, bufferBytes)
        _ = sys_close(file)
        return n < 0 ? nil : n
    }
}

var buffer: UnsafeMutablePointer<UInt8> { jrun_buffer }
let bufferBytes = Int(JRUN_BUFFER_BYTES)

/// Finds `key` at the start of a line among the buffer's first `length` bytes and reads the decimal number behind it.
func parseNumber(after key: StaticString, length: Int) -> UInt64 {
    let keyLength = key.utf8CodeUnitCount
    var start = 0
    while start + keyLength < length {
        var matched = 0
        while matched < keyLength && buffer[start + matched] == key.utf8Start[matched] { matched += 1 }
        if matched == keyLength {
            var value: UInt64 = 0
            var at = start + keyLength
            while at < length, buffer[at] >= 0x30, buffer[at] <= 0x39 {
                value = value &* 10 &+ UInt64(buffer[at] - 0x30)
                at += 1
            }
            return value
        }
        while start < length && buffer[start] != 0x0a { start += 1 }
        start += 1
    }
    return 0
}
