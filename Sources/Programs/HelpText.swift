/// What can be read from a program's own help text, in the usual layouts. The text is untrusted: it is bounded, and
/// whatever it says is only ever a guess.
struct HelpText {
    struct Option: Equatable {
        var names: [String]
        /// The word that stands for the value: `FILE`, `<n>`, `{a,b}`.
        var value: String?
        var form = OptionForm.separate
        var help = ""
        /// What is not certain, as phrases.
        var doubts: [String] = []
        /// A name stands there twice, as in `-C, --check=quiet, --check=silent`: no rule says that.
        var isUnclear = false
    }

    private(set) var options: [Option] = []
    /// Lines that begin with "usage".
    private(set) var usage: [String] = []
    /// The first line that is prose.
    private(set) var summary: String?

    static let maxBytes = 1 << 20
    static let maxLines = 20_000
    static let maxOptions = 300
    static let maxHelp = 200

    init(_ text: String) {
        let bytes = text.utf8.prefix(Self.maxBytes)
        let lines = bytes.split(maxSplits: Self.maxLines, omittingEmptySubsequences: false) { $0 == 10 }
        var lastIndent: Int?
        for line in lines.prefix(Self.maxLines) {
            read(plainText(String(decoding: line.prefix(4096), as: UTF8.self)), &lastIndent)
        }
    }

    private mutating func read(_ line: String, _ lastIndent: inout Int?) {
        let text = line.drop { $0 == " " }
        let indent = line.utf8.count - text.utf8.count
        if text.isEmpty {
            lastIndent = nil
            return
        }
        if text.first == "-", indent < 16, let option = HelpLine(String(text)).option {
            if options.count < Self.maxOptions { options.append(option) }
            lastIndent = indent
        } else if let last = lastIndent, indent > last, text.first != "-", !options.isEmpty {
            options[options.count - 1].help = joined(options[options.count - 1].help, String(text))
        } else {
            lastIndent = nil
            readProse(String(text))
        }
    }

    private mutating func readProse(_ text: String) {
        let start = text.prefix(6).lowercased()
        if start == "usage:" || start == "usage " || usage.count > 0 && text.prefix(3) == "or:" {
            if usage.count < 8 { usage.append(String(text.prefix(Self.maxHelp))) }
        } else if summary == nil, options.isEmpty, text.contains(" "), text.first?.isLetter == true, isSentence(text) {
            summary = String(text.prefix(120))
        }
    }

    /// Neither a complaint about the option that asked nor the heading of what follows.
    private func isSentence(_ text: String) -> Bool {
        let words = text.lowercased()
        return text.last != ":"
            && !["error", "invalid option", "unrecognized", "unknown option"].contains(where: words.contains)
    }

    private func joined(_ help: String, _ more: String) -> String {
        help.utf8.count >= Self.maxHelp ? help : String((help.isEmpty ? more : "\(help) \(more)").prefix(Self.maxHelp))
    }
}

/// Letters of any script, and what ASCII can print; a tab is eight spaces, everything else a question mark.
func plainText(_ text: String) -> String {
    var plain = ""
    for scalar in text.unicodeScalars {
        if scalar == "\t" {
            plain += "        "
        } else if (0x20..<0x7F).contains(scalar.value) || scalar.value > 0x9F && scalar.properties.isAlphabetic {
            plain.unicodeScalars.append(scalar)
        } else if scalar != "\r" {
            plain += "?"
        }
    }
    return plain
}

/// One line that begins with `-`: names, a value, and what it is for.
private struct HelpLine {
    private let text: [Unicode.Scalar]
    /// Where the description begins, if a gap shows it.
    private let gap: Int?
    private var at = 0

    init(_ line: String) {
        let scalars = Array(line.unicodeScalars)
        text = scalars
        gap = Self.gap(in: scalars)
    }

    /// The first gap that is not between two names, as the first is in `-q  --quiet  print less`.
    private static func gap(in text: [Unicode.Scalar]) -> Int? {
        var index = 0
        while let start = text[index...].firstIndex(of: " ") {
            let end = text[start...].firstIndex { $0 != " " } ?? text.count
            if end < text.count, text[end] == ":", end + 1 == text.count || text[end + 1] == " " { return end - 1 }
            if end > start + 1, !isLongName(text[end...]) { return start }
            index = end
        }
        return nil
    }

