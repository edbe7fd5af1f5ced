import CLinux
import Images
import Kernel
import Testing

@testable import ImageBuild

@Suite struct BuilderTests {
    let scratch: Scratch
    var store: ImageStore { ImageStore(path: "\(scratch.path)/images") }

    init() throws { scratch = try Scratch() }

    private func recipe(_ source: Recipe.Source) -> Recipe {
        Recipe(name: "sample", source: source, text: "image: sample\n")
    }

    private static let files = (0..<40).map {
        TarSample(name: "usr/f\($0)", content: String(repeating: "\($0)", count: $0 * 300))
    }

    /// Neither the order in the source nor that on the disk shows.
    @Test func twoBuildsGiveTheSameBytes() throws {
        let one = try scratch.file("one.tar", tar(Self.files + [.hard("usr/g", "usr/f1")]))
        let other = try scratch.file(
            "other.tar.gz",
            gzip(tar(Self.files.reversed() + [.hard("usr/g", "usr/f1")])))
        let builder = ImageBuilder(store: store)
        let first = try builder.build(recipe(.tar(path: one)))
        #expect(try builder.build(recipe(.tar(path: one))) == first)
        let manifest = try FileSystem.contents(of: "\(store.path)/sha256/\(first.digest.hex).json")
        let second = try builder.build(recipe(.tar(path: other)), name: "second")
        #expect(second.digest == first.digest && second.manifest.source.archive != first.manifest.source.archive)
        #expect(try builder.build(recipe(.tar(path: one))) == first)
        #expect(try FileSystem.contents(of: "\(store.path)/sha256/\(first.digest.hex).json") == manifest)
        try store.verify(first.digest)
        #expect(try store.names().map(\.name) == ["sample", "second"])
        #expect(first.manifest.contentBytes > 200_000 && first.manifest.size > first.manifest.contentBytes)
    }

    @Test func aRefusedSourceLeavesTheStoreAsItWas() throws {
        let bad = try scratch.file("bad.tar", tar([TarSample(name: "x"), TarSample(name: "mem", type: "3")]))
        #expect(throws: ImageError.self) { try ImageBuilder(store: store).build(recipe(.tar(path: bad))) }
        #expect(try store.names().isEmpty && store.images().isEmpty)
        #expect(try FileSystem.names(inDirectory: "\(store.path)/tmp") == [])
        let packed = try scratch.file("packed.tar", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0])
        let error = #expect(throws: ImageError.self) {
            try ImageBuilder(store: store).build(recipe(.tar(path: packed)))
        }
        #expect(error?.description.contains("packed with xz") == true)
    }

    @Test func aDirectoryIsTakenAsItIsAndNoLinkFollowed() throws {
        try scratch.file("tree/usr/a", [1, 2, 3], mode: 0o755)
        try scratch.file("secret", [1])
        let tree = try Staging(path: "\(scratch.path)/tree", limits: .init())
        try tree.add(SourceEntry(name: Array("usr/l".utf8), kind: .link(target: Array("/secret".utf8)), mode: 0o777))
        let image = try ImageBuilder(store: store).build(recipe(.directory(path: "\(scratch.path)/tree")))
        let entries = try store.listing(image.digest).entries.filter { $0.path.hasPrefix("usr/") }
        #expect(entries.map(\.path) == ["usr/a", "usr/l"])
        #expect(entries[0].mode == 0o755 && entries[0].sha256 == ImageDigest(of: [1, 2, 3]).hex)
        try FileSystem.makeFIFO("\(scratch.path)/tree/usr/fifo")
        let error = #expect(throws: ImageError.self) {
            try ImageBuilder(store: store).build(recipe(.directory(path: "\(scratch.path)/tree")))
        }
        #expect(error?.description.contains("'usr/fifo': a FIFO") == true)
    }

    @Test func aLinkWhoseTargetIsNoTextIsRefused() throws {
        try FileSystem.makeDirectory("\(scratch.path)/tree", mode: 0o755)
        let target: [CChar] = [97, -1, 98, 0]
        try check(sys_symlinkat(target, FileSystem.here, "\(scratch.path)/tree/l"), "make a link")
        let error = #expect(throws: ImageError.self) {
            try ImageBuilder(store: store).build(recipe(.directory(path: "\(scratch.path)/tree")))
        }
        #expect(error?.description.contains("'l': the target of the link is empty, too long, not UTF-8") == true)
    }

    @Test func anArchiveThatIsADirectoryIsNamedWithTheCure() throws {
        let error = #expect(throws: ImageError.self) {
            try ImageBuilder(store: store).build(recipe(.tar(path: scratch.path)))
        }
        #expect(
            error?.description.contains("archive '\(scratch.path)': is a directory (EISDIR); 'from: directory'") == true
        )
    }

    @Test func whatIsExportedIsImportedAsTheSameImage() throws {
        let long = String(repeating: "long/", count: 40) + "é"
        let path = try scratch.file(
            "one.tar",
            tar(
                Self.files + [
                    TarSample(name: "x", content: "deep", mode: 0o751, pax: [("path", long)]), .link("l", "usr/f1"),
                    TarSample(name: "m", type: "2", target: "x", pax: [("linkpath", long)]),
                ]))
        let image = try ImageBuilder(store: store).build(recipe(.tar(path: path)))
        let layout = "\(scratch.path)/layout"
        try OCIExport(store: store).write(image, tag: "sample", to: layout)
        let back = try ImageBuilder(store: store).build(recipe(.oci(path: layout, reference: "sample")), name: "back")
        #expect(back.digest == image.digest)
        #expect(throws: ImageError.self) { try OCIExport(store: store).write(image, tag: "sample", to: layout) }
    }
}

