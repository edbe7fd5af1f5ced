// What the attacks find on the node. Every prop sets facts that the attack's words name.

import Foundation
import Glibc
import TestSupport

extension Prop {
    /// `{secret}`: a file of root's with the secret, mode 0600.
    package static let secretFile = Prop { stage in
        let path = "\(stage.directory)/secret"
        try stage.write(stage.secret, to: path, mode: 0o600)
        stage.facts["secret"] = path
    }

    /// `{victim}`: a process on the node that has the very uid of the attacker.
    package static let victim = Prop { stage in
        try stage.start("victim", stage.asUser([stage.site.probe, "sleep", "forever"]))
    }

    /// Another run under the same confiner, ready before the attack begins; outside, another process of the user.
    ///
    /// - Parameter words: a verb that says `"state":"ready"` and stays.
    package static func neighbour(_ words: String) -> Prop {
        Prop { stage in
            stage.hasNeighbour = true
            try stage.start("neighbour", stage.confiner.command(for: try stage.fill(words), on: stage))
        }
    }
}

extension Stage {
    package func write(_ text: String, to path: String, mode: mode_t) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        chmod(path, mode)
    }

    /// As the ordinary user of this stage.
    package func asUser(_ words: [String]) -> Command {
        let user = "\(site.user)"
        return Command(
            ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--"] + words, environment: [:])
    }

    /// Whether a process that the stage started is still there as it was.
    package func isAlive(_ name: String) -> Bool {
        guard let child = children[name] else { return false }
        var information = siginfo_t()
        return waitid(P_PID, id_t(child.pid), &information, WEXITED | WNOHANG | WNOWAIT) == 0
            && information.si_signo == 0
    }
}
