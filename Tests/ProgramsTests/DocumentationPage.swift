import FoundationEssentials

@testable import Programs

/// `docs/program-file.md`, taken apart: tables, words and examples by section.
struct DocumentationPage {
    struct Section {
        var tables: [[String]] = []
        /// Outside examples, without line breaks.
        var prose = ""
        /// The examples in YAML.
        var examples: [String] = []
    }

    private(set) var sections: [String: Section] = [:]

    static func read() throws -> DocumentationPage {
        let test = URL(filePath: #filePath).resolvingSymlinksInPath().path
        let root = test.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let bytes = try Data(contentsOf: URL(filePath: "\(root)/docs/program-file.md"))
        return DocumentationPage(String(decoding: bytes, as: UTF8.self))
    }

    init(_ text: String) {
        var heading = ""
        var fence: [Substring]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                if let fence, fence.first == "```yaml" {
                    sections[heading]?.examples.append(fence.dropFirst().joined(separator: "\n"))
                }
                fence = fence == nil ? [line] : nil
            } else if fence != nil {
                fence?.append(line)
            } else if line.hasPrefix("#") {
                heading = line.drop { $0 == "#" }.trimmingPrefix(" ").description
                sections[heading] = Section()
            } else {
                add(line, to: heading)
            }
        }
    }

    private mutating func add(_ line: Substring, to heading: String) {
        sections[heading, default: Section()].prose += line + " "
        guard line.hasPrefix("| "), !line.hasPrefix("| ---") else { return }
        let cells = line.split(separator: "|").map { String($0).trimmed }
        sections[heading, default: Section()].tables.append(cells)
    }
}

extension DocumentationPage.Section {
    /// The rows of the tables, each with the keys in its first cell: `stdout` and `stderr`, `flag` of `flag: --min`.
    var rows: [(keys: [String], text: String)] {
        tables.compactMap { cells in
            let keys = (cells.first ?? "").codeSpans.map { String($0.prefix { $0 != ":" }) }
            return keys.isEmpty ? nil : (keys, cells.joined(separator: " | "))
        }
    }

    var keys: Set<String> { Set(rows.flatMap(\.keys)) }

    /// Every word that is set as code.
    var words: Set<String> {
        Set(
            prose.codeSpans.flatMap {
                $0.split { !($0.isLetter || $0.isNumber || "_-/".contains($0)) }.map(String.init)
            })
    }
}

extension String {
    var trimmed: String {
        let end = lastIndex { $0 != " " }
        return end.map { String(self[...$0].drop { $0 == " " }) } ?? ""
    }

    /// What stands between backquotes.
    var codeSpans: [String] {
        split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
            .map { String($0.element) }
    }
}

/// `20000` as the page writes it: `20,000`.
func grouped(_ number: Int64) -> String {
    var digits = String(number)[...]
    var groups: [Substring] = []
    while digits.count > 3 {
        groups.insert(digits.suffix(3), at: 0)
        digits = digits.dropLast(3)
    }
    return ([digits] + groups).joined(separator: ",")
}
