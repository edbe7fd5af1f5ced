import FoundationEssentials
import Testing

// The shape of the code: sizes, and the few things that need a reason where they stand.

/// A reason is a comment that begins like this: "Long, but one line a step".
private let reasonToBeLong = "Long"

struct FunctionSpan: Sendable, Equatable {
    var line: Int
    var lines: Int
    var name: String
}

extension Repository.SourceFile {
    /// Functions, initialisers, subscripts and computed properties, by counting braces; nested ones count for themselves
    /// and for what they are in.
    var functions: [FunctionSpan] {
        code.indices.compactMap { start in
            let line = code[start]
            guard
                let match = line.firstMatch(
                    of: /\b(?:func\s+([^\s(<]+)|(init|subscript)\b[?!]?\s*[(<]|var\s+(\w+)[^=]*\{\s*$|(deinit)\b)/),
                let end = end(ofBlockFrom: start)
            else { return nil }
            let name = match.output.1 ?? match.output.2 ?? match.output.3 ?? match.output.4 ?? ""
            return FunctionSpan(line: start + 1, lines: end - start + 1, name: String(name))
        }
    }

    /// The line on which the block closes that opens on this line or behind it; nil when there is none.
    private func end(ofBlockFrom start: Int) -> Int? {
        var depth = 0, hasOpened = false
        for index in start..<code.count {
            // A declaration without a body is over when the next one begins.
            if !hasOpened, index > start,
                code[index].allSatisfy({ $0 == " " }) || code[index].contains(/\b(func|var|let|case)\b/)
            {
                return nil
            }
            for byte in code[index].utf8 {
                if byte == UInt8(ascii: "{") {
                    depth += 1
                    hasOpened = true
                }
                if byte == UInt8(ascii: "}") { depth -= 1 }
            }
            if hasOpened && depth <= 0 { return index }
            if !hasOpened && depth < 0 { return nil }
        }
        return nil
    }

    /// Whether the comment right above the line begins with the reason.
    func hasReason(above line: Int) -> Bool {
        var index = line - 2
        while index >= 0, lines[index].trimmed.hasPrefix("//") || lines[index].trimmed.hasPrefix("@") {
            if lines[index].contains("\(reasonToBeLong)") { return true }
            index -= 1
        }
        return false
    }
}

extension String {
    fileprivate var trimmed: Substring { drop { $0 == " " } }
}

@Suite struct ShapeTests {
    /// Nothing that a tool drops at the top stays there unseen.
    @Test func theTopLevelHoldsWhatBelongsThere() throws {
        let known: Set = [
            "Package.swift", "Sources", "Tests", "profiles", "README.md", "Makefile", "LICENSE", "docs", "packaging",
            "rootfs-tools",
            "Benchmarks", ".ci", ".swift-format", ".gitignore", ".git", ".build", ".swiftpm", "Package.resolved",
        ]
        let found = try FileManager.default.contentsOfDirectory(atPath: Repository.root)
        #expect(found.contains("Package.swift") && Set(found).subtracting(known).isEmpty, "\(found.sorted())")
    }

    private static let all = Repository.swiftSources + Repository.swiftTests

    @Test func filesAreShort() {
        let others = Repository.files(beneath: "Sources", "c", "h")
        let wrong = (Self.all + others)
            .filter { $0.lines.count > 400 && !$0.lines.prefix(10).contains { $0.contains(reasonToBeLong) } }
            .map { "\($0.path) has \($0.lines.count) lines" }
        #expect(wrong == [])
    }

    @Test func functionsAreShort() {
        let wrong = Self.all.flatMap { file in
            file.functions.filter { $0.lines > 70 && !file.hasReason(above: $0.line) }
                .map { "\(file.path):\($0.line): \($0.name) has \($0.lines) lines" }
        }
        #expect(wrong == [])
    }

    /// What switches a guarantee of the language off says on the same line why that is safe.
    @Test func guaranteesAreGivenUpWithAReason() {
        let dangerous = /\btry!|\bas!|@unchecked\s+Sendable|nonisolated\(unsafe\)|\bunowned\(unsafe\)|\bunsafeBitCast\b/
        let wrong = Self.all.flatMap { file in
            file.code.indices.filter { file.code[$0].contains(dangerous) && !file.lines[$0].contains("SAFETY:") }
                .map { "\(file.path):\($0 + 1): \(file.lines[$0].trimmed)" }
        }
        #expect(wrong == [])
    }

    /// A test that sleeps is slow where it passes and fails where it is slow.
    @Test func noTestSleeps() {
        let sleeping = /\b(?:u|nano|clock_nano|sys_nano)?sleep\s*\(|\bsleep\s*\(\s*(?:for|until)/
        let wrong = Repository.swiftTests.flatMap { file in
            file.code.indices.filter { file.code[$0].contains(sleeping) }.map { "\(file.path):\($0 + 1)" }
        }
        #expect(wrong == [])
    }

    /// Library code throws; only the commands print and end the process.
    @Test func librariesDoNotPrintOrExit() {
        let talking = /(?:^|[^.\w])(?:print|debugPrint|dump|exit|abort|fatalError|preconditionFailure)\(/
        let libraries: Set<String> = ["Kernel", "Programs", "Confinement", "Images", "ImageBuild", "Runs"]
        let wrong = Repository.swiftSources.filter { libraries.contains($0.target) }.flatMap { file in
            file.code.indices.filter {
                file.code[$0].contains(talking) && !file.code.contains { $0.contains("func print(") }
            }
            .map { "\(file.path):\($0 + 1): \(file.lines[$0].trimmed)" }
        }
        #expect(wrong == [])
    }
}

/// Public names on the top level of a file are what a newcomer meets first.
@Suite struct DocumentationCommentTests {
    /// To be written; nothing is ever added here.
    private static let undocumented: Set<String> = [
        "Kernel.randomBytes", "Kernel.unlock", "Kernel.isRoot", "Kernel.isTerminal", "Confinement.LandlockRuleset",
        "Confinement.MountAttributes", "Confinement.SeccompError", "Programs.Network", "Runs.Doctor", "Runs.Execution",
        "Runs.ExecutionOutcome",
    ]

    @Test func topLevelNamesAreExplained() {
        let libraries: Set<String> = ["Kernel", "Programs", "Confinement", "Images", "ImageBuild", "Runs"]
        let declaration =
            /^public (?:final |indirect )?(?:struct|enum|class|actor|protocol|func|let|var|typealias) `?(\w+)/
        let found = Repository.swiftSources.filter { libraries.contains($0.target) }.flatMap { file in
            file.code.indices.compactMap { index -> String? in
                guard let match = file.code[index].firstMatch(of: declaration) else { return nil }
                var above = index - 1
                while above >= 0, file.lines[above].hasPrefix("@") { above -= 1 }
                return above >= 0 && file.lines[above].hasPrefix("///") ? nil : "\(file.target).\(match.output.1)"
            }
        }
        #expect(Set(found).subtracting(Self.undocumented).sorted() == [])
    }
}

/// The reader of the rules above, on samples where every rule has something to find.
@Suite struct DetectorTests {
    private func file(_ text: String) -> Repository.SourceFile {
        Repository.SourceFile(path: "Sources/Kernel/X.swift", text: text)
    }

    @Test func commentsAndStringsAreNoCode() {
        let text = #"""
            let a = "try! {" // as! }
            let b = "\(f("}", x: ["{"])) } \" {"  /* { */ + c
            let d = """
                } try! \(g { $0 })
                """
            let e = #"\(no) { " "#
            """#
        let code = Blanking.blanked(text)
        #expect(!code.contains("try!") && !code.contains("as!"))
        #expect(code.contains("f(") && code.contains("+ c") && code.contains("g { $0 }"))
        #expect(code.filter { $0 == "{" }.count == 1 && code.filter { $0 == "}" }.count == 1)
        #expect(splitLines(code).count == splitLines(text).count)
    }

    @Test func importsAreRead() {
        let sample = file(
            "@testable import Kernel\nimport struct Glibc.stat\n// import Foundation\nlet x = \"import CYAML\"\npublic import Runs\n"
        )
        #expect(sample.imports == ["Kernel", "Glibc", "Runs"])
    }

    @Test func functionsAreMeasured() {
        let body = Array(repeating: "        work()", count: 80).joined(separator: "\n")
        let sample = file(
            "struct S {\n    var a: Int { 1 }\n    func long(\n        x: Int\n    ) {\n\(body)\n    }\n    init(y: Int) { }\n}\n"
        )
        #expect(sample.functions.map(\.name) == ["long", "init"])
        #expect(sample.functions.map(\.lines) == [84, 1])
        #expect(!sample.hasReason(above: 3))
        #expect(file("// Long, for a reason\nfunc f() {\n}\n").hasReason(above: 2))
    }
}
