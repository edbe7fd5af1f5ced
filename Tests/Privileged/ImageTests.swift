import Foundation
import Glibc
import TestSupport
import Testing

/// An image, and a runtime directory of its own, where it is mounted.
private final class ImageSite {
    let site: Site
    let directory: String
    private let stored: SampleImage
    var digest: String { stored.digest }
    var image: String { stored.file }
    var mountPoint: String { "\(directory)/runtime/images/\(digest)" }

    init(
        more: String = "", directories: [String] = [], links: (_ directory: String) -> [String: String] = { _ in [:] }
    ) throws {
        site = try Site.shared.get()
        directory = try site.makeDirectory()
        stored = try SampleImage(
            in: directory, probe: site.probe, more: more, links: links(directory), directories: directories)
    }

    deinit { umount2(mountPoint, Int32(MNT_DETACH)) }

    /// A request of the probe in the image.
    func request(_ words: [String], root: String = "{image: box}") throws -> Request {
        var request = try Request()
        request.words = words
        request.program.executable = "/bin/probe"
        request.program.security = ["root": root]
        request.environment["JRUN_IMAGES"] = "\(directory)/images"
        // Images that nobody but this test has mounted; uids that no other test takes.
        request.environment["JRUN_RUNTIME"] = "\(directory)/runtime"
        request.environment["JRUN_UIDS"] = "\(uids.lowerBound)-\(uids.upperBound)"
        return request
    }

    private var uids: ClosedRange<UInt32> {
        let number = UInt32(directory.split(separator: "/").last ?? "0") ?? 0
        return (1_710_000_000 + number * 16)...(1_710_000_015 + number * 16)
    }

    func ask(_ words: String..., root: String = "{image: box}") throws -> Outcome {
        let outcome = try request(["batch"] + words, root: root).run()
        try #require(outcome.status == 0, "\(outcome)")
        return outcome
    }

    /// Lines of a shell's own output.
    func shell(_ script: String, root: String) throws -> Outcome {
        var request = try request(["sh", "script"], root: root)
        request.program.executable = "/usr/bin/busybox"
        request.program.keys["inputs"] = "[{path: script, max_size: 1MiB}]"
        request.options += ["--input", try request.file("script", script.utf8)]
        return try request.run()
    }
}

extension Command {
    fileprivate func with(_ environment: [String: String]) -> Command {
        var command = self
        command.environment = environment
        return command
    }
}

private let writable = "{image: box, writable: true}"

/// Runs whose root is an image.
extension Privileged {
    @Suite struct Images {
        private let images: ImageSite

        init() throws { images = try ImageSite() }

        @Test func theImageIsSeenReadOnlyAndNothingOfTheNode() throws {
            let outcome = try images.ask(
                "read", "/usr/data/table", "--", "read", "/README", "--", "read", "/etc/passwd", "--", "ls", "/usr/bin")
            #expect(outcome.answers[0]["content"].string == "1 2 3\n")
            #expect(outcome.answers[1]["content"].string == "a file at the top\n")
            #expect(outcome.answers[2]["content"].string?.hasPrefix("root:x:0:0") == true)
            #expect(outcome["ls"]["entries"].strings == ["busybox", "probe", "script", "sh"])
            for path in [
                "/usr/bin/env", "/etc/ld.so.cache", "/etc/alternatives", "/.image", "/lib64", images.site.dist,
            ] {
                #expect(try images.ask("stat", path)["stat"]["errno"].string == "ENOENT", "\(path)")
            }
            let fits = try Schema.check([outcome.request.reportPath])
            #expect(fits.status == 0, "\(fits.text)\(fits.stderr)")
            #expect(outcome.report["image"]["reference"].string == "box")
            #expect(outcome.report["image"]["digest"].string == "sha256:\(images.digest)")
            #expect(outcome.report["security"].strings.contains("read-only root image"))
        }

        /// While the root is put together, an absolute link in it would lead to the node.
        @Test(arguments: ["{image: box}", writable])
        func linksOfTheTopLevelTouchNothingOfTheNode(root: String) throws {
            let names = [".cover", ".image", ".lower", ".layer", "srv", "run", "tmp", "dev"]
            let images = try ImageSite { directory in
                Dictionary(uniqueKeysWithValues: names.map { ($0, "\(directory)/victim\($0)") })
            }
            for name in names where name != "srv" {
                try Data("untouched".utf8).write(to: URL(fileURLWithPath: "\(images.directory)/victim\(name)"))
            }
            let answer = try images.ask("stat", "/srv", root: root)
            #expect(answer["stat"]["target"].string == "\(images.directory)/victimsrv", "\(answer)")
            for name in names {
                let victim = FileManager.default.contents(atPath: "\(images.directory)/victim\(name)")
                #expect(victim == (name == "srv" ? nil : Data("untouched".utf8)), "\(name)")
            }
        }

