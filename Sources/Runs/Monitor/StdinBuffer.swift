import CLinux
import Kernel

/// What comes for stdin passes through a memory file that jrun-init keeps, and moves from there into the program's pipe by
/// splice(2), which advances the file's own position in the same system call. So whoever comes after a jrund that was killed
/// at any instant reads there how many bytes the pipe has taken: not one is lost, and none is sent twice.
struct StdinBuffer: ~Copyable {
    private let file: OwnedFD

    /// - Parameter file: the open file itself that jrun-init holds; one opened anew would have a position of its own.
    init(_ file: consuming OwnedFD) { self.file = file }

    static func make() throws(KernelError) -> OwnedFD {
        try checkFD(sys_memfd_create("jrun-stdin", UInt32(MFD_CLOEXEC)), "create the buffer of stdin")
    }

    /// Each piece takes a page of the pipe of its own, however short it is; so that many short ones need not wait for the
    /// program, there are more than the usual 16. Source: pipe(7), F_SETPIPE_SZ.
    static func widen(_ pipe: Int32) { _ = sys_fcntl(pipe, F_SETPIPE_SZ, 256 << 10) }

    /// Bytes that the pipe has taken since the start.
    var position: Int64 { Int64(max(0, sys_lseek(file.raw, 0, SEEK_CUR))) }

    /// Moves as much of `piece` into `pipe` as it has room for.
    ///
    /// - Returns: how many bytes that is, or `-errno`: EAGAIN when it is full, EPIPE when nobody reads.
    func move(_ piece: ArraySlice<UInt8>, into pipe: Int32) throws(KernelError) -> Int {
        let start = position
        try FileSystem.write(piece, to: file.raw, at: start)
        let n = sys_splice(file.raw, pipe, piece.count, UInt32(SPLICE_F_NONBLOCK))
        // Pages that are gone here are still in the pipe. The last one is kept: a part of it would be zeroed, there too.
        let whole = (start + Int64(max(n, 0))) & ~4095
        if whole > 0 { _ = sys_fallocate(file.raw, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, whole) }
        return n
    }
}
