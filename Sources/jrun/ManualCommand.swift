import ArgumentParser
import FoundationEssentials
import Kernel
import Programs
import Runs

/// What `make install` makes manual pages with; nobody has to know it.
struct ManualCommand: ParsableCommand {
    enum Page: String, CaseIterable, ExpressibleByArgument { case jrun, jrund }

    static let configuration = CommandConfiguration(
        commandName: "manual", abstract: "Print a manual page in roff.", shouldDisplay: false)

    @Argument(help: "jrun or jrund.")
    var page = Page.jrun

    func run() throws {
        ignoreSignalsOfWriting()
        try reporting {
            try printText(page == .jrund ? daemonManual : CommandManual(try CommandOutline.ofJrun()).roff)
        }
    }
}

/// jrun(1), made from its own commands. Source: man(7).
struct CommandManual {
    private let jrun: CommandOutline
    private var lines: [String] = []

    init(_ outline: CommandOutline) {
        jrun = outline
        lines = [".TH JRUN 1 \"\" \"jrun \(Jrun.configuration.version)\" \"User Commands\"", ".SH NAME"]
        text("jrun \\- run other people's programs safely", isEscaped: true)
        lines.append(".SH SYNOPSIS")
        lines.append(".B jrun")
        lines.append(".I command")
        lines.append("[\\fIoption\\fR ...] [\\fIargument\\fR ...]")
        lines.append(".SH DESCRIPTION")
        text(outline.discussion ?? "")
        for group in Jrun.configuration.groupedSubcommands { add(group) }
        environmentAndFiles()
    }

    var roff: String { lines.map { $0 + "\n" }.joined() }

    private mutating func add(_ group: CommandGroup) {
        lines.append(".SH \(group.name.uppercased()) COMMANDS")
        for command in group.subcommands {
            guard let outline = jrun.subcommand(command._commandName) else { continue }
            add(outline, path: "jrun")
        }
    }

    private mutating func add(_ command: CommandOutline, path: String) {
        guard command.shouldDisplay != false, command.commandName != "help" || path == "jrun" else { return }
        let path = "\(path) \(command.commandName)"
        lines.append(".SS \(escaped(path))\(synopsis(command))")
        text(command.abstract ?? "")
        if let discussion = command.discussion {
            lines.append(".PP")
            text(discussion)
        }
        for argument in command.arguments ?? [] where argument.shouldDisplay { add(argument) }
        for subcommand in command.subcommands ?? [] { add(subcommand, path: path) }
    }

    private func synopsis(_ command: CommandOutline) -> String {
        let words = command.positionals.filter(\.shouldDisplay).map { positional in
            let isBehind = positional.parsingStrategy == "postTerminator"
            let name = "\(positional.valueName ?? "value")\(positional.isRepeating ? " ..." : "")"
            return isBehind ? "[-- \(name)]" : positional.isOptional ? "[\(name)]" : name
        }
        return words.map { " " + escaped($0) }.joined()
    }

    private mutating func add(_ argument: CommandOutline.Argument) {
        let value = argument.valueName.map { "\\fI\(escaped($0))\\fR" } ?? ""
        let names = (argument.names ?? []).map { "\\fB\(escaped($0.text))\\fR" }
        if names == ["\\fB\\-\\-version\\fR"] || names.contains("\\fB\\-\\-help\\fR") { return }
        lines.append(".TP")
        switch argument.kind {
        case "positional": lines.append(value)
        case "option": lines.append(names.joined(separator: ", ") + " " + value)
        default: lines.append(names.joined(separator: ", "))
        }
        text(argument.abstract ?? "")
    }

