import FoundationEssentials

/// The files of this repository, as text.
enum Repository {
    static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(
        separator: "/")

    struct SourceFile: Sendable {
        /// Relative to the root: `Sources/Kernel/Files.swift`.
        let path: String
        let lines: [String]
        /// The same lines with comments, and what stands in string literals, blanked out.
        let code: [String]

        var target: String { String(path.split(separator: "/")[1]) }
        var name: String { String(path.split(separator: "/").last ?? "") }

        init(path: String, text: String) {
            self.path = path
            lines = splitLines(text)
            code = splitLines(Blanking.blanked(text))
        }

        /// Modules in the order of their import lines.
        var imports: [String] {
            code.compactMap { line in
                var words = line.split(separator: " ")
                words.removeAll {
                    $0.hasPrefix("@") || ["public", "internal", "package", "fileprivate", "private"].contains($0)
                }
                guard words.count >= 2, words[0] == "import" else { return nil }
                let kinds = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
                let module = kinds.contains(String(words[1])) && words.count > 2 ? words[2] : words[1]
                return String(module.prefix { $0 != "." })
            }
        }
    }

    static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: "\(root)/\(path)").map { String(decoding: $0, as: UTF8.self) }
    }

    /// Every file beneath `folder` with one of the extensions, in a stable order.
    static func files(beneath folder: String, _ extensions: String...) -> [SourceFile] {
        let paths = (try? FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)")) ?? []
        return paths.sorted().filter { path in extensions.contains { path.hasSuffix(".\($0)") } }
            .compactMap { path in text("\(folder)/\(path)").map { SourceFile(path: "\(folder)/\(path)", text: $0) } }
    }

    static let swiftSources = files(beneath: "Sources", "swift")
    static let swiftTests = files(beneath: "Tests", "swift")
}

func splitLines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
}

/// Blanks comments and string literals, keeping every line where it is: enough of Swift's grammar for rules about lines.
struct Blanking {
    private let text: [UInt8]
    private var output: [UInt8]
    private var at = 0

    static func blanked(_ text: String) -> String {
        var blanking = Blanking(text)
        blanking.code(untilParenthesis: false)
        return String(decoding: blanking.output, as: UTF8.self)
    }

    private init(_ text: String) {
        self.text = Array(text.utf8)
        output = self.text
    }

    private func isAt(_ word: String, offset: Int = 0) -> Bool {
        text[min(at + offset, text.count)...].starts(with: word.utf8)
    }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where at < text.count {
            if text[at] != UInt8(ascii: "\n") { output[at] = UInt8(ascii: " ") }
            at += 1
        }
    }

    private mutating func code(untilParenthesis: Bool) {
        var depth = 0
        while at < text.count {
            if isAt("//") {
                while at < text.count, !isAt("\n") { blank() }
            } else if isAt("/*") {
                while at < text.count, !isAt("*/") { blank() }
                blank(2)
            } else if isAt("\"") || isAt("#\"") || isAt("##\"") {
                string()
            } else {
                if isAt("(") { depth += 1 }
                if isAt(")") {
                    depth -= 1
                    if untilParenthesis && depth < 0 { return }
                }
                at += 1
            }
        }
    }

    /// From its opening to its closing quotes, which stay; what is interpolated is code.
    private mutating func string() {
        var hashes = ""
        while isAt("#") {
            hashes += "#"
            at += 1
        }
        let quotes = isAt("\"\"\"") ? "\"\"\"" : "\""
        at += quotes.utf8.count
        while at < text.count, !isAt(quotes + hashes) {
            if isAt("\\\(hashes)(") {
                blank(2 + hashes.utf8.count)
                code(untilParenthesis: true)
                blank()
            } else {
                blank(isAt("\\\(hashes)") ? 2 + hashes.utf8.count : 1)
            }
        }
        at = min(at + quotes.utf8.count + hashes.utf8.count, text.count)
    }
}
