import CLinux
import Testing

@testable import Kernel

@Suite struct SealedMemfdTests {
    @Test func nobodyCanChangeIt() throws {
        let memory = try sealedMemfd(named: "plan", Array("sealed".utf8))
        let file = memory.raw
        let write = refusal { () throws(KernelError) in try FileSystem.write([1], to: file, named: "plan") }
        let writeAt = refusal { () throws(KernelError) in try FileSystem.write([1], to: file, at: 0) }
        let shrink = refusal { () throws(KernelError) in try FileSystem.truncate(file, to: 1) }
        let grow = refusal { () throws(KernelError) in try FileSystem.truncate(file, to: 100) }
        #expect(write == "write 'plan': operation not permitted (EPERM)")
        #expect(writeAt == "write: operation not permitted (EPERM)")
        #expect(shrink == "set the size of a file: operation not permitted (EPERM)")
        #expect(grow == shrink)
        let unseal = sys_fcntl(file, F_ADD_SEALS, 0)
        #expect(unseal == Int(-EPERM), "the seals are sealed")
        // Opening it anew by its magic link gives no way around the seals.
        let again = sys_openat(AT_FDCWD, "/proc/self/fd/\(file)", O_RDWR | O_CLOEXEC, 0)
        if again >= 0 {
            let written = sys_pwrite(Int32(again), "x", 1, 0)
            #expect(written == Int(-EPERM))
            _ = sys_close(Int32(again))
        }
        #expect(try FileSystem.read(file, from: 0, upTo: 100) == Array("sealed".utf8))
    }

    @Test func itHoldsEveryByte() throws {
        let bytes = (0..<1_000_003).map { UInt8(truncatingIfNeeded: $0) }
        let memory = try sealedMemfd(named: "large", bytes)
        let size = try FileStatus(of: memory.raw).size
        let back = try FileSystem.read(memory.raw, from: 0, upTo: bytes.count + 1)
        #expect(size == Int64(bytes.count))
        #expect(back == bytes)
    }
}

@Suite struct SparseFileTests {
    private static let mebibyte: Int64 = 1 << 20

    /// In memory, where every kernel knows holes; the disk's file system need not.
    private func sparseFile() throws -> OwnedFD {
        let file = try checkFD(sys_memfd_create("sparse", UInt32(MFD_CLOEXEC)), "create a memory file")
        try FileSystem.truncate(file.raw, to: 4 * Self.mebibyte)
        try FileSystem.write([UInt8](repeating: 1, count: Int(Self.mebibyte)), to: file.raw, at: Self.mebibyte)
        return file
    }

    @Test func dataAndHolesAreFound() throws {
        let file = try sparseFile()
        let raw = file.raw, mebibyte = Self.mebibyte
        #expect(FileSystem.nextData(in: raw, from: 0) == mebibyte)
        #expect(FileSystem.nextData(in: raw, from: mebibyte + 5) == mebibyte + 5)
        #expect(FileSystem.nextHole(in: raw, from: 0) == 0)
        #expect(FileSystem.nextHole(in: raw, from: mebibyte) == 2 * mebibyte)
        #expect(FileSystem.nextData(in: raw, from: 2 * mebibyte) == nil, "only a hole follows")
        #expect(FileSystem.nextHole(in: raw, from: 4 * mebibyte) == nil, "behind the end")
        #expect(FileSystem.nextData(in: -1, from: 0) == nil)
    }

    @Test func theEndCountsAsAHole() throws {
        let memory = try sealedMemfd(named: "full", [1, 2, 3])
        let raw = memory.raw
        #expect(FileSystem.nextData(in: raw, from: 0) == 0)
        #expect(FileSystem.nextHole(in: raw, from: 0) == 3)
    }
}

@Suite struct LockTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func open() throws -> OwnedFD { try FileSystem.open(scratch("lock"), [.readWrite, .create]) }

    @Test func oneHolderAtATime() throws {
        let first = try open(), second = try open()
        let a = first.raw, b = second.raw
        #expect(try lock(a))
        #expect(try !lock(b))
        #expect(try !lock(b, shared: true))
        #expect(try lock(a), "whoever has it can have it again")
        unlock(a)
        #expect(try lock(b))
        #expect(try !lock(a))
    }

    @Test func readersShare() throws {
        let first = try open(), second = try open(), third = try open()
        let a = first.raw, b = second.raw, c = third.raw
        #expect(try lock(a, shared: true))
        #expect(try lock(b, shared: true, waiting: true))
        #expect(try !lock(c))
        unlock(a)
        #expect(try !lock(c))
        unlock(b)
        #expect(try lock(c))
    }

    /// The property that a run's uid hangs on.
    @Test func theLastCopyOfADescriptorFreesTheLock() throws {
        let other = try open()
        let b = other.raw
        let copy: Int32
        do {
            let first = try open()
            let a = first.raw
            #expect(try lock(a))
            copy = Int32(sys_fcntl(a, F_DUPFD_CLOEXEC, 3))
        }
        #expect(try !lock(b), "the copy still holds it")
        _ = sys_close(copy)
        #expect(try lock(b))
    }

    @Test func closedDescriptorsCannotBeLocked() {
        #expect(refusal { () throws(KernelError) in _ = try lock(-1) } == "lock a file: bad file descriptor (EBADF)")
    }
}

@Suite struct ClockAndCounterTests {
    @Test func clocksRun() {
        let before = monotonicNanoseconds(), after = monotonicNanoseconds()
        #expect(after >= before && before > 0)
        // Between 2020 and 2100.
        #expect((1_577_836_800..<4_102_444_800).contains(realtimeNanoseconds() / 1_000_000_000))
    }

    @Test func randomBytesAreAsMany() {
        #expect(randomBytes(0) == [])
        #expect(randomBytes(33).count == 33)
        #expect(randomBytes(16) != randomBytes(16))
    }

    @Test func countersAreReadableOnceRaised() throws {
        let counter = try EventCounter()
        let raw = counter.descriptor.raw
        func isReadable() -> Bool {
            var poll = k_pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
            var now = k_timespec()
            return sys_ppoll(&poll, 1, &now) > 0
        }
        #expect(!isReadable())
        counter.clear()
        var one: UInt64 = 1
        _ = sys_write(raw, &one, 8)
        _ = sys_write(raw, &one, 8)
        #expect(isReadable())
        counter.clear()
        #expect(!isReadable(), "cleared at once, however often it was raised")
    }

    @Test func pipesCarryBytes() throws {
        let pipe = try makePipe()
        let writer = OwnedFD(taking: pipe.writer), reader = OwnedFD(taking: pipe.reader)
        try FileSystem.write(Array("through".utf8), to: writer.raw, named: "pipe")
        let bytes = try FileSystem.read(reader.raw, upTo: 100)
        #expect(bytes == Array("through".utf8))
        #expect(!isTerminal(pipe.reader))
    }
}
