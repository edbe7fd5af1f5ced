/// The lines of `jrun doctor` for people: status, name, what was found; below a line that is not `ok`, cost and cure.
public struct DoctorTable: Sendable {
    public var diagnoses: [Diagnosis]
    /// Columns.
    public var width: Int
    public var colour: Bool

    public init(_ diagnoses: [Diagnosis], width: Int = 80, colour: Bool) {
        self.diagnoses = diagnoses
        self.width = width
        self.colour = colour
    }

    /// Ends with the verdict and a newline.
    public var text: String {
        let all = diagnoses.indices.flatMap { lines(diagnoses[$0], after: $0 > 0 ? diagnoses[$0 - 1] : nil) }
        return (all + ["", verdict]).map { $0 + "\n" }.joined()
    }

    private var nameWidth: Int { diagnoses.map(\.name.count).max() ?? 0 }
    private static let statusWidth = 7
    private var indent: Int { DoctorTable.statusWidth + 2 + nameWidth + 2 }

    private func lines(_ diagnosis: Diagnosis, after previous: Diagnosis?) -> [String] {
        let cure = diagnosis.cure.map { $0 == previous?.cure ? "the same" : $0 }
        let head = painted(diagnosis.status) + "  " + padded(diagnosis.name, nameWidth) + "  "
        return paragraph(diagnosis.found, first: head, indent: indent)
            + detail("cost: ", diagnosis.cost) + detail("cure: ", cure)
    }

    /// Indented less than what was found, so that a command most often stays on one line.
    private func detail(_ label: String, _ text: String?) -> [String] {
        let margin = String(repeating: " ", count: DoctorTable.statusWidth + 4)
        return text.map { paragraph($0, first: margin + label, indent: margin.count + label.count) } ?? []
    }

    private func paragraph(_ text: String, first: String, indent: Int) -> [String] {
        let rest = String(repeating: " ", count: indent)
        return DoctorTable.wrapped(text, width: max(20, width - indent)).enumerated()
            .map { ($0 == 0 ? first : rest) + $1 }
    }

    /// Breaks at spaces; a word that is longer than a line keeps one of its own.
    static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = [""]
        for word in text.split(separator: " ") {
            let line = lines[lines.count - 1]
            if line.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if line.count + 1 + word.count <= width {
                lines[lines.count - 1] = "\(line) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    /// Bold red, yellow, green. Source: ECMA-48, SGR.
    private func painted(_ status: Diagnosis.Status) -> String {
        let word = padded(status.rawValue, DoctorTable.statusWidth)
        guard colour else { return word }
        let code =
            switch status {
            case .ok: "32"
            case .weaker: "33"
            case .missing: "1;31"
            }
        return "\u{1b}[\(code)m\(word)\u{1b}[0m"
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private var verdict: String {
        let missing = diagnoses.count { $0.status == .missing }
        let weaker = diagnoses.count { $0.status == .weaker }
        if missing > 0 { return "runs cannot start on this node: \(missing) missing, \(weaker) weaker" }
        return weaker == 0
            ? "this node has everything" : "runs can start on this node: nothing missing, \(weaker) weaker"
    }
}
