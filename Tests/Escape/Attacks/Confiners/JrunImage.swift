import Foundation
import TestSupport

/// `jrun exec` by root in a root image, which holds the probe and what the attack wants to be shown.
package struct JrunImage: Confiner {
    package let isWritable: Bool
    /// More of the profile's `security`; for tests of the suite itself.
    private let weaknesses: [String: String]

    package init(isWritable: Bool, weaknesses: [String: String] = [:]) {
        self.isWritable = isWritable
        self.weaknesses = weaknesses
    }

    package var name: String { isWritable ? "jrun writable image" : "jrun image" }

    package var usedAs: String {
        isWritable
            ? "the same with `root: {image: …, writable: true}`: all of the image is the program's own to change, in a layer "
                + "that goes with the run; what counts is that the image stays as it is"
            : "`jrun exec` by root, with the default security profile and `root: {image: …}`. Its image holds the attacking "
                + "program and the files that an attack wants to be shown; it is made past `jrun-image` where that would "
                + "take away what makes them dangerous: setuid bits, file capabilities, device nodes"
    }

    /// Asked by trying.
    package func missing(at site: Site) -> String? {
        let question = Attack("works", .identity, "", probe: "ids", stoppedBy: [])
        do {
            let stage = try Stage(question, self, site)
            defer { stage.clear() }
            let ended = try command(for: ["ids"], on: stage).run()
            return ended.status == 0 ? nil : "jrun exec has no root images here: \(ended.stderr.prefix(300))"
        } catch { return "\(error)" }
    }

    package func command(for words: [String], on stage: Stage) throws -> Command {
        let image = try stage.image(ownedByRoot: isWritable)
        let root = "{image: \(image.name), writable: \(isWritable)}"
        let jrun = JrunExec(weaknesses: weaknesses.merging(["root": root]) { _, root in root })
        var command = try jrun.command(for: words, on: stage)
        command.environment["JRUN_IMAGES"] = stage.site.images
        return command
    }

    package func killed(_ ended: Ended) -> String? { JrunExec().killed(ended) }

    /// What is shown can be changed in a writable image, by this run for itself.
    package func keepsAsItWas(_ stage: Stage) throws -> Bool {
        guard isWritable else { return false }
        return try stage.image(ownedByRoot: true).isAsItWas()
    }
}
