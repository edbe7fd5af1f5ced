import Foundation
import TestSupport

/// crun, by root, with the configuration that `crun spec` writes.
package struct Crun: Confiner {
    package init() {}
    package var name: String { "crun" }
    package func missing(at site: Site) -> String? {
        firstLine(of: ["crun", "--version"]) == nil ? "crun is not installed" : nil
    }

    package var usedAs: String {
        "\(firstLine(of: ["crun", "--version"]) ?? "crun") by root: `crun run` with the configuration of `crun spec` "
            + "(uid 0 of the node with three capabilities, no_new_privs, no seccomp filter), plus a tmpfs at /tmp"
    }

    package func command(for words: [String], on stage: Stage) throws -> Command {
        let id = "\(stage.site.cgroup)-\(UInt32.random(in: 0 ... .max))"
        let bundle = "\(stage.directory)/\(id)"
        for place in ["proc", "dev", "sys", "tmp"] {
            try FileManager.default.createDirectory(
                atPath: "\(bundle)/rootfs/\(place)", withIntermediateDirectories: true)
        }
        _ = try Command(["crun", "spec", "--bundle", bundle], environment: [:]).run()
        try configure("\(bundle)/config.json", [stage.site.probe] + words, ["\(stage.site.dist)/test"] + stage.visible)
        // Pid 1 of a container is deaf to the signal that ends a neighbour.
        if stage.hasNeighbour {
            stage.onClear { _ = try? Command(["crun", "delete", "--force", id], environment: [:]).run() }
        }
        return Command(["crun", "run", "--bundle", bundle, id], environment: [:])
    }

    private func configure(_ file: String, _ words: [String], _ visible: [String]) throws {
        let content = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: file)))
        guard var config = content as? [String: Any], var process = config["process"] as? [String: Any],
            var mounts = config["mounts"] as? [[String: Any]]
        else { throw Site.Unusable(description: "'\(file)' is not as expected") }
        process["args"] = words
        process["terminal"] = false
        mounts.append(["destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev"]])
        mounts += visible.map {
            ["destination": $0, "type": "bind", "source": $0, "options": ["rbind", "ro", "nosuid", "nodev"]]
        }
        config["process"] = process
        config["mounts"] = mounts
        try JSONSerialization.data(withJSONObject: config).write(to: URL(fileURLWithPath: file))
    }
}
