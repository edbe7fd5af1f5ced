import CLinux
import CSeccomp

/// A compiled filter: classic BPF instructions of eight bytes, ready for seccomp(2).
public struct SeccompFilter: Sendable, Equatable, CustomStringConvertible {
    public var instructions: [UInt8]
    /// Whether forbidden calls are handed to jrun-init, which needs SECCOMP_FILTER_FLAG_NEW_LISTENER.
    public var notifies: Bool

    public init(instructions: [UInt8], notifies: Bool) {
        self.instructions = instructions
        self.notifies = notifies
    }

    public var description: String {
        "\(instructions.count / 8) instructions, forbidden calls \(notifies ? "end the run" : "get EPERM")"
    }
}

public struct SeccompError: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String
}

extension SeccompPolicy {
    /// Raised when a change to the compiler changes what comes out of the same policy; part of the cache's key.
    public static let compilerRevision = 2

    /// libseccomp's version and ours, for a cache of compiled filters.
    public static var compilerIdentity: String {
        guard let version = seccomp_version() else { return "unknown" }
        return "\(version.pointee.major).\(version.pointee.minor).\(version.pointee.micro)-\(compilerRevision)"
    }

    /// Every system call that libseccomp knows by this name on this machine.
    public static func isKnown(_ name: String) -> Bool { seccomp_syscall_resolve_name(name) != -1 }

    /// The number's name on this architecture, for evidence.
    public static func name(ofCall number: Int32) -> String? {
        guard let name = seccomp_syscall_resolve_num_arch(seccomp_arch_native(), number) else { return nil }
        return String(cString: name)
    }

    /// Compiles for the native architecture; calls of any other (x32, i386) kill the process.
    ///
    /// - Parameter notify: hand forbidden calls to jrun-init; otherwise they get EPERM.
    public func compile(notify: Bool) throws(SeccompError) -> SeccompFilter {
        let denied = Compiler.error(EPERM)
        guard let context = seccomp_init(denied) else {
            throw SeccompError(description: "libseccomp cannot make a filter")
        }
        defer { seccomp_release(context) }
        // Balanced decision tree: about nine comparisons a call instead of hundreds.
        _ = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2)
        _ = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, Compiler.killProcess)
        let compiler = Compiler(context: context)
        for name in allowed { try compiler.add(name, Compiler.allow) }
        for name in forbidden { try compiler.add(name, notify ? Compiler.notify : denied) }
        try compiler.addConditionalCalls(unlessIn: Set(allowed + forbidden))
        return SeccompFilter(
            instructions: SeccompFilter.terminalGuard + SeccompFilter.hugePageGuard + (try compiler.export()),
            notifies: notify && !forbidden.isEmpty)
    }
}

extension SeccompFilter {
    /// Stands in front of libseccomp's program: ioctl(TIOCSTI) and ioctl(TIOCLINUX) type into a terminal (CVE-2017-5226),
    /// everything else of ioctl is allowed. libseccomp cannot say "all but these two" in one filter. Only the low half
    /// of the argument is compared, as the kernel does (CVE-2019-10063).
    fileprivate static var terminalGuard: [UInt8] {
        let load: UInt16 = 0x20, jumpIfEqual: UInt16 = 0x15, answer: UInt16 = 0x06
        let ioctl = UInt32(bitPattern: seccomp_syscall_resolve_name("ioctl"))
        let program: [(UInt16, UInt8, UInt8, UInt32)] = [
            (load, 0, 0, 0),  // seccomp_data.nr
            (jumpIfEqual, 0, 4, ioctl),
            (load, 0, 0, 24),  // seccomp_data.args[1], low half
            (jumpIfEqual, 1, 0, 0x5412),  // TIOCSTI
            (jumpIfEqual, 0, 1, 0x541C),  // TIOCLINUX
            (answer, 0, 0, SECCOMP_RET_ERRNO | UInt32(EPERM)),
        ]
        return program.flatMap { code, yes, no, value in
            withUnsafeBytes(of: code, Array.init) + [yes, no] + withUnsafeBytes(of: value, Array.init)
        }
    }
}

private struct Compiler {
    let context: scmp_filter_ctx

    // libseccomp's action macros do not import; their values are the kernel's SECCOMP_RET_*.
    static let allow: UInt32 = 0x7fff_0000
    static let killProcess: UInt32 = 0x8000_0000
    static let notify: UInt32 = 0x7fc0_0000
    static func error(_ errno: Int32) -> UInt32 { 0x0005_0000 | UInt32(errno) }

    /// CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET
    static let namespaceFlags: UInt64 = 0x7e02_0000

