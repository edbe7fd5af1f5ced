/// A line of a POSIX shell as far as it is typed, taken apart into words.
public struct ShellLine: Sendable, Equatable {
    /// Without quotes; the last one is that under the cursor, empty behind a space.
    public private(set) var words: [String] = []
    /// The last word as it is typed.
    public private(set) var lastTyped = ""

    public init(_ line: String) {
        var word: String?
        var quote: Unicode.Scalar?
        var isEscaped = false
        for scalar in line.unicodeScalars {
            if quote == nil, !isEscaped, scalar == " " || scalar == "\t" || scalar == "\n" {
                if let word { words.append(word) }
                (word, lastTyped) = (nil, "")
                continue
            }
            lastTyped.unicodeScalars.append(scalar)
            if isEscaped {
                // Between double quotes, a backslash stands for itself before most characters. Source: POSIX, 2.2.3.
                if quote != nil, !"$`\"\\".unicodeScalars.contains(scalar) { word = (word ?? "") + "\\" }
                isEscaped = false
                word = (word ?? "") + String(Character(scalar))
            } else if scalar == "\\", quote != "'" {
                isEscaped = true
            } else if scalar == quote {
                quote = nil
            } else if quote == nil, scalar == "'" || scalar == "\"" {
                quote = scalar
                word = word ?? ""
            } else {
                word = (word ?? "") + String(Character(scalar))
            }
        }
        words.append(word ?? "")
    }
}
