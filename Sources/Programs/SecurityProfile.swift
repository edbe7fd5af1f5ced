/// What a run of the program can see and do. The author of the file is trusted with the node; the program is not.
public struct SecurityProfile: Sendable, Equatable {
    public var root: RootSource
    /// Absolute paths of the node that the run sees read-only, beside its root; with an image, paths in it that must be
    /// there.
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
    case image(ImageRoot)
}

/// An image as a program's root: all of it is seen, and nothing of the node.
public struct ImageRoot: Sendable, Equatable {
    /// `NAME`, or `NAME@sha256:HEX` for one image for good.
    public var reference: String
    /// The run may change what it sees; the changes are its own and go with it.
    public var isWritable: Bool

    public init(_ reference: String, isWritable: Bool = false) {
        self.reference = reference
        self.isWritable = isWritable
    }
}

/// Why a text cannot stand for an image; nil when it can.
public func reasonAgainstImageReference(_ text: String) -> String? {
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    if let reason = reasonAgainstName(String(parts[0])) { return reason }
    guard parts.count == 2 else { return nil }
    let digits = parts[1].utf8.dropFirst(7)
    let isDigest =
        parts[1].hasPrefix("sha256:") && digits.count == 64
        && digits.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    return isDigest ? nil : "behind '@' stands sha256: and 64 digits of 0-9 and a-f"
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
