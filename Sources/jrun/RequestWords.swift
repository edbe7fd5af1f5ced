/// What `exec`, `check` and `plan` were told, whoever read it: `RequestOptions` says what each means.
struct RequestWords: Equatable {
    var programs: [String] = []
    var request: String?
    var input: [String] = []
    var outputDirectory = "."
    var report: String?
    var bestEffort = false
    var limit: [String] = []
    var env: [String] = []
    var program: String?
    var arguments: [String] = []
}

extension RequestWords {
    /// Reads an ordinary command line as ArgumentParser does, in a fiftieth of its time: ArgumentParser looks up the types of
    /// all options of all commands at run time, which takes longer than an isolated run. Nil leaves the line to it: an
    /// unknown option, one that is given twice, `--help`, whatever is an error. A test compares the two.
    ///
    /// - Parameters:
    ///   - words: what follows the subcommand.
    ///   - flag: the one flag that the subcommand has beyond `RequestOptions`, such as `--keep`.
    /// - Returns: what the line says, and whether the flag is there.
    static func read(_ words: ArraySlice<String>, flag: String) -> (words: RequestWords, hasFlag: Bool)? {
        var line = RequestWords(), hasFlag = false
        var place = words.startIndex
        while place < words.endIndex {
            let word = words[place]
            place += 1
            if word == "--" {
                line.arguments = Array(words[place...])
                break
            }
            if word == flag {
                if hasFlag { return nil }
                hasFlag = true
            } else if word == "--best-effort" {
                if line.bestEffort { return nil }
                line.bestEffort = true
            } else if word.utf8.first == dash {
                guard let (name, value) = option(word, words, &place), line.set(name, value) else { return nil }
            } else {
                if word.isEmpty || line.program != nil { return nil }
                line.program = word
            }
        }
        return (line, hasFlag)
    }

    private static let dash = UInt8(ascii: "-")

    /// `--name=value`, or `--name` with its value in the next word.
    private static func option(
        _ word: String, _ words: ArraySlice<String>, _ place: inout Int
    ) -> (name: String, value: String)? {
        let bytes = word.utf8
        if let equals = bytes.firstIndex(of: UInt8(ascii: "=")) {
            let value = bytes[bytes.index(after: equals)...]
            // A character that is put together of '=' and what follows is none to split at.
            guard let first = value.first, first < 0x80 else { return nil }
            return (String(word[..<equals]), String(value) ?? "")
        }
        guard place < words.endIndex else { return nil }
        let value = words[place]
        guard let first = value.utf8.first, first != dash || value == "-" else { return nil }
        place += 1
        return (word, value)
    }

    /// False when there is no such option, or its one value is there already.
    private mutating func set(_ name: String, _ value: String) -> Bool {
        switch name {
        case "--programs": programs.append(value)
        case "--input": input.append(value)
        case "--limit": limit.append(value)
        case "--env": env.append(value)
        case "--request" where request == nil: request = value
        case "--report" where report == nil: report = value
        case "--output-dir" where outputDirectory == ".": outputDirectory = value
        default: return false
        }
        return true
    }
}

/// Carries out `exec`, `check` or `plan` when the line is an ordinary one.
///
/// - Parameter words: all of the command line behind `jrun`.
/// - Returns: the exit status; nil when ArgumentParser shall read the line.
func runOrdinaryLine(_ words: [String]) -> Int32? {
    switch words.first {
    case "exec":
        guard let (line, keep) = RequestWords.read(words[1...], flag: "--keep") else { return nil }
        return execute(line, keep: keep)
    case "check":
        guard let (line, json) = RequestWords.read(words[1...], flag: "--json") else { return nil }
        return check(line, json: json)
    case "plan":
        guard let (line, json) = RequestWords.read(words[1...], flag: "--json") else { return nil }
        return plan(line, json: json)
    default: return nil
    }
}
