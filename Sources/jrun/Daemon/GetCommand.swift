import ArgumentParser
import ControlAPI
import Kernel
import Programs
import Runs

struct GetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Fetch the results of a run that has ended.",
        discussion: """
            Without names all of them. With --tar, or one name and --output-dir -, to stdout. A file of the same name is \
            replaced.
            """)

    @OptionGroup var answer: AnswerOptions

    @Option(
        name: .customLong("output-dir"),
        help: ArgumentHelp("Where the files go; '-' is stdout, for one file.", valueName: "dir"),
        completion: .directory)
    var outputDirectory = "."

    @Flag(name: .long, help: "The inputs of a run that has not ended.")
    var inputs = false

    @Flag(name: .long, help: "All files as a tar archive on stdout.")
    var tar = false

    @Argument(help: idHelp) var id: String
    @Argument(help: ArgumentHelp("Names of files in the run.", valueName: "name")) var names: [String] = []

    func run() throws {
        try reporting {
            let client = answer.client
            if tar && (!names.isEmpty || answer.json) {
                throw RunRefused("--tar takes all files and has no JSON; leave out the names and --json")
            }
            let id = try client.id(self.id)
            try refuseWhatIsNotThere(try client.decode(RunView.self, .get(.run(id))))
            if tar { return try pass(.get(.run(id, "archive")), "archive", total: nil, client) }
            let files = try wanted(client.decode(FileList.self, .get(.run(id, "files"))).files)
            if outputDirectory == "-" {
                guard files.count == 1, !answer.json else {
                    throw RunRefused("--output-dir - is for one file; name it, or take --tar")
                }
                return try pass(.get(.file(files[0].path, of: id)), files[0].path, total: files[0].sizeBytes, client)
            }
            let output = try OutputDirectory(outputDirectory)
            var hasFailed = false
            for file in files {
                do { try output.fetch(file, of: id, with: client) } catch let refused as NotTaken {
                    hasFailed = true
                    complain("'\(file.path)' not fetched: \(refused)")
                }
            }
            if answer.json { try printJSON(FileList(files: files)) }
            if hasFailed { throw ExitCode(125) }
        }
    }

    /// Somebody's own files must not be replaced by older copies that they did not ask for.
    private func refuseWhatIsNotThere(_ run: RunView) throws {
        if inputs && run.hasEnded {
            throw RunRefused("run '\(run.id)' has ended: its results are kept, its inputs are not")
        }
        guard !inputs && !run.hasEnded else { return }
        throw RunRefused(
            "run '\(run.id)' is \(run.state): it has results when it has ended (jrun status --wait \(run.id)); "
                + "--inputs fetches its inputs")
    }

    private func wanted(_ files: [FileView]) throws -> [FileView] {
        let known = files.map(\.path)
        for name in names where !known.contains(name) {
            let list = known.isEmpty ? "; it has none" : "; files: \(known.prefix(20).joined(separator: ", "))"
            throw RunRefused("the run has no file '\(name)'\(suggestion(for: name, among: known, else: list))")
        }
        return names.isEmpty ? files : files.filter { names.contains($0.path) }
    }

    private func pass(_ request: ClientRequest, _ name: String, total: Int64?, _ client: ControlClient) throws {
        if isTerminal(1) { throw RunRefused("stdout is a terminal; send '\(name)' to a file or a pipe") }
        let progress = TransferProgress(name, total: total)
        defer { progress.finish() }
        let exchange = try client.perform(request)
        var bytes: Int64 = 0
        while let piece = try client.next(of: exchange) {
            try FileSystem.write(piece, to: 1, named: "stdout")
            bytes += Int64(piece.count)
            progress.update(bytes)
        }
    }
}
