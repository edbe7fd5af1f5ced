import ArgumentParser
import Kernel
import Programs
import Runs

struct NewProgram: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Write a commented beginning of a program file for an executable.",
        discussion: """
            Its help text is asked for in a sandbox, which needs root, or given by --help-text. What is only guessed is \
            marked "check:" in the file.
            """)

    @Option(name: .long, help: "The program's name; otherwise the executable's.")
    var name: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Write there; '-' is stdout. Without it NAME.yaml, here.", valueName: "file"),
        completion: .file())
    var output: String?

    @Option(
        name: .customLong("help-text"),
        help: ArgumentHelp("Read the help text from there; '-' is stdin.", valueName: "file"), completion: .file())
    var helpText: String?

    @Flag(name: .long, help: "Replace a file that is there already.")
    var force = false

    @Argument(help: ArgumentHelp("The executable's path.", valueName: "executable"), completion: .file())
    var executable: String

    func run() throws {
        ignoreSignalsOfWriting()
        try reporting {
            let path = try absolutePath(of: executable)
            var draft = ProgramDraft(name: try chosenName(path), executable: path)
            let target = output ?? "\(draft.name).yaml"
            try refuseToReplace(target)
            try DraftDependencies(of: path).add(to: &draft)
            draft.helpText = try text(for: draft)
            try write(draft.yaml(), to: target, name: draft.name)
        }
    }

    private func chosenName(_ path: String) throws -> String {
        guard let name else { return String(path.split(separator: "/").last ?? "") }
        guard ProgramDraft.possibleName(name) == name else {
            throw RunRefused(
                "--name '\(name)': a program's name is 1 to 64 of a-z 0-9 . _ -, the first a letter or digit")
        }
        return name
    }

    /// As the run will see it: absolute, without links in the directories that a run does not have.
    private func absolutePath(of path: String) throws -> String {
        guard FileSystem.isExecutable(path), let status = try? FileStatus(path: path), status.kind == .file else {
            throw RunRefused("'\(path)' is not an executable file; give its whole path", exitCode: 126)
        }
        let absolute = path.hasPrefix("/") && !path.contains("/.") && !path.contains("//") ? path : resolved(path)
        guard absolute.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7F }) else {
            throw RunRefused("'\(path)': only a path of printable ASCII without spaces can be written down here")
        }
        return absolute
    }

    private func refuseToReplace(_ target: String) throws {
        if target == "-" || force { return }
        if (try? FileStatus(path: target, following: false)) != nil {
            throw RunRefused("'\(target)' is there already; --force replaces it, --output FILE writes elsewhere")
        }
    }

    private func text(for draft: ProgramDraft) throws -> String? {
        guard let helpText else { return HelpRun(draft).text() }
        do {
            let bytes =
                helpText == "-"
                ? try FileSystem.contents(of: 0, named: "stdin", limit: 1 << 20)
                : try FileSystem.contents(of: helpText, limit: 1 << 20)
            return String(decoding: bytes, as: UTF8.self)
        } catch {
            throw RunRefused("help text '\(helpText)': \(describe(errno: error.errno))")
        }
    }

    private func write(_ text: String, to target: String, name: String) throws {
        if target == "-" { return try FileSystem.write(text.utf8, to: 1, named: "stdout") }
        do {
            let flags: FileSystem.OpenFlags = force ? [.write, .create, .truncate] : [.write, .create, .exclusive]
            let file = try FileSystem.open(target, flags, mode: 0o644)
            try FileSystem.write(text.utf8, to: file.raw, named: target)
        } catch {
            throw RunRefused("'\(target)': \(describe(errno: error.errno))")
        }
        print("\(target): written; go through every \"check:\", then: jrun program lint \(target)")
    }
}
