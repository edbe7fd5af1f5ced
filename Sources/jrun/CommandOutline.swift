import FoundationEssentials

/// jrun's own subcommands and options as ArgumentParser describes them to tools, so that there is no second list of
/// them. Source: ToolInfo.swift of swift-argument-parser, version 0 of the format.
struct CommandOutline: Decodable {
    struct Argument: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String

            var text: String { kind == "long" ? "--\(name)" : "-\(name)" }
        }

        struct List: Decodable { var values: [String] }
        struct Extensions: Decodable { var extensions: [String] }
        struct Nothing: Decodable {}

        struct Completion: Decodable {
            var list: List?
            var file: Extensions?
            var directory: Nothing?
        }

        var kind: String
        var names: [Name]?
        var valueName: String?
        var abstract: String?
        var isRepeating: Bool
        var isOptional: Bool
        var shouldDisplay: Bool
        var parsingStrategy: String
        var completionKind: Completion?
    }

    var commandName: String
    var abstract: String?
    var discussion: String?
    var shouldDisplay: Bool?
    var subcommands: [CommandOutline]?
    var arguments: [Argument]?

    private struct Dump: Decodable { var command: CommandOutline }

    static func ofJrun() throws -> CommandOutline {
        try JSONDecoder().decode(Dump.self, from: Data(Jrun._dumpHelp().utf8)).command
    }

    func subcommand(_ name: String) -> CommandOutline? { subcommands?.first { $0.commandName == name } }

    func option(_ name: String) -> Argument? {
        arguments?.first { $0.kind != "positional" && $0.names?.contains { $0.text == name } == true }
    }

    var positionals: [Argument] { arguments?.filter { $0.kind == "positional" } ?? [] }
    var options: [Argument] { arguments?.filter { $0.kind != "positional" && $0.shouldDisplay } ?? [] }
}
