/// Lays out a page: headings, paragraphs and indented entries, wrapped to a width.
struct PageWriter {
    /// How far each level of a page stands from the one around it, columns.
    static let step = 4

    /// Columns of the terminal.
    let width: Int
    /// Headings by terminal sequences.
    let isBold: Bool
    private(set) var text = ""

    init(width: Int, isBold: Bool) {
        // Under this, wrapping leaves a word on each line; over it, the eye loses the line.
        self.width = min(max(width, 40), 100)
        self.isBold = isBold
    }

    mutating func heading(_ title: String) {
        if !text.isEmpty { text += "\n" }
        text += isBold ? "\u{1B}[1m\(title)\u{1B}[0m\n" : "\(title)\n"
    }

    mutating func blankLine() { text += "\n" }

    mutating func paragraph(_ words: String, level: Int = 1) {
        units(visible(words).split(separator: " ").map(String.init), level: level)
    }

    /// Pieces that are not broken inside; lines after the first stand `hanging` columns further in.
    ///
    /// - Parameter continued: What ends every line but the last.
    mutating func units(_ units: [String], level: Int = 1, hanging: Int = 0, continued: String = "") {
        let indent = level * Self.step
        var line = "", lines: [String] = []
        for (number, unit) in units.map(visible).enumerated() {
            let end = number + 1 < units.count ? continued.count : 0
            let room = width - indent - (lines.isEmpty ? 0 : hanging) - end
            if !line.isEmpty, line.count + 1 + unit.count > room {
                lines.append(line + continued)
                line = ""
            }
            line += line.isEmpty ? unit : " \(unit)"
        }
        lines.append(line)
        for (number, line) in lines.enumerated() where !line.isEmpty {
            text += String(repeating: " ", count: indent + (number == 0 ? 0 : hanging)) + line + "\n"
        }
    }

    /// A term, and what is to be said of it, one level further in.
    mutating func entry(_ term: String, _ sentences: [String], level: Int = 1) {
        units([term], level: level)
        for sentence in sentences where !sentence.isEmpty { paragraph(sentence, level: level + 1) }
    }

    /// Columns as wide as their widest cell, two spaces apart; the last cell of a row is wrapped.
    mutating func table(_ rows: [[String]], level: Int = 1) {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
        for row in rows {
            let front = row.dropLast().enumerated().map { column, cell in
                cell + String(repeating: " ", count: widths[column] - cell.count + 2)
            }.joined()
            let words = (row.last ?? "").split(separator: " ").map(String.init)
            units([front + (words.first ?? "")] + words.dropFirst(), level: level, hanging: front.count)
        }
    }

    /// What an author wrote goes to a terminal: line ends are spaces, other control characters are shown.
    private func visible(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            if scalar == "\n" || scalar == "\t" || scalar == "\r" {
                shown += " "
            } else if isControl(scalar) {
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}