@Suite struct SourceTextTests {
    @Test func whatDpkgHasInstalled() {
        let status = """
            Package: zlib1g
            Status: install ok installed
            Architecture: amd64
            Version: 1:1.2.13
            Description: text
             Version: no field

            Package: gone
            Status: deinstall ok config-files
            Architecture: all
            Version: 1

            Package: adduser
            Status: install ok installed
            Version: 3.134
            Architecture: all
            """
        #expect(
            installedPackages(status) == [
                .init(name: "adduser", version: "3.134", architecture: "all"),
                .init(name: "zlib1g", version: "1:1.2.13", architecture: "amd64"),
            ])
    }

    @Test func whatATrialHasOpened() {
        let record = """
            12 execve("/usr/bin/python3", ["python3"], 0x7ff /* 3 vars */) = 0
            12 openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY|O_CLOEXEC) = 3
            12 openat(AT_FDCWD, "/usr/lib/x.so", O_RDONLY|O_CLOEXEC) = 3
            13 openat(AT_FDCWD, "/usr/lib/x.so", O_RDONLY|O_CLOEXEC) = 3
            13 openat(AT_FDCWD, "/proc/self/maps", O_RDONLY) = 4
            13 openat(5, "relative", O_RDONLY) = 4
            13 openat(AT_FDCWD, "/usr/lib/a\\nb", O_RDONLY) = 4
            13 symlinkat("/usr/bin/said", AT_FDCWD, "./x") = 0
            13 rename("/usr/bin/said", "./x") = 0
            13 openat(AT_FDCWD, "/usrlocal/x", O_RDONLY) = 4
            13 openat(AT_FDCWD, "/root/x", O_RDONLY) = 4
            13 newfstatat(AT_FDCWD, "/lib64/y", {st_mode=S_IFREG|0644}, 0) = 0
            13 +++ exited with 0 +++
            """
        #expect(Trial.files(in: record) == ["/usr/bin/python3", "/usr/lib/x.so", "/lib64/y"])
    }

    @Test func digestsInAProgramFile() {
        let hex = String(repeating: "0a", count: 32)
        let text = "root: {image: a@sha256:\(hex)} # sha256:sha256:\(hex.replacing("a", with: "b")) sha256:12"
        #expect(digestsInText(text).map(\.hex).sorted() == [hex, hex.replacing("a", with: "b")])
        #expect(digestsInText("sha256:").isEmpty && digestsInText("").isEmpty)
    }
}

@Suite struct HostTreeTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func aFileComesWithEveryLinkOnItsWay() throws {
        try scratch.file("node/usr/lib/real.so", [1])
        let node = try Staging(path: "\(scratch.path)/node", limits: .init())
        for (name, target) in [("lib", "usr/lib"), ("usr/lib/x.so", "./real.so"), ("usr/abs", "/lib/../lib/x.so")] {
            try node.add(SourceEntry(name: Array(name.utf8), kind: .link(target: Array(target.utf8)), mode: 0o777))
        }
        try node.add(SourceEntry(name: Array("usr/loop".utf8), kind: .link(target: Array("loop".utf8)), mode: 0o777))
        let staging = try scratch.staging()
        let tree = try HostTree(staging, root: "\(scratch.path)/node")
        try tree.add("/usr/abs", whole: false)
        #expect(tree.taken == ["/usr", "/usr/abs", "/lib", "/usr/lib", "/usr/lib/x.so", "/usr/lib/real.so"])
        #expect(try staging.lines().count == 6)
        #expect(throws: ImageError.self) { try tree.add("/usr/loop", whole: false) }
        #expect(throws: ImageError.self) { try tree.add("/usr/nothing", whole: false) }
        #expect(throws: ImageError.self) { try tree.add("/usr/lib/x.so/y", whole: false) }
    }

    /// A trial runs as nobody, and what it names is copied by root: only what nobody could read belongs into an image.
    @Test func whatATrialNamesIsForEverybody() throws {
        for (name, mode) in [
            ("usr/open", 0o644), ("etc/shadow", 0o640), ("usr/closed/file", 0o644), ("root/key", 0o644),
            ("var/data", 0o644),
        ] as [(String, UInt32)] { try scratch.file("node/\(name)", [1], mode: mode) }
        let closed = try FileSystem.open("\(scratch.path)/node/usr/closed", [.read, .directory])
        try FileSystem.changeMode(closed.raw, to: 0o750)
        let node = try Staging(path: "\(scratch.path)/node", limits: .init())
        try node.add(
            SourceEntry(name: Array("usr/key".utf8), kind: .link(target: Array("/root/key".utf8)), mode: 0o777))
        let staging = try scratch.staging()
        let tree = try HostTree(staging, root: "\(scratch.path)/node")
        for path in [
            "/usr/open", "/etc/shadow", "/usr/closed/file", "/usr/key", "/root/key", "/usr/../root/key", "/var/data",
            "/usr/../usr/../var/data",
        ] { try tree.addPublic(path) }
        #expect(try staging.lines().filter { $0.hasPrefix("f") } == ["f 644 usr/open"])
        // Whoever writes a recipe says so, and is root.
        try tree.add("/etc/shadow", whole: false)
        #expect(try staging.lines().contains("f 640 etc/shadow"))
    }

    @Test func aDirectoryIsTakenWhole() throws {
        try scratch.file("node/data/a", [1])
        try scratch.file("node/data/sub/b", [1])
        let staging = try scratch.staging()
        let tree = try HostTree(staging, root: "\(scratch.path)/node")
        try tree.add("/data", whole: true)
        #expect(
            try staging.lines().map { String($0.dropFirst(6)) }.sorted() == [
                "data", "data/a", "data/sub", "data/sub/b",
            ])
    }
}
