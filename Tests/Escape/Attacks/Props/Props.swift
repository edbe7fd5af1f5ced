// What the attacks find on the node. Every prop sets facts that the attack's words name.

import CLinux
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

    /// `{victim}` as before, with the secret in its memory at `{address}`.
    package static let keeper = Prop { stage in
        let child = try stage.start("victim", stage.asUser([stage.site.probe, "hold", stage.secret]))
        stage.facts["address"] = try child.fact("address")
    }

    /// `{public}`: a file with the secret that every user of the node may read.
    package static let publicFile = Prop { stage in
        let path = "\(stage.directory)/public"
        try stage.write(stage.secret, to: path, mode: 0o644)
        stage.facts["public"] = path
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

    /// Whether a process that the stage started has ended. A signal is delivered before its sender goes on, but dying takes
    /// the victim a moment: whoever should have died has half a second for it.
    package func hasDied(_ name: String) -> Bool {
        guard let child = children[name] else { return false }
        let process = Int32(sys_pidfd_open(child.pid, 0))
        defer { close(process) }
        var end = pollfd(fd: process, events: Int16(Glibc.POLLIN), revents: 0)
        return poll(&end, 1, 500) == 1
    }

    package var isControl: Bool { confiner is Outside }

    /// The nice value of a process that the stage started.
    package func niceness(_ name: String) -> Int32 {
        children[name].map { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t($0.pid)) } ?? 0
    }
}
