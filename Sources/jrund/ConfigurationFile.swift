import Kernel
import Programs
import Runs

/// Where the configuration is read from.
struct ConfigurationFile: Sendable {
    var path: String
    /// Somebody named it, so it has to be there.
    var isNamed: Bool
    var defaults: Configuration
    /// Of the command line; wins.
    var socket: String?
    /// Of the environment; wins.
    var workDirectory: WorkDirectoryPlace?

    struct Unreadable: Error, CustomStringConvertible {
        var description: String
    }

    init(_ options: Options, machine: Machine) {
        path = options.configurationPath ?? Options.defaultConfigurationPath
        isNamed = options.configurationPath != nil
        defaults = Configuration(defaultsOf: machine)
        socket = options.socket
        workDirectory = machine.workDirectory
    }

    /// - Throws: `ProgramFileErrors` or `Unreadable`, whose text is for whoever asked.
    func read() throws -> Configuration {
        var configuration: Configuration
        do {
            let bytes = try FileSystem.contents(of: path, limit: 1 << 20)
            configuration = try ConfigurationDecoder.parse(bytes, fileName: path, defaults: defaults).get()
        } catch let error as KernelError {
            guard errnoName(error.errno) == "ENOENT", !isNamed else {
                throw Unreadable(description: "configuration '\(path)': \(describe(errno: error.errno))")
            }
            configuration = defaults
        }
        if let socket { configuration.socket = socket }
        if let workDirectory { configuration.workDirectory = workDirectory }
        return configuration
    }
}
