import Foundation
import Glibc
import TestSupport
import Testing

/// What `jrun` shows on a terminal, and nowhere else.
extension Control {
    @Suite struct ClientTerminal {
        @Test func aLongTransferHasABar() throws {
            try withDaemon { daemon in
                let id = try daemon.create("exit", "0")
                let size = 60 << 20
                let made = try daemon.put("/v1/runs/\(id)/files/big.bin", [UInt8](repeating: 65, count: size))
                try #require(made.status == 201, "\(made)")
                let terminal = try Terminal()
                // stdout is a pipe that is read slowly until there is a bar.
                let child = try terminal.start(
                    daemon.jrunCommand(["get", "--inputs", id, "big.bin", "--output-dir", "-"]), streams: [2])
                while !terminal.text.contains("MiB/s") {
                    try child.awaitMore()
                    terminal.read(within: 10)
                }
                let ended = try child.finish()
                #expect(ended.status == 0 && ended.stdout.count == size)
                let shown = terminal.drain()
                #expect(shown.contains("big.bin  [") && shown.contains("% ") && shown.contains("of 60 MiB"), "\(shown)")
                #expect(shown.hasSuffix("\r\u{1b}[K"), "\(shown.debugDescription)")
                #expect(shown.split(separator: "\r").allSatisfy { $0.count <= 80 + 3 })
            }
        }

        @Test func aShortTransferHasNone() throws {
            try withDaemon { daemon in
                let id = try daemon.create("exit", "0")
                _ = try daemon.put("/v1/runs/\(id)/files/a.txt", "one".utf8)
                let terminal = try Terminal()
                let child = try terminal.start(
                    daemon.jrunCommand(["get", "--inputs", id, "a.txt", "--output-dir", "-"]), streams: [2])
                #expect(try child.finish().text == "one")
                #expect(terminal.drain() == "")
            }
        }

        @Test func bytesDoNotGoToATerminal() throws {
            try withDaemon { daemon in
                let id = try daemon.create("exit", "0")
                _ = try daemon.put("/v1/runs/\(id)/files/a.txt", "one".utf8)
                let terminal = try Terminal()
                let child = try terminal.start(daemon.jrunCommand(["get", "--inputs", id, "--tar"]))
                #expect(try child.finish().status == 125)
                #expect(terminal.drain().contains("stdout is a terminal; send 'archive' to a file or a pipe"))
            }
        }

        @Test func coloursOnlyThere() throws {
            try withDaemon { daemon in
                _ = try daemon.startRun("sleep", "forever")
                func shown(_ variables: [String: String]) throws -> String {
                    var command = daemon.jrunCommand(["ps"])
                    command.environment.merge(variables) { _, new in new }
                    let terminal = try Terminal()
                    #expect(try terminal.start(command).finish().status == 0)
                    return terminal.drain()
                }
                #expect(try shown(["TERM": "xterm"]).contains("\u{1b}[32m"))
                for variables in [["TERM": "xterm", "NO_COLOR": "1"], ["TERM": "dumb"]] {
                    let text = try shown(variables)
                    #expect(text.contains("running") && !text.contains("\u{1b}"), "\(text.debugDescription)")
                }
                #expect(try !daemon.jrunText("ps").contains("\u{1b}"))
                #expect(try !daemon.jrunText("top").contains("\u{1b}"))
            }
        }

        @Test func topLeavesAndRestores() throws {
            try withDaemon { daemon in
                _ = try daemon.startRun("sleep", "forever")
                let terminal = try Terminal()
                let before = terminal.localModes
                let child = try terminal.start(daemon.jrunCommand(["top"]))
                try terminal.await("running")
                #expect(terminal.text.hasPrefix("\u{1b}[?1049h\u{1b}[?25l"))
                #expect(terminal.localModes != before)
                terminal.type("q")
                let ended = try child.finish()
                #expect(ended.status == 0, "\(ended)")
                #expect(terminal.drain().hasSuffix("\u{1b}[?25h\u{1b}[?1049l"))
                #expect(terminal.localModes == before)
            }
        }

        /// SIGINT is what the terminal makes of Ctrl-C.
        @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func topRestoresWhenItIsEnded(_ signal: Int32) throws {
            try withDaemon { daemon in
                let terminal = try Terminal()
                let before = terminal.localModes
                let child = try terminal.start(daemon.jrunCommand(["top"]))
                try terminal.await("runs 0 of 50")
                child.signal(signal)
                _ = try child.finish()
                #expect(terminal.drain().hasSuffix("\u{1b}[?25h\u{1b}[?1049l") && terminal.localModes == before)
            }
        }

        @Test func aNarrowTerminalIsObeyed() throws {
            let long = String(repeating: "long-name-", count: 6)
            try withDaemon(programs: [try ProgramFile("\(long)x")]) { daemon in
                _ = try daemon.startRun("sleep", "forever", program: "\(long)x")
                let narrow = try Terminal(columns: 70), wide = try Terminal(columns: 200)
                for terminal in [narrow, wide] {
                    var command = daemon.jrunCommand(["ps"])
                    command.environment["NO_COLOR"] = "1"
                    #expect(try terminal.start(command).finish().status == 0)
                }
                #expect(narrow.drain().split(separator: "\r\n").allSatisfy { $0.count <= 70 }, "\(narrow.text)")
                #expect(wide.drain().contains("\(long)x"), "\(wide.text)")
            }
        }

        /// While the program is silent one sees that it lives; nothing of it stays.
        @Test func aSilentRunShowsItsTime() throws {
            try withDaemon { daemon in
                let terminal = try Terminal()
                let child = try terminal.start(
                    daemon.jrunCommand(["run", "probe", "--", "sleep", "forever"]), streams: [1, 2])
                try terminal.await("probe: running, ")
                child.signal(SIGINT)
                #expect(try child.finish().status == 128 + SIGTERM)
                let shown = terminal.drain()
                let last = shown.components(separatedBy: "\r\u{1b}[K").last ?? ""
                #expect(!last.contains("probe: running"), "\(shown.debugDescription)")
            }
        }
    }
}
