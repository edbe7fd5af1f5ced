import Foundation
import TestSupport
import Testing

/// What no client should send: an answer that says what is wrong, never a 5xx.
extension Control {
    @Suite struct BadRequests {
        struct Bad: Sendable {
            var method = "GET"
            var path: String
            var headers: [String] = []
            var body: [UInt8]?
            var status: Int
            /// A part of `detail` or of a violation.
            var says = ""
        }

        private static let json = "Content-Type: application/json"
        private static let create = Daemon.request(["exit", "0"])

        private static func post(_ body: String, _ status: Int, _ says: String = "") -> Bad {
            Bad(method: "POST", path: "/v1/runs", headers: [json], body: Array(body.utf8), status: status, says: says)
        }

        /// `{id}` is a run that was created, `{ended}` one that has ended.
        static let table: [Bad] = [
            // Routes and methods
            Bad(path: "/", status: 404), Bad(path: "/v1", status: 404), Bad(path: "/v2/info", status: 404),
            Bad(path: "/v1/info/", status: 404), Bad(path: "//v1/info", status: 404),
            Bad(path: "/v1/runs/{id}/nothing", status: 404),
            Bad(method: "POST", path: "/v1/info", status: 405), Bad(method: "DELETE", path: "/v1/runs", status: 405),
            Bad(method: "PUT", path: "/v1/runs/{id}", body: [], status: 405),
            Bad(method: "PATCH", path: "/v1/runs/{id}", status: 405),
            Bad(method: "GET", path: "/v1/runs/{id}/start", status: 405),
            Bad(method: "POST", path: "/v1/runs/{id}/files/a.txt", status: 405),
            Bad(method: "OPTIONS", path: "/v1/runs", status: 405), Bad(method: "TRACE", path: "/v1/runs", status: 405),
            // Ids and names
            Bad(path: "/v1/runs/x", status: 404), Bad(path: "/v1/runs/..%2f..%2fetc", status: 404),
            Bad(path: "/v1/runs/01KB0M2XW3E4Y5V6A7B8C9D0EF", status: 404),
            Bad(path: "/v1/runs/%00", status: 400), Bad(path: "/v1/runs/%ff", status: 400),
            Bad(path: "/v1/programs/..%2fprobe", status: 404), Bad(path: "/v1/programs/%2e%2e", status: 404),
            Bad(path: "/v1/programs/none", status: 404), Bad(path: "/v1/programs/none/schema", status: 404),
            // Queries
            Bad(path: "/v1/info?x=1", status: 400, says: "'x'"),
            Bad(path: "/v1/runs?limt=1", status: 400, says: "'limt'"),
            Bad(path: "/v1/runs?limit=0", status: 400, says: "limit"),
            Bad(path: "/v1/runs?limit=1001", status: 400), Bad(path: "/v1/runs?limit=", status: 400),
            Bad(path: "/v1/runs?limit=1&limit=2", status: 400), Bad(path: "/v1/runs?limit=+1", status: 400),
            Bad(path: "/v1/runs?limit=99999999999999999999", status: 400),
            Bad(path: "/v1/runs?state=sleeping", status: 400, says: "sleeping"),
            Bad(path: "/v1/runs?state=", status: 400), Bad(path: "/v1/runs?after=x", status: 400),
            Bad(path: "/v1/runs?program=%ff", status: 400), Bad(path: "/v1/runs?program=%zz", status: 400),
            Bad(path: "/v1/runs/{id}?wait=601", status: 400), Bad(path: "/v1/runs/{id}?wait=-1", status: 400),
            Bad(path: "/v1/runs/{id}?wait=1s", status: 400),
            Bad(method: "DELETE", path: "/v1/runs/{id}?kill=yes", status: 400),
            Bad(method: "POST", path: "/v1/runs/{id}/start?queue=1", status: 400),
            Bad(path: "/v1/runs/{id}/stdout?offset=-1", status: 400),
            Bad(path: "/v1/runs/{id}/stdout?offset=9223372036854775808", status: 400),
            Bad(path: "/v1/runs/{id}/stdout?offset=1", status: 416),
            Bad(path: "/v1/runs/{id}/stdout?offset=9223372036854775807", status: 416),
            Bad(path: "/v1/runs/{id}/stdout?follow=True", status: 400),
            Bad(path: "/v1/events?last_event_id=x", status: 400),
            Bad(path: "/v1/runs/{id}/events", headers: ["Last-Event-ID: -1"], status: 400),
            Bad(path: "/v1/events?last_event_id=1000", status: 416, says: "the newest event is"),
            Bad(path: "/v1/runs/{id}/events", headers: ["Last-Event-ID: 9223372036854775807"], status: 416),
            // Bodies
            post("", 400), post("{", 400), post("[]", 422), post("null", 422), post("\u{feff}{}", 400),
            post("{\"program\": \"probe\",}", 400), post("{\"program\": \"probe\", \"program\": \"probe\"}", 400),
            post("{}", 422, "program"), post("{\"program\": \"none\"}", 404, "none"),
            post("{\"program\": 1}", 422), post("{\"program\": \"../probe\"}", 422),
            post("{\"program\": \"probe\", \"limit\": {}}", 422, "limits"),
            post("{\"program\": \"probe\", \"limits\": {\"wall\": \"never\"}}", 422),
            post("{\"program\": \"probe\", \"limits\": {\"wall\": \"9h\"}}", 422),
            post("{\"program\": \"probe\", \"environment\": {\"LD_PRELOAD\": \"x\"}}", 422),
            post("{\"program\": \"probe\", \"inputs\": {\"a.txt\": {\"file\": \"/etc/shadow\"}}}", 422),
            post("{\"program\": \"probe\", \"inputs\": {\"../a.txt\": {\"text\": \"\"}}}", 422),
            post("{\"program\": \"probe\", \"inputs\": {\"a.txt\": {\"base64\": \"a\"}}}", 422),
            post("{\"program\": \"probe\", \"arguments\": [\"a\\u0000b\"]}", 422),
            post("{\"program\": \"probe\", \"arguments\": [\(String(repeating: "\"x\",", count: 300))\"x\"]}", 422),
            post("{\"program\": \"probe\", \"arguments\": \(String(repeating: "[", count: 5000))", 400),
            Bad(
                method: "POST", path: "/v1/runs", headers: [json],
                body: Array("{\"program\": \"".utf8) + [0xff, 0x22, 0x7d],
                status: 400),
            Bad(
                method: "POST", path: "/v1/runs", headers: [json], body: [UInt8](repeating: 32, count: (4 << 20) + 1),
                status: 413),
            Bad(
                method: "POST", path: "/v1/execute", headers: [json],
                body: [UInt8](repeating: 32, count: (4 << 20) + 1),
                status: 413),
            Bad(
                method: "POST", path: "/v1/runs", headers: ["Content-Type: text/xml"], body: Array(create.utf8),
                status: 415, says: "text/xml"),
            Bad(
                method: "POST", path: "/v1/execute", headers: ["Content-Type: multipart/form-data; boundary=x"],
                body: Array(create.utf8), status: 415),
            Bad(
                method: "POST", path: "/v1/runs", headers: [json, "Idempotency-Key: \u{fc}"], body: Array(create.utf8),
                status: 400, says: "Idempotency-Key"),
            // Files
            Bad(path: "/v1/runs/{id}/files/a.txt", status: 404), Bad(path: "/v1/runs/{id}/files/", status: 404),
            Bad(path: "/v1/runs/{id}/files/..%2f..%2fetc%2fpasswd", status: 404),
            Bad(path: "/v1/runs/{id}/files/../../../etc/passwd", status: 404),
            Bad(path: "/v1/runs/{id}/files/%2e%2e/run.json", status: 404),
            Bad(path: "/v1/runs/{id}/files//etc/passwd", status: 404),
            Bad(path: "/v1/runs/{id}/files/%2fetc%2fpasswd", status: 404),
            Bad(path: "/v1/runs/{id}/files/a%00.txt", status: 400),
            Bad(path: "/v1/runs/{id}/files/%ff.txt", status: 400), Bad(path: "/v1/runs/{id}/files/%zz", status: 400),
            Bad(method: "PUT", path: "/v1/runs/{id}/files/..%2fx.txt", body: [65], status: 422),
            Bad(method: "PUT", path: "/v1/runs/{id}/files/a%0a.txt", body: [65], status: 422),
            Bad(method: "PUT", path: "/v1/runs/{id}/files/-a.txt", body: [65], status: 422),
            Bad(
                method: "PUT", path: "/v1/runs/{id}/files/\(String(repeating: "x", count: 1100)).txt", body: [65],
                status: 422),
            Bad(
                method: "PUT", path: "/v1/runs/{id}/files/a.txt", headers: ["If-None-Match: \"x\""], body: [65],
                status: 400),
            Bad(method: "DELETE", path: "/v1/runs/{id}/files/..%2frun.json", status: 404),
            Bad(method: "PUT", path: "/v1/runs/{id}/archive", body: Array("no archive".utf8), status: 400),
            // What the state does not allow
            Bad(method: "POST", path: "/v1/runs/{ended}/suspend", status: 409),
            Bad(method: "PUT", path: "/v1/runs/{ended}/files/a.txt", body: [65], status: 409),
            Bad(path: "/v1/runs/{ended}/stdout?follow=true", status: 410),
        ]

