import Programs
import Runs

/// What a shell is told: words, or to complete names of its own.
enum CompletionReply {
    case words([CompletionCandidate])
    case files
    case directories

    static let nothing = CompletionReply.words([])
}

/// jrun's command line as far as it is written, and what may stand at the cursor.
struct CompletionLine {
    private let word: String
    private var command: CommandOutline
    /// The option whose value comes next.
    private var pending: CommandOutline.Argument?
    private var used: Set<String> = []
    private var positionals: [String] = []
    private var programs: [String] = []
    private var inputs: [String] = []
    private var socket: String?
    /// Everything behind `--`.
    private var arguments: [String]?

    /// - Parameter words: all of them behind `jrun`; the last one is being typed.
    init(_ words: [String], outline: CommandOutline) {
        word = words.last ?? ""
        command = outline
        for word in words.dropLast() { read(word) }
    }

    private mutating func read(_ text: String) {
        if arguments != nil {
            arguments?.append(text)
        } else if let option = pending {
            pending = nil
            note(option, text)
        } else if text == "--" {
            arguments = []
        } else if text.hasPrefix("-") {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let option = command.option(parts[0]) else { return }
            for name in option.names ?? [] where !option.isRepeating { used.insert(name.text) }
            if parts.count > 1 { note(option, parts[1]) } else if option.kind == "option" { pending = option }
        } else if positionals.isEmpty, let next = command.subcommand(text) {
            command = next
        } else {
            positionals.append(text)
        }
    }

    private mutating func note(_ option: CommandOutline.Argument, _ value: String) {
        if option.names?.contains(where: { $0.text == "--programs" }) == true { programs.append(value) }
        if option.names?.contains(where: { $0.text == "--input" }) == true { inputs.append(inputName(value)) }
        if option.names?.contains(where: { $0.text == "--socket" }) == true { socket = value }
    }

    // MARK: The answer

    func reply() throws -> CompletionReply {
        if let arguments { return try behindTerminator(arguments) }
        if let pending { return try value(of: pending, typed: word, prefix: "") }
        if word.hasPrefix("-") {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if parts.count > 1, let option = command.option(parts[0]) {
                return try value(of: option, typed: parts[1], prefix: "\(parts[0])=")
            }
            return .words(matching(options))
        }
        return try atPlace()
    }

    private var options: [CompletionCandidate] {
        command.options.flatMap { option in
            (option.names ?? []).filter { !used.contains($0.text) }.map {
                CompletionCandidate($0.text, help: option.abstract)
            }
        }
    }

    private func matching(_ candidates: [CompletionCandidate]) -> [CompletionCandidate] {
        candidates.filter { $0.text.hasPrefix(word) }
    }

    /// A subcommand, or a positional.
    private func atPlace() throws -> CompletionReply {
        let places = command.positionals.filter { $0.parsingStrategy != "postTerminator" }
        let place = positionals.count < places.count ? places[positionals.count] : places.last { $0.isRepeating }
        var candidates = subcommands
        if command.commandName == "help" { candidates += helpTopics }
        if let place {
            if place.completionKind?.file != nil { return .files }
            candidates += (place.completionKind?.list?.values ?? []).map { CompletionCandidate($0) }
            if ["program", "name"].contains(place.valueName), positionals.isEmpty { candidates += programNames }
            if place.valueName == "id" { candidates += daemon.runs(except: positionals) }
            if command.commandName == "get", place.valueName == "name", let id = positionals.first {
                candidates += daemon.files(of: id, except: positionals)
            }
        } else if positionals.count == places.count, !places.isEmpty {
            let hasArguments = command.positionals.count > places.count
            candidates += (hasArguments ? [CompletionCandidate("--", help: "arguments for the program follow")] : [])
        }
        if place == nil, positionals.count > places.count { return .nothing }
        // With nothing typed, what the place itself takes says more than every option.
        return .words(matching(candidates.isEmpty ? options : candidates))
    }

    private var subcommands: [CompletionCandidate] {
        guard positionals.isEmpty else { return [] }
        var seen: Set<String> = []
        return (command.subcommands ?? []).filter { $0.shouldDisplay != false && seen.insert($0.commandName).inserted }
            .map { CompletionCandidate($0.commandName, help: $0.abstract) }
    }

    /// What `jrun help` can be asked for beside programs.
    private var helpTopics: [CompletionCandidate] {
        var topic = try? CommandOutline.ofJrun()
        for name in positionals { topic = topic?.subcommand(name) }
        return (topic?.subcommands ?? []).filter { $0.shouldDisplay != false && $0.commandName != "help" }
            .map { CompletionCandidate($0.commandName, help: $0.abstract) }
    }

    private var daemon: DaemonCompletion { DaemonCompletion(socket: socket) }

    /// Whether the command asks jrund, which knows programs of its own.
    private var isRemote: Bool { command.option("--socket") != nil }

    private var programNames: [CompletionCandidate] {
        if isRemote, let known = daemon.programs() { return known }
        return library.list().map { CompletionCandidate($0.name) }
    }

    private func program(_ name: String) throws -> Program {
        if isRemote, let program = daemon.program(name) { return program }
        return try library.load(name).program
    }

    private var library: ProgramLibrary { programLibrary(programs) }

    private func value(of option: CommandOutline.Argument, typed: String, prefix: String) throws -> CompletionReply {
        if option.completionKind?.file != nil { return .files }
        if option.completionKind?.directory != nil { return .directories }
        if let list = option.completionKind?.list {
            let values = list.values.filter { $0.hasPrefix(typed) }
            return .words(values.map { CompletionCandidate(prefix + $0, isOpen: $0.hasSuffix("=")) })
        }
        if option.names?.contains(where: { $0.text == "--program" }) == true {
            return .words(
                programNames.filter { $0.text.hasPrefix(typed) }.map { CompletionCandidate(prefix + $0.text) })
        }
        guard option.names?.contains(where: { $0.text == "--env" }) == true, let name = positionals.first else {
            return .nothing
        }
        let program = try program(name)
        return .words(
            program.environmentCompletions(of: typed).map {
                CompletionCandidate(prefix + $0.text, help: $0.help, isOpen: $0.isOpen)
            })
    }

    private func behindTerminator(_ arguments: [String]) throws -> CompletionReply {
        guard let name = positionals.first,
            command.positionals.contains(where: { $0.parsingStrategy == "postTerminator" })
        else { return .nothing }
        let program = try program(name)
        return .words(program.completions(of: word, after: arguments, inputs: inputs))
    }
}
