// Listeners of the node.

import Glibc
import TestSupport

extension Prop {
    /// `{port}`: a TCP port of the node's loopback on which a process of the node answers.
    package static let tcpListener = Prop { stage in
        let child = try stage.start("listener", stage.asUser([stage.site.probe, "listen", "tcp", "0"]))
        stage.facts["port"] = try child.fact("port")
    }

    /// `{abstract}`: the abstract name of a Unix socket of the node.
    package static let abstractListener = Prop { stage in
        stage.facts["abstract"] = stage.secret
        try stage.start("listener", stage.asUser([stage.site.probe, "listen", "abstract", stage.secret]))
    }

    /// `{socket}`: a Unix socket in a file that every user may connect to, as D-Bus and Docker have one.
    package static let fileListener = Prop { stage in
        let path = "\(stage.directory)/socket"
        stage.facts["socket"] = path
        try stage.start("listener", Command([stage.site.probe, "listen", "unix", path], environment: [:]))
        chmod(path, 0o666)
    }

    /// `{meeting}`: a TCP port at which the neighbour listens, in whatever network it has.
    package static func neighbourListens(_ kind: String) -> Prop {
        Prop { stage in
            stage.facts["meeting"] = kind == "tcp" ? "\(UInt16.random(in: 20_000...30_000))" : stage.secret
            try Prop.neighbour("listen \(kind) {meeting}").set(stage)
        }
    }
}

extension Child {
    /// A number, or a text, of the first line that holds it.
    package func fact(_ name: String) throws -> String {
        for line in stdout.text.split(separator: "\n") {
            guard let value = try? JSON(parsing: line.utf8)[name] else { continue }
            if let text = value.string ?? value.int.map(String.init) { return text }
        }
        throw ChildError(description: "no '\(name)' in: \(stdout.text)")
    }
}
