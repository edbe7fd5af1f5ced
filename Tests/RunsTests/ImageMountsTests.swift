import Glibc
import Images
import Kernel
import Programs
import Testing

@testable import Runs

/// Which mount of an image a run gets a copy of.
@Suite(
    .serialized,
    .enabled(
        if: isRoot() && FileSystem.isExecutable("/usr/bin/mkfs.erofs"), "mounting an image takes root and mkfs.erofs"))
final class ImageMountsTests {
    private let scratch: Scratch
    private let digest: ImageDigest
    private let node: Node
    private let root = ImageRoot("box")
    private var place: String { "\(node.imageMounts)/\(digest.hex)" }

    init() throws {
        scratch = try Scratch()
        for name in ["tree/etc", "images/sha256", "images/names"] {
            try FileSystem.makeDirectories(scratch(name), mode: 0o755)
        }
        for name in ["passwd", "group", "nsswitch.conf", "motd"] {
            try FileSystem.createFile(scratch("tree/etc/\(name)"), [])
        }
        try ImageMountsTests.run("/usr/bin/mkfs.erofs", "--quiet", scratch("image"), scratch("tree"))
        let file = try FileSystem.open(scratch("image"), .read)
        digest = try fileDigest(file.raw).digest
        try FileSystem.rename(scratch("image"), to: scratch("images/sha256/\(digest.hex).erofs"))
        try FileSystem.createFile(scratch("images/names/box"), Array("\(digest)\n".utf8))
        let settings = [
            "JRUN_IMAGES": scratch("images"), "JRUN_RUNTIME": scratch("runtime"), "JRUN_STATE": scratch("state"),
        ]
        node = try Node(environment: { settings[$0] }, executable: "/usr/bin/jrun")
    }

    private static func run(_ words: String...) throws {
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        try #require(posix_spawn(&process, words[0], nil, nil, &arguments, environ) == 0)
        var status: Int32 = 0
        try #require(waitpid(process, &status, 0) == process && status == 0, "\(words)")
    }

    /// Mounts may lie on each other here.
    deinit { while (try? Mounts.detach(place)) != nil {} }

    private func hasMotd(_ mount: Int32) -> Bool { (try? FileStatus(path: "etc/motd", at: mount)) != nil }

    @Test func isTheOneThatWasLookedAt() throws {
        let mounted = try ImageMounts.mounted(root, on: node)
        let other = try Mounts.temporaryFileSystem(bytes: 1 << 16, inodes: 10, owner: 0)
        try Mounts.attach(other.raw, at: place)
        let copy = try mounted.copy(for: 70_000, on: node)
        #expect(hasMotd(copy.raw))
        #expect(try mounted.kind(of: "/etc/motd") == .file)
    }

    /// Another launch takes away a mount whose name means another image now.
    @Test func isMadeAgainWhenItWasTakenAway() throws {
        let mounted = try ImageMounts.mounted(root, on: node)
        try Mounts.detach(place)
        #expect(try mounted.kind(of: "/etc/motd") == .file)
        let copy = try mounted.copy(for: 70_000, on: node)
        #expect(hasMotd(copy.raw))
    }

    @Test func whatIsNoImageIsNotTakenForOne() throws {
        try FileSystem.makeDirectories(place, mode: 0o700)
        let other = try Mounts.temporaryFileSystem(bytes: 1 << 16, inodes: 10, owner: 0)
        try Mounts.attach(other.raw, at: place)
        #expect(try ImageMounts.mounted(root, on: node).kind(of: "/etc/motd") == .file)
    }
}
