import Foundation
import TestSupport

/// `jrun exec` by root with a program file that says no more than it has to.
package struct JrunExec: Confiner {
    package init() {}
    package var name: String { "jrun" }
    package var usedAs: String { "`jrun exec` by root, with the default security profile" }
    package var missing: String? { nil }

    package func command(for words: [String], on stage: Stage) throws -> Command {
        let programs = "\(stage.directory)/programs"
        try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: true)
        try stage.write(JrunExec.programFile(stage), to: "\(programs)/probe.yaml", mode: 0o644)
        let output = "\(stage.directory)/output"
        try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
        let options = ["--best-effort", "--programs", programs, "--output-dir", output]
        return Command([stage.site.jrun, "exec"] + options + ["probe", "--"] + words, environment: environment(stage))
    }

    static func programFile(_ stage: Stage) -> String {
        let execute = (["\(stage.site.dist)/test"] + stage.visible).joined(separator: ", ")
        return """
            program: probe
            summary: An attacker
            executable: \(stage.site.probe)
            arguments: [{argument: WORD, value: {string: {max: 4096}}, repeat: {min: 0, max: 200}}, {separator: true}]
            limits: {wall: 50s, cpu: 50s, memory: 256MiB, processes: 40, open_files: 64, output: 16MiB, disk: 16MiB, temporary: 1MiB}
            security: {files: {execute: [\(execute)]}}
            """
    }

    /// One uid for all, the victim's, unless two runs are alive at once.
    private func environment(_ stage: Stage) -> [String: String] {
        let first = stage.site.user
        return [
            "JRUN_STATE": "\(stage.site.directory)/state", "JRUN_RUNTIME": "\(stage.site.directory)/runtime",
            "JRUN_CGROUP": stage.site.cgroup, "JRUN_UIDS": "\(first)-\(first + (stage.hasNeighbour ? 7 : 0))",
        ]
    }

    /// jrun ends the run at a forbidden call, and says which.
    package func killed(_ ended: Ended) -> String? {
        let words = "made the forbidden system call "
        if let place = ended.stderr.range(of: words) {
            let call = ended.stderr[place.upperBound...].prefix { !$0.isWhitespace }
            return "seccomp: \(call)"
        }
        return ended.status == 128 + 31 ? "SIGSYS" : nil
    }
}
