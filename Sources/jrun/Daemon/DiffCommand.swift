import ArgumentParser
import ControlAPI
import Kernel
import Programs
import Runs

struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Say what a run has changed since its start.",
        discussion: """
            In its work directory, and in its image where that is writable (there with a '/' in front). A line for each \
            file: what became of it, its size, its name.
            """)

    @OptionGroup var answer: AnswerOptions

    @Argument(help: idHelp) var id: String

    func run() throws {
        try reporting {
            let client = answer.client
            let bytes = try client.collect(.get(.run(try client.id(id), "changes")))
            if answer.json { return try printRawJSON(bytes) }
            let changes = try client.decode(RunChanges.self, from: bytes)
            try printText(ChangeTable(changes).text)
            if !changes.complete { complain("there may be more changes than could be listed") }
        }
    }
}

/// A line for each change; sizes stand under each other.
struct ChangeTable {
    private let lines: [(change: String, size: String, path: String)]

    init(_ changes: RunChanges) {
        lines =
            changes.work.map { ChangeTable.line($0, prefix: "") }
            + (changes.image ?? []).map { ChangeTable.line($0, prefix: "/") }
    }

    private static func line(
        _ change: RunChanges.Change, prefix: String
    ) -> (change: String, size: String, path: String) {
        let sizes = [change.was, change.size].compactMap { $0.map(formatBytes) }
        let isDirectory = change.type == "directory"
        return (
            change.change.rawValue, isDirectory ? "" : sizes.joined(separator: " → "),
            printable(prefix + change.path) + (isDirectory ? "/" : "")
        )
    }

    var text: String {
        let widths = (lines.map(\.change.count).max() ?? 0, lines.map(\.size.count).max() ?? 0)
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: width - text.count + 2)
        }
        return lines.map { padded($0.change, widths.0) + padded($0.size, widths.1) + $0.path + "\n" }.joined()
    }
}
