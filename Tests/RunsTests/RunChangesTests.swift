import CLinux
import Kernel
import Testing

@testable import Runs

/// What `jrun diff` says, of real directories.
@Suite(.enabled(if: isRoot(), "a work directory is a file system of its own, which needs root"))
struct RunChangesTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func words(_ changes: [RunChanges.Change]?) -> [String] {
        (changes ?? []).map { change in
            let sizes = [change.was, change.size].map { $0.map { "\($0)" } ?? "-" }
            return "\(change.change) \(change.path) \(change.type) \(sizes.joined(separator: " "))"
        }
    }

    private func make(_ path: String, _ text: String) throws {
        try FileSystem.createFile(scratch(path), Array(text.utf8))
    }

    private func makeDirectories(_ paths: String...) throws {
        for path in paths { try FileSystem.makeDirectories(scratch(path), mode: 0o755) }
    }

    private func open(_ path: String) throws -> OwnedFD { try FileSystem.open(scratch(path), [.read, .directory]) }

    @Test func theWorkDirectoryIsComparedWithTheInputs() throws {
        for (name, text) in [("same", "1"), ("grown", "22"), ("gone", "333"), ("replaced", "4444")] {
            try make(name, text)
        }
        var work = try Workspace(bytes: 4 << 20, owner: 70_000)
        for (name, size) in [("same", Int64(1)), ("grown", 2), ("gone", 3), ("sub/replaced", 4)] {
            let source = String(name.split(separator: "/").last ?? "")
            try work.stage(InputFile(source: scratch(source), name: name, size: size))
        }
        var changes = RunChanges()
        changes.add(workDirectory: work)
        #expect(changes == RunChanges(), "nothing has run yet")

        let root = work.root.raw
        let grown = try FileSystem.open("grown", [.write, .append], at: root)
        try FileSystem.write(Array("more".utf8), to: grown.raw, named: "grown")
        try FileSystem.removeFile("gone", at: root)
        try FileSystem.removeFile("sub/replaced", at: root)
        try FileSystem.createFile("sub/replaced", Array("5555".utf8), at: root)
        try FileSystem.makeDirectory("new", mode: 0o700, at: root)
        try FileSystem.createFile("new/file", Array("x".utf8), at: root)
        try check(sys_symlinkat("/etc/shadow", root, "link"), "make a link")
        changes = RunChanges()
        changes.add(workDirectory: work)
        #expect(
            words(changes.work) == [
                "removed gone file 3 -", "changed grown file 2 6", "added link link - 11", "added new directory - 0",
                "added new/file file - 1", "changed sub/replaced file 4 4",
            ])
        #expect(changes.image == nil && changes.complete)
    }

    @Test func whiteoutsAndOpaqueDirectoriesAreRead() throws {
        try makeDirectories("lower/etc", "lower/usr/old/deep", "lower/opt", "upper/etc", "upper/usr/old", "upper/opt/a")
        for (name, text) in [
            ("lower/etc/motd", "12345"), ("lower/etc/gone", "12"), ("lower/usr/old/file", "1"),
            ("lower/usr/old/kept", "1"), ("upper/etc/motd", "123"), ("upper/usr/old/kept", "22"),
            ("upper/opt/a/new", "1"),
        ] { try make(name, text) }
        for name in ["upper/etc/gone", "upper/etc/never-there"] {
            try check(sys_mknodat(FileSystem.here, scratch(name), UInt32(S_IFCHR), 0), "make a whiteout")
        }
        let upper = try open("upper"), lower = try open("lower"), opaque = try open("upper/usr/old")
        var yes: UInt8 = 0x79
        try check(sys_fsetxattr(opaque.raw, "trusted.overlay.opaque", &yes, 1, 0), "make a directory opaque")
        var changes = RunChanges()
        changes.add(layer: upper.raw, over: lower.raw)
        #expect(
            words(changes.image) == [
                "removed etc/gone file 2 -", "changed etc/motd file 5 3", "added opt/a directory - 0",
                "added opt/a/new file - 1", "removed usr/old/deep directory 0 -", "removed usr/old/file file 1 -",
                "changed usr/old/kept file 1 2",
            ])
        #expect(changes.work == [] && changes.complete)
    }

    private func setAttribute(_ name: String, of path: String) throws {
        let directory = try open(path)
        var yes: UInt8 = 0x79
        try check(sys_fsetxattr(directory.raw, name, &yes, 1, 0), "set '\(name)'")
    }

    private func layerChanges() throws -> RunChanges {
        let upper = try open("upper"), lower = try open("lower")
        var changes = RunChanges()
        changes.add(layer: upper.raw, over: lower.raw)
        return changes
    }

    /// Overlayfs marks the topmost directory alone.
    @Test func whatLiesInAnOpaqueDirectoryIsOpaqueToo() throws {
        try makeDirectories("lower/usr/old/deep/er", "upper/usr/old/deep/er")
        for name in [
            "lower/usr/old/deep/gone", "lower/usr/old/deep/er/gone", "lower/usr/old/deep/er/again",
            "upper/usr/old/deep/er/again",
        ] {
            try make(name, "1")
        }
        try setAttribute("trusted.overlay.opaque", of: "upper/usr/old")
        let changes = try layerChanges()
        #expect(
            words(changes.image) == [
                "changed usr/old/deep/er/again file 1 1", "removed usr/old/deep/er/gone file 1 -",
                "removed usr/old/deep/gone file 1 -",
            ])
    }

    /// A program can write it, and overlayfs as it is mounted here does not look at it.
    @Test func anAttributeOfTheProgramsMakesNothingOpaque() throws {
        try makeDirectories("lower/usr/old", "upper/usr/old")
        try make("lower/usr/old/there", "1")
        try setAttribute("user.overlay.opaque", of: "upper/usr/old")
        #expect(try layerChanges().image == [])
    }

    @Test func theModeOfADirectoryCounts() throws {
        try makeDirectories("lower/usr", "upper/usr", "lower/opt", "upper/opt")
        let usr = try open("upper/usr")
        try FileSystem.changeMode(usr.raw, to: 0o1777)
        #expect(words(try layerChanges().image) == ["changed usr directory 0 0"])
    }

    @Test func pathsMayBeLongerThanAnyCallTakes() throws {
        let name = String(repeating: "n", count: 250)
        for tree in ["lower", "upper"] {
            try makeDirectories(tree)
            var directory = try open(tree)
            for _ in 0..<20 {
                try FileSystem.makeDirectory(name, mode: 0o755, at: directory.raw)
                directory = try FileSystem.open(name, [.read, .directory], at: directory.raw)
            }
            try FileSystem.createFile("file", Array(tree.utf8), at: directory.raw)
            if tree == "upper" { try FileSystem.createFile("new", [], at: directory.raw) }
        }
        let changes = try layerChanges()
        #expect(changes.image?.map(\.change) == [.changed, .added] && changes.complete)
        #expect(changes.image?.first?.path.utf8.count == 251 * 20 + 4)
    }

    @Test func hiddenNamesHaveAnEndToo() throws {
        try makeDirectories("lower/old", "upper/old")
        let lower = try open("lower/old")
        for number in 0..<RunChanges.most + 10 { try FileSystem.createFile("\(number)", [], at: lower.raw) }
        try setAttribute("trusted.overlay.opaque", of: "upper/old")
        let changes = try layerChanges()
        #expect(changes.image?.count == RunChanges.most && !changes.complete)
    }

    @Test func thereIsAnEnd() throws {
        let work = try Workspace(bytes: 4 << 20, owner: 70_000)
        var path = "d"
        for _ in 0...RunChanges.deepest + 1 {
            try FileSystem.makeDirectory(path, mode: 0o700, at: work.root.raw)
            path += "/d"
        }
        var changes = RunChanges()
        changes.add(workDirectory: work)
        #expect(!changes.complete && changes.work.count == RunChanges.deepest + 1)
        let wide = try Workspace(bytes: 4 << 20, owner: 70_000)
        for number in 0..<RunChanges.most + 10 { try FileSystem.createFile("\(number)", [], at: wide.root.raw) }
        changes = RunChanges()
        changes.add(workDirectory: wide)
        #expect(!changes.complete && changes.work.count == RunChanges.most)
    }
}
