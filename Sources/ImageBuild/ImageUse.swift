import Images
import Kernel
import Runs

/// Who may need an image that no name stands for: program files that give its digest, runs, and the kernel that has it
/// mounted.
public struct ImageUse: Sendable {
    public static let programDirectories = [
        "/usr/share/jrun/programs", "/usr/local/share/jrun/programs", "/etc/jrun/programs",
    ]

    private let digests: Set<ImageDigest>

    /// - Parameters:
    ///   - programs: directories of program files; one that is not there has none.
    ///   - node: whose runs count, the kept ones too.
    public init(programs: [String], node: Node) throws {
        var digests = try RunImages.digests(on: node)
        for directory in programs { digests.formUnion(try Self.digests(inFilesOf: directory)) }
        self.digests = digests
    }

    public func contains(_ digest: ImageDigest) -> Bool { digests.contains(digest) }

    /// The files that loop devices read, but for some devices.
    ///
    /// - Parameter idle: as `/sys/dev/block` calls them.
    static func mountedFiles(except idle: Set<String>) throws -> [String] {
        try names(in: "/sys/block").filter { $0.hasPrefix("loop") }.compactMap { name in
            guard let device = try? FileSystem.text(of: "/sys/block/\(name)/dev"),
                !idle.contains(String(device.prefix { $0 != "\n" }))
            else { return nil }
            return try? FileSystem.text(of: "/sys/block/\(name)/loop/backing_file")
        }
    }

    /// As text, wherever they stand: what keeps too much does no harm.
    private static func digests(inFilesOf directory: String) throws -> Set<ImageDigest> {
        var found: Set<ImageDigest> = []
        for name in try names(in: directory) where name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
            let bytes = try FileSystem.contents(of: "\(directory)/\(name)")
            found.formUnion(digestsInText(String(decoding: bytes, as: UTF8.self)))
        }
        return found
    }

    private static func names(in directory: String) throws -> [String] {
        try (FileSystem.names(inDirectory: directory) ?? []).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Every `sha256:HEX` of a text.
func digestsInText(_ text: String) -> Set<ImageDigest> {
    var found: Set<ImageDigest> = [], rest = Array(text.utf8)[...]
    let mark = Array("sha256:".utf8)
    while let start = rest.firstIndex(of: mark[0]) {
        rest = rest[start...]
        if rest.starts(with: mark) {
            let hex = String(decoding: rest.dropFirst(mark.count).prefix(64), as: UTF8.self)
            if let digest = ImageDigest(hex: hex) { found.insert(digest) }
        }
        rest = rest.dropFirst()
    }
    return found
}
