import ArgumentParser
import Kernel
import Programs
import Runs

struct ProgramCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "program", abstract: "Look at program files.",
        subcommands: [ListPrograms.self, ShowProgram.self, LintPrograms.self, NewProgram.self])
}

struct ListPrograms: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Names of all programs.")

    @Option(
        name: .long, help: ArgumentHelp("Look for program files there first. May be repeated.", valueName: "dir"),
        completion: .directory)
    var programs: [String] = []

    func run() throws {
        try reporting {
            let entries = ProgramLibrary(extra: programs, node: try currentNode()).list()
            let width = entries.map(\.name.count).max() ?? 0
            for (name, path) in entries {
                let summary =
                    (try? ProgramLibrary.read(path))?.program.summary ?? "(broken: see jrun program lint '\(path)')"
                print(name + String(repeating: " ", count: width - name.count + 2) + summary)
            }
        }
    }
}

struct ShowProgram: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "A program's rules, readable.")

    @Option(
        name: .long, help: ArgumentHelp("Look for program files there first. May be repeated.", valueName: "dir"),
        completion: .directory)
    var programs: [String] = []

    @Argument(help: "The program's name.")
    var program: String

    func run() throws {
        try reporting {
            let loaded = try ProgramLibrary(extra: programs, node: try currentNode()).load(program)
            print(loaded.program.describe())
            print("file: \(loaded.path)\nSHA-256: \(loaded.digest)")
        }
    }
}

struct LintPrograms: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint", abstract: "Everything that is wrong with program files.")

    @Argument(help: ArgumentHelp("Program files.", valueName: "file"), completion: .file(extensions: ["yaml"]))
    var files: [String]

    func run() throws {
        try reporting {
            var broken = false
            for path in files {
                do {
                    let loaded = try ProgramLibrary.read(path)
                    let executable = loaded.program.executable
                    if !FileSystem.isExecutable(executable) {
                        complain("\(path): warning: executable '\(executable)' is not on this node")
                    }
                    print("\(path): good")
                } catch let errors as ProgramFileErrors {
                    broken = true
                    for error in errors.errors { complain("\(error)") }
                } catch let refused as RunRefused {
                    broken = true
                    complain("\(refused)")
                }
            }
            if broken { throw ExitCode(125) }
        }
    }
}
