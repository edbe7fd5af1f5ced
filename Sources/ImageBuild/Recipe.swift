/// What an image is made of, as its recipe says.
public struct Recipe: Sendable, Equatable {
    public enum Source: Sendable, Equatable {
        case debian(DebianSource)
        case host(HostSource)
        /// - path: a layout's directory, or a tar of one.
        case oci(path: String, reference: String?)
        case directory(path: String)
        case tar(path: String)
    }

    /// Beyond these a build ends.
    public struct Limits: Sendable, Equatable {
        /// Of all files together.
        public var bytes: Int64 = 4 << 30
        public var entries = 500_000

        public init() {}
    }

    public var name: String
    public var summary: String?
    public var source: Source
    /// Paths in the image, without a slash at either end.
    public var remove: [String] = []
    public var limits = Limits()
    /// The file as it is.
    public var text: String
}

/// Debian packages and what they depend on.
public struct DebianSource: Sendable, Equatable {
    public static let defaultMirror = "http://deb.debian.org/debian"

    public var suite: String
    public var mirror = Self.defaultMirror
    /// `name` or `name=version`.
    public var packages: [String]
}

/// Files of this node.
public struct HostSource: Sendable, Equatable {
    public var executables: [String]
    public var data: [String] = []
    /// An argument list; empty for none.
    public var trial: [String] = []
}
