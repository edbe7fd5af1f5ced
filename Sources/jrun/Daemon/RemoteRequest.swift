import ArgumentParser
import ControlAPI
import Kernel
import Programs
import Runs

/// What `run` and `create` are told of a request. Where program files are and what a node may do without is the daemon's
/// configuration, so there is no `--programs` and no `--best-effort`.
struct RemoteRequestOptions: ParsableArguments {
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
}

/// A request put together here and judged by jrund.
struct RemoteRequest {
    struct Input {
        enum Source {
            case file(String)
            case bytes([UInt8])
        }

        var name: String
        var source: Source
    }

    private(set) var form: RequestForm
    private(set) var inputs: [Input] = []
    /// What is wrong as far as it can be seen without the program's rules.
    private(set) var violations: [Violation] = []

    init(_ options: RemoteRequestOptions) throws {
        let file = try options.request.map(RequestFile.init)
        guard let name = options.program ?? file?.form.program else {
            throw RunRefused("a program's name is needed, or --request FILE")
        }
        if let file { try file.expect(programNamed: name) }
        form = file?.form ?? RequestForm(program: name)
        for input in form.inputs { add(input, file) }
        for text in options.input {
            guard let file = inputFile(text, &violations) else { continue }
            add(Input(name: file.name, source: .file(file.source)))
        }
        addArguments(options.arguments)
        addSettings(options)
    }

    private mutating func add(_ input: RequestForm.Input, _ file: RequestFile?) {
        switch input.content {
        case .bytes(let bytes): add(Input(name: input.name, source: .bytes(bytes)))
        case .file(let path):
            let source = file?.resolved(path) ?? path
            guard regularFile(source, as: input.name, place: "input '\(input.name)'", &violations) != nil else {
                return
            }
            add(Input(name: input.name, source: .file(source)))
        }
    }

    private mutating func add(_ input: Input) {
        if inputs.contains(where: { $0.name == input.name }) {
            violations.append(Violation(rule: "inputs", place: "input '\(input.name)'", message: "given twice"))
        }
        inputs.append(input)
    }

    private mutating func addArguments(_ arguments: [String]) {
        guard !arguments.isEmpty else { return }
        if form.hasArguments { return violations.append(.argumentsTwice) }
        form.setArguments(arguments)
    }

    /// As `exec` reads them: what the request sets too is refused.
    private mutating func addSettings(_ options: RemoteRequestOptions) {
        let known = Set(form.variables)
        var settings = Request(
            environment: Dictionary(known.map { ($0, "") }) { first, _ in first }, limits: form.limits)
        for text in options.limit { addLimit(text, to: &settings, &violations) }
        for text in options.env { addVariable(text, to: &settings, &violations) }
        form.limits = settings.limits
        for (name, value) in settings.environment.sorted(by: { $0.key < $1.key }) where !known.contains(name) {
            form.addVariable(name, value)
        }
    }

    /// Makes the run. Everything that is wrong is said at once, whoever found it.
    func create(with client: ControlClient) throws -> RunView {
        // Asked again after a lost connection, it is the same run.
        let key = RunID().description
        var request = ClientRequest.post(Route(["v1", "runs"]), json: form.jsonWithoutInputs())
        request.fields.append(("Idempotency-Key", key))
        do {
            let view = try client.persisting { try client.decode(RunView.self, request) }
            if violations.isEmpty { return view }
            try client.remove(view.id)
        } catch let problem as Problem {
            let found = (problem.violations ?? []).map {
                Violation(rule: $0.rule, place: $0.place, message: $0.message, position: $0.position)
            }
            if violations.isEmpty || found.isEmpty { throw problem }
            throw Violations(violations + found)
        }
        throw Violations(violations)
    }

    /// Sends the input files; what the rules have against each of them is said together.
    func upload(to id: String, with client: ControlClient) throws {
        var refused: [Violation] = []
        for input in inputs {
            do { try client.persisting { try input.upload(to: id, with: client) } } catch let problem as Problem {
                guard let found = problem.violations, !found.isEmpty else { throw problem }
                refused += found.map { Violation(rule: $0.rule, place: $0.place, message: $0.message) }
            }
        }
        if !refused.isEmpty { throw Violations(refused) }
    }
}

extension RemoteRequest.Input {
    /// Replaces an input of that name.
    func upload(to id: String, with client: ControlClient) throws {
        switch source {
        case .bytes(let bytes):
            _ = try client.collect(ClientRequest("PUT", .file(name, of: id), body: .bytes(bytes)))
        case .file(let path):
            let file = try openOrRefuse(path, as: "input '\(name)': '\(path)'")
            let size = try FileStatus(of: file.raw).size
            let progress = TransferProgress(name, total: size)
            client.progress = progress.update
            defer {
                client.progress = nil
                progress.finish()
            }
            do {
                _ = try client.collect(
                    ClientRequest("PUT", .file(name, of: id), body: .file(file.raw, size: size)))
            } catch ClientError.shortened {
                throw RunRefused("input '\(name)': '\(path)' became shorter while it was sent")
            }
        }
    }
}

extension ControlClient {
    /// Removes a run with all it kept; one that is gone already is no error.
    func remove(_ id: String, killing: Bool = false) throws {
        let query = killing ? [(name: "kill", value: "true")] : []
        do { _ = try collect(ClientRequest("DELETE", Route(["v1", "runs", id], query: query))) } catch let problem
            as Problem
        {
            if problem.status != 404 { throw problem }
        }
    }
}

/// - Parameter name: how the refusal calls it.
func openOrRefuse(_ path: String, as name: String) throws -> OwnedFD {
    do { return try FileSystem.open(path, .read) } catch {
        throw RunRefused("\(name): \(describe(errno: error.errno))")
    }
}
