// What another run, another process and the terminal of whoever starts the program are made of.

import Foundation
import Glibc
import TestSupport

extension Prop {
    /// `{number}`: a key that nobody has.
    package static let number = Prop { stage in stage.facts["number"] = "\(UInt32.random(in: 1 << 20 ..< 1 << 30))" }

    /// `{holder}`: a process of the node with the attacker's uid, and with nobody's confinement.
    ///
    /// - Parameter words: a verb that says `"state":"ready"` and stays.
    package static func processOfTheUser(_ words: String) -> Prop {
        Prop { stage in try stage.start("holder", stage.asUser([stage.site.probe] + stage.fill(words))) }
    }

    /// `{spool}`: where jrun keeps what another run has written to stdout.
    package static let spool = Prop { stage in
        stage.hasNeighbour = true
        var command = try JrunExec().command(for: ["batch", "sleep", "forever"], on: stage)
        // Alone there: no other run's spool, which may be on its way out, can be taken for it.
        let state = "\(stage.directory)/state"
        command.environment["JRUN_STATE"] = state
        try stage.start("writer", command)
        let runs = "\(state)/runs"
        let spools = try FileManager.default.contentsOfDirectory(atPath: runs).map { "\(runs)/\($0)/stdout" }
        guard let path = spools.first(where: { access($0, R_OK) == 0 }) else {
            throw Site.Unusable(description: "no spool beneath '\(runs)'")
        }
        stage.facts["spool"] = path
    }

    /// A terminal of the node is the controlling one of whoever starts the confiner, and its stdin. Needs `.terminal`.
    package static let startedFromTerminal = Prop { stage in try stage.startFrom(terminal: stage.fill("{pty}")[0]) }

    /// The same with the machine's first console.
    package static let startedFromConsole = Prop { stage in try stage.startFrom(terminal: "/dev/tty1") }

    /// What an attack may have left at `path` is removed.
    package static func nothingLeft(_ path: String) -> Prop { Prop { stage in stage.onClear { unlink(path) } } }
}

extension Stage {
    /// A session without a terminal gets the first one that its leader opens.
    fileprivate func startFrom(terminal: String) throws {
        wrapper += ["setsid", "--wait", "/bin/sh", "-c", "exec 0<>'\(terminal)'; exec \"$@\"", "sh"]
    }
}
