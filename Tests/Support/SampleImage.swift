import Foundation
import Glibc

/// A store with one image in it, `box`: a few directories, the probe and a shell.
package final class SampleImage {
    struct Unmade: Error, CustomStringConvertible {
        var description: String
    }

    /// What JRUN_IMAGES names.
    package let store: String
    package let digest: String
    package var file: String { "\(store)/sha256/\(digest).erofs" }

    /// - Parameters:
    ///   - directory: an empty one, where tree and store are made.
    ///   - more: a line that makes it another image.
    ///   - links: at its top level, each with its target.
    ///   - directories: further ones.
    package init(
        in directory: String, probe: String, more: String = "", links: [String: String] = [:],
        directories: [String] = []
    ) throws {
        store = "\(directory)/images"
        let tree = "\(directory)/tree", image = "\(directory)/image"
        for name in ["usr/bin", "usr/data", "etc", "opt", "proc"] + directories {
            try FileManager.default.createDirectory(
                atPath: "\(tree)/\(name)", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        }
        try FileManager.default.copyItem(atPath: probe, toPath: "\(tree)/usr/bin/probe")
        try FileManager.default.copyItem(atPath: "/bin/busybox", toPath: "\(tree)/usr/bin/busybox")
        symlink("usr/bin", "\(tree)/bin")
        symlink("busybox", "\(tree)/usr/bin/sh")
        for (name, target) in links { symlink(target, "\(tree)/\(name)") }
        for (name, text) in [
            ("etc/passwd", "secret:x:0:0::/:/bin/sh\n"), ("etc/group", ""), ("etc/nsswitch.conf", ""),
            ("etc/motd", "of the image\n"), ("usr/data/table", "1 2 3\n"), ("opt/.more", more),
            ("README", "a file at the top\n"), ("usr/bin/script", "#!/usr/bin/nothing\n"),
        ] { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(tree)/\(name)")) }
        chmod("\(tree)/usr/bin/script", 0o755)
        let made = try SampleImage.run([
            "mkfs.erofs", "-T1", "--all-root", "-x-1", "-U00000000-0000-0000-0000-000000000000", image, tree,
        ])
        guard made.status == 0 else { throw Unmade(description: "mkfs.erofs (Debian: erofs-utils): \(made.stderr)") }
        digest = String(try SampleImage.run(["sha256sum", image]).text.prefix(64))
        for name in ["sha256", "names"] {
            try FileManager.default.createDirectory(atPath: "\(store)/\(name)", withIntermediateDirectories: true)
        }
        try FileManager.default.moveItem(atPath: image, toPath: file)
        try Data("sha256:\(digest)\n".utf8).write(to: URL(fileURLWithPath: "\(store)/names/box"))
    }

    private static func run(_ words: [String]) throws -> Ended {
        var command = Command(["/usr/bin/env"] + words)
        command.environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
        return try command.run()
    }
}
