import Kernel
import Programs
import Runs

/// Asks an executable for its help text, in a run of its own: it is as untrusted as any program.
struct HelpRun {
    private let draft: ProgramDraft

    init(_ draft: ProgramDraft) { self.draft = draft }

    /// Nil, with a sentence on stderr, when there is none to be had.
    func text() -> String? {
        guard isRoot() else {
            complain("the help text was not read, which needs root; give it by --help-text FILE")
            return nil
        }
        do { return try firstAnswer() } catch {
            // A draft without arguments is worth more than none.
            complain("the help text was not read: \(error); give it by --help-text FILE")
            return nil
        }
    }

    private func firstAnswer() throws -> String? {
        var best: String?
        for word in ["--help", "-h", "help"] {
            guard let text = try answer(to: word), !text.isEmpty else { continue }
            if ProgramDraft.findsOptions(in: text) { return text }
            best = best ?? text
        }
        if best == nil {
            complain("'\(draft.executable)' gave no help text; give it by --help-text FILE")
        }
        return best
    }

    /// A program that is allowed nothing but this one word.
    private func program(_ word: String) -> String {
        // The paths are the executable's own choice: its loader, its RPATH, the first line of a script.
        let places = draft.execute.map { yamlText($0.path, inFlow: true) }.joined(separator: ", ")
        let read = draft.read.map { yamlText($0.path, inFlow: true) }.joined(separator: ", ")
        return """
            program: help-text
            summary: Ask for help
            executable: \(yamlText(draft.executable, inFlow: false))
            arguments: [{literal: "\(word)", required: false}]
            results: [{path: help-text, when: any}]
            stdout: {file: help-text}
            stderr: stdout
            environment: {set: {LC_ALL: C, COLUMNS: "200", PATH: /usr/bin, HOME: /tmp}}
            limits: {wall: 5s, cpu: 5s, memory: 1GiB, processes: 32, open_files: 256, output: 1MiB, disk: 1MiB}
            security: {files: {read: [\(read)], execute: [\(places)]}}
            """
    }

    private func answer(to word: String) throws -> String? {
        let bytes = Array(program(word).utf8)
        let program = try ProgramFile.parse(bytes, fileName: "help").get()
        let request = try program.check(Request(arguments: [word])).get()
        let node = try currentNode()
        let preparation = try Preparation(
            node: node, loaded: LoadedProgram(program: program, path: "help", bytes: bytes), request: request,
            bestEffort: true)
        let directory = "\(node.runtimeDirectory)/help-\(RunID())"
        try FileSystem.makeDirectories(directory, mode: 0o700)
        defer {
            try? FileSystem.removeFile("\(directory)/help-text")
            try? FileSystem.removeDirectory(directory)
        }
        var execution = Execution(
            preparation, ExecutionOptions(inputs: [], outputDirectory: directory, keep: false, statusLine: false))
        _ = try execution.execute()
        let text = try? FileSystem.contents(of: "\(directory)/help-text", limit: 1 << 20)
        return text.map { String(decoding: $0, as: UTF8.self) }
    }
}
