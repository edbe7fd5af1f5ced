import Foundation
import Glibc
import TestSupport
import Testing

/// Run directories of older versions of jrun: `Stored/README.md`.
extension Control {
    @Suite struct Stored {
        private let ended = "01m7z2cmezjpgyfs5hcm42z875", created = "01m7z2cn7dh01fnc2hwngabxxe"

        /// Copies them to where the next jrund looks.
        private func restore(_ daemon: Daemon) throws {
            let stored = "\(daemon.place.package)/Tests/Control/Stored"
            for id in [ended, created] {
                let path = "\(daemon.runsDirectory)/\(id)"
                try FileManager.default.copyItem(atPath: "\(stored)/\(id)", toPath: path)
                let file = URL(fileURLWithPath: "\(path)/program.yaml")
                let text = try String(contentsOf: file, encoding: .utf8).replacing("@DIST@", with: daemon.place.dist)
                try Data(text.utf8).write(to: file)
                for fifo in ["control", "growth"] { #expect(mkfifo("\(path)/\(fifo)", 0o600) == 0) }
            }
        }

        @Test func aLaterDaemonReadsThem() throws {
            // They are older every day.
            try withDaemon(keys: ["retention": "{time: 36500d, size: 10GiB, created: 36500d}"]) { daemon in
                try daemon.end()
                try restore(daemon)
                try daemon.start()
                let run = try daemon.run(ended)
                #expect(run["state"].string == "complete" && run["exit_code"].int == 0, "\(run)")
                #expect(run["created"].string == "2026-11-21T12:48:06.623Z" && run["inputs"].strings == ["in.txt"])
                #expect(try daemon.get("/v1/runs/\(ended)/report").json["run"].string == ended)
                #expect(try daemon.get("/v1/runs/\(ended)/stdout").text.hasPrefix("line 1\nline 2\nline 3\n"))
                #expect(try daemon.get("/v1/runs/\(ended)/files/a.out").text == "0123456789abcde\n")

                #expect(try daemon.state(created) == "created")
                #expect(try daemon.get("/v1/runs/\(created)/files/in.txt").text == "kept\n")
                let started = try daemon.command("start", created)
                #expect(started.status == 200, "\(started)")
                #expect(try daemon.ended(created)["state"].string == "complete")
                #expect(try daemon.get("/v1/runs/\(created)/stdout").text.contains("kept"))
            }
        }
    }
}
