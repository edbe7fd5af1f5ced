import Testing

@testable import Confinement

#if arch(x86_64)
let nativeArch: UInt32 = 0xC000_003E
#else
let nativeArch: UInt32 = 0xC000_00B7
#endif

/// What the filter looks at. Source: struct seccomp_data, include/uapi/linux/seccomp.h.
struct Call {
    var number: UInt32
    var arch = nativeArch
    var arguments: [UInt64] = []

    /// The word at a byte offset; `nil` outside of the structure, which the kernel's checker refuses.
    func word(at offset: UInt32) -> UInt32? {
        guard offset % 4 == 0, offset < 64 else { return nil }
        switch offset {
        case 0: return number
        case 4: return arch
        case 8, 12: return 0
        default:
            let index = Int(offset - 16) / 8
            let value = index < arguments.count ? arguments[index] : 0
            return UInt32(truncatingIfNeeded: offset % 8 == 0 ? value : value >> 32)
        }
    }
}

enum Answer: Equatable {
    case allow, notify, killProcess
    case errno(UInt32)
    /// Something that no filter of ours should answer, or a program that the kernel would refuse.
    case other(UInt32)
    case broken(String)

    static let permissionDenied = Answer.errno(1)
    static let notImplemented = Answer.errno(38)

    init(_ value: UInt32) {
        self =
            switch value {
            case 0x7fff_0000: .allow
            case 0x7fc0_0000: .notify
            case 0x8000_0000: .killProcess
            case 0x0005_0000...0x0005_ffff: .errno(value & 0xffff)
            default: .other(value)
            }
    }
}

/// Classic BPF, as far as libseccomp uses it. Source: Documentation/networking/filter.rst.
struct Interpreter {
    private struct Instruction {
        var code: UInt16
        var yes, no: UInt8
        var value: UInt32
    }

    private let program: [Instruction]

    init(_ filter: SeccompFilter) {
        program = filter.instructions.withUnsafeBytes { raw in
            stride(from: 0, to: raw.count, by: 8).map { at in
                Instruction(
                    code: raw.loadUnaligned(fromByteOffset: at, as: UInt16.self), yes: raw[at + 2], no: raw[at + 3],
                    value: raw.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self))
            }
        }
    }

    func answer(_ call: Call) -> Answer {
        var accumulator: UInt32 = 0, at = 0
        while at < program.count {
            let i = program[at]
            at += 1
            switch i.code {
            case 0x20:
                guard let word = call.word(at: i.value) else { return .broken("loads at \(i.value)") }
                accumulator = word
            case 0x54: accumulator &= i.value
            case 0x05: at += Int(i.value)
            case 0x15: at += Int(accumulator == i.value ? i.yes : i.no)
            case 0x25: at += Int(accumulator > i.value ? i.yes : i.no)
            case 0x35: at += Int(accumulator >= i.value ? i.yes : i.no)
            case 0x45: at += Int(accumulator & i.value != 0 ? i.yes : i.no)
            case 0x06: return Answer(i.value)
            default: return .broken("instruction \(at - 1) has the unknown code \(i.code)")
            }
        }
        return .broken("runs off the end")
    }
}

/// Numbers of this architecture by name.
let numbers: [String: UInt32] = Dictionary(
    (Int32(0)..<1024).compactMap { number in SeccompPolicy.name(ofCall: number).map { ($0, UInt32(number)) } }
) { first, _ in first }

/// Calls whose answer depends on their arguments.
private let conditional = ["clone", "fcntl", "clone3", "socket", "socketpair", "personality", "ioctl"]

