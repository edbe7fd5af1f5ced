import Foundation
import Glibc
import TestSupport
import Testing

/// What a run changes of a writable image, by jrund.
extension Control {
    @Suite struct ImageChanges {
        /// A shell in the image, with its script as an input.
        private func withImage(_ body: (Daemon, SampleImage) throws -> Void) throws {
            var shell = try ProgramFile("shell")
            shell.executable = "/usr/bin/busybox"
            shell.security = ["root": "{image: box, writable: true}"]
            try withDaemon(programs: [shell]) { daemon in
                let image = try SampleImage(in: "\(daemon.directory)/scratch", probe: daemon.place.probe)
                daemon.image = image
                try daemon.end(SIGTERM)
                try body(daemon, image)
            }
        }

        private func start(_ script: String, _ daemon: Daemon) throws -> String {
            let id = try daemon.create("sh", "script.txt", program: "shell")
            _ = try daemon.put("/v1/runs/\(id)/files/script.txt", script.utf8)
            try daemon.command("start", id)
            return id
        }

        private func changes(_ id: String, _ daemon: Daemon) throws -> (lines: [String], isComplete: Bool?) {
            let answer = try daemon.get("/v1/runs/\(id)/changes").json
            let lines = answer["image"].array.map { change in
                "\(change["change"].string ?? "?") \(change["path"].string ?? "?")"
            }
            return (lines, answer["complete"].bool)
        }

        /// The image is the run's as long as it lives, whatever has become of its name, its file and jrund's own mount of it.
        @Test func areToldWhenTheImageIsMountedNowhereElse() throws {
            try withImage { daemon, image in
                try daemon.start()
                let script =
                    "rm /usr/data/table; echo more >> /etc/motd; echo x > /opt/new; echo done; exec sleep 1000000"
                let id = try start(script, daemon)
                try daemon.awaitOutput(of: id, "done\n")
                try #require(umount2("\(daemon.directory)/runtime/images/\(image.digest)", Int32(MNT_DETACH)) == 0)
                try FileManager.default.removeItem(atPath: image.file)
                let expected = ["changed etc/motd", "added opt/new", "removed usr/data/table"]
                let live = try changes(id, daemon)
                #expect(live.lines == expected && live.isComplete == true, "\(live)")
                // And by one that has never mounted it.
                try daemon.end(SIGTERM)
                try daemon.start()
                try daemon.command("kill", id)
                _ = try daemon.ended(id)
                let kept = try changes(id, daemon)
                #expect(kept.lines == expected && kept.isComplete == true, "\(kept)")
            }
        }

        /// Overlayfs does it with the rights of whoever mounted it, which are those that systemd leaves jrund.
        @Test func modesAndTimesAreChangedWithTheCapabilitiesOfTheUnit() throws {
            try withImage { daemon, _ in
                try daemon.takeCapabilitiesOfTheUnit()
                try daemon.start()
                let script = [
                    "set -e", "chmod 600 /etc/motd", "touch -d @86400 /usr/data/table", "chmod 555 /opt",
                    "chmod 600 /opt/.more",
                    "chmod 1777 /usr/data", "rm /usr/data/table", "chmod 755 /opt", "mv /opt/.more /opt/less",
                    "stat -c %a /etc/motd",
                ].joined(separator: "\n")
                let id = try start(script, daemon)
                let run = try daemon.ended(id)
                let text = try daemon.get("/v1/runs/\(id)/stderr").text
                #expect(run["exit_code"].int == 0, "\(run) \(text)")
                let found = try changes(id, daemon)
                let expected = [
                    "changed etc/motd", "removed opt/.more", "added opt/less", "changed usr/data",
                    "removed usr/data/table",
                ]
                #expect(found.lines == expected && found.isComplete == true, "\(found)")
            }
        }
    }
}
