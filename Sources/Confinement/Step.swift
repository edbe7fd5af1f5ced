import Programs

/// A descriptor that the launcher opens and the plan only names.
public enum PlanDescriptor: Hashable, Sendable {
    /// A detached copy of the mount at this host path.
    case hostPath(String)
    /// A detached copy of the mount of the program's image.
    case image
    /// What the run changes of its image: a detached file system of its own.
    case imageLayer
    /// The work directory: a detached file system of the run's own.
    case work
    case stdin
    /// The other end of the stdin pipe, which outlives whoever writes to it.
    case stdinWriter
    /// A memory file through which every byte for stdin goes. Its position outlives whoever writes to it, too.
    case stdinBuffer
    case stdoutSpool, stderrSpool
    /// Files in the work directory that capped streams go to.
    case stdoutFile, stderrFile
    case status, control
    /// An eventfd or FIFO that is raised when there is news: a spool has grown, the status record has changed.
    case growth
    case cgroupLeaf, cgroupRuns
    case runDirectory, runsDirectory
    /// The reading end of the pipe that a request comes by.
    case request
    /// Keeps the run's uid and directory locked as long as jrun-init lives.
    case uidLock

    public var name: String {
        switch self {
        case .hostPath(let path): path
        case .image: "the image"
        case .imageLayer: "the layer of changes"
        case .work: "the work directory"
        case .stdin: "the stdin pipe"
        case .stdinWriter: "the writing end of the stdin pipe"
        case .stdinBuffer: "the buffer of stdin"
        case .stdoutSpool: "the stdout spool"
        case .stderrSpool: "the stderr spool"
        case .stdoutFile: "the file for stdout"
        case .stderrFile: "the file for stderr"
        case .status: "the status record"
        case .control: "the control pipe"
        case .growth: "the growth counter"
        case .cgroupLeaf: "the run's cgroup"
        case .cgroupRuns: "the cgroup of all runs"
        case .runDirectory: "the run directory"
        case .runsDirectory: "the directory of all runs"
        case .request: "the pipe for the request"
        case .uidLock: "the uid's lock"
        }
    }
}

public struct MountAttributes: OptionSet, Sendable, Hashable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    // MOUNT_ATTR_* and, for these four, MS_* alike. Source: mount_setattr(2).
    public static let readOnly = MountAttributes(rawValue: 1)
    public static let noSetuid = MountAttributes(rawValue: 2)
    public static let noDevices = MountAttributes(rawValue: 4)
    public static let noExecute = MountAttributes(rawValue: 8)

    public var names: [String] {
        [(Self.readOnly, "ro"), (.noSetuid, "nosuid"), (.noDevices, "nodev"), (.noExecute, "noexec")]
            .filter { contains($0.0) }.map(\.1)
    }
}

/// One thing that jrun-init, or the process that becomes the program, does. A step's name is the error that the user
/// reads when it fails.
public enum Step: Sendable, Equatable {
    // By jrun-init
    case makePrivate
    case mountRoot(over: String, options: String)
    case directory(String, mode: UInt32)
    case symlink(to: String, at: String)
    case file(String, contents: [UInt8], mode: UInt32)
    case device(String, major: UInt32, minor: UInt32)
    case attach(PlanDescriptor, at: String, MountAttributes)
    /// What is at a path of the view, at a second place.
    case bind(String, at: String, MountAttributes)
    /// A file of our own, read-only, over one that is there.
    case cover(String, contents: [UInt8], mode: UInt32)
    /// Unmounts, and removes the empty place.
    case detach(String)
    /// With this uid and gid for files, while the rest of what jrun-init may do stays; overlayfs keeps all of it.
    case mount(type: String, at: String, MountAttributes, options: String, by: UInt32 = 0)
    case enterRoot
    case sealRoot
    case hostName(String)
    case loopback
    case landlockRuleset(LandlockRuleset)
    case landlockPath(String, LandlockAccess)
    case pipe(stream: Int, owner: UInt32)
    /// In a cgroup of its own, where there is one.
    case startProgram(in: PlanDescriptor?)
    // By the program's process
    case session
    case cgroupNamespace
    case keyring
    case stdio(PlanDescriptor?, stream: Int)
    case umask(UInt32)
    case scheduling
    case personality
    case rlimit(RLimit, UInt64)
    case oomScore(Int)
    case groups
    case gid(UInt32)
    case boundingSet
    case securebits
    case uid(UInt32)
    case capabilities
    case workingDirectory(String)
    case redirect(String, OpenMode, stream: Int)
    case duplicate(stream: Int, to: Int)
    case noNewPrivileges
    case landlockEnforce
    /// Waits until jrund has a request, whose arguments and environment stand for those of `execute`. The names are those of
    /// the run's directory until then, and while it is removed because nobody wants it.
    case hold(directory: String, gone: String)
    case seccomp(SeccompFilter)
    case execute(String, arguments: [String], environment: [String])

