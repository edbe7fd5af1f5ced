import TestSupport
import Testing

/// Which run and which daemon a command of `jrun` means, and tables of runs.
extension Control {
    @Suite struct ClientLookup {
        @Test func beginningsOfIDs() throws {
            try withDaemon { daemon in
                let ids = [try daemon.create("exit", "0"), try daemon.create("exit", "0")].sorted()
                let common = zip(ids[0], ids[1]).prefix { $0 == $1 }.count
                for id in ids {
                    #expect(try daemon.jrunJSON("status", String(id.prefix(common + 1)))["id"].string == id)
                    #expect(try daemon.jrunJSON("status", id.uppercased())["id"].string == id)
                }
                let both = try daemon.jrun("status", String(ids[0].prefix(common)))
                #expect(both.status == 125 && both.stderr.contains("2 runs' ids begin with '\(ids[0].prefix(common))'"))
                #expect(ids.allSatisfy { both.stderr.contains("\($0) (probe, created)") }, "\(both)")
                let none = try daemon.jrun("status", "zz")
                #expect(
                    none.status == 125 && none.stderr.hasPrefix("jrun: no run's id begins with 'zz'; runs: "), "\(none)"
                )
                #expect(try daemon.delete("/v1/runs/\(ids[1])").status == 204)
                let nothing = try daemon.jrun("rm", "")
                #expect(nothing.status == 125 && nothing.stderr.contains("'' is none"), "\(nothing)")
                #expect(try daemon.ids == [ids[0]])
                let gone = try daemon.jrun("status", "01kb0m2xw3e4y5v6a7b8c9d0ef")
                #expect(gone.status == 125 && gone.stderr.contains("'01kb0m2xw3e4y5v6a7b8c9d0ef'"), "\(gone)")
                let shown = try daemon.jrunText("ps").split(separator: "\n").dropFirst().compactMap {
                    $0.split(separator: " ").first
                }
                #expect(shown.count == 1)
                for short in shown { #expect(try daemon.jrun("rm", String(short)).status == 0) }
                let empty = try daemon.jrun("status", "0")
                #expect(empty.stderr == "jrun: no run's id begins with '0'; there are no runs\n")
            }
        }

        @Test func tablesFitALine() throws {
            let long = String(repeating: "long-name-", count: 6) + "x"
            try withDaemon(programs: [try ProgramFile(), try ProgramFile(long)]) { daemon in
                _ = try daemon.startRun("sleep", "forever", program: long)
                _ = try daemon.startRun("sleep", "forever")
                for words in [["ps"], ["ps", "-a"], ["top"]] {
                    let lines = try daemon.jrunCommand(words).run().text.split(separator: "\n")
                    #expect(lines.count >= 3 && lines.allSatisfy { $0.count <= 80 }, "\(lines)")
                    #expect(lines.contains { $0.contains("…") && $0.contains("running") }, "\(lines)")
                }
                let listed = try daemon.jrunJSON("ps", "--program", long)["runs"]
                #expect(listed.array.count == 1 && listed[0]["program"]["name"].string == long)
                #expect(try daemon.jrunJSON("ps", "--state", "created")["runs"].array.isEmpty)
                let top = try daemon.jrunJSON("top")
                #expect(top["info"]["used"]["runs"].int == 2 && top["runs"].array.count == 2, "\(top)")
            }
        }

        @Test func theSocket() throws {
            try withDaemon { daemon in
                var command = daemon.jrunCommand([])
                for (words, variable) in [
                    (["ps", "-H", daemon.socket], nil), (["ps", "--socket", daemon.socket], "/nowhere"),
                    (["ps"], daemon.socket),
                ] as [([String], String?)] {
                    command.arguments = ([daemon.place.jrun] + words).map { Array($0.utf8) }
                    command.environment["JRUN_SOCKET"] = variable
                    #expect(try command.run().status == 0, "\(words)")
                }
                let nowhere = try daemon.jrun("ps", "-H", "/nowhere/control.sock")
                #expect(nowhere.status == 125 && nowhere.text == "")
                #expect(nowhere.stderr.hasPrefix("jrun: cannot reach jrund at '/nowhere/control.sock': "), "\(nowhere)")
                #expect(nowhere.stderr.hasSuffix("; is it running? (systemctl status jrund)\n"), "\(nowhere)")
                #expect(try daemon.jrun("run", "-H", "/nowhere/s", "probe", "--", "exit", "0").status == 125)
            }
        }
    }
}
