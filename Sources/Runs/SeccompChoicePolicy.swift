import Confinement
import Kernel
import Programs

extension SeccompPolicy {
    /// What the program's profile makes of the standard policy.
    ///
    /// - Throws: `RunRefused` without the program's name, when the profile cannot be followed on this node.
    static func chosen(
        by choice: SeccompChoice, boundsMemoryByAddressSpace: Bool, sharesIDWithInit: Bool
    ) throws(RunRefused) -> SeccompPolicy {
        var policy: SeccompPolicy
        switch choice {
        case .default: policy = .standard
        case .extended(let allow, let deny):
            for name in allow + deny where !isKnown(name) {
                throw RunRefused("seccomp: no system call is called '\(name)'")
            }
            policy = .standard
            if sharesIDWithInit { policy = policy.keepingInitOutOfReach }
            if boundsMemoryByAddressSpace { policy.allowed.removeAll { uncountedMemory.contains($0) } }
            policy = policy.extended(allow: allow, deny: deny)
        case .file(let path): policy = SeccompPolicy(try seccompFile(path))
        }
        if let call = policy.missingForLaunch {
            throw RunRefused("seccomp: '\(call)' is not allowed, but no program can be started without it; allow it")
        }
        // Names the profile allows by itself stand.
        if case .extended = choice { return policy }
        if sharesIDWithInit { policy = policy.keepingInitOutOfReach }
        return boundsMemoryByAddressSpace ? policy.without(uncountedMemory) : policy
    }

    /// Names of the file that this libseccomp does not know. They are left out: nothing is open for them.
    static func unknownNames(in path: String) -> [String] {
        guard let file = try? seccompFile(path) else { return [] }
        return Set(file.entries.flatMap(\.names)).filter { !isKnown($0) }.sorted()
    }

    private static func seccompFile(_ path: String) throws(RunRefused) -> SeccompFile {
        let bytes: [UInt8]
        do throws(KernelError) {
            let file = try FileSystem.open(path, [.read, .nonBlocking])
            bytes = try FileSystem.contents(of: file.raw, named: path, limit: maxFileBytes)
        } catch { throw RunRefused("seccomp file '\(path)': \(describe(errno: error.errno))") }
        do throws(SeccompFileError) { return try SeccompFile.read(bytes, named: path, for: .here) } catch {
            throw RunRefused(error.description)
        }
    }

    private static let maxFileBytes = 1 << 20
}

extension SeccompFile.Machine {
    /// This one.
    fileprivate static var here: SeccompFile.Machine {
        let release = (try? FileSystem.text(of: "/proc/sys/kernel/osrelease")) ?? ""
        let numbers = release.split { !("0"..."9").contains($0) }.compactMap { Int($0) }
        return SeccompFile.Machine(
            architecture: nativeArchitecture, kernel: (numbers.first ?? 0, numbers.dropFirst().first ?? 0))
    }
}

#if arch(x86_64)
private let nativeArchitecture = SeccompFile.Machine.Architecture.amd64
#else
private let nativeArchitecture = SeccompFile.Machine.Architecture.arm64
#endif
