import CLinux
import CSeccomp
import Programs

/// A compiled filter: classic BPF instructions of eight bytes, ready for seccomp(2).
public struct SeccompFilter: Sendable, Equatable, CustomStringConvertible {
    public var instructions: [UInt8]
    /// Whether forbidden calls are handed to jrun-init, which needs SECCOMP_FILTER_FLAG_NEW_LISTENER.
    public var notifies: Bool
    /// The file that it was made from; nil when it is the standard one, or changes to it.
    public var file: String?

    public init(instructions: [UInt8], notifies: Bool) {
        self.instructions = instructions
        self.notifies = notifies
    }

    public var description: String {
        if let file {
            return "'\(file)', \(instructions.count / 8) instructions\(notifies ? ", killed calls end the run" : "")"
        }
        return
            "\(instructions.count / 8) instructions, forbidden calls \(notifies ? "end the run" : "get EPERM")"
    }
}

public struct SeccompError: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String
}

extension SeccompPolicy {
    /// Raised when a change to the compiler changes what comes out of the same policy; part of the cache's key.
    public static let compilerRevision = 5

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
        try compile(notify: notify, inRanges: true)
    }

    /// - Parameter inRanges: false for libseccomp's program as it is, which is longer and answers the same.
    func compile(notify: Bool, inRanges: Bool) throws(SeccompError) -> SeccompFilter {
        let compiler = Compiler(notify: notify)
        guard let context = seccomp_init(compiler.action(otherwise)) else {
            throw SeccompError(description: "libseccomp cannot make a filter")
        }
        defer { seccomp_release(context) }
        // Balanced decision tree: about nine comparisons a call instead of hundreds.
        _ = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2)
        _ = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, Compiler.killProcess)
        // Without notifications these fail; a run ends for them only where it can be said for which.
        let forbiddenAction = notify ? Compiler.notify : Compiler.error(EPERM)
        for name in allowed { try compiler.add(name, Compiler.allow, to: context) }
        for name in forbidden { try compiler.add(name, forbiddenAction, to: context) }
        let decided = Set(allowed + forbidden)
        for rule in rules where !decided.contains(rule.call) {
            try compiler.add(
                rule.call, compiler.action(rule.answer), rule.comparisons.map(\.compiled), to: context)
        }
        let filter = SeccompFilter(
            instructions: try SeccompFilter.ioctlGuard + SeccompFilter.hugePageGuard
                + compiler.program(context, inRanges: inRanges),
            notifies: notify && ends)
        let count = filter.instructions.count / 8
        guard count <= Compiler.maxInstructions else {
            throw SeccompError(
                description:
                    "the seccomp filter has \(count) instructions, more than the kernel's \(Compiler.maxInstructions): fewer comparisons would fit"
            )
        }
        return filter
    }
}