@Suite struct SeccompFilterTests {
    private func call(_ name: String, _ arguments: UInt64...) throws -> Call {
        Call(number: try #require(numbers[name], "'\(name)' has no number here"), arguments: arguments)
    }

    private func interpreter(_ policy: SeccompPolicy = .standard, notify: Bool = true) throws -> Interpreter {
        Interpreter(try policy.compile(notify: notify))
    }

    @Test(arguments: [true, false])
    func instructionsAreWhole(notify: Bool) throws {
        let filter = try SeccompPolicy.standard.compile(notify: notify)
        #expect(filter.instructions.count % 8 == 0)
        // The kernel takes no more than 4096 of them (BPF_MAXINSNS).
        #expect(filter.instructions.count / 8 > 50 && filter.instructions.count / 8 <= 4096)
        #expect(filter.notifies == notify)
        #expect(SeccompPolicy(allowed: ["read"], forbidden: []).notifyingFilter?.notifies == false)
    }

    /// Every number there is: allowed, forbidden or EPERM, exactly as the lists say.
    @Test(arguments: [true, false])
    func everyCallGetsTheAnswerOfItsList(notify: Bool) throws {
        let interpreter = try interpreter(notify: notify)
        let allowed = Set(SeccompPolicy.standard.allowed.compactMap { numbers[$0] })
        let forbidden = Set(SeccompPolicy.standard.forbidden.compactMap { numbers[$0] })
        let skipped = Set(conditional.compactMap { numbers[$0] })
        #expect(allowed.count > 250 && forbidden.count > 25)
        for number in UInt32(0)..<1024 where !skipped.contains(number) {
            let expected: Answer =
                allowed.contains(number) ? .allow : forbidden.contains(number) && notify ? .notify : .permissionDenied
            let answer = interpreter.answer(Call(number: number))
            #expect(answer == expected, "\(SeccompPolicy.name(ofCall: Int32(number)) ?? "number") \(number)")
        }
    }

    @Test func ordinaryAndForbiddenCalls() throws {
        let telling = try interpreter(), silent = try interpreter(notify: false)
        #expect(try telling.answer(call("read")) == .allow)
        #expect(try telling.answer(call("mount")) == .notify)
        #expect(try silent.answer(call("mount")) == .permissionDenied)
        #expect(try telling.answer(call("ptrace")) == .permissionDenied)
        #expect(try telling.answer(call("io_uring_setup")) == .permissionDenied)
        #expect(telling.answer(Call(number: 4000)) == .permissionDenied)
        #expect(telling.answer(Call(number: 0x3fff_ffff)) == .permissionDenied)
    }

    @Test(
        arguments: [0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000]
            as [UInt64])
    func cloneMakesNoNamespaces(flag: UInt64) throws {
        let interpreter = try interpreter()
        let thread: UInt64 = 0x003d_0f00, child: UInt64 = 0x0120_0011
        #expect(try interpreter.answer(call("clone", thread)) == .allow)
        #expect(try interpreter.answer(call("clone", child)) == .allow)
        #expect(try interpreter.answer(call("clone", child | flag)) == .permissionDenied)
        // The kernel looks only at the lower half, so the upper one must not hide anything.
        #expect(try interpreter.answer(call("clone", child | flag | 0xdead_beef_0000_0000)) == .permissionDenied)
    }

    @Test func clone3HidesItsFlags() throws {
        #expect(try interpreter().answer(call("clone3", 0x7fff_0000_0000, 88)) == .notImplemented)
    }

    @Test func socketsOfThreeFamilies() throws {
        let interpreter = try interpreter()
        for family: UInt64 in 0...50 {
            let allowed: [UInt64] = [1, 2, 10]
            #expect(
                try interpreter.answer(call("socket", family, 1))
                    == (allowed.contains(family) ? .allow : .permissionDenied))
            #expect(try interpreter.answer(call("socketpair", family, 1)) == (family == 1 ? .allow : .permissionDenied))
        }
        // AF_NETLINK behind a garbled upper half, which the kernel cuts off.
        #expect(try interpreter.answer(call("socket", 0x1_0000_0010, 3)) == .permissionDenied)
    }

