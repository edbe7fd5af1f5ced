import ArgumentParser
import FoundationEssentials
import Kernel
import Programs
import Runs

/// What `exec`, `check` and `plan` are all told.
struct RequestOptions: ParsableArguments {
    @Option(
        name: .long, help: ArgumentHelp("Look for program files there first. May be repeated.", valueName: "dir"),
        completion: .directory)
    var programs: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("Read the request from a JSON file; '-' is standard input.", valueName: "file"),
        completion: .file())
    var request: String?

    @Option(
        name: .long, help: ArgumentHelp("Put FILE into the run, as NAME if given.", valueName: "file[=name]"),
        completion: .file())
    var input: [String] = []

    @Option(
        name: .customLong("output-dir"), help: ArgumentHelp("Where the results go.", valueName: "dir"),
        completion: .directory)
    var outputDirectory = "."

    @Option(
        name: .long, help: ArgumentHelp("Write the report there; '-' is stdout.", valueName: "file"),
        completion: .file())
    var report: String?

    @Flag(
        name: .customLong("best-effort"), help: "Use the next best mechanism for a limit that this node cannot enforce."
    )
    var bestEffort = false

    @Option(
        name: .long,
        help: ArgumentHelp("Set a limit, up to the program's ceiling, such as wall=30s.", valueName: "name=value"),
        completion: .list(LimitName.allCases.map { "\($0.rawValue)=" }))
    var limit: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("Set an environment variable that the program accepts.", valueName: "name=value"))
    var env: [String] = []

    @Argument(help: "The program's name; with --request, the request says it.")
    var program: String?

    @Argument(parsing: .postTerminator, help: "Arguments for the program, behind '--'.")
    var arguments: [String] = []

    var words: RequestWords {
        RequestWords(
            programs: programs, request: request, input: input, outputDirectory: outputDirectory, report: report,
            bestEffort: bestEffort, limit: limit, env: env, program: program, arguments: arguments)
    }
}

struct ExecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Run a program isolated, wait for it, and collect its results.")

    @OptionGroup var options: RequestOptions

    @Flag(name: .long, help: "Keep the run's directory.")
    var keep = false

    func run() throws { throw ExitCode(execute(options.words, keep: keep)) }
}

/// - Returns: the exit status.
func execute(_ words: RequestWords, keep: Bool) -> Int32 {
    ignoreSignalsOfWriting()
    return exitStatus {
        let prepared = try PreparedRequest(words)
        let preparation = try prepared.preparation(words)
        let report = try ReportFile(words.report)
        defer { report.discard() }
        var execution = Execution(
            preparation,
            ExecutionOptions(
                inputs: prepared.inputs, outputDirectory: words.outputDirectory, keep: keep,
                statusLine: isTerminal(1) && isTerminal(2)))
        let outcome = try withExtendedLifetime(prepared) { try execution.execute() }
        try report.publish(outcome.report)
        explain(outcome.report, outputLost: outcome.outputLost)
        if let directory = outcome.directory { complain("run kept in '\(directory)'") }
        return outcome.exitStatus
    }
}

struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Print the launch plan, step by step, without running it.")

    @OptionGroup var options: RequestOptions

    @Flag(name: .long, help: "As JSON.")
    var json = false

    func run() throws { throw ExitCode(plan(options.words, json: json)) }
}

/// - Returns: the exit status.
func plan(_ words: RequestWords, json: Bool) -> Int32 {
    exitStatus {
        let preparation = try PreparedRequest(words).preparation(words)
        let plan = try preparation.plan(for: preparation.exampleIdentity)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(plan.outline), as: UTF8.self))
        } else {
            print(plan.render(), terminator: "")
        }
        return 0
    }
}