extension SeccompFilter {
    /// Stands in front of libseccomp's program: ioctl(TIOCSTI) and ioctl(TIOCLINUX) type into a terminal (CVE-2017-5226);
    /// FS_IOC_FSSETXATTR, FS_IOC_SETFLAGS and file_setattr take a file out of its project, and with that out of the quota
    /// (ioctl_xfs_fsgetxattr(2): its owner may); encryption makes directories that nobody can empty without the key.
    /// Everything else of ioctl is allowed. libseccomp cannot say "all but these" in one filter. Only the low half of the
    /// argument is compared, as the kernel does (CVE-2019-10063).
    fileprivate static var ioctlGuard: [UInt8] {
        let load: UInt16 = 0x20, jumpIfEqual: UInt16 = 0x15, answer: UInt16 = 0x06
        let ioctl = UInt32(bitPattern: seccomp_syscall_resolve_name("ioctl"))
        let program: [(UInt16, UInt8, UInt8, UInt32)] = [
            (load, 0, 0, 0),  // seccomp_data.nr
            // Younger than libseccomp's tables; the same number everywhere.
            (jumpIfEqual, 8, 0, 469),  // file_setattr
            (jumpIfEqual, 0, 8, ioctl),
            (load, 0, 0, 24),  // seccomp_data.args[1], low half
            (jumpIfEqual, 5, 0, 0x5412),  // TIOCSTI
            (jumpIfEqual, 4, 0, 0x541C),  // TIOCLINUX
            (jumpIfEqual, 3, 0, 0x401c_5820),  // FS_IOC_FSSETXATTR
            (jumpIfEqual, 2, 0, 0x800c_6613),  // FS_IOC_SET_ENCRYPTION_POLICY
            (jumpIfEqual, 1, 0, 0xc050_6617),  // FS_IOC_ADD_ENCRYPTION_KEY
            (jumpIfEqual, 0, 1, 0x4008_6602),  // FS_IOC_SETFLAGS
            (answer, 0, 0, SECCOMP_RET_ERRNO | UInt32(EPERM)),
        ]
        return program.flatMap { code, yes, no, value in
            withUnsafeBytes(of: code, Array.init) + [yes, no] + withUnsafeBytes(of: value, Array.init)
        }
    }
}

extension SeccompFile.Comparison {
    fileprivate var compiled: scmp_arg_cmp {
        let operation: scmp_compare =
            switch operation {
            case .notEqual: SCMP_CMP_NE
            case .less: SCMP_CMP_LT
            case .lessOrEqual: SCMP_CMP_LE
            case .equal: SCMP_CMP_EQ
            case .greaterOrEqual: SCMP_CMP_GE
            case .greater: SCMP_CMP_GT
            case .maskedEqual: SCMP_CMP_MASKED_EQ
            }
        return scmp_arg_cmp(arg: argument, op: operation, datum_a: value, datum_b: valueTwo)
    }
}

private struct Compiler {
    let notify: Bool

    // libseccomp's action macros do not import; their values are the kernel's SECCOMP_RET_*.
    static let allow: UInt32 = 0x7fff_0000
    static let log: UInt32 = 0x7ffc_0000
    static let killProcess: UInt32 = 0x8000_0000
    static let notify: UInt32 = 0x7fc0_0000
    static func error(_ errno: Int32) -> UInt32 { 0x0005_0000 | UInt32(errno) }

    /// BPF_MAXINSNS
    static let maxInstructions = 4096

    func action(_ answer: SeccompFile.Answer) -> UInt32 {
        switch answer {
        case .allow: Compiler.allow
        case .log: Compiler.log
        case .error(let errno): Compiler.error(errno)
        case .kill: notify ? Compiler.notify : Compiler.killProcess
        }
    }

    func add(
        _ name: String, _ action: UInt32, _ comparisons: [scmp_arg_cmp] = [], to context: scmp_filter_ctx
    ) throws(SeccompError) {
        let number = seccomp_syscall_resolve_name(name)
        if number == -1 { return }
        let result = comparisons.withUnsafeBufferPointer {
            seccomp_rule_add_array(context, action, number, UInt32($0.count), $0.baseAddress)
        }
        // Negative pseudo-numbers stand for calls that this architecture does not have. EEXIST: the same rule is there;
        // EACCES: the answer is everybody's already.
        if result < 0 && number >= 0 && result != -Int32(EEXIST) && result != -Int32(EACCES) {
            throw SeccompError(description: "libseccomp refuses the rule for '\(name)' (\(result))")
        }
    }

    func export(_ context: scmp_filter_ctx) throws(SeccompError) -> [UInt8] {
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

    /// What libseccomp makes, or the same with ranges of numbers where that is shorter.
    func program(_ context: scmp_filter_ctx, inRanges: Bool) throws(SeccompError) -> [UInt8] {
        let exported = try export(context)
        guard inRanges else { return exported }
        return SeccompRanges(BPFInstruction.read(exported))?.program().map(BPFInstruction.bytes) ?? exported
    }
}
