import TestSupport
import Testing

/// Network namespaces that are used again.
extension Control {
    @Suite struct Networks {
        private static let cookie =
            "import socket; s = socket.socket(); c = int.from_bytes(s.getsockopt(1, 71, 8), 'little'); s.close(); print(c); "

        private func python(_ name: String = "python", security: [String: String] = [:]) throws -> ProgramFile {
            var program = try ProgramFile(
                name, keys: ["arguments": "[{flag: -c}, {argument: SCRIPT, value: {string: {max: 4096}}}]"],
                limits: ["memory": "512MiB"])
            program.executable = "/usr/bin/python3"
            program.security.merge(security) { _, new in new }
            return program
        }

        /// Runs a script and says by which network namespace (SO_NETNS_COOKIE, which the kernel never gives twice).
        private func network(_ daemon: Daemon, _ script: String = "", program: String = "python") throws -> Int {
            let call = Call(
                "POST", "/v1/execute", json: Daemon.request(["-c", Networks.cookie + script], program: program))
            let answer = try daemon.send(call)
            let text = try #require(answer.json["stdout"]["text"].string, "\(answer)")
            return try #require(Int(text.split(separator: "\n").first ?? ""), "\(answer)")
        }

        @Test func oneThatWasNotUsedIsUsedAgain() throws {
            try withDaemon(programs: [try python()]) { daemon in
                let first = try network(daemon)
                #expect(try network(daemon) == first)
                // Sockets that are gone, bound or not, leave nothing.
                let script =
                    "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); s = socket.socket(1); s.bind(chr(0) + 'x')"
                #expect(try network(daemon, script) == first)
                #expect(try network(daemon) == first)
            }
        }

        @Test(arguments: [
            "s = socket.socket(2, 2); s.sendto(b'x', ('127.0.0.1', 9))",
            "s = socket.create_server(('127.0.0.1', 0)); c = socket.create_connection(s.getsockname())",
            // struct in6_flowlabel_req: ::1, any label, get, for anybody, create, lingering for a minute.
            "s = socket.socket(10, 2); s.setsockopt(41, 32, bytes(15) + bytes([1]) + bytes(4) + bytes([0, 255, 1, 0, 60, 0, 60, 0]) + bytes(4))",
        ])
        func oneThatShowsUseIsNot(_ script: String) throws {
            try withDaemon(programs: [try python()]) { daemon in
                let first = try network(daemon)
                #expect(try network(daemon, script + "; print('done')") == first)
                #expect(try network(daemon) != first)
            }
        }

        @Test func whoHasAnotherFilterOrTheNodesNetworkSharesNone() throws {
            let wide = try python("wide", security: ["seccomp": "{extends: default, allow: [ptrace]}"])
            let host = try python("host", security: ["network": "host"])
            try withDaemon(programs: [try python(), wide, host]) { daemon in
                let first = try network(daemon)
                let other = try network(daemon, program: "wide")
                #expect(other != first)
                #expect(try network(daemon, program: "wide") != other)
                let node = try network(daemon, program: "host")
                #expect(try network(daemon, program: "host") == node && node != first)
                #expect(try network(daemon) == first)
            }
        }
    }
}
