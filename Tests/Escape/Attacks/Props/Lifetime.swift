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
    /// Looked for several times: what forks without end is never long at one place.
    package func isOutlived() -> Bool {
        (0..<(isControl ? 500 : 20)).contains { _ in !processes(with: secret).isEmpty }
    }

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
