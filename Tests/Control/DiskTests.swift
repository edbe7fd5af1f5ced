import TestSupport
import Testing

/// The node's own faults hit the one request, in a sentence; the others go on.
extension Control {
    @Suite struct Disk {
        /// jrund in a mount namespace of its own, where the state directory is a small tmpfs.
        private func withSmallDisk(_ options: String, _ body: (Daemon) throws -> Void) throws {
            let daemon = try Daemon()
            daemon.wrapper = [
                "/usr/bin/unshare", "--mount", "/bin/sh", "-c",
                "mount -t tmpfs -o \(options) none '\(daemon.stateDirectory)' && exec \"$@\"", "sh",
            ]
            do {
                try daemon.start()
                try body(daemon)
                let leaks = try daemon.cleanUp()
                if !leaks.isEmpty { Issue.record("left behind: \(leaks)") }
            } catch {
                daemon.destroy()
                throw error
            }
        }

        @Test func aFullDisk() throws {
            try withSmallDisk("size=12m") { daemon in
                let live = try daemon.startRun(saying: "ready", "sleep", "forever")
                let id = try daemon.create("exit", "0")
                let answer = try daemon.put("/v1/runs/\(id)/files/a.bin", [UInt8](repeating: 7, count: 30 << 20))
                #expect(answer.status == 500 && answer.problem == "internal", "\(answer)")
                #expect(
                    answer.detail.contains("no space left on device") || answer.detail.contains("ENOSPC"), "\(answer)")
                // The others go on, and there is room again.
                #expect(try daemon.state(live) == "running")
                #expect(try daemon.get("/v1/runs/\(id)/files").json["files"].array.count == 0)
                #expect(try daemon.put("/v1/runs/\(id)/files/a.txt", "small".utf8).status == 201)
                let again = try daemon.startRun("exit", "0")
                #expect(try daemon.ended(again)["state"].string == "complete")
            }
        }

        @Test func aDiskThatStaysFull() throws {
            try withSmallDisk("size=8m") { daemon in
                let live = try daemon.startRun(saying: "ready", "sleep", "forever")
                // In pieces that fit, until nothing fits any more.
                var statuses: [Int] = []
                let id = try daemon.create("exit", "0")
                for (name, kib) in [("a", 4096), ("b", 2048), ("c", 1024), ("d", 512), ("e", 4096)] {
                    let bytes = [UInt8](repeating: 7, count: kib << 10)
                    statuses.append(try daemon.put("/v1/runs/\(id)/files/\(name).bin", bytes).status)
                }
                #expect(statuses.contains(500) && Set(statuses).subtracting([201, 500]).isEmpty, "\(statuses)")
                #expect(try daemon.get("/v1/info").status == 200 && daemon.state(live) == "running")
                // What the run has written is still to be had.
                #expect(try daemon.get("/v1/runs/\(live)/stdout").text.contains("ready"))
                #expect(try daemon.delete("/v1/runs/\(id)").status == 204)
                let next = try daemon.startRun("exit", "0")
                #expect(try daemon.ended(next)["state"].string == "complete")
            }
        }

        /// A run whose output finds no room is ended for it; that can be written down when there is room again.
        @Test func outputThatFindsNoRoom() throws {
            try withSmallDisk("size=8m") { daemon in
                let ballast = try daemon.create("exit", "0")
                #expect(
                    try daemon.put("/v1/runs/\(ballast)/files/a.bin", [UInt8](repeating: 7, count: 2 << 20)).status
                        == 201)
                let id = try daemon.startRun("write-stdout", "16MiB")
                try daemon.awaitEnd(ofStdoutOf: id)
                #expect(try daemon.get("/v1/info").status == 200)
                #expect(try daemon.delete("/v1/runs/\(ballast)").status == 204)
                let run = try daemon.ended(id)
                #expect(run["state"].string == "killed" && run["cause"].string == "output", "\(run)")
            }
        }

        @Test func noMoreFilesOnTheDisk() throws {
            try withSmallDisk("size=8m,nr_inodes=60") { daemon in
                var refused: Answer?
                var ids: [String] = []
                for _ in 0..<60 where refused == nil {
                    let answer = try daemon.send(Call("POST", "/v1/runs", json: Daemon.request(["exit", "0"])))
                    if answer.status != 201 { refused = answer } else { ids.append(answer.json["id"].string ?? "") }
                }
                let problem = try #require(refused)
                #expect(problem.status == 500 && problem.detail.contains("space"), "\(problem)")
                #expect(try daemon.get("/v1/runs").json["runs"].array.count == ids.count)
                for id in ids { #expect(try daemon.delete("/v1/runs/\(id)").status == 204) }
                #expect(try daemon.create("exit", "0").isEmpty == false)
            }
        }
    }
}
