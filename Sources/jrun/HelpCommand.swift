import ArgumentParser
import Kernel
import Programs
import Runs

/// Stands before ArgumentParser's own `help`, which knows subcommands only.
struct HelpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "help", abstract: "Show how a program is used under its rules, or a subcommand of jrun.")

    @Option(
        name: .long, help: ArgumentHelp("Look for program files there first. May be repeated.", valueName: "dir"),
        completion: .directory)
    var programs: [String] = []

    @Argument(help: ArgumentHelp("A program's name, or a subcommand.", valueName: "name"))
    var names: [String] = []

    func run() throws {
        ignoreSignalsOfWriting()
        try reporting { try FileSystem.write(text().utf8, to: 1, named: "stdout") }
    }

    private func text() throws -> String {
        if let command = subcommand { return Jrun.helpMessage(for: command) + "\n" }
        let library = programLibrary(programs)
        let known = library.list().map(\.name)
        let name = names.joined(separator: " ")
        // A path is taken as one, so that a program file can be tried where it is written.
        guard known.contains(name) || names.count == 1 && name.contains("/") else {
            let candidates = known + Jrun.configuration.subcommands.compactMap { $0.configuration.commandName }
            let near = suggestion(for: name, among: candidates, else: "; programs: \(known.joined(separator: ", "))")
            throw RunRefused("'\(name)' is neither a program nor a subcommand of jrun\(near)")
        }
        let program = try library.load(name).program
        return ManualPage(of: program, width: terminalColumns(1) ?? 80, isBold: isTerminal(1)).text()
    }

    /// The subcommand that the words lead to; jrun itself for none.
    private var subcommand: (any ParsableCommand.Type)? {
        var command: any ParsableCommand.Type = Jrun.self
        for name in names {
            let next = command.configuration.subcommands.first { $0.configuration.commandName == name }
            guard let next else { return nil }
            command = next
        }
        return command
    }
}