    public enum OpenMode: String, Sendable { case read, write, readWrite = "read-write" }

    /// Resources of setrlimit(2), by the kernel's numbers.
    public enum RLimit: Int32, Sendable {
        case fsize = 1, core = 4, nproc = 6, nofile = 7, memlock = 8, addressSpace = 9, sigpending = 11
        case msgqueue = 12, nice = 13, rtprio = 14

        public var name: String {
            switch self {
            case .fsize: "FSIZE"
            case .core: "CORE"
            case .nproc: "NPROC"
            case .nofile: "NOFILE"
            case .memlock: "MEMLOCK"
            case .addressSpace: "AS"
            case .sigpending: "SIGPENDING"
            case .msgqueue: "MSGQUEUE"
            case .nice: "NICE"
            case .rtprio: "RTPRIO"
            }
        }
    }
}

let streamNames = ["stdin", "stdout", "stderr"]

extension Step: CustomStringConvertible {
    /// What the step does, in words that also read well in front of an error.
    public var description: String {
        switch self {
        case .makePrivate: "make '/' private"
        case .mountRoot(let path, let options): "mount the new root over '\(path)' (tmpfs \(options))"
        case .directory(let path, let mode): "create directory '\(path)' (mode \(octal(mode)))"
        case .symlink(let target, let path): "create link '\(path)' to '\(target)'"
        case .file(let path, let contents, let mode):
            "create file '\(path)' (\(contents.count) bytes, mode \(octal(mode)))"
        case .device(let path, let major, let minor): "create device '\(path)' (\(major):\(minor))"
        case .attach(let source, let path, let attributes):
            "attach '\(source.name)' at '\(path)'\(bracketed(attributes.names))"
        case .bind(let source, let path, let attributes):
            "bind '\(source)' at '\(path)'\(bracketed(attributes.names))"
        case .cover(let path, let contents, let mode):
            "cover file '\(path)' (\(contents.count) bytes, mode \(octal(mode)))"
        case .detach(let path): "detach '\(path)'"
        case .mount(let type, let path, let attributes, let options, let uid):
            "mount \(type) at '\(path)'\(uid == 0 ? "" : " as \(uid)")\(bracketed(attributes.names + [options]))"
        case .enterRoot: "enter the new root and detach the old one"
        case .sealRoot: "make the new root read-only"
        case .hostName(let name): "set the host name to '\(name)'"
        case .loopback: "raise the loopback interface"
        case .landlockRuleset(let ruleset): "create the Landlock ruleset (\(ruleset))"
        case .landlockPath(let path, let access): "allow \(access) beneath '\(path)' in Landlock"
        case .pipe(let stream, _): "make the pipe for \(streamNames[stream])"
        case .startProgram(let cgroup): "start the program's process\(cgroup.map { " in \($0.name)" } ?? "")"
        default: programDescription
        }
    }

    private var programDescription: String {
        switch self {
        case .session: "start a session"
        case .cgroupNamespace: "enter a cgroup namespace"
        case .keyring: "join a new session keyring"
        case .stdio(let source, let stream): "connect \(streamNames[stream]) to \(source?.name ?? "its pipe")"
        case .umask(let mask): "set the umask to \(octal(mask))"
        case .personality: "reset the personality (address randomisation on)"
        case .scheduling: "set ordinary scheduling and niceness"
        case .rlimit(let resource, let value): "set RLIMIT_\(resource.name) to \(value)"
        case .oomScore(let score): "set the OOM score adjustment to \(score)"
        case .groups: "drop the supplementary groups"
        case .gid(let id): "change the gid to \(id)"
        case .boundingSet: "empty the capability bounding set"
        case .securebits: "lock the securebits"
        case .uid(let id): "change the uid to \(id)"
        case .capabilities: "empty the capability sets"
        case .workingDirectory(let path): "change the working directory to '\(path)'"
        case .redirect(let path, let mode, let stream): "open '\(path)' for \(streamNames[stream]) (\(mode.rawValue))"
        case .duplicate(let stream, let other): "send \(streamNames[other]) where \(streamNames[stream]) goes"
        case .noNewPrivileges: "set no_new_privs"
        case .landlockEnforce: "enforce the Landlock ruleset"
        case .hold: "wait for the request"
        case .seccomp(let filter): "load the seccomp filter (\(filter))"
        case .execute(let path, _, _): "execute '\(path)'"
        default: ""
        }
    }
}

private func bracketed(_ words: [String]) -> String {
    let words = words.filter { !$0.isEmpty }
    return words.isEmpty ? "" : " (\(words.joined(separator: ",")))"
}

func octal(_ mode: UInt32) -> String {
    let digits = String(mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}
