// What should be gone when a run is over.

import Foundation
import Glibc
import TestSupport

extension Prop {
    /// `{stop}`: a file whose being there ends what outlived its run. Such processes carry the secret's text in their words.
    package static let lingerer = Prop { stage in
        let stop = "\(stage.directory)/stop"
        stage.facts["stop"] = stop
        stage.onClear { stage.endLingerers(stop) }
    }
}

extension Stage {
    /// Whether anything of the run is left now that it is over. jrun says that a run has ended when all of it has, so there
    /// one look decides; of the others a dying pid namespace is given a second.
    package func isOutlived() -> Bool {
        if isControl { return isSeen(looks: 500) }
        if confiner.name.hasPrefix("jrun") { return isSeen(looks: 20) }
        let deadline = ContinuousClock.now + .seconds(1)
        while isSeen(looks: 20) { if ContinuousClock.now > deadline { return true } }
        return false
    }

    /// Several looks, because what forks without end is never long at one place.
    private func isSeen(looks: Int) -> Bool { (0..<looks).contains { _ in !processes(with: secret).isEmpty } }

    fileprivate func endLingerers(_ stop: String) {
        _ = FileManager.default.createFile(atPath: stop, contents: nil)
        let deadline = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < deadline {
            let left = processes(with: secret)
            if left.isEmpty { return }
            for pid in left { kill(pid, SIGKILL) }
        }
    }
}
