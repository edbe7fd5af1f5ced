// The `jrun` command line as a child that asks the test's daemon.

import Foundation
import Glibc
import TestSupport
import Testing

extension Daemon {
    /// - Parameter words: a subcommand and what belongs to it.
    func jrunCommand(_ words: [String], input: [UInt8]? = nil) -> Command {
        var command = Command([place.jrun] + words)
        command.environment = environment.filter { $0.key != "NOTIFY_SOCKET" }
        command.environment["JRUN_SOCKET"] = socket
        command.input = input
        return command
    }

    func jrun(_ words: String..., input: [UInt8]? = nil) throws -> Ended {
        try jrunCommand(words, input: input).run()
    }

    /// One that goes on.
    func beginJrun(_ words: String..., input: [UInt8]? = nil) throws -> Child {
        try Child(jrunCommand(words, input: input))
    }

    /// What it answers with --json; it has to succeed, and to say nothing else.
    func jrunJSON(_ words: String...) throws -> JSON {
        let ended = try jrunCommand([words[0], "--json"] + words.dropFirst()).run()
        try #require(ended.status == 0 && ended.stderr.isEmpty, "jrun \(words): \(ended)")
        return try JSON(parsing: ended.stdout.array)
    }

    /// What it prints; it has to succeed.
    func jrunText(_ words: String...) throws -> String {
        let ended = try jrunCommand(words).run()
        try #require(ended.status == 0, "jrun \(words): \(ended)")
        return ended.text.trimmingCharacters(in: .newlines)
    }

    /// The same by `jrun run` and by `jrun exec`. - Parameter words: the program and what belongs to it.
    func bothWays(_ words: [String], input: [UInt8]? = nil) throws -> (run: Ended, exec: Ended) {
        let run = try jrunCommand(["run"] + words, input: input).run()
        let programs = ["--best-effort", "--programs", "\(directory)/programs"]
        let exec = try jrunCommand(["exec"] + programs + words, input: input).run()
        return (run, exec)
    }

    /// An empty directory beside the daemon's own.
    func makeScratchDirectory(_ name: String) throws -> String {
        let path = "\(directory)/scratch/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        return path
    }

    /// Ids of all runs, newest first.
    var ids: [String] { get throws { try get("/v1/runs").json["runs"].array.compactMap { $0["id"].string } } }
}

/// Permission bits; nil when it is not there.
func mode(of path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
}

func contents(of path: String) -> Bytes { Bytes((try? Data(contentsOf: URL(fileURLWithPath: path))) ?? Data()) }
