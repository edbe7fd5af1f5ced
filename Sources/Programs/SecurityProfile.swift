/// What a run of the program can see and do. The author of the file is trusted with the node; the program is not.
public struct SecurityProfile: Sendable, Equatable {
    public var root: RootSource
    /// Absolute paths of the node that the run sees read-only, beside its root.
    public var read: [String]
    /// The same, and files beneath may be executed.
    public var execute: [String]
    public var network: Network
    public var seccomp: SeccompChoice
    /// Device nodes beneath `/dev` beside the harmless ones that every run has.
    public var devices: [String]

    public init(
        root: RootSource = .host, read: [String] = [], execute: [String] = [], network: Network = .none,
        seccomp: SeccompChoice = .default, devices: [String] = []
    ) {
        self.root = root
        self.read = read
        self.execute = execute
        self.network = network
        self.seccomp = seccomp
        self.devices = devices
    }
}

/// What the run sees as `/`.
public enum RootSource: Sendable, Equatable {
    /// The node's `/usr`, read-only.
    case host
    /// An image of the given name.
    case image(String)
}

public enum Network: String, Sendable, CaseIterable {
    /// A namespace of its own with nothing but a loopback device.
    case none
    /// The node's network.
    case host
}

/// The system call filter.
public enum SeccompChoice: Sendable, Equatable {
    case `default`
    /// A file in OCI (Docker) JSON form; absolute, or relative to the program file.
    case file(String)
    /// The default filter with some calls more or less, by name.
    case extended(allow: [String], deny: [String])
}
