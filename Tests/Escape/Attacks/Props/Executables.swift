// Executables that give more than one had.

import Foundation
import Glibc
import TestSupport

extension Prop {
    /// `{setuid}`: a copy of the probe that is root's, with these bits; the program may see and execute it.
    package static func elevatingCopy(mode: mode_t) -> Prop {
        Prop { stage in
            let path = try stage.visibleCopy("elevating")
            stage.facts["setuid"] = path
            chown(path, 0, 0)
            chmod(path, mode)
        }
    }

    /// `{capable}`: a copy of the probe with cap_net_raw as a file capability.
    package static let capableCopy = Prop { stage in
        let path = try stage.visibleCopy("capable")
        stage.facts["capable"] = path
        let ended = try Command([stage.site.probe, "grant-capability", path], environment: [:]).run()
        guard ended.text.contains("\"ok\"") else {
            throw Site.Unusable(description: "no file capability for '\(path)': \(ended.text)")
        }
    }

    /// `{tool}`: a copy of the probe that is root's, as the executables of jrun are.
    package static let toolCopy = Prop { stage in stage.facts["tool"] = try stage.visibleCopy("tool") }
}

extension Stage {
    fileprivate func visibleCopy(_ name: String) throws -> String {
        let place = "\(directory)/bin"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        chmod(place, 0o755)
        try copyPrograms(from: site.probe, to: "\(place)/\(name)")
        chmod("\(place)/\(name)", 0o755)
        if !visible.contains(place) { visible.append(place) }
        return "\(place)/\(name)"
    }

    /// Whether a copy of the probe is not what it was copied from.
    package func hasChanged(_ fact: String) throws -> Bool {
        guard let path = facts[fact] else { return false }
        return !FileManager.default.contentsEqual(atPath: path, andPath: site.probe)
    }
}