    /// DCCP, SCTP, UDP-Lite, L2TP, MPTCP and raw sockets are of the same families as TCP.
    @Test(arguments: [2, 10] as [UInt64])
    func internetSocketsOfFewProtocols(family: UInt64) throws {
        let interpreter = try interpreter()
        let flags: UInt64 = 0o2004000
        for (type, `protocol`) in [(1, 0), (1, 6), (2, 0), (2, 17), (2, 1), (2, 58)] as [(UInt64, UInt64)] {
            #expect(try interpreter.answer(call("socket", family, type | flags, `protocol`)) == .allow)
        }
        for (type, `protocol`) in [
            (6, 33), (6, 0), (5, 132), (1, 132), (5, 0), (2, 136), (2, 115), (1, 262), (1, 256), (3, 1), (3, 255),
        ] as [(UInt64, UInt64)] {
            #expect(try interpreter.answer(call("socket", family, type, `protocol`)) == .permissionDenied)
            #expect(try interpreter.answer(call("socket", family, type | flags, `protocol`)) == .permissionDenied)
        }
    }

    /// What others open in a directory that is shared with the node is not told.
    @Test func nobodyWatchesOthers() throws {
        let interpreter = try interpreter()
        for name in ["inotify_init", "inotify_init1", "inotify_add_watch"] {
            #expect(try interpreter.answer(call(name)) == .permissionDenied)
        }
        let notify: UInt64 = 1026
        for command: UInt64 in 0...1039 {
            #expect(
                try interpreter.answer(call("fcntl", 0, command)) == (command == notify ? .permissionDenied : .allow))
        }
        #expect(try interpreter.answer(call("fcntl", 0, notify | 0x1_0000_0000)) == .permissionDenied)
        #expect(try interpreter.answer(call("fcntl", 0, 3 | 0xffff_ffff_0000_0000)) == .allow, "F_GETFL")
    }

    @Test func personalityInItsHarmlessForms() throws {
        let interpreter = try interpreter()
        #expect(try interpreter.answer(call("personality", 0)) == .allow)
        #expect(try interpreter.answer(call("personality", 0xffff_ffff)) == .allow)
        #expect(try interpreter.answer(call("personality", 0x0004_0000)) == .permissionDenied, "ADDR_NO_RANDOMIZE")
    }

    /// CVE-2017-5226, and CVE-2019-10063 for the upper half.
    @Test(arguments: [0x5412, 0x541C] as [UInt64])
    func nothingIsTypedIntoTheTerminal(request: UInt64) throws {
        for notify in [true, false] {
            let interpreter = try interpreter(notify: notify)
            #expect(try interpreter.answer(call("ioctl", 0, request)) == .permissionDenied)
            #expect(try interpreter.answer(call("ioctl", 0, request | 0xffff_ffff_0000_0000)) == .permissionDenied)
            #expect(try interpreter.answer(call("ioctl", 0, request | 0x1_0000_0000)) == .permissionDenied)
            #expect(try interpreter.answer(call("ioctl", 0, 0x5413)) == .allow, "TIOCGWINSZ")
            #expect(try interpreter.answer(call("ioctl", request, 0x5401)) == .allow, "only the second argument counts")
            #expect(try interpreter.answer(call("read", 0, request)) == .allow, "only ioctl is looked at")
        }
    }

    /// The pool of huge pages is nobody's memory limit.
    @Test(
        arguments: [("mmap", 3, 0x40000), ("memfd_create", 1, 0x4), ("shmget", 2, 0o4000)] as [(String, Int, UInt64)])
    func nothingFromThePoolOfHugePages(_ name: String, _ index: Int, _ flag: UInt64) throws {
        let interpreter = try interpreter()
        let number = try #require(numbers[name])
        func answer(_ value: UInt64) -> Answer {
            var arguments: [UInt64] = [0, 0, 0, 0, 0, 0]
            arguments[index] = value
            return interpreter.answer(Call(number: number, arguments: arguments))
        }
        #expect(answer(0x22 & ~flag) == .allow)
        #expect(answer(flag) == .permissionDenied)
        #expect(answer(flag | 0x22 | 0xffff_0000_0000_0000) == .permissionDenied)
        #expect(answer(~flag) == .allow, "any other flag is the kernel's affair")
    }

    /// The owner of a file may take it out of its project, and with that out of the project's quota, by either of
    /// FS_IOC_FSSETXATTR and FS_IOC_SETFLAGS; reading both is harmless.
    @Test(
        arguments: [0x401c_5820, 0x4008_6602, 0x800c_6613, 0xc050_6617] as [UInt64],
        [0, 0xffff_ffff_0000_0000] as [UInt64])
    func noFileLeavesItsProject(request: UInt64, high: UInt64) throws {
        let interpreter = try interpreter()
        #expect(try interpreter.answer(call("ioctl", 0, request | high)) == .permissionDenied)
        #expect(interpreter.answer(Call(number: 469)) == .permissionDenied, "file_setattr")
        #expect(try interpreter.answer(call("ioctl", 0, 0x801c_581f)) == .allow, "FS_IOC_FSGETXATTR")
        #expect(try interpreter.answer(call("ioctl", 0, 0x8008_6601)) == .allow, "FS_IOC_GETFLAGS")
    }

    @Test func otherArchitecturesAreKilled() throws {
        let interpreter = try interpreter()
        for number: UInt32 in 0..<500 {
            // file_setattr is refused before anybody asks for the architecture.
            let expected = number == 469 ? Answer.permissionDenied : .killProcess
            #expect(interpreter.answer(Call(number: number, arch: 0x4000_0003)) == expected, "i386 \(number)")
            #expect(interpreter.answer(Call(number: number, arch: 0x4000_0028)) == expected, "arm \(number)")
        }
    }

    #if arch(x86_64)
    @Test func x32CallsAreKilled() throws {
        let interpreter = try interpreter()
        for number: UInt32 in 0..<600 {
            #expect(interpreter.answer(Call(number: 0x4000_0000 | number)) == .killProcess, "x32 \(number)")
        }
    }
    #endif

    /// The terminal's guard stands in front of the architecture check: it may refuse there, never allow.
    @Test func noArchitecturePassesThroughTheGuard() throws {
        let interpreter = try interpreter()
        let ioctl = try #require(numbers["ioctl"])
        for arguments: [UInt64] in [[0, 0x5412], [0, 0x541C], [0, 0]] {
            #expect(interpreter.answer(Call(number: ioctl, arch: 0x4000_0003, arguments: arguments)) != .allow)
        }
    }

    @Test func aProfileChangesTheAnswers() throws {
        let policy = SeccompPolicy.standard.extended(
            allow: ["ptrace", "mount", "clone", "clone3", "socket"], deny: ["read", "socketpair", "ioctl"])
        let interpreter = try interpreter(policy)
        #expect(try interpreter.answer(call("ptrace")) == .allow)
        #expect(try interpreter.answer(call("mount")) == .allow)
        #expect(try interpreter.answer(call("clone", 0x1000_0000)) == .allow)
        #expect(try interpreter.answer(call("clone3")) == .allow)
        #expect(try interpreter.answer(call("socket", 16)) == .allow)
        #expect(try interpreter.answer(call("read")) == .notify)
        #expect(try interpreter.answer(call("socketpair", 1)) == .notify)
        #expect(try interpreter.answer(call("ioctl", 0, 0x5401)) == .notify)
        #expect(try interpreter.answer(call("ioctl", 0, 0x5412)) == .permissionDenied)
        #expect(try interpreter.answer(call("write")) == .allow)
    }
}

