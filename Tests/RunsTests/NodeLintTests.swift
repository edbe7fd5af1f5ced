import FoundationEssentials
import Glibc
import Images
import Programs
import Testing

@testable import Runs

private let launchCalls = #"{"names": ["execveat", "clock_gettime", "exit_group"], "action": "SCMP_ACT_ALLOW"}"#
private let otherwiseRefused = #""defaultAction": "SCMP_ACT_ERRNO", "syscalls": "#

/// What lint says of a program file after a look at the node, and what it leaves alone.
@Suite struct NodeLintTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try write("nsswitch.conf", "passwd: files systemd\ngroup: files\n")
        try write("passwd", "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/:/bin/sh\n")
        try write("group", "root:x:0:\nstaff:x:50:ann\n")
    }

    private func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: scratch(name)))
    }

    private func warnings(
        _ lines: String = "", executable: String = "/usr/bin/env", security: String = "{}"
    ) throws -> [String] {
        var program = try RunSample.program(lines, security: security)
        program.executable = executable
        return NodeLint(accounts: Accounts(etc: scratch.path)).warnings(for: program).map(\.description)
    }

    @Test func anExecutableHasToStart() throws {
        #expect(try warnings() == [])
        let missing = try warnings(executable: "/usr/bin/no-such-program")
        #expect(missing.count == 1 && missing[0].hasPrefix("executable: no run can start on this node"))
        #expect(try warnings(executable: "/usr/bin").first?.contains("not an executable file") == true)
    }

    /// What is on the node says nothing of an image.
    @Test func anImageIsLookedIntoByItsListing() throws {
        let digest = String(repeating: "0a", count: 32)
        let manifest = ImageManifest(
            name: "box", digest: try #require(ImageDigest(hex: digest)), size: 1, format: "erofs", entries: 1,
            contentBytes: 1,
            listing: try #require(ImageDigest(hex: digest)), recipe: "", source: .init(from: "directory"), dropped: [])
        for directory in ["sha256", "names"] {
            try FileManager.default.createDirectory(atPath: scratch(directory), withIntermediateDirectories: true)
        }
        try write("names/box", "sha256:\(digest)\n")
        try Data(manifest.json()).write(to: URL(filePath: scratch("sha256/\(digest).json")))
        try write("sha256/\(digest).erofs", "x")
        try write(
            "sha256/\(digest).files",
            "l 0777 7 - bin -> usr/bin\nd 0755 0 - usr\nd 0755 0 - usr/bin\nf 0644 1 00 usr/bin/data\n"
                + "l 0777 4 - usr/bin/sh -> /bin/tool\nf 0755 1 00 usr/bin/tool\n")
        func warnings(_ executable: String, _ security: String) throws -> [String] {
            var program = try RunSample.program(security: "{root: {image: \(security)}")
            program.executable = executable
            let store = ImageStore(path: scratch.path)
            return NodeLint(accounts: Accounts(etc: scratch.path), images: store).warnings(for: program)
                .map(\.description)
        }
        for path in ["/bin/tool", "/usr/bin/sh", "/usr/../../bin/./tool"] { #expect(try warnings(path, "box}") == []) }
        for path in ["/usr/bin/env", "/bin/data", "/bin", "/bin/tool/x"] {
            #expect(try warnings(path, "box}").first?.hasPrefix("executable: no run can start on this node") == true)
        }
        #expect(
            try warnings("/bin/tool", "box}, files: {read: [/usr, /bin/x]}") == [
                "security.files.read[1]: '/bin/x' does not exist in image 'box', so no run can start; leave it out"
            ])
        #expect(try warnings("/bin/tool", "other}").first?.contains("image 'other' is not in the store") == true)
    }

    @Test func anExecutableHasToBeSeen() throws {
        try FileManager.default.copyItem(atPath: "/usr/bin/env", toPath: scratch("tool"))
        #expect(try warnings(executable: scratch("tool")).first?.contains("not in the run's view") == true)
        #expect(try warnings(executable: scratch("tool"), security: "{files: {execute: [\(scratch.path)]}}") == [])
    }

    private func filter(_ seccomp: String) throws -> [LintWarning] {
        NodeLint.seccomp(try RunSample.program(security: "{seccomp: \(seccomp)}").security.seccomp)
    }

    /// What stops every run of the program, wherever.
    @Test(arguments: [
        ("{\(otherwiseRefused)", "seccomp file '"), ("{\"what\": 1, \(otherwiseRefused) [\(launchCalls)]}", "what"),
        (#"{"defaultAction": "SCMP_ACT_ALLOW"}"#, "every call that the file does not name would be allowed"),
        ("{\(otherwiseRefused) []}", "'execveat' is not allowed"),
        (String(repeating: " ", count: 1 << 20 + 1), "1 MiB"),
    ]) func aFilterThatCannotWorkIsAnError(_ text: String, _ message: String) throws {
        try write("filter.json", text)
        let found = try filter(scratch("filter.json"))
        #expect(found.count == 1 && found[0].isError && found[0].message.contains(message), "\(found)")
    }

    @Test(arguments: [
        ("/no/such/file.json", "no such file"), ("{extends: default, deny: [execveat]}", "'execveat' is not allowed"),
        ("{extends: default, allow: [opennn]}", "no system call is called 'opennn'"),
        ("{extends: default, deny: [opennn]}", "no system call is called 'opennn'"),
    ]) func aChoiceThatCannotWorkIsAnError(_ seccomp: String, _ message: String) throws {
        let found = try filter(seccomp)
        #expect(found.count == 1 && found[0].isError && found[0].message.contains(message), "\(found)")
    }

    @Test func aFilterForAnotherMachineIsAWarning() throws {
        try write("good.json", "{\(otherwiseRefused) [\(launchCalls)]}")
        #expect(try filter(scratch("good.json")).isEmpty && filter("default").isEmpty)
        #if arch(x86_64)
        let other = "SCMP_ARCH_AARCH64"
        #else
        let other = "SCMP_ARCH_X86_64"
        #endif
        let later = launchCalls.dropLast() + #", "includes": {"minKernel": "99.0"}}"#
        for text in [
            "{\"architectures\": [\"\(other)\"], \(otherwiseRefused) [\(launchCalls)]}",
            "{\(otherwiseRefused) [\(later)]}",
        ] {
            try write("filter.json", text)
            let found = try filter(scratch("filter.json"))
            #expect(found.count == 1 && !found[0].isError, "\(found)")
        }
    }

    @Test func shownPathsAreThere() throws {
        let found = try warnings(security: "{files: {read: [\(scratch.path), \(scratch("none"))]}}")
        #expect(found.count == 1 && found[0].hasPrefix("security.files.read[1]: '\(scratch("none"))' does not exist"))
        #expect(
            try warnings(security: "{devices: [/dev/no-such-device]}").first?.hasPrefix("security.devices[0]") == true)
        #expect(try warnings(security: "{devices: [/dev/null]}") == [])
    }

    @Test func shownDirectoriesHoldNoWayOut() throws {
        let shown = "{files: {execute: [\(scratch.path)]}}"
        try FileManager.default.createDirectory(atPath: scratch("a/b/c"), withIntermediateDirectories: true)
        #expect(try warnings(security: shown) == [])
        #expect(mkfifo(scratch("a/b/c/deep"), 0o600) == 0)
        #expect(try warnings(security: shown) == [], "deeper than a look")
        #expect(mkfifo(scratch("a/b/pipe"), 0o600) == 0)
        let found = try warnings(security: shown)
        #expect(
            found.count == 1 && found[0].hasPrefix("security.files.execute[0]: shows the fifo '\(scratch("a/b/pipe"))'")
        )
    }

    @Test func accountsAreKnown() throws {
        #expect(try warnings("who: {users: [ann, root], groups: [staff]}") == [])
        let found = try warnings("who: {users: [ann, bob], groups: [ann]}")
        #expect(found.count == 2 && found[0].hasPrefix("who.users[1]: this node knows no user 'bob'"))
        #expect(found.last?.hasPrefix("who.groups[0]: this node knows no group 'ann'") == true)
    }

    /// Where a directory service may know more than the files, nobody is called unknown.
    @Test func accountsOfADirectoryServiceAreLeftAlone() throws {
        try write("nsswitch.conf", "passwd: files sss\ngroup:files\n")
        let found = try warnings("who: {users: [bob], groups: [bob]}")
        #expect(found.count == 1 && found[0].hasPrefix("who.groups[0]"))
    }
}
