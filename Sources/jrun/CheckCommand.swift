import ArgumentParser
import FoundationEssentials
import Programs
import Runs

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Say everything that is wrong with a request, without running it.")

    @OptionGroup var options: RequestOptions

    @Flag(name: .long, help: "As JSON.")
    var json = false

    func run() throws {
        if json { return try answer() }
        try reporting {
            let prepared = try PreparedRequest(options)
            let name = prepared.loaded.program.name
            _ = try prepared.preparation(options)
            print("\(name): accepted")
        }
    }

    private func answer() throws {
        var answer = CheckAnswer()
        try reporting {
            do {
                let prepared = try PreparedRequest(options)
                _ = try prepared.preparation(options)
            } catch let violations as Violations {
                answer.violations = violations.violations.map(CheckAnswer.Entry.init)
            } catch let refused as RunRefused {
                answer.violations = [.init(Violation(rule: "node", place: "node", message: refused.description))]
            }
            print(try answer.json())
        }
        if !answer.accepted { throw ExitCode(125) }
    }
}

/// `jrun check --json`: docs/request.md.
struct CheckAnswer: Encodable {
    struct Entry: Encodable {
        var rule: String
        var place: String
        /// Of the argument, counted from 1.
        var position: Int?
        var message: String

        init(_ violation: Violation) {
            (rule, place) = (violation.rule, violation.place)
            (position, message) = (violation.position, violation.message)
        }
    }

    var accepted = true
    var violations: [Entry] = [] { didSet { accepted = violations.isEmpty } }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
