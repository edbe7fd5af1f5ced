import ArgumentParser
import Kernel
import Programs
import Runs

struct ProgramSchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "JSON Schema of a request for a program, or of program files.",
        discussion: "Dialect 2020-12. Forms, editors and client libraries can be built on it.")

    @Option(
        name: .long, help: ArgumentHelp("Look for program files there first. May be repeated.", valueName: "dir"),
        completion: .directory)
    var programs: [String] = []

    @Flag(name: .long, help: "Of the program file itself.")
    var file = false

    @Argument(help: "The program's name.")
    var program: String?

    func run() throws {
        ignoreSignalsOfWriting()
        try reporting {
            try FileSystem.write(try schema().pretty().utf8, to: 1, named: "stdout")
        }
    }

    private func schema() throws -> JSONValue {
        switch (program, file) {
        case (nil, true): return ProgramFileSchema.schema
        case (let name?, false):
            return try programLibrary(programs).load(name).program
                .requestSchema
        default: throw RunRefused("either a program's name or --file is needed")
        }
    }
}
