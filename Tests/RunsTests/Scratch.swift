import FoundationEssentials

/// A directory of a test's own, removed with everything in it when the test is over.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = "\(FileManager.default.temporaryDirectory.path)/jrun-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    /// Names of everything beneath, directories too, sorted.
    var everything: [String] { ((try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []).sorted() }
}

/// A hard link.
func linkFile(_ path: String, at name: String) throws { try FileManager.default.linkItem(atPath: path, toPath: name) }
