import CLinux

/// A file in memory that nobody can change any more. Source: memfd_create(2), F_ADD_SEALS in fcntl(2).
public func sealedMemfd(named name: String, _ bytes: [UInt8]) throws(KernelError) -> OwnedFD {
    let file = try checkFD(
        sys_memfd_create(name, UInt32(MFD_CLOEXEC | MFD_ALLOW_SEALING)), "create the memory file '\(name)'")
    try FileSystem.write(bytes, to: file.raw, named: name)
    let seals = Int(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
    try check(sys_fcntl(file.raw, F_ADD_SEALS, seals), "seal the memory file '\(name)'")
    return file
}

/// Both ends close-on-exec.
public func makePipe() throws(KernelError) -> (reader: Int32, writer: Int32) {
    var ends: [Int32] = [-1, -1]
    try check(sys_pipe2(&ends, O_CLOEXEC), "make a pipe")
    return (ends[0], ends[1])
}

/// Nanoseconds of CLOCK_MONOTONIC: the clock that jrun-init's record uses.
public func monotonicNanoseconds() -> UInt64 { clock(CLOCK_MONOTONIC) }
/// Nanoseconds since 1970.
public func realtimeNanoseconds() -> UInt64 { clock(CLOCK_REALTIME) }

private func clock(_ id: Int32) -> UInt64 {
    var time = k_timespec()
    _ = sys_clock_gettime(id, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

public func randomBytes(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        _ = sys_getrandom(buffer.baseAddress, count, 0)
        initialized = count
    }
}

/// An exclusive or shared advisory lock of the open file; false when somebody else holds it, never when it is waited for.
/// Source: flock(2).
public func lock(_ file: Int32, shared: Bool = false, waiting: Bool = false) throws(KernelError) -> Bool {
    let operation = (shared ? LOCK_SH : LOCK_EX) | (waiting ? 0 : LOCK_NB)
    var result = sys_flock(file, operation)
    // A signal's handler has run meanwhile.
    while result == Int(-EINTR) { result = sys_flock(file, operation) }
    if result == Int(-EAGAIN) { return false }
    try check(result, "lock a file")
    return true
}

/// An exclusive lock of the file that belongs to this process alone: unlike `lock`'s, which goes with the descriptor, a child
/// that has not executed yet does not hold it. False when another process does. It is lost when this process closes the file,
/// by whatever descriptor. Source: fcntl(2), "Advisory record locking".
public func lockForProcess(_ file: Int32) throws(KernelError) -> Bool {
    var whole = k_flock(l_type: Int16(F_WRLCK), l_whence: 0, l_start: 0, l_len: 0, l_pid: 0)
    let result = withUnsafeMutablePointer(to: &whole) { sys_fcntl(file, F_SETLK, Int(bitPattern: $0)) }
    if result == Int(-EAGAIN) || result == Int(-EACCES) { return false }
    try check(result, "lock a file")
    return true
}

public func unlock(_ file: Int32) { _ = sys_flock(file, LOCK_UN) }
