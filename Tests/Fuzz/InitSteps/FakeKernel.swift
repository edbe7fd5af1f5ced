// Stands where the system calls stand when jrun-init's own sources are compiled here: what the kernel would read is
// read to its last byte, and nothing else happens. A name of this module hides the imported one.

import CLinux
import CPlan

/// Touches every byte, in a way that no optimiser removes.
struct Reading {
    nonisolated(unsafe) static var sum: UInt64 = 0  // SAFETY: one target at a time.

    static func text(_ text: UnsafePointer<CChar>?) {
        guard let text else { return }
        var index = 0
        while text[index] != 0 {
            sum = sum &+ UInt64(UInt8(bitPattern: text[index]))
            index += 1
        }
    }

    static func bytes(_ start: UnsafeRawPointer?, _ count: Int) {
        guard let start else { return }
        for index in 0..<count { sum = sum &+ UInt64(start.load(fromByteOffset: index, as: UInt8.self)) }
    }

    @discardableResult
    static func texts(_ list: UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Int {
        var index = 0
        while let text = list[index] {
            self.text(text)
            index += 1
        }
        return index
    }
}

/// The next number of a descriptor that is opened.
nonisolated(unsafe) private var next = 1000  // SAFETY: one target at a time.

private func descriptor() -> Int {
    next += 1
    return next
}

func sys_mount(
    _ source: UnsafePointer<CChar>?, _ target: UnsafePointer<CChar>?, _ type: UnsafePointer<CChar>?, _: UInt,
    _ data: UnsafeRawPointer?
) -> Int {
    for text in [source, target, type, data?.assumingMemoryBound(to: CChar.self)] { Reading.text(text) }
    return 0
}

func sys_open_tree(_: Int32, _ path: UnsafePointer<CChar>, _: UInt32) -> Int {
    Reading.text(path)
    return descriptor()
}
func sys_unlinkat(_: Int32, _ path: UnsafePointer<CChar>, _: Int32) -> Int { touched(path) }
func sys_mkdirat(_: Int32, _ path: UnsafePointer<CChar>, _: UInt32) -> Int { touched(path) }
func sys_mknodat(_: Int32, _ path: UnsafePointer<CChar>, _: UInt32, _: UInt32) -> Int { touched(path) }
func sys_chdir(_ path: UnsafePointer<CChar>) -> Int { touched(path) }
func sys_umount2(_ path: UnsafePointer<CChar>, _: Int32) -> Int { touched(path) }
func sys_pivot_root(_ new: UnsafePointer<CChar>, _ old: UnsafePointer<CChar>) -> Int { touched(new) + touched(old) }
func sys_symlinkat(_ target: UnsafePointer<CChar>, _: Int32, _ path: UnsafePointer<CChar>) -> Int {
    touched(target) + touched(path)
}
func sys_openat(_: Int32, _ path: UnsafePointer<CChar>, _: Int32, _: UInt32) -> Int {
    Reading.text(path)
    return descriptor()
}
func sys_move_mount(
    _: Int32, _ from: UnsafePointer<CChar>, _: Int32, _ path: UnsafePointer<CChar>, _: UInt32
) -> Int { touched(from) + touched(path) }
func sys_mount_setattr(
    _: Int32, _ path: UnsafePointer<CChar>, _: UInt32, _: UnsafePointer<k_mount_attr>
) -> Int { touched(path) }

private func touched(_ path: UnsafePointer<CChar>) -> Int {
    Reading.text(path)
    return 0
}

// One for each type that is handed in: only so are they nearer than the imported one.
func sys_write(_: Int32, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int { written(bytes, count) }
func sys_write(_: Int32, _ bytes: UnsafePointer<CChar>, _ count: Int) -> Int { written(bytes, count) }

private func written(_ bytes: UnsafeRawPointer, _ count: Int) -> Int {
    Reading.bytes(bytes, count)
    return count
}

func sys_sethostname(_ name: UnsafePointer<CChar>, _ count: Int) -> Int {
    Reading.bytes(name, count)
    return 0
}
func sys_seccomp(_: UInt32, _: UInt32, _ program: UnsafePointer<k_sock_fprog>) -> Int {
    Reading.bytes(UnsafeRawPointer(program.pointee.filter), Int(program.pointee.len) * 8)
    return descriptor()
}
func sys_execveat(
    _: Int32, _ path: UnsafePointer<CChar>, _ argv: UnsafePointer<UnsafeMutablePointer<CChar>?>,
    _ envp: UnsafePointer<UnsafeMutablePointer<CChar>?>, _: Int32
) -> Int {
    Reading.text(path)
    Reading.texts(argv)
    Reading.texts(envp)
    return 0
}
/// The child's steps run here, without the exit behind them; then it has executed.
func sys_clone3_vfork(
    _: UnsafePointer<k_clone_args>, _: (UnsafeMutableRawPointer?) -> Void, _ context: UnsafeMutableRawPointer
) -> Int {
    context.assumingMemoryBound(to: Launch.self).pointee.carryOutProgramSteps()
    return 77
}
extension Launch {
    mutating func cloneBeside(_: inout k_clone_args) -> Int {
        carryOutProgramSteps()
        return 77
    }
}

/// What comes over the pipe of a process that holds.
struct FakePipe {
    nonisolated(unsafe) static var bytes: ArraySlice<UInt8> = []  // SAFETY: one target at a time.
    nonisolated(unsafe) static let memory = room(Int(JRUN_REQUEST_MAX_BYTES))  // SAFETY: one target at a time.

    private static func room(_ bytes: Int) -> UnsafeMutableRawPointer { .allocate(byteCount: bytes, alignment: 8) }
}

func sys_mmap(_: Int, _: Int32, _: Int32, _: Int32) -> Int { Int(bitPattern: FakePipe.memory) }

/// In pieces, as a pipe may hand them out.
func sys_read(_: Int32, _ to: UnsafeMutableRawPointer, _ count: Int) -> Int {
    let piece = FakePipe.bytes.prefix(min(count, 1000))
    FakePipe.bytes = FakePipe.bytes.dropFirst(piece.count)
    piece.withUnsafeBytes { if let from = $0.baseAddress { to.copyMemory(from: from, byteCount: $0.count) } }
    return piece.count
}

func sys_exit_group(_: Int32) -> Never { fatalError("nobody exits here") }

func sys_landlock_create_ruleset(_: UnsafePointer<k_landlock_ruleset_attr>, _: Int, _: UInt32) -> Int { descriptor() }
func sys_landlock_add_rule(_: Int32, _: Int32, _: UnsafePointer<k_landlock_path_beneath_attr>) -> Int { 0 }
func sys_landlock_restrict_self(_: Int32) -> Int { 0 }
func sys_close(_: Int32) -> Int { 0 }
func sys_fcntl(_: Int32, _: Int32, _: Int) -> Int { descriptor() }
func sys_fchown(_: Int32, _: UInt32, _: UInt32) -> Int { 0 }
func sys_dup3(_: Int32, _ number: Int32, _: Int32) -> Int { Int(number) }
func sys_socket(_: Int32, _: Int32, _: Int32) -> Int { descriptor() }
func sys_ioctl(_: Int32, _: UInt, _: UnsafeMutablePointer<k_ifreq>) -> Int { 0 }
func sys_pipe2(_: UnsafeMutablePointer<Int32>, _: Int32) -> Int { 0 }
func sys_wait4(_: Int32, _: UnsafeMutablePointer<Int32>?, _: Int32, _: UnsafeMutablePointer<k_rusage>?) -> Int { 77 }
func sys_setsid() -> Int { 0 }
func sys_unshare(_: UInt) -> Int { 0 }
func sys_keyctl(_: Int32, _: UnsafePointer<CChar>?) -> Int { 0 }
func sys_umask(_: UInt32) -> Int { 0 }
func sys_personality(_: UInt) -> Int { 0 }
func sys_setgroups(_: Int, _: UnsafePointer<UInt32>?) -> Int { 0 }
func sys_setresgid(_: UInt32) -> Int { 0 }
func sys_setresuid(_: UInt32) -> Int { 0 }
func sys_setfsuid(_ uid: UInt32) -> Int { Int(uid) }
func sys_setfsgid(_ gid: UInt32) -> Int { Int(gid) }
func sys_capset(_: UnsafePointer<k_cap_header>, _: UnsafePointer<k_cap_data>) -> Int { 0 }
func sys_prlimit(_: Int32, _: Int32, _: UnsafePointer<k_rlimit>, _: UnsafeMutablePointer<k_rlimit>?) -> Int { 0 }
func sys_sched_setscheduler(_: Int32, _: Int32, _: UnsafePointer<Int32>) -> Int { 0 }
func sys_getpriority(_: Int32, _: Int32) -> Int { 20 }
func sys_setpriority(_: Int32, _: Int32, _: Int32) -> Int { 0 }
/// No capability is there to be dropped.
func sys_prctl(_ option: Int32, _: UInt, _: UInt, _: UInt, _: UInt) -> Int { option == PR_CAPBSET_READ ? -22 : 0 }
