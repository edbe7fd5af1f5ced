/// What the command line says.
struct Options: Sendable, Equatable {
    enum Action: Sendable, Equatable { case serve, check, version, help }

    var action = Action.serve
    /// `nil`: the default file, which need not be there.
    var configurationPath: String?
    /// Wins over the configuration.
    var socket: String?

    static let defaultConfigurationPath = "/etc/jrun/jrund.yaml"

    static let help = """
        jrund: the monitor of a node; owns runs and serves the control socket.

        usage: jrund [--config FILE] [--socket PATH] [--check | --version | --help]

          --config FILE   the configuration; \(defaultConfigurationPath) unless said
          --socket PATH   listen there, whatever the configuration says
          --check         read the configuration and every program file, say what is wrong, and end
          --version       print the version
          --help          print this

        signals: HUP reads configuration and programs again; TERM and INT end jrund and leave the runs alive
        environment: JRUN_STATE, JRUN_RUNTIME, JRUN_CGROUP, JRUN_UIDS, JRUN_WORK_DIRECTORY, JRUN_IMAGES, JRUN_INIT override where
        things are
        """

    struct Misuse: Error, CustomStringConvertible {
        var description: String
    }

    init(_ arguments: [String]) throws(Misuse) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            switch parts[0] {
            case "--config": configurationPath = try Options.value(of: parts, &rest)
            case "--socket": socket = try Options.value(of: parts, &rest)
            case "--check" where parts.count == 1: action = .check
            case "--version" where parts.count == 1: action = .version
            case "--help" where parts.count == 1, "-h" where parts.count == 1: action = .help
            default: throw Misuse(description: "'\(argument)' is no option of jrund; --help lists them")
            }
        }
    }

    /// `--option VALUE` or `--option=VALUE`.
    private static func value(of parts: [String], _ rest: inout ArraySlice<String>) throws(Misuse) -> String {
        let value = parts.count == 2 ? parts[1] : rest.popFirst()
        guard let value, !value.isEmpty else { throw Misuse(description: "'\(parts[0])' needs a value behind it") }
        return value
    }
}
