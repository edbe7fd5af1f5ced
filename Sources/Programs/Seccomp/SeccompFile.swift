/// A system call filter as the OCI runtimes and Docker write it, reduced to what holds on one node.
///
/// Sources: OCI runtime specification, config-linux.md, "Seccomp"; Docker, "Seccomp security profiles" (`archMap`,
/// `includes`, `excludes`, `comment`).
public struct SeccompFile: Sendable, Equatable {
    /// What the kernel does about a call.
    public enum Answer: Sendable, Hashable {
        case allow
        /// Allowed, and told to the audit log.
        case log
        /// Fails with this errno.
        case error(Int32)
        /// Ends the run, with the call as evidence.
        case kill

        /// EPERM, which programs that merely probe can live with.
        public static let notPermitted = Answer.error(1)
        /// ENOSYS, which C libraries take for an old kernel.
        public static let notImplemented = Answer.error(38)
    }

    /// One test of one of a call's six arguments.
    public struct Comparison: Sendable, Hashable {
        public enum Operation: String, Sendable, CaseIterable {
            case notEqual = "SCMP_CMP_NE"
            case less = "SCMP_CMP_LT"
            case lessOrEqual = "SCMP_CMP_LE"
            case equal = "SCMP_CMP_EQ"
            case greaterOrEqual = "SCMP_CMP_GE"
            case greater = "SCMP_CMP_GT"
            /// The argument's bits under the mask `value` are `valueTwo`.
            case maskedEqual = "SCMP_CMP_MASKED_EQ"
        }

        /// 0 to 5.
        public var argument: UInt32
        public var operation: Operation
        public var value: UInt64
        public var valueTwo: UInt64

        public init(argument: UInt32, operation: Operation, value: UInt64, valueTwo: UInt64 = 0) {
            self.argument = argument
            self.operation = operation
            self.value = value
            self.valueTwo = valueTwo
        }
    }

    /// One entry of `syscalls` that holds here. Every comparison has to be true.
    public struct Entry: Sendable, Equatable {
        /// `$.syscalls[3]`
        public var place: String
        public var names: [String]
        public var answer: Answer
        public var comparisons: [Comparison]
    }

    /// Of the calls that no entry names.
    public var defaultAnswer: Answer
    public var entries: [Entry]

    /// What decides which entries hold.
    public struct Machine: Sendable, Equatable {
        public enum Architecture: String, Sendable, CaseIterable { case amd64, arm64 }

        public var architecture: Architecture
        /// The kernel's version.
        public var kernel: (major: Int, minor: Int)

        public init(architecture: Architecture, kernel: (major: Int, minor: Int)) {
            self.architecture = architecture
            self.kernel = kernel
        }

        public static func == (a: Machine, b: Machine) -> Bool {
            a.architecture == b.architecture && a.kernel == b.kernel
        }
    }

    /// More names, over all entries, than any honest file has; each costs the compiler time.
    static let maxNames = 8192

    /// Reads strictly: what is not understood, or would mean less than it seems to, is refused.
    ///
    /// - Parameter name: for the error.
    public static func read(
        _ bytes: [UInt8], named name: String, for machine: Machine
    ) throws(SeccompFileError) -> SeccompFile {
        let root: JSONValue
        do throws(JSONError) { root = try JSONReader.read(bytes) } catch {
            throw SeccompFileError(file: name, message: error.description)
        }
        do throws(SeccompFileReader.Refusal) { return try SeccompFileReader(machine: machine).file(root) } catch {
            throw SeccompFileError(file: name, message: "\(error.path): \(error.message)")
        }
    }
}

/// Why a filter cannot be used: the file, the place in it, and the cure.
public struct SeccompFileError: Error, Sendable, Equatable, CustomStringConvertible {
    public var file: String
    public var message: String

    public init(file: String, message: String) {
        self.file = file
        self.message = message
    }

    public var description: String { "seccomp file \(quoted(file)): \(message)" }
}
