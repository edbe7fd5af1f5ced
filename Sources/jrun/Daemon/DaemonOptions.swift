import ArgumentParser
import ControlAPI
import FoundationEssentials
import Kernel
import Programs
import Runs

/// What every command that asks jrund is told.
struct DaemonOptions: ParsableArguments {
    @Option(
        name: [.customShort("H"), .long],
        help: ArgumentHelp(
            "jrund's socket; otherwise JRUN_SOCKET, or \(defaultSocketPath).", valueName: "path"),
        completion: .file())
    var socket: String?

    var client: ControlClient { ControlClient(socketPath) }
    var socketPath: String { socket ?? environmentVariable("JRUN_SOCKET") ?? defaultSocketPath }
}

/// The same for commands whose answer can be JSON.
struct AnswerOptions: ParsableArguments {
    @OptionGroup var daemon: DaemonOptions

    @Flag(name: .long, help: "As JSON, as the control API has it.")
    var json = false

    var client: ControlClient { daemon.client }
}

extension Problem {
    /// One for each thing that is wrong, as `exec` says it.
    var sentences: [String] {
        guard let violations, !violations.isEmpty else { return [detail] }
        // What the node has against it names its object itself.
        return violations.map { $0.rule == "node" ? $0.message : "\($0.place): \($0.message)" }
    }
}

/// What jrund sent, on a line of its own.
func printRawJSON(_ bytes: [UInt8]) throws {
    try FileSystem.write(bytes.last == 0x0a ? bytes : bytes + [0x0a], to: 1, named: "stdout")
}

func printJSON(_ value: some Encodable) throws { try printRawJSON(try APICoder.encode(value)) }

func printText(_ text: String) throws { try FileSystem.write(text.utf8, to: 1, named: "stdout") }

/// Waits for a jrund that went away to come back.
struct Comeback {
    /// How long it may take, milliseconds: longer than any restart of the service.
    static let patience: UInt64 = 60_000
    private var lostAt: UInt64?

    /// Returns when it is time to try again.
    mutating func wait(for error: ClientError, _ client: ControlClient) throws {
        // One that was never there is not waited for.
        guard error.mayPass, client.wasReached else { throw error }
        let now = monotonicNanoseconds() / 1_000_000
        if lostAt == nil { complain("lost jrund at '\(client.socketPath)'; waiting for it to come back") }
        let since = lostAt ?? now
        lostAt = since
        if now - since > Comeback.patience { throw error }
        // Nothing tells of a socket that takes connections again.
        try client.pause(milliseconds: 100)
    }

    /// It is back; a later loss is said again.
    mutating func reset() { lostAt = nil }
}

extension ControlClient {
    /// Asks until jrund was there to answer. Only for what may be asked twice.
    func persisting<Value>(_ body: () throws -> Value) throws -> Value {
        var comeback = Comeback()
        while true {
            do { return try body() } catch let error as ClientError { try comeback.wait(for: error, self) }
        }
    }
}
