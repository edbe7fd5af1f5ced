// The requests that most tests need, in one line each.

import Glibc
import TestSupport
import Testing

extension Daemon {
    func get(_ path: String, headers: [String] = []) throws -> Answer {
        try send(Call("GET", path).with { $0.headers += headers })
    }

    func delete(_ path: String) throws -> Answer { try send(Call("DELETE", path)) }
    func post(_ path: String) throws -> Answer { try send(Call("POST", path)) }

    func put(_ path: String, _ body: some Sequence<UInt8>, headers: [String] = []) throws -> Answer {
        try send(
            Call("PUT", path).with {
                $0.body = Array(body)
                $0.headers += headers
            })
    }

    /// JSON of a request for the probe.
    static func request(_ words: [String], program: String = "probe", more: String = "") -> String {
        let list = words.map { "\"\($0)\"" }.joined(separator: ", ")
        return "{\"program\": \"\(program)\", \"arguments\": [\(list)]\(more)}"
    }

    /// A new run; its id.
    func create(
        _ words: String..., program: String = "probe", more: String = "", change: (inout Call) -> Void = { _ in }
    ) throws -> String {
        var call = Call("POST", "/v1/runs", json: Daemon.request(words, program: program, more: more))
        change(&call)
        let answer = try send(call)
        try #require(answer.status == 201, "\(answer)")
        return try #require(answer.json["id"].string)
    }

    /// A run whose program's `execve` has succeeded.
    func startRun(_ words: String..., program: String = "probe", more: String = "") throws -> String {
        let list = Daemon.request(words, program: program, more: more)
        let answer = try send(Call("POST", "/v1/runs", json: list))
        try #require(answer.status == 201, "\(answer)")
        let id = try #require(answer.json["id"].string)
        let started = try post("/v1/runs/\(id)/start")
        try #require(started.status == 200, "\(started)")
        return id
    }

    /// A run that has said `text` on stdout.
    func startRun(saying text: String, _ words: String..., program: String = "probe") throws -> String {
        let answer = try send(Call("POST", "/v1/runs", json: Daemon.request(words, program: program)))
        try #require(answer.status == 201, "\(answer)")
        let id = try #require(answer.json["id"].string)
        let started = try post("/v1/runs/\(id)/start")
        try #require(started.status == 200, "\(started)")
        try awaitOutput(of: id, text)
        return id
    }

    /// Returns when stdout of a live run holds `text`.
    func awaitOutput(of id: String, _ text: String) throws {
        let follower = try begin(Call("GET", "/v1/runs/\(id)/stdout?follow=true"))
        try follower.await(text)
        try follower.abandon()
    }

    /// Returns when the program has closed stdout, or nothing more of it can be kept.
    func awaitEnd(ofStdoutOf id: String) throws {
        _ = try send(Call("GET", "/v1/runs/\(id)/stdout?follow=true"))
    }

    func run(_ id: String) throws -> JSON { try get("/v1/runs/\(id)").json }
    func state(_ id: String) throws -> String { try run(id)["state"].string ?? "?" }

    /// The run, when it has ended.
    func ended(_ id: String) throws -> JSON {
        let answer = try get("/v1/runs/\(id)?wait=30")
        try #require(answer.json["ended"].exists, "\(answer)")
        return answer.json
    }

    /// One verb of a run's life: `suspend`, `kill`, …
    @discardableResult
    func command(_ verb: String, _ id: String) throws -> Answer { try post("/v1/runs/\(id)/\(verb)") }
}

/// curl as a user without a name on the node.
func asNobody(_ call: inout Call) {
    call.wrapper = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
}

func makeExecutable(_ path: String) -> Bool { chmod(path, 0o755) == 0 }
