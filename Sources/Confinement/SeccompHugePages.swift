import CLinux
import CSeccomp

extension SeccompFilter {
    /// Stands in front of the compiled program: refuses memory from the node's pool of huge pages, which `memory.max` does
    /// not count, so that a run could hold all of it (hugetlbpage.rst; cgroup-v2.rst, "HugeTLB"). By mmap(MAP_HUGETLB),
    /// memfd_create(MFD_HUGETLB) and shmget(SHM_HUGETLB); transparent huge pages are ordinary memory. The flags are compared
    /// by their low half, as the kernel does.
    static var hugePageGuard: [UInt8] {
        let load: UInt16 = 0x20, jumpIfEqual: UInt16 = 0x15, jumpIfSet: UInt16 = 0x45, answer: UInt16 = 0x06
        func number(_ name: String) -> UInt32 { UInt32(bitPattern: seccomp_syscall_resolve_name(name)) }
        // Offsets in seccomp_data: the number, then six arguments of eight bytes from 16 on.
        let program: [(UInt16, UInt8, UInt8, UInt32)] = [
            (load, 0, 0, 0),
            (jumpIfEqual, 2, 0, number("mmap")),
            (jumpIfEqual, 3, 0, number("memfd_create")),
            (jumpIfEqual, 4, 7, number("shmget")),
            (load, 0, 0, 40),
            (jumpIfSet, 4, 5, 0x40000),  // MAP_HUGETLB
            (load, 0, 0, 24),
            (jumpIfSet, 2, 3, 0x4),  // MFD_HUGETLB
            (load, 0, 0, 32),
            (jumpIfSet, 0, 1, 0o4000),  // SHM_HUGETLB
            (answer, 0, 0, SECCOMP_RET_ERRNO | UInt32(EPERM)),
        ]
        return program.flatMap { code, yes, no, value in
            withUnsafeBytes(of: code, Array.init) + [yes, no] + withUnsafeBytes(of: value, Array.init)
        }
    }
}