extension SeccompPolicy {
    fileprivate var notifyingFilter: SeccompFilter? { try? compile(notify: true) }
}

@Suite struct SeccompPolicyTests {
    /// Names that an older libseccomp does not know and that are left out then. All of them are answered with EPERM,
    /// which their callers' libraries take for an old kernel.
    private static let tolerated: Set<String> = [
        // Linux 6.3 to 6.10; libseccomp 2.5.4 of Debian 12 ends at 5.17.
        "cachestat", "fchmodat2", "futex_requeue", "futex_wait", "futex_wake", "map_shadow_stack", "mseal",
    ]

    @Test func everyNameIsASystemCall() {
        let policy = SeccompPolicy.standard
        let unknown = Set((policy.allowed + policy.forbidden).filter { !SeccompPolicy.isKnown($0) })
        #expect(unknown.subtracting(Self.tolerated).sorted() == [])
        #expect(!SeccompPolicy.isKnown("open_sesame"))
    }

    @Test func noNameStandsTwice() {
        let all = SeccompPolicy.standard.allowed + SeccompPolicy.standard.forbidden
        let twice = Dictionary(grouping: all) { $0 }.filter { $0.value.count > 1 }.keys
        #expect(twice.sorted() == [])
    }

    /// What breaks out of sandboxes, by name: not allowed, whatever else changes in the lists.
    @Test(arguments: [
        "ptrace", "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register",
        "keyctl",
        "add_key", "request_key", "unshare", "setns", "name_to_handle_at", "open_by_handle_at", "kcmp",
        "process_vm_readv",
        "process_vm_writev", "pidfd_getfd", "fanotify_init", "syslog", "modify_ldt", "mount", "pivot_root", "chroot",
        "clone",
        "clone3", "socket", "personality", "io_setup", "migrate_pages", "process_madvise",
    ])
    func dangerousCallsAreNotAllowed(name: String) {
        #expect(!SeccompPolicy.standard.allowed.contains(name))
    }