    func add(_ name: String, _ action: UInt32, _ comparisons: [scmp_arg_cmp] = []) throws(SeccompError) {
        let number = seccomp_syscall_resolve_name(name)
        if number == -1 { return }
        let result = comparisons.withUnsafeBufferPointer {
            seccomp_rule_add_array(context, action, number, UInt32($0.count), $0.baseAddress)
        }
        // Negative pseudo-numbers stand for calls that this architecture does not have.
        if result < 0 && number >= 0 && result != -Int32(EEXIST) && result != -Int32(EACCES) {
            throw SeccompError(description: "libseccomp refuses the rule for '\(name)' (\(result))")
        }
    }

    /// Calls that depend on their arguments, except those that the policy allows or forbids as a whole.
    func addConditionalCalls(unlessIn decided: Set<String>) throws(SeccompError) {
        let noNamespaces = argument(0, SCMP_CMP_MASKED_EQ, Compiler.namespaceFlags, 0)
        if !decided.contains("clone") { try add("clone", Compiler.allow, [noNamespaces]) }
        // Its flags are in memory, where a filter cannot look; C libraries fall back to clone on ENOSYS.
        if !decided.contains("clone3") { try add("clone3", Compiler.error(ENOSYS)) }
        if !decided.contains("socket") { try addSockets() }
        if !decided.contains("fcntl") { try addFileControl() }
        let values: [(call: String, firstArgument: [UInt64])] = [
            ("socketpair", [Compiler.unix]), ("personality", [0, 0xffff_ffff]),
        ]
        for (call, values) in values where !decided.contains(call) {
            for value in values { try add(call, Compiler.allow, [argument(0, SCMP_CMP_EQ, value, 0)]) }
        }
    }

    static let unix: UInt64 = 1

    /// Unix sockets, and TCP, UDP and ping over IP. The families hold more than that: DCCP, SCTP, UDP-Lite, L2TP, MPTCP and
    /// others, most of them modules that a socket(2) by anybody loads (CVE-2017-6074, CVE-2021-23133).
    private func addSockets() throws(SeccompError) {
        let inet: UInt64 = 2, inet6: UInt64 = 10, stream: UInt64 = 1, datagram: UInt64 = 2
        let whatItIs: UInt64 = 0, icmp: UInt64 = 1, tcp: UInt64 = 6, udp: UInt64 = 17, icmp6: UInt64 = 58
        try add("socket", Compiler.allow, [argument(0, SCMP_CMP_EQ, Compiler.unix, 0)])
        for family in [inet, inet6] {
            for type in [stream, datagram] {
                for `protocol` in [whatItIs, icmp, tcp, udp, icmp6] {
                    // SOCK_TYPE_MASK: above it are SOCK_CLOEXEC and SOCK_NONBLOCK.
                    let comparisons = [
                        argument(0, SCMP_CMP_EQ, family, 0), argument(1, SCMP_CMP_MASKED_EQ, 0xf, type),
                        argument(2, SCMP_CMP_EQ, `protocol`, 0),
                    ]
                    try add("socket", Compiler.allow, comparisons)
                }
            }
        }
    }

    /// All of fcntl(2) but F_NOTIFY (1026), which tells what others do in a directory. The kernel looks at the lower half.
    private func addFileControl() throws(SeccompError) {
        let commands: [(mask: UInt64, value: UInt64)] = [
            (0xffff_fc00, 0), (0xffff_fffe, 1024), (0xffff_ffff, 1027), (0xffff_fffc, 1028), (0xffff_fff8, 1032),
        ]
        for (mask, value) in commands {
            try add("fcntl", Compiler.allow, [argument(1, SCMP_CMP_MASKED_EQ, mask, value)])
        }
    }

    private func argument(_ index: UInt32, _ operation: scmp_compare, _ a: UInt64, _ b: UInt64) -> scmp_arg_cmp {
        scmp_arg_cmp(arg: index, op: operation, datum_a: a, datum_b: b)
    }

    func export() throws(SeccompError) -> [UInt8] {
        let file = sys_memfd_create("seccomp", UInt32(MFD_CLOEXEC))
        guard file >= 0 else { throw SeccompError(description: "no memory file for the seccomp filter") }
        defer { _ = sys_close(Int32(file)) }
        guard seccomp_export_bpf(context, Int32(file)) == 0 else {
            throw SeccompError(description: "libseccomp cannot export the filter")
        }
        let size = sys_lseek(Int32(file), 0, 2)
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
            initialized = max(0, sys_pread(Int32(file), buffer.baseAddress, size, 0))
        }
    }
}