    private mutating func environmentAndFiles() {
        lines.append(".SH ENVIRONMENT")
        term("JRUN_SOCKET", "The socket of jrund, where -H does not name it.")
        term("NO_COLOR", "Not empty: no colours.")
        term(
            "JRUN_STATE, JRUN_RUNTIME",
            "Where jrun exec keeps runs while they live, and its locks; otherwise /var/lib/jrun and /run/jrun, of an ordinary user the directories of the XDG base directory specification."
        )
        term(
            "JRUN_CGROUP",
            "The cgroup that jrun exec divides among its runs, relative to the mount of cgroup v2. An ordinary user's must be the user's own, with jrun in it."
        )
        term(
            "JRUN_WORK_DIRECTORY",
            "memory or disk: where the work directories of jrun exec are; disk needs project quotas.")
        term(
            "JRUN_ROOTLESS_IDS",
            "single: an ordinary user's runs do without subordinate ids.")
        term(
            "JRUN_SCOPE",
            "no: jrun exec of an ordinary user does not start itself again in a scope of the user's service manager.")
        lines.append(".SH FILES")
        term("/run/jrun/control.sock", "The socket of jrund.")
        term(
            "/etc/jrun/programs, /usr/share/jrun/programs",
            "Program files: the site's own, and those that come with jrun.")
        lines.append(".SH EXIT STATUS")
        term("the program's own", "It ended by itself, or in answer to a request to stop.")
        term("124", "The limit wall or cpu ended it.")
        term("125", "jrun refused the request or failed, or a required result is missing; the reason is on stderr.")
        term("126, 127", "The program cannot be executed; is not there.")
        term("128+N", "Signal N ended it.")
        lines.append(".SH SEE ALSO")
        lines.append(".BR jrund (8)")
    }

    private mutating func term(_ name: String, _ meaning: String) {
        lines += [".TP", "\\fB\(escaped(name))\\fR"]
        text(meaning)
    }

    private mutating func text(_ text: String, isEscaped: Bool = false) {
        for line in text.split(separator: "\n") { lines.append(isEscaped ? String(line) : escaped(String(line))) }
    }

    /// Hyphens that can be copied, and nothing at the beginning of a line that roff would obey.
    private func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            default: result.append(character)
            }
        }
        return result.hasPrefix(".") || result.hasPrefix("'") ? "\\&" + result : result
    }
}

/// jrund(8). Source: docs/daemon.md.
private let daemonManual = #"""
    .TH JRUND 8 "" "jrun \#(Jrun.configuration.version)" "System Administration"
    .SH NAME
    jrund \- the monitor of a node's runs
    .SH SYNOPSIS
    .B jrund
    [\fB\-\-config\fR \fIfile\fR] [\fB\-\-socket\fR \fIpath\fR] [\fB\-\-check\fR | \fB\-\-version\fR | \fB\-\-help\fR]
    .SH DESCRIPTION
    jrund owns the runs of a node, holds them to the rules of their programs, and serves one local socket (HTTP/1.1 with
    JSON), which
    .BR jrun (1)
    and any other client use. It needs root, and is normally started by systemd; otherwise it stays in the foreground and
    writes its log to stderr. Runs outlive it: neither a crash nor an upgrade costs a run, a byte of output or a result.
    .SH OPTIONS
    .TP
    \fB\-\-config\fR \fIfile\fR
    The configuration; /etc/jrun/jrund.yaml unless said.
    .TP
    \fB\-\-socket\fR \fIpath\fR
    Listen there, whatever the configuration says.
    .TP
    \fB\-\-check\fR
    Read the configuration and every program file, say what is wrong, and end.
    .SH SIGNALS
    .TP
    SIGHUP
    Read configuration and programs again; what is broken changes nothing.
    .TP
    SIGTERM, SIGINT
    End and leave the runs alive.
    .SH ENVIRONMENT
    JRUN_STATE, JRUN_RUNTIME, JRUN_CGROUP, JRUN_UIDS, JRUN_WORK_DIRECTORY, JRUN_IMAGES and JRUN_INIT override where things are.
    .SH FILES
    .TP
    /etc/jrun/jrund.yaml
    The configuration.
    .TP
    /run/jrun/control.sock
    The socket.
    .TP
    /var/lib/jrun
    Runs, with what they kept.
    .SH SEE ALSO
    .BR jrun (1)

    """#
