import FoundationEssentials
import Glibc
import Kernel
import Programs
import Testing

@testable import Runs

@Suite struct ProgramCatalogTests {
    private let scratch: Scratch
    private let site: String
    private let shipped: String

    init() throws {
        scratch = try Scratch()
        site = scratch("site")
        shipped = scratch("shipped")
        for directory in [site, shipped] { try FileSystem.makeDirectory(directory, mode: 0o755) }
    }

    private func write(_ name: String, in directory: String, summary: String = "A tool", more: String = "") throws {
        let text = """
            program: \(name)
            summary: \(summary)
            executable: /usr/bin/tool
            limits: \(RunSample.limits)
            security: {}
            \(more)
            """
        try text.write(toFile: "\(directory)/\(name).yaml", atomically: true, encoding: .utf8)
    }

    private func breakFile(_ name: String, in directory: String) throws {
        try "program: \(name)\nsumary: x\n".write(
            toFile: "\(directory)/\(name).yaml", atomically: true, encoding: .utf8)
    }

    private func catalog(keeping previous: ProgramCatalog? = nil) -> ProgramCatalog {
        ProgramCatalog(directories: [site, shipped], keeping: previous)
    }

    private func summary(_ catalog: ProgramCatalog, _ name: String) -> String? {
        catalog.program(name)?.loaded.program.summary
    }

    @Test func theFirstDirectoryThatHasANameWins() throws {
        try write("a", in: site, summary: "site")
        try write("a", in: shipped, summary: "shipped")
        try write("b", in: shipped, summary: "shipped")
        let found = catalog()
        #expect(found.problems == [])
        #expect(found.entries.keys.sorted() == ["a", "b"])
        #expect(summary(found, "a") == "site" && summary(found, "b") == "shipped")
        #expect(found.program("a")?.loaded.path == "\(site)/a.yaml")
        #expect(found.program("a")?.source.program == found.program("a")?.loaded.program)
    }

    @Test func aBrokenFileKeepsTheOldVersionInForceAndSaysSo() throws {
        try write("a", in: site, summary: "old")
        let old = catalog()
        try breakFile("a", in: site)
        let new = catalog(keeping: old)
        #expect(summary(new, "a") == "old")
        #expect(new.program("a")?.loaded.digest == old.program("a")?.loaded.digest)
        #expect(new.problems.count == 1)
        let problem = try #require(new.problems.first)
        #expect(problem.hasPrefix("\(site)/a.yaml:") && problem.hasSuffix("; what was read before stays in force"))
        #expect(problem.contains("more: jrun program lint") && !problem.contains("\n"))

        // Also the second time, and mended it counts again.
        #expect(summary(catalog(keeping: new), "a") == "old")
        try write("a", in: site, summary: "new")
        #expect(summary(catalog(keeping: new), "a") == "new")
        #expect(catalog(keeping: new).problems == [])
    }

    @Test func aBrokenFileIsNotReplacedByAnotherDirectorysOne() throws {
        try breakFile("a", in: site)
        try write("a", in: shipped)
        let found = catalog()
        #expect(found.program("a") == nil)
        #expect(
            found.problems.count == 1 && found.problems[0].hasSuffix("; there is no program 'a' until it is mended"))
    }

    @Test func aBrokenFileThatNowHidesAGoodOneKeepsTheGoodOne() throws {
        try write("a", in: shipped, summary: "shipped")
        let old = catalog()
        try breakFile("a", in: site)
        #expect(summary(catalog(keeping: old), "a") == "shipped")
    }

    @Test func aNameWhoseFileIsGoneGoes() throws {
        try write("a", in: site)
        try write("b", in: site, summary: "site")
        try write("b", in: shipped, summary: "shipped")
        let old = catalog()
        for name in ["a", "b"] { try FileManager.default.removeItem(atPath: "\(site)/\(name).yaml") }
        let new = catalog(keeping: old)
        #expect(new.program("a") == nil && summary(new, "b") == "shipped")
        #expect(new.problems == [])
    }

    @Test func whatIsAbstractCanBeExtendedButNotBeFound() throws {
        try write("base", in: shipped, more: "abstract: true")
        try "extends: base\nprogram: a\nsummary: Extended\n".write(
            toFile: "\(site)/a.yaml", atomically: true, encoding: .utf8)
        let old = catalog()
        #expect(old.problems == [] && old.entries.keys.sorted() == ["a"])
        #expect(old.program("a")?.loaded.files.count == 2)

        // What it extends breaks: both say so, and what was read before stays.
        try breakFile("base", in: shipped)
        let new = catalog(keeping: old)
        #expect(summary(new, "a") == "Extended" && new.problems.count == 2)
        #expect(new.program("base") == nil)
    }

    /// Reading a FIFO would wait for a writer, and with it everybody who wants a program.
    @Test(.timeLimit(.minutes(20))) func whatIsNoFileIsNotRead() throws {
        try #require(mkfifo("\(site)/pipe.yaml", 0o600) == 0)
        try FileSystem.makeDirectory("\(site)/folder.yaml", mode: 0o755)
        try write("a", in: site)
        try FileManager.default.createSymbolicLink(atPath: "\(site)/nowhere.yaml", withDestinationPath: "missing")
        let found = catalog()
        #expect(found.entries.keys.sorted() == ["a"])
        let absent = "there is no program"
        #expect(
            found.problems == [
                "program file '\(site)/folder.yaml' is a directory, not a file; \(absent) 'folder' until it is mended",
                "program file '\(site)/nowhere.yaml': no such file or directory (ENOENT); "
                    + "\(absent) 'nowhere' until it is mended",
                "program file '\(site)/pipe.yaml' is a fifo, not a file; \(absent) 'pipe' until it is mended",
            ])
    }

    @Test func namesThatNoProgramCanHaveAreSaidButNotThoseThatEditorsLeave() throws {
        for name in ["Big.yaml", ".a.yaml", "notes.txt", "a.yaml~"] {
            try "x".write(toFile: "\(site)/\(name)", atomically: true, encoding: .utf8)
        }
        let found = catalog()
        #expect(found.entries.isEmpty && found.problems.count == 1)
        #expect(found.problems[0].contains("'\(site)/Big.yaml'") && found.problems[0].hasSuffix("such as 'big'"))
    }

    @Test func aDirectoryThatIsMissingIsNoProblemAndOneThatCannotBeReadIs() throws {
        try write("a", in: shipped, summary: "shipped")
        let missing = ProgramCatalog(directories: [scratch("none"), shipped])
        #expect(missing.problems == [] && summary(missing, "a") == "shipped")

        try write("a", in: site, summary: "site")
        try write("b", in: site, summary: "site")
        let old = catalog()
        try FileManager.default.removeItem(atPath: site)
        try "no directory".write(toFile: site, atomically: true, encoding: .utf8)
        let new = catalog(keeping: old)
        #expect(summary(new, "a") == "site" && summary(new, "b") == "site", "nobody knows that they are gone")
        #expect(
            new.problems == [
                "directory of programs '\(site)': not a directory (ENOTDIR); what was read before stays in force"
            ])
    }
}
