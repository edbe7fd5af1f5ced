import ArgumentParser
import Kernel
import Programs
import Runs

/// The shells that jrun can complete in.
enum CompletionTarget: String, CaseIterable, ExpressibleByArgument {
    case bash, zsh, fish
}

struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions", abstract: "Print a script that lets a shell complete jrun's command lines.",
        discussion: "For example, in ~/.bashrc: eval \"$(jrun completions bash)\"")

    @Argument(help: ArgumentHelp("bash, zsh or fish.", valueName: "shell"))
    var shell: CompletionTarget

    func run() throws {
        ignoreSignalsOfWriting()
        try reporting { try FileSystem.write(shell.script.utf8, to: 1, named: "stdout") }
    }
}

/// What the scripts ask. The answer is a line that says what kind it is, and then a candidate a line.
struct CompleteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "complete", abstract: "Answer a completion script.", shouldDisplay: false)

    /// The shell; for bash the word that it will replace, and the line up to the cursor; for the others the words.
    @Argument(parsing: .captureForPassthrough)
    var words: [String] = []

    /// A shell that completes has no use for complaints: what goes wrong is no candidates.
    func run() throws {
        guard let target = words.first.flatMap(CompletionTarget.init) else { return }
        let question = CompletionQuestion(target, Array(words.dropFirst()))
        let reply = (try? CompletionLine(question.words, outline: CommandOutline.ofJrun()).reply()) ?? .nothing
        try? FileSystem.write(question.answer(reply).utf8, to: 1, named: "stdout")
    }
}

/// What one shell asked, and the answer in its form.
private struct CompletionQuestion {
    let target: CompletionTarget
    let words: [String]
    /// What bash leaves alone of the word under the cursor, which it breaks at `=` and `:`.
    private let kept: String

    init(_ target: CompletionTarget, _ words: [String]) {
        self.target = target
        guard target == .bash else {
            self.words = words
            kept = ""
            return
        }
        let line = ShellLine(words.last ?? "")
        self.words = Array(line.words.dropFirst())
        let replaced = words.first ?? ""
        kept = line.lastTyped.hasSuffix(replaced) ? String(line.lastTyped.dropLast(replaced.count)) : ""
    }

    func answer(_ reply: CompletionReply) -> String {
        switch reply {
        case .files: return "files\n"
        case .directories: return "directories\n"
        case .words(let candidates):
            // Bash knows one kind for all of them, and it matters only for the last one left.
            let isOpen = !candidates.isEmpty && candidates.allSatisfy(\.isOpen)
            return (isOpen ? "open\n" : "words\n") + candidates.compactMap(line).joined()
        }
    }

    private func line(_ candidate: CompletionCandidate) -> String? {
        // A text that cannot be seen as it is cannot be chosen either.
        guard printable(candidate.text) == candidate.text else { return nil }
        if target == .bash {
            let text = candidate.text.hasPrefix(kept) ? String(candidate.text.dropFirst(kept.count)) : candidate.text
            return escaped(text) + "\n"
        }
        let help = candidate.help.map { "\t\(printable($0.split(separator: "\n").joined(separator: " ")))" } ?? ""
        return candidate.text + help + "\n"
    }

    /// Bash takes candidates as they are into the line.
    private func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if " !\"#$&'()*;<>?[\\]^`{|}~".unicodeScalars.contains(scalar) { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result
    }
}
