import CLinux
import Images
import Kernel
import Testing

@testable import ImageBuild

@Suite struct StagingTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func refusal(_ entries: [TarSample], bytes: Int64 = 1 << 20, limit: Int = 1000) throws -> String {
        let staging = try scratch.staging(bytes: bytes, entries: limit)
        do {
            try staging.addTar(Pieces(tar(entries)))
            _ = try staging.finish(remove: [])
        } catch let error as ImageError { return error.description }
        return "accepted"
    }

    @Test func filesDirectoriesAndLinksAreTaken() throws {
        let staging = try scratch.staging()
        try staging.addTar(
            Pieces(
                tar([
                    .directory("./", mode: 0o700), .directory("./usr/", mode: 0o555), .link("bin", "usr/bin"),
                    TarSample(name: "./usr/bin/a", content: "hello", mode: 0o755), .hard("usr/bin/b", "./usr/bin/a"),
                    .link("usr/bin/c", "/usr/bin/a"), .link("usr/d", "../bin/../usr"),
                    TarSample(name: "secret", mode: 0),
                ]), size: 7))
        #expect(
            try staging.lines() == [
                "l 777 bin -> usr/bin", "f 400 secret", "d 755 usr", "d 755 usr/bin", "f 755 usr/bin/a",
                "f 755 usr/bin/b", "l 777 usr/bin/c -> /usr/bin/a", "l 777 usr/d -> ../bin/../usr",
            ])
        #expect(staging.dropped.items.isEmpty)
    }

    /// Each with words of the refusal; the path must be among them.
    static let hostile: [(entries: [TarSample], path: String, words: String)] = [
        ([TarSample(name: "etc/mem", type: "3")], "'etc/mem'", "device node"),
        ([TarSample(name: "sda", type: "4")], "'sda'", "device node"),
        ([TarSample(name: "dev", type: "4")], "'dev'", "device node"),
        ([TarSample(name: "var/fifo", type: "6")], "'var/fifo'", "FIFO"),
        ([.link("a/b", "../../x")], "'a/b'", "leaves the image's root"),
        ([.link("x", "/../etc")], "'x'", "leaves the image's root"),
        ([.link("x", "a/../../b")], "'x'", "leaves the image's root"),
        ([.link("x", "/dev/sda")], "'x'", "waits for a device"),
        ([.link("a/x", "../dev/./mem")], "'a/x'", "waits for a device"),
        ([.link("x", "a\nb")], "'x'", "target"),
        ([.link("x", "")], "'x'", "target"),
        ([TarSample(name: "a\nb")], "'a\\u{a}b'", "control character"),
        ([TarSample(name: "a\u{1b}[2J")], "\\u{1b}", "control character"),
        ([TarSample(name: "a\u{9b}2J")], "\\u{9b}", "control character"),
        (
            [TarSample(name: "x", pax: [("path", String(repeating: "a/", count: 2048) + "a")])], "a/a",
            "longer than 4095"
        ),
        ([TarSample(name: "/etc/passwd")], "'/etc/passwd'", "absolute"),
        ([TarSample(name: "../x")], "'../x'", "'..'"),
        ([TarSample(name: "a/../../x")], "'a/../../x'", "'..'"),
        ([TarSample(name: "x", pax: [("path", "/etc/shadow")])], "'/etc/shadow'", "absolute"),
        ([TarSample(name: "x", pax: [("path", String(repeating: "a", count: 256))])], "aaa", "longer than 255"),
        ([TarSample(name: "a"), TarSample(name: "./a")], "'a'", "comes twice"),
        ([TarSample(name: "a"), .directory("a")], "'a'", "comes twice"),
        ([.link("a", "b"), TarSample(name: "a")], "'a'", "comes twice"),
        ([.hard("x", "nothing")], "'x'", "leads to no file"),
        ([.hard("x", "../x")], "'../x'", "'..'"),
        ([.hard("x", "/etc/passwd")], "'/etc/passwd'", "absolute"),
        ([.directory("a"), .hard("x", "a")], "'x'", "leads to no file"),
        ([TarSample(name: "f"), TarSample(name: "f/x")], "'f/x'", "no directory"),
        ([.link("l", "/nowhere"), TarSample(name: "l/x")], "'l/x'", "leads nowhere"),
        ([.link("l", "l"), TarSample(name: "l/x")], "'l/x'", "leads nowhere"),
        ([TarSample(name: "s", type: "S")], "'s'", "sparse"),
        ([TarSample(name: "s", pax: [("GNU.sparse.major", "1")])], "'s'", "sparse"),
        ([TarSample(name: "s", type: "V")], "'s'", "unknown type"),
        ([TarSample(name: "l", type: "2", content: "x", target: "y")], "'l'", "has a content"),
        ([TarSample(name: "etc", content: "x")], "'etc'", "no directory"),
        ([.directory("usr/etc"), .link("etc", "usr/etc")], "'etc'", "no directory"),
    ]

    @Test(arguments: hostile.indices)
    func whatIsHostileIsAnErrorWithItsPath(index: Int) throws {
        let (entries, path, words) = Self.hostile[index]
        let message = try refusal(entries)
        #expect(message.contains(path) && message.contains(words), "\(message)")
    }

    @Test func aNameThatIsNotUTF8() throws {
        var bytes = tar([TarSample(name: "aXb")])
        bytes[1] = 0xff
        bytes.replaceSubrange(148..<156, with: [UInt8](repeating: 0x20, count: 8))
        let sum = bytes[..<512].reduce(0) { $0 + Int($1) }
        let digits = String(sum, radix: 8)
        bytes.replaceSubrange(148..<148 + digits.utf8.count, with: digits.utf8)
        let staging = try scratch.staging()
        let error = #expect(throws: ImageError.self) { try staging.addTar(Pieces(bytes)) }
        #expect(error?.description.contains("not UTF-8") == true)
    }

    @Test func whatRaisesPrivilegesIsDroppedAndListed() throws {
        let staging = try scratch.staging()
        try staging.addTar(
            Pieces(
                tar([
                    TarSample(name: "su", mode: 0o6755), .directory("mail", mode: 0o3775),
                    TarSample(
                        name: "ping", pax: [("SCHILY.xattr.security.capability", "x"), ("SCHILY.xattr.user.a", "y")]),
                    TarSample(name: "dev/null", type: "3"), .directory("tmp", mode: 0o1777),
                ])))
        #expect(try staging.lines() == ["d 775 mail", "f 644 ping", "f 755 su"])
        #expect(
            staging.dropped.items.map { "\($0.path): \($0.what)" } == [
                "su: setuid bit", "su: setgid bit", "mail: setgid bit", "mail: sticky bit", "ping: file capabilities",
                "ping: extended attribute user.a", "dev/null: device node",
            ])
    }

    @Test func aLinkThatIsWrittenThroughStaysInside() throws {
        let staging = try scratch.staging()
        let outside = try scratch.file("outside/x", [])
        try staging.addTar(
            Pieces(
                tar([
                    .directory("usr/lib"), .link("lib", "usr/lib"), .link("top", "/"), TarSample(name: "lib/a"),
                    TarSample(name: "top/b"), .directory("abs"), .link("abs/c", String(outside.dropLast(2))),
                ])))
        #expect(throws: ImageError.self) {
            try staging.add(SourceEntry(name: Array("abs/c/planted".utf8), kind: .file(size: 0), mode: 0o644))
        }
        let lines = try staging.lines()
        #expect(lines.contains("f 644 usr/lib/a") && lines.contains("f 644 b"))
        #expect(try FileSystem.names(inDirectory: "\(scratch.path)/outside")?.count == 1)
    }

    @Test func bombsEndAtTheLimits() throws {
        let many = (0..<20).map { TarSample(name: "f\($0)") }
        #expect(try refusal(many, limit: 19).contains("'f19': the source has more than 19 entries"))
        #expect(try refusal(many, limit: 23) == "accepted")
        let large = [TarSample(name: "a", content: "12345"), TarSample(name: "b", content: "123456")]
        #expect(try refusal(large, bytes: 10).contains("'b': the source has more than 10 bytes"))
        #expect(try refusal([TarSample(name: "huge", size: 1 << 32)]).contains("'huge': the source has more than"))
        #expect(try refusal([.directory("a/b/c/d/e/f/g")], limit: 5).contains("more than 5 entries"))
    }

    @Test func hardLinksCountAsFiles() throws {
        let links = [TarSample(name: "a", content: "123456"), .hard("b", "a")]
        #expect(try refusal(links, bytes: 11).contains("'b': the source has more than 11 bytes"))
        #expect(try refusal(links, bytes: 12) == "accepted")
    }

    /// All of them are in memory at once.
    @Test func pathsHaveABoundTogether() throws {
        let staging = try scratch.staging(entries: .max)
        let path = [String](repeating: String(repeating: "x", count: 255), count: 15)
        let most = Staging.mostNameBytes / (15 * 256)
        for _ in 0..<most { try staging.count(path) }
        let error = #expect(throws: ImageError.self) { try staging.count(path) }
        #expect(error?.description.contains("more than 268435456 bytes together") == true)
    }

    @Test func anExtendedHeaderHasABound() throws {
        let header = TarSample(name: "x", type: "x", content: String(repeating: "x", count: (1 << 20) + 1))
        #expect(
            try refusal([header, TarSample(name: "a")], bytes: 1 << 30) == "an extended header is larger than 1 MiB")
    }

    /// Headers that make no entry cost nothing but time and space, without end where they are packed.
    @Test func whatMakesNoEntryEndsAtTheLimitsToo() throws {
        let comment = TarSample(name: "g", type: "g", content: String(repeating: "x", count: 1 << 20))
        let staging = try scratch.staging(bytes: 1, entries: 1)
        let error = #expect(throws: ImageError.self) {
            try staging.addTar(Gunzip(Pieces(gzip(tar([comment, comment]))), name: "bomb"))
        }
        #expect(error?.description.contains("unpacks to more than 1052673 bytes; the recipe's limits") == true)
        #expect(try refusal([TarSample(name: "a")], bytes: .max) == "accepted")
    }

    @Test func whatIsDroppedIsListedUpToABound() throws {
        var list = DroppedList()
        for number in 0..<DroppedList.most + 3 { list.add("f\(number)", "setuid bit") }
        #expect(list.items.count == DroppedList.most && list.more == 3)
        var long = DroppedList()
        for _ in 0..<5 { long.add(String(repeating: "x", count: 300_000), "") }
        #expect(long.items.count == 3 && long.more == 2)
    }

    @Test func theNameOfAnAttributeIsNoLongerThanTheKernels() throws {
        func entry(_ length: Int, _ vendor: String) -> [TarSample] {
            [TarSample(name: "ping", pax: [("\(vendor).xattr.\(String(repeating: "a", count: length))", "x")])]
        }
        for vendor in ["SCHILY", "LIBARCHIVE"] {
            #expect(try refusal(entry(255, vendor)) == "accepted")
            #expect(try refusal(entry(256, vendor)).hasPrefix("'ping': the name of an extended attribute is longer"))
        }
    }

    /// Each is a mount of every run; some names are taken while these are made.
    @Test func theTopLevelFitsIntoARun() throws {
        // `etc` is there always.
        let many = (1..<ImageTopLevel.most).map { TarSample(name: "f\($0)") }
        #expect(try refusal(many) == "accepted")
        #expect(
            try refusal(many + [.link("one-more", "f1")]).contains(
                "root has \(ImageTopLevel.most + 1) names, more than \(ImageTopLevel.most)"))
        for name in ImageTopLevel.taken {
            #expect(try refusal([TarSample(name: "\(name)/x")]).hasPrefix("'\(name)': jrun uses this name"))
            #expect(try refusal([.link(name, "/x")]).hasPrefix("'\(name)': jrun uses this name"))
            #expect(try refusal([TarSample(name: "usr/\(name)"), TarSample(name: "\(name)2")]) == "accepted")
        }
    }

    @Test func whatTheRunHasItselfIsLeftOut() throws {
        let staging = try scratch.staging()
        let left = ["proc/x", "sys/x", "dev/x", "tmp/x", "run/x", "work/x"].map { TarSample(name: $0) }
        try staging.addTar(Pieces(tar(left + [TarSample(name: "usr/proc/x"), .link("usr/run", "/run")])))
        #expect(try staging.lines() == ["d 755 usr", "d 755 usr/proc", "f 644 usr/proc/x", "l 777 usr/run -> /run"])
    }

    @Test func theAccountsAreAlwaysFiles() throws {
        let staging = try scratch.staging()
        try staging.addTar(Pieces(tar([TarSample(name: "etc/group", content: "kept"), .link("etc/passwd", "../x")])))
        let entries = try staging.finish(remove: []).entries
        #expect(entries.filter { $0.kind == .file }.map(\.path) == ["etc/group", "etc/nsswitch.conf", "etc/passwd"])
        #expect(entries.first { $0.path == "etc/group" }?.size == 4)
        #expect(staging.dropped.items == [.init(path: "etc/passwd", what: "link where a file belongs")])
    }

    @Test func aRecipeTakesOut() throws {
        let staging = try scratch.staging()
        try staging.addTar(Pieces(tar([TarSample(name: "a/b/c"), .link("l", "a"), TarSample(name: "a/d")])))
        #expect(try staging.lines(remove: ["a/b"]) == ["d 755 a", "f 644 a/d", "l 777 l -> a"])
        #expect(throws: ImageError.self) { try staging.finish(remove: ["a/b"]) }
        #expect(throws: ImageError.self) { try staging.finish(remove: ["l/d"]) }
    }

    /// PEP 552: flags, then the source's time and size.
    @Test func compiledPythonModulesAreValidForGood() throws {
        let staging = try scratch.staging()
        let timed = "\u{17}\u{d}\r\n\u{0}\u{0}\u{0}\u{0}TIMESIZEcode",
            hashed = "\u{17}\u{d}\r\n\u{3}\u{0}\u{0}\u{0}TIMESIZEcode"
        try staging.addTar(
            Pieces(
                tar([
                    TarSample(name: "timed.pyc", content: timed), TarSample(name: "short.pyc", content: "x"),
                    TarSample(name: "hashed.pyc", content: hashed),
                    TarSample(name: "timed.txt", content: timed),
                ])))
        let sizes = try staging.finish(remove: [])
        func content(_ name: String) throws -> [UInt8] {
            let file = try FileSystem.openBeneath(staging.root.raw, name, .read)
            return try FileSystem.contents(of: file.raw, named: name, limit: 100)
        }
        #expect(
            try content("timed.pyc") == [0x17, 0x0d, 0x0d, 0x0a, 1] + [UInt8](repeating: 0, count: 11)
                + Array("code".utf8))
        #expect(try content("hashed.pyc")[4] == 3)
        #expect(try content("timed.txt")[8] == UInt8(ascii: "T"))
        #expect(sizes.entries.first { $0.path == "timed.pyc" }?.mode == 0o644)
    }
}