        @Test func everyOneIsAnsweredWithAProblem() throws {
            try withDaemon { daemon in
                let id = try daemon.create("exit", "0"), ended = try daemon.startRun("exit", "0")
                _ = try daemon.ended(ended)
                for bad in BadRequests.table {
                    var call = Call(bad.method, bad.path.replacing("{id}", with: id).replacing("{ended}", with: ended))
                    (call.headers, call.body) = (bad.headers, bad.body)
                    let answer = try daemon.send(call)
                    #expect(answer.status == bad.status, "\(answer)")
                    #expect(answer.headers["content-type"] == "application/problem+json", "\(answer)")
                    #expect(answer.json["status"].int == answer.status && !answer.detail.isEmpty, "\(answer)")
                    #expect(bad.says.isEmpty || answer.text.contains(bad.says), "\(answer)")
                    if answer.status == 422 { #expect(!answer.json["violations"].array.isEmpty, "\(answer)") }
                    if answer.status == 405 { #expect(answer.headers["allow"]?.isEmpty == false, "\(answer)") }
                }
                #expect(try daemon.state(id) == "created" && daemon.state(ended) == "complete")
                #expect(try daemon.get("/v1/runs").json["runs"].array.count == 2)
            }
        }

        /// What `curl -d` sends by itself is JSON too; so is a body that says nothing.
        @Test func contentTypesThatAreTaken() throws {
            try withDaemon { daemon in
                for type in [
                    "application/json", "application/json; charset=utf-8", "application/x-www-form-urlencoded", "",
                ] {
                    var call = Call("POST", "/v1/runs")
                    call.headers = ["Content-Type: \(type)"]
                    if type.isEmpty { call.headers = ["Content-Type:"] }
                    call.body = Array(BadRequests.create.utf8)
                    let answer = try daemon.send(call)
                    #expect(answer.status == 201, "\(type): \(answer)")
                }
            }
        }

        /// Everything that is wrong is said at once.
        @Test func allViolationsAtOnce() throws {
            try withDaemon { daemon in
                let body = """
                    {"program": "probe", "limits": {"wall": "9h", "cpu": "9h"}, "environment": {"NO": "x"},
                     "inputs": {"a.doc": {"text": ""}}}
                    """
                let answer = try daemon.send(Call("POST", "/v1/runs", json: body))
                let rules = answer.json["violations"].array.compactMap { $0["rule"].string }
                #expect(Set(rules) == ["limits", "environment", "inputs"] && rules.count == 4, "\(answer)")
            }
        }

        @Test func whatIsNotHTTP() throws {
            try withDaemon { daemon in
                for bytes in ["GET\r\n\r\n", "\0\0\0\0", "GET / HTTP/9.9\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
                    let script = """
                        import socket, sys
                        client = socket.socket(socket.AF_UNIX)
                        client.connect(sys.argv[1])
                        client.sendall(sys.stdin.buffer.read())
                        client.shutdown(socket.SHUT_WR)
                        while client.recv(65536): pass
                        """
                    var command = Command(["/usr/bin/python3", "-c", script, daemon.socket])
                    command.input = Array(bytes.utf8)
                    #expect(try command.run().status == 0)
                }
                let long = "X-Long: " + String(repeating: "x", count: 100_000)
                let answer = try daemon.get("/v1/info", headers: [long])
                #expect(answer.status != 200)
                #expect(try daemon.get("/v1/info").status == 200)
            }
        }
    }
}
