import Glibc
import TestSupport

/// bubblewrap as its README recommends it for an ordinary user: every namespace, read-only system, a new session.
package struct Bubblewrap: Confiner {
    package init() {}
    package var name: String { "bubblewrap" }
    package func missing(at site: Site) -> String? {
        firstLine(of: ["bwrap", "--version"]) == nil ? "bwrap is not installed" : nil
    }

    package var usedAs: String {
        "\(firstLine(of: ["bwrap", "--version"]) ?? "bubblewrap") by an ordinary user: "
            + "`bwrap \(options.joined(separator: " "))`; no seccomp filter, because it comes with none"
    }

    private var options: [String] {
        let view = ["--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"]
        let own = ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--clearenv"]
        return ["--unshare-all", "--die-with-parent", "--new-session"] + view + own
    }

    package func command(for words: [String], on stage: Stage) -> Command {
        let visible = ["\(stage.site.dist)/test"] + stage.visible
        return stage.asUser(
            ["bwrap"] + options + visible.flatMap { ["--ro-bind", $0, $0] } + ["--", stage.site.probe] + words)
    }
}

/// Of what a command prints; nil when it cannot be started.
func firstLine(of command: [String]) -> String? {
    (try? Command(command, environment: [:]).run())?.text.split(separator: "\n").first.map(String.init)
}