    private static func isLongName(_ text: ArraySlice<Unicode.Scalar>) -> Bool {
        text.starts(with: "--".unicodeScalars) && text.dropFirst(2).first?.properties.isAlphabetic == true
    }

    var option: HelpText.Option? {
        var line = self
        return line.parse()
    }

    private var end: Int { gap ?? text.count }
    private var peek: Unicode.Scalar? { at < end ? text[at] : nil }

    private mutating func parse() -> HelpText.Option? {
        var option = HelpText.Option(names: [])
        var forms: [OptionForm] = []
        while let name = name() {
            if option.names.contains(name) { option.isUnclear = true } else { option.names.append(name) }
            if let form = value(&option) { forms.append(form) }
            guard toNextName() else { break }
        }
        guard let first = option.names.first else { return nil }
        if option.value != nil {
            // One form holds for all names of a rule, and every program that takes `--name=VALUE` beside `-n VALUE`
            // takes `--name VALUE` too.
            let isMixed = option.names.count > 1 && forms.contains(.equals)
            option.form = isMixed ? .separate : forms.first ?? .separate
        }
        if first == "-" || first == "--" { return nil }
        var rest = String(String.UnicodeScalarView(text[min(at, text.count)...])).drop { $0 == " " }
        if let gap, at < gap {
            option.doubts.append("what '\(String(String.UnicodeScalarView(text[at..<gap])))' means")
        }
        if let gap { rest = String(String.UnicodeScalarView(text[gap...])).drop { $0 == " " || $0 == ":" } }
        option.help = String(rest.prefix(HelpText.maxHelp))
        return option
    }

    private mutating func name() -> String? {
        guard peek == "-" else { return nil }
        let start = at
        while let scalar = peek, scalar.isNameScalar { at += 1 }
        // The end of a sentence is no part of a name.
        while at > start + 2, text[at - 1] == "." || text[at - 1] == "?" || text[at - 1] == "-" { at -= 1 }
        let name = String(String.UnicodeScalarView(text[start..<at]))
        return name.utf8.count < 2 || name.utf8.count > 64 || name == "--" ? nil : name
    }

    private mutating func value(_ option: inout HelpText.Option) -> OptionForm? {
        switch peek {
        case "=":
            at += 1
            option.value = word() ?? option.value
            return .equals
        case "[":
            let inside = word() ?? ""
            option.doubts.append("it may also stand with a value: \(inside)")
            return nil
        case "<", "{":
            option.value = word()
            return .attached
        case " ":
            let start = at
            at += 1
            guard let next = peek, next != "-", next != "|", let word = word(), isPlaceholder(word) else {
                at = start
                return nil
            }
            option.value = word
            return .separate
        default: return nil
        }
    }

    /// In capitals or brackets; or any word where nothing but another name follows.
    private func isPlaceholder(_ word: String) -> Bool {
        if word.first == "<" || word.first == "{" || word.first == "[" { return true }
        let letters = word.unicodeScalars.filter { $0.properties.isAlphabetic }
        if !letters.isEmpty, letters.allSatisfy({ $0.properties.isUppercase }) {
            return letters.count > 1 || gap != nil
        }
        return (peek == nil && gap != nil) || (at == text.count) || peek == "," || peek == "|"
    }

    /// Up to a space or comma, brackets kept together.
    private mutating func word() -> String? {
        let start = at
        var depth = 0
        while let scalar = peek, depth > 0 || scalar != " " && scalar != "," && scalar != "|" {
            if "[<{(".unicodeScalars.contains(scalar) { depth += 1 }
            if "]>})".unicodeScalars.contains(scalar) { depth -= 1 }
            at += 1
        }
        return at == start ? nil : String(String.UnicodeScalarView(text[start..<at]))
    }

    /// Over `, `, ` | `, `/` and ` or ` to a name; stays where it is when none follows.
    private mutating func toNextName() -> Bool {
        let start = at
        while let scalar = peek, scalar == " " || scalar == "," || scalar == "|" || scalar == "/" { at += 1 }
        if peek == "o", at + 2 < end, text[at + 1] == "r", text[at + 2] == " " { at += 3 }
        if peek == "-", at > start { return true }
        at = start
        return false
    }
}

extension Unicode.Scalar {
    fileprivate var isNameScalar: Bool {
        switch value {
        case 48...57, 65...90, 97...122: true
        default: "-_.+@#?%".unicodeScalars.contains(self)
        }
    }
}
