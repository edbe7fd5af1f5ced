import ArgumentParser
import Kernel
import Programs
import Runs

struct ProgramCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "program", abstract: "Look at program files.",
        subcommands: [
            ListPrograms.self, ShowProgram.self, LintPrograms.self, NewProgram.self, ProgramSchemaCommand.self,
        ])
}

struct ListPrograms: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Names of all programs that can be run.")

    @Option(
        name: .long, help: ArgumentHelp("Look for program files there first. May be repeated.", valueName: "dir"),
        completion: .directory)
    var programs: [String] = []

    func run() throws {
        try reporting {
            let library = programLibrary(programs)
            let entries = library.list().compactMap { name, path -> (name: String, summary: String)? in
                guard let source = try? library.read(path, besideFirst: false) else {
                    return (name, "(broken: see jrun program lint '\(printable(path))')")
                }
                return source.isAbstract ? nil : (name, source.program.summary)
            }
            let width = entries.map(\.name.count).max() ?? 0
            for (name, summary) in entries {
                print(name + String(repeating: " ", count: width - name.count + 2) + summary)
            }
        }
    }
}

struct ShowProgram: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "A program's whole file, merged with what it extends, each value with the place it comes from.")

    @Option(
        name: .long, help: ArgumentHelp("Look for program files there first. May be repeated.", valueName: "dir"),
        completion: .directory)
    var programs: [String] = []

    @Argument(help: "The program's name.")
    var program: String

    func run() throws {
        try reporting {
            let (source, path) = try programLibrary(programs).source(
                program)
            let loaded = LoadedProgram(source, path: path)
            for file in loaded.files {
                print("# \(shortFileName(file.path)): \(printable(file.path)), SHA-256 \(file.digest)")
            }
            if loaded.files.count > 1 { print("# all of them: SHA-256 \(loaded.digest)") }
            print(source.annotatedYAML(), terminator: "")
        }
    }
}
