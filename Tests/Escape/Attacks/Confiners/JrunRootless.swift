import Foundation
import Glibc
import TestSupport

/// `jrun exec` by an ordinary user without a cgroup or subordinate ids: the weakest of its forms. The user is the one that
/// the victims belong to, so that no attack is stopped merely because two uids differ.
package struct JrunRootless: Confiner {
    package init() {}
    package var name: String { "jrun rootless" }
    package var usedAs: String {
        "`jrun exec` by an ordinary user, with a single id and without a cgroup, with the default security profile"
    }
    package var missing: String? { nil }

    package func command(for words: [String], on stage: Stage) throws -> Command {
        let programs = "\(stage.directory)/programs", home = "\(stage.site.directory)/home"
        try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: true)
        try stage.write(JrunExec.programFile(stage), to: "\(programs)/probe.yaml", mode: 0o644)
        // A place in which nothing lies that an attack looks for.
        let output = "\(stage.directory)/output"
        for directory in [output, home] {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            chown(directory, stage.site.user, stage.site.user)
        }
        let options = ["--best-effort", "--programs", programs, "--output-dir", output]
        var command = stage.asUser([stage.site.jrun, "exec"] + options + ["probe", "--"] + words)
        command.environment["HOME"] = home
        command.environment["JRUN_ROOTLESS_IDS"] = "single"
        return command
    }

    package func killed(_ ended: Ended) -> String? { JrunExec().killed(ended) }
}