    @Test func profilesExtendTheLists() {
        let base = SeccompPolicy(allowed: ["read", "write"], forbidden: ["mount", "reboot"])
        #expect(base.extended(allow: [], deny: []) == base)
        #expect(
            base.extended(allow: ["bpf"], deny: [])
                == SeccompPolicy(allowed: ["read", "write", "bpf"], forbidden: ["mount", "reboot"]))
        #expect(
            base.extended(allow: ["mount"], deny: [])
                == SeccompPolicy(allowed: ["read", "write", "mount"], forbidden: ["reboot"]))
        #expect(
            base.extended(allow: [], deny: ["read"])
                == SeccompPolicy(allowed: ["write"], forbidden: ["mount", "reboot", "read"]))
        #expect(base.extended(allow: ["read"], deny: ["mount"]) == base, "what is so already stays once")
        let both = base.extended(allow: ["bpf", "mount"], deny: ["bpf", "mount"])
        #expect(both == SeccompPolicy(allowed: ["read", "write"], forbidden: ["mount", "reboot", "bpf"]), "deny wins")
    }

    /// Where RLIMIT_AS is all that bounds memory, what it does not count is left out of the list.
    @Test func uncountedMemoryIsNamed() {
        let names = SeccompPolicy.uncountedMemory
        #expect(names.contains("memfd_create") && names.contains("shmget"))
        #expect(
            names.allSatisfy { SeccompPolicy.standard.allowed.contains($0) }, "a name that is not there bounds nothing")
    }

    @Test func unknownNamesAreLeftOut() throws {
        let with = SeccompPolicy(allowed: ["read", "open_sesame"], forbidden: ["mount"])
        let without = SeccompPolicy(allowed: ["read"], forbidden: ["mount"])
        #expect(try with.compile(notify: true) == without.compile(notify: true))
    }

    @Test func numbersHaveNames() {
        #expect(SeccompPolicy.name(ofCall: 0) == numbers.first { $0.value == 0 }?.key)
        #expect(SeccompPolicy.name(ofCall: 4000) == nil)
        #expect(SeccompPolicy.compilerIdentity.split(separator: ".").count == 3)
    }
}
