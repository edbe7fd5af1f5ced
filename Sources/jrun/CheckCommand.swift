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

    func run() throws { throw ExitCode(check(options.words, json: json)) }
}

/// - Returns: the exit status.
func check(_ words: RequestWords, json: Bool) -> Int32 {
    exitStatus {
        if json { return try answer(words) }
        let prepared = try PreparedRequest(words)
        _ = try prepared.preparation(words)
        print("\(prepared.loaded.program.name): accepted")
        return 0
    }
}

private func answer(_ words: RequestWords) throws -> Int32 {
    var answer = CheckAnswer()
    do {
        let prepared = try PreparedRequest(words)
        _ = try prepared.preparation(words)
    } catch let violations as Violations {
        answer.violations = violations.violations.map(CheckAnswer.Entry.init)
    } catch let refused as RunRefused {
        answer.violations = [.init(Violation(rule: "node", place: "node", message: refused.description))]
    }
    print(try answer.json())
    return answer.accepted ? 0 : 125
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
