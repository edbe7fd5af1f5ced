// The way back: a program as the text of a program file.
//
//   Program ──PrintProgram…──► PrintedNode ──YAMLLayout──► lines, each with its origin ──► text
//
// Reading the text gives an equal program. All keys of the top level, and of those mappings that a file may merge key by
// key, are written out with their values; of a single rule only what differs from its default.

extension Program {
    /// The program as a program file that is read as an equal program.
    public func yaml() -> String {
        YAMLLayout(PrintedProgram(program: self).entries, origins: [:]).lines.map { "\($0.text)\n" }.joined()
    }
}

extension ProgramSource {
    /// The merged program file, each value with the file and line that it comes from as a comment, or `# default`.
    public func annotatedYAML() -> String {
        let origins = origins
        let printed = PrintedProgram(program: program, isAbstract: isAbstract, given: Set(origins.keys))
        let lines = YAMLLayout(printed.entries, origins: origins).lines
        let widths = lines.filter { $0.origin != nil }.map(\.text.count).filter { $0 <= YAMLLayout.width }
        let column = (widths.max() ?? 0) + 2
        return lines.map { line in
            guard let source = line.origin else { return "\(line.text)\n" }
            let padding = String(repeating: " ", count: max(2, column - line.text.count))
            return "\(line.text)\(padding)# \(source.comment)\n"
        }
        .joined()
    }
}

extension YAMLLayout.Source {
    fileprivate var comment: String {
        switch self {
        case .standard: "default"
        case .file(let origin): "\(shortFileName(origin.file)):\(origin.line)"
        }
    }
}

/// A file's name without its directory, in one line.
public func shortFileName(_ path: String) -> String {
    var name = ""
    for scalar in (path.split(separator: "/").last ?? "").unicodeScalars {
        name.unicodeScalars.append(isControl(scalar) ? "?" : scalar)
    }
    return name
}

/// A program file's entries, in the order of the page.
struct PrintedProgram {
    let program: Program
    var isAbstract = false
    /// Paths of what an abstract file says; what it leaves out is not the program's default.
    var given: Set<String> = []

    var entries: [PrintedNode.Entry] {
        let entries = head + [("arguments", program.arguments.printed)] + files + streams + environmentAndEnd + rest
        return entries.filter { has($0.key) }
    }

    private func has(_ path: String) -> Bool {
        let isNeeded = ["summary", "executable", "limits", "security"].contains(path) || path.utf8.contains(46)
        return !isAbstract || !isNeeded || given.contains(path)
    }

    private var head: [PrintedNode.Entry] {
        [("program", .text(program.name))] + (isAbstract ? [("abstract", .word("true"))] : [])
            + [("summary", .text(program.summary))] + optional("version", program.version.map { .text($0) })
            + [("executable", .text(program.executable))]
    }

    private var files: [PrintedNode.Entry] {
        [
            ("inputs", .rules(program.inputs.map(\.printed))),
            ("results", .rules(program.results.map(\.printed))),
        ]
    }

    private var streams: [PrintedNode.Entry] {
        let caps = program.streamCaps
        return [
            ("stdin", program.stdin.printed(caps.stdin)), ("stdout", program.stdout.printed(caps.stdout)),
            ("stderr", program.stderr.printed(caps.stderr)),
        ]
    }

    private var environmentAndEnd: [PrintedNode.Entry] {
        let codes = program.successExitCodes.sorted().map { PrintedNode.word("\($0)") }
        return [
            ("environment", program.environment.printed), ("success", .mapping([("exit_codes", .list(codes))])),
            ("stop", program.stop.printed),
        ] + optional("suspend", program.suspend?.printed)
    }

    private var rest: [PrintedNode.Entry] {
        let limits = LimitName.allCases.filter { has("limits.\($0.rawValue)") }
        let who = program.who.map { who in
            PrintedNode.mapping(
                (who.users.isEmpty ? [] : [("users", .texts(who.users))])
                    + (who.groups.isEmpty ? [] : [("groups", .texts(who.groups))]))
        }
        return [
            ("limits", .section(limits.map { ($0.rawValue, $0.printed(program.limits[$0])) })),
            ("security", program.security.printed),
        ] + optional("who", who) + optional("warm", program.warm == 0 ? nil : .word("\(program.warm)"))
    }
}

/// An entry, or none.
func optional(_ key: String, _ value: PrintedNode?) -> [PrintedNode.Entry] {
    value.map { [(key, $0)] } ?? []
}