        @Test(arguments: ["{image: box}", writable]) func mountsAreTheTopLevelAndTheRunsOwn(root: String) throws {
            let mounts = try images.ask("mounts", root: root)["mounts"]["mounts"].array
            func options(_ place: String) -> Set<String> {
                Set(mounts.first { $0["mountpoint"].string == place }?["options"].strings ?? []).subtracting([
                    "relatime", "noatime",
                ])
            }
            let own = ["/etc/passwd", "/etc/group", "/etc/nsswitch.conf"]
            let shown = ["/README", "/etc", "/opt", "/usr"]
            let rest = ["/", "/dev/shm", "/proc", "/tmp", "/work"]
            #expect(mounts.compactMap { $0["mountpoint"].string }.sorted() == (own + shown + rest).sorted())
            let access = root == writable ? "rw" : "ro"
            for place in shown { #expect(options(place) == [access, "nosuid", "nodev"], "\(place)") }
            for place in own { #expect(options(place) == ["ro", "nosuid", "nodev", "noexec"], "\(place)") }
        }

        @Test(arguments: ["{image: box}", writable]) func attacksFail(root: String) throws {
            let outcome = try images.ask(
                "write", "/etc/passwd", "x", "--", "remove", "/etc/passwd", "--", "write", "/new", "x", "--", "mknod",
                "/opt/node", "block", "8", "0", "--", "rename", "/etc/group", "/etc/passwd", "--", "read",
                "/proc/1/root/etc/shadow", root: root)
            for answer in outcome.answers { #expect(answer["result"].string == "denied", "\(answer)") }
            let whiteout = try images.ask("mknod", "/opt/node", "char", "0", "0", root: root)
            #expect(whiteout["mknod"]["result"].string == "denied", "\(whiteout)")
            let mount = try images.request(["syscall", "mount"], root: root).run()
            #expect(mount.cause == "seccomp", "\(mount)")
        }

        @Test func aReadOnlyImageCannotBeChanged() throws {
            let outcome = try images.ask(
                "write", "/usr/data/table", "x", "--", "mkdir", "/opt/new", "--", "chmod", "/usr/bin/probe", "777",
                "--", "remove", "/usr/data/table", "--", "truncate", "/etc/motd", "0")
            for answer in outcome.answers { #expect(answer["result"].string == "denied", "\(answer)") }
        }

        @Test func changesOfAWritableImageAreTheRunsOwn() throws {
            let script = [
                "set -e", "echo more >> /etc/motd", "cat /etc/motd", "rm /usr/data/table", "mkdir -p /opt/a/b",
                "echo x > /opt/a/b/c", "chmod 700 /etc/motd", "mv /opt/a /opt/z", "cat /opt/z/b/c", "ls /usr/data",
            ].joined(separator: "; ")
            let outcome = try images.shell(script, root: writable)
            #expect(outcome.status == 0 && outcome.text == "of the image\nmore\nx\n", "\(outcome)")
            #expect(outcome.report["image"]["writable"].bool == true)
            #expect(outcome.report["security"].strings.contains("private root on an image, changes apart"))
            // Thrown away with the run.
            let next = try images.shell("cat /etc/motd /usr/data/table; ls /opt", root: writable)
            #expect(next.text == "of the image\n1 2 3\n", "\(next)")
            #expect(
                try Command(["/usr/bin/env", "sha256sum", images.image]).with(images.site.environment).run()
                    .text.hasPrefix(images.digest))
        }

        @Test func tooManyNamesAtTheTopAreNamed() throws {
            let images = try ImageSite(directories: (0..<200).map { "many\($0)" })
            let outcome = try images.request(["ids"]).run()
            #expect(outcome.status == 125, "\(outcome)")
            // README, bin, etc, opt and usr; /proc is the run's own.
            #expect(outcome.stderr.contains("image 'box' has 205 names at its top level"), "\(outcome)")
            let most = try ImageSite(directories: (0..<195).map { "many\($0)" })
            #expect(try most.ask("stat", "/many194", root: writable)["stat"]["type"].string == "directory")
        }

        @Test func changesAreLimited() throws {
            let outcome = try images.ask("fill", "/usr/full", "forever", root: writable)
            #expect(outcome["fill"]["errno"].string == "ENOSPC")
            let filled = try #require(outcome["fill"]["bytes"].int)
            #expect(filled <= 1 << 20 && filled > 1 << 19)
        }

        /// One superblock, so that what one run has read is in memory for all.
        @Test func runsShareOneMount() throws {
            let first = try images.ask("stat", "/usr/data/table"), second = try images.ask("stat", "/usr/data/table")
            let inode = first["stat"]["inode"].int
            #expect(inode != nil && inode == second["stat"]["inode"].int, "\(first)")
            let mounts = try Leaks.mounts().filter { $0.contains(images.digest) }
            #expect(mounts.count == 1, "\(mounts)")
        }

        /// The same bytes in another file: what is mounted may be of the one that was damaged.
        @Test func anImageThatWasBuiltAnewIsMountedAnew() throws {
            func mounts() throws -> Set<String> { try Leaks.mounts().filter { $0.contains(images.digest) } }
            #expect(try images.request(["ids"]).run().status == 0)
            let before = try mounts(), fresh = "\(images.directory)/fresh"
            try FileManager.default.copyItem(atPath: images.image, toPath: fresh)
            try #require(rename(fresh, images.image) == 0)
            #expect(try images.request(["ids"]).run().status == 0)
            let after = try mounts()
            #expect(before.count == 1 && after.count == 1 && before != after, "\(before) \(after)")
            #expect(try images.request(["ids"]).run().status == 0)
            #expect(try mounts() == after)
        }

        @Test func aLoaderThatIsMissingIsNamed() throws {
            var request = try images.request(["1"])
            request.program.executable = "/usr/bin/script"
            let outcome = try request.run()
            #expect(outcome.status == 127 && outcome.stderr.contains("the interpreter on its first line"), "\(outcome)")
        }

        @Test func anAlteredImageIsRefused() throws {
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: images.image))
            try file.seek(toOffset: 100_000)
            try file.write(contentsOf: [0x42])
            try file.close()
            let outcome = try images.request(["ids"]).run()
            #expect(outcome.status == 125 && outcome.stderr.contains("is damaged, its digest is"), "\(outcome)")
            #expect(try Leaks.mounts().filter { $0.contains(images.digest) } == [])
        }

        @Test func whatIsNotThereIsRefused() throws {
            let other = try images.request(["ids"], root: "{image: other}").run()
            #expect(other.status == 125 && other.stderr.contains("image 'other' is not in the store"), "\(other)")
            let pinned = "{image: box@sha256:\(String(repeating: "0", count: 64))}"
            #expect(try images.request(["ids"], root: pinned).run().status == 125)
            #expect(try images.request(["ids"], root: "{image: box@sha256:\(images.digest)}").run().status == 0)
            var missing = try images.request(["ids"])
            missing.program.executable = "/usr/bin/env"
            let outcome = try missing.run()
            #expect(outcome.status == 127 && outcome.stderr.contains("in image 'box'"), "\(outcome)")
            var path = try images.request(["ids"])
            path.program.security["files"] = "{read: [/usr/share]}"
            let refused = try path.run()
            #expect(refused.status == 125 && refused.stderr.contains("does not exist in its root image"), "\(refused)")
        }

        /// Not before another one is mounted: whoever works with one image shall not wait for it twice.
        @Test func aMountGoesWhenItsImageHasNoName() throws {
            func mounts() throws -> Int {
                try Leaks.mounts().count { $0.contains("\(images.directory)/runtime/images/") }
            }
            #expect(try images.request(["ids"]).run().status == 0)
            let other = try ImageSite(more: "another")
            try FileManager.default.moveItem(
                atPath: other.image, toPath: "\(images.directory)/images/sha256/\(other.digest).erofs")
            try Data("sha256:\(other.digest)\n".utf8).write(
                to: URL(fileURLWithPath: "\(images.directory)/images/names/box"))
            defer { umount2("\(images.directory)/runtime/images/\(other.digest)", Int32(MNT_DETACH)) }
            #expect(try mounts() == 1)
            #expect(try images.request(["ids"]).run().status == 0)
            #expect(try mounts() == 1 && !FileManager.default.fileExists(atPath: images.mountPoint))
        }

        @Test func anImageThatHasLeftTheStoreIsRefusedThoughItIsMounted() throws {
            #expect(try images.request(["ids"]).run().status == 0)
            try FileManager.default.removeItem(atPath: images.image)
            #expect(try images.request(["ids"]).run().status == 125)
        }

        @Test func anOrdinaryUserIsToldThatItTakesRoot() throws {
            let user = try RootlessUser(.singleID)
            defer { user.clear() }
            var request = try user.request("ids")
            request.program.security = ["root": "{image: box}"]
            let outcome = try request.run()
            #expect(outcome.status == 125 && outcome.stderr.contains("takes root"), "\(outcome)")
        }
    }
}
