import Foundation
import Glibc
import TestSupport

/// `jrun exec` by root with a program file that says no more than it has to.
package struct JrunExec: Confiner {
    /// More of the profile's `security`, each with its value in YAML's flow style; for tests of the suite itself.
    private let weaknesses: [String: String]

    package init(weaknesses: [String: String] = [:]) { self.weaknesses = weaknesses }
    package var name: String { "jrun" }
    package var usedAs: String { "`jrun exec` by root, with the default security profile" }
    package func missing(at site: Site) -> String? { nil }

    package func command(for words: [String], on stage: Stage) throws -> Command {
        let output = try stage.makeDirectory("output")
        return Command(
            try jrunExec(words, on: stage, output: output, weaknesses), environment: environment(stage))
    }

    /// One uid for all, the victim's, unless two runs are alive at once.
    private func environment(_ stage: Stage) -> [String: String] {
        let first = stage.site.user
        return [
            "JRUN_STATE": "\(stage.site.directory)/state", "JRUN_RUNTIME": stage.site.runtime,
            "JRUN_CGROUP": stage.site.cgroup, "JRUN_UIDS": "\(first)-\(first + (stage.hasNeighbour ? 7 : 0))",
        ]
    }

    package func killed(_ ended: Ended) -> String? { killedByJrun(ended) }
}

/// `jrun exec` by an ordinary user, the one whom the victims belong to.
package struct JrunRootless: Confiner {
    package init() {}
    package var name: String { "jrun rootless" }
    package var usedAs: String {
        "`jrun exec` by an ordinary user, with a single id and without a cgroup, with the default security profile"
    }

    /// Asked by trying.
    package func missing(at site: Site) -> String? {
        let question = Attack("works", .identity, "", probe: "ids", stoppedBy: [])
        do {
            let stage = try Stage(question, self, site)
            defer { stage.clear() }
            let ended = try command(for: ["ids"], on: stage).run()
            return ended.status == 0 ? nil : "jrun exec does not work for an ordinary user: \(ended.stderr.prefix(300))"
        } catch { return "\(error)" }
    }

    package func command(for words: [String], on stage: Stage) throws -> Command {
        let output = try stage.makeDirectory("output"), home = "\(stage.site.directory)/home"
        if access(home, F_OK) != 0 { mkdir(home, 0o700) }
        for place in [home, output] { chown(place, stage.site.user, stage.site.user) }
        var command = stage.asUser(try jrunExec(words, on: stage, output: output))
        command.environment["HOME"] = home
        command.environment["JRUN_ROOTLESS_IDS"] = "single"
        return command
    }

    package func killed(_ ended: Ended) -> String? { killedByJrun(ended) }
}

private func jrunExec(
    _ words: [String], on stage: Stage, output: String, _ weaknesses: [String: String] = [:]
) throws -> [String] {
    let programs = try stage.makeDirectory("programs")
    try stage.write(attackerFile(stage, weaknesses), to: "\(programs)/probe.yaml", mode: 0o644)
    let options = ["--best-effort", "--programs", programs, "--output-dir", output]
    return [stage.site.jrun, "exec"] + options + ["probe", "--"] + words
}

/// A program file that says no more than it has to.
func attackerFile(_ stage: Stage, _ weaknesses: [String: String]) -> String {
    let execute = (["\(stage.site.dist)/test"] + stage.visible).joined(separator: ", ")
    let security = weaknesses.map { ", \($0.key): \($0.value)" }.joined()
    return """
        program: probe
        summary: An attacker
        executable: \(stage.site.probe)
        arguments: [{argument: WORD, value: {string: {max: 4096}}, repeat: {min: 0, max: 200}}, {separator: true}]
        limits: {wall: 50s, cpu: 50s, memory: 256MiB, processes: 40, open_files: 64, output: 16MiB, disk: 16MiB, temporary: 1MiB}
        security: {files: {execute: [\(execute)]}\(security)}
        """
}

/// jrun ends the run at a forbidden call, and says which.
private func killedByJrun(_ ended: Ended) -> String? {
    let words = "made the forbidden system call "
    if let place = ended.stderr.range(of: words) {
        return "seccomp: \(ended.stderr[place.upperBound...].prefix { !$0.isWhitespace })"
    }
    return ended.status == 128 + SIGSYS ? "SIGSYS" : nil
}
