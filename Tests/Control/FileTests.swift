import Foundation
import TestSupport
import Testing

/// Inputs up, results down.
extension Control {
    @Suite struct Files {
        private func sha256(_ bytes: some Sequence<UInt8>) throws -> String {
            var command = Command(["/usr/bin/sha256sum"])
            command.input = Array(bytes)
            return String(try command.run().text.prefix(64))
        }

        @Test func theTagIsTheDigest() throws {
            try withDaemon { daemon in
                let id = try daemon.create("exit", "0")
                let base = "/v1/runs/\(id)/files"
                let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }
                let tag = "\"\(try sha256(bytes))\""
                let new = try daemon.put("\(base)/a.bin", bytes)
                #expect(new.status == 201 && new.headers["etag"] == tag, "\(new)")
                let got = try daemon.get("\(base)/a.bin")
                #expect(got.body == Bytes(bytes) && got.headers["etag"] == tag)
                #expect(got.headers["content-length"] == "300000" && got.headers["accept-ranges"] == "bytes")
                let head = try daemon.send(Call("HEAD", "\(base)/a.bin"))
                #expect(head.status == 200 && head.headers["content-length"] == "300000")
                #expect(head.headers["etag"] == tag)
                for known in [tag, "*", "\"x\", \(tag)", "W/\(tag)"] {
                    let same = try daemon.get("\(base)/a.bin", headers: ["If-None-Match: \(known)"])
                    #expect(same.status == 304 && same.body.isEmpty && same.headers["etag"] == tag, "\(same)")
                }
                #expect(try daemon.get("\(base)/a.bin", headers: ["If-None-Match: \"x\""]).status == 200)
                let replaced = try daemon.put("\(base)/a.bin", "new".utf8)
                let digest = try sha256("new".utf8)
                #expect(replaced.status == 204 && replaced.headers["etag"] == "\"\(digest)\"")
                #expect(try daemon.get("\(base)/a.bin").text == "new")
                let list = try daemon.get(base).json["files"]
                #expect(list.array.count == 1 && list[0]["kind"].string == "input" && list[0]["size_bytes"].int == 3)
                #expect(list[0]["sha256"].string == digest)
                #expect(try daemon.run(id)["inputs"].strings == ["a.bin"])
                #expect(try daemon.delete("\(base)/a.bin").status == 204)
                #expect(try daemon.get("\(base)/a.bin").status == 404 && daemon.delete("\(base)/a.bin").status == 404)
            }
        }

        @Test func ranges() throws {
            try withDaemon { daemon in
                let id = try daemon.create("exit", "0")
                let path = "/v1/runs/\(id)/files/a.txt"
                _ = try daemon.put(path, "0123456789".utf8)
                for (range, text, place) in [
                    ("0-3", "0123", "0-3"), ("4-", "456789", "4-9"), ("-3", "789", "7-9"), ("8-99", "89", "8-9"),
                    ("-99", "0123456789", "0-9"),
                ] {
                    let part = try daemon.get(path, headers: ["Range: bytes=\(range)"])
                    #expect(part.status == 206 && part.text == text, "\(part)")
                    #expect(part.headers["content-range"] == "bytes \(place)/10")
                }
                for range in ["10-", "99-100"] {
                    let beyond = try daemon.get(path, headers: ["Range: bytes=\(range)"])
                    #expect(beyond.status == 416 && beyond.headers["content-range"] == "bytes */10", "\(beyond)")
                }
                for range in ["bytes=0-1,3-4", "bytes=x", "lines=0-1", "bytes=5-2"] {
                    #expect(try daemon.get(path, headers: ["Range: \(range)"]).text == "0123456789")
                }
                let tag = try #require(try daemon.get(path).headers["etag"])
                #expect(try daemon.get(path, headers: ["Range: bytes=0-1", "If-Range: \(tag)"]).status == 206)
                #expect(try daemon.get(path, headers: ["Range: bytes=0-1", "If-Range: \"x\""]).status == 200)
            }
        }

        @Test func conditions() throws {
            try withDaemon { daemon in
                let id = try daemon.create("exit", "0")
                let path = "/v1/runs/\(id)/files/a.txt"
                #expect(try daemon.put(path, "one".utf8, headers: ["If-None-Match: *"]).status == 201)
                let refused = try daemon.put(path, "two".utf8, headers: ["If-None-Match: *"])
                #expect(refused.status == 412 && refused.problem == "precondition", "\(refused)")
                #expect(try daemon.get(path).text == "one")
            }
        }

        @Test func namesWithSlashesAndOddCharacters() throws {
            try withDaemon { daemon in
                let id = try daemon.create("batch", "read", "a/b/c.txt", "--", "read", "ü %+&.txt")
                let base = "/v1/runs/\(id)/files"
                #expect(try daemon.put("\(base)/a/b/c.txt", "one".utf8).status == 201)
                #expect(try daemon.get("\(base)/a%2Fb%2fc.txt").text == "one")
                #expect(try daemon.put("\(base)/a%2fb%2Fc.txt", "two".utf8).status == 204)
                #expect(try daemon.put("\(base)/%C3%BC%20%25%2B%26.txt", "three".utf8).status == 201)
                let names = try daemon.get(base).json["files"].array.compactMap { $0["path"].string }
                #expect(names == ["a/b/c.txt", "ü %+&.txt"])
                try daemon.command("start", id)
                _ = try daemon.ended(id)
                let output = try daemon.get("/v1/runs/\(id)/stdout").text
                #expect(output.contains("\"two\"") && output.contains("\"three\""), "\(output)")
            }
        }

        /// Refused as the bytes arrive, and nothing of it stays.
        @Test func theRulesAreAsked() throws {
            let inputs = """
                [{path: "*.txt", max_size: 1KiB, max_count: 2}, {path: "*.png", max_size: 1MiB, type: png}]
                """
            try withDaemon(programs: [try ProgramFile(keys: ["inputs": inputs])]) { daemon in
                let id = try daemon.create("exit", "0")
                let base = "/v1/runs/\(id)/files"
                #expect(try daemon.put("\(base)/a.txt", "old".utf8).status == 201)
                func refused(_ name: String, _ bytes: [UInt8]) throws {
                    let answer = try daemon.put("\(base)/\(name)", bytes)
                    #expect(answer.status == 422 && answer.problem == "invalid", "\(answer)")
                    #expect(answer.json["violations"][0]["rule"].string == "inputs", "\(answer)")
                }
                try refused("a.txt", [UInt8](repeating: 65, count: 1025))
                try refused("a.txt", [UInt8](repeating: 65, count: 40 << 20))
                try refused("a.doc", [65])
                try refused("sub/a.txt", [65])
                try refused("a.png", Array("no picture".utf8))
                #expect(try daemon.put("\(base)/b.txt", [UInt8](repeating: 65, count: 1024)).status == 201)
                try refused("c.txt", [65])
                let list = try daemon.get(base).json["files"].array
                #expect(list.compactMap { $0["path"].string } == ["a.txt", "b.txt"])
                #expect(try daemon.get("\(base)/a.txt").text == "old")
                // Nothing is left on the disk of what was refused.
                #expect(try daemon.run(id)["kept_bytes"].int ?? .max < 100_000)
            }
        }

        /// Each takes an inode, of which a disk has only so many.
        @Test func emptyFilesAreNotFree() throws {
            try withDaemon(keys: ["quota": "{runs: 9, kept: 64KiB}"]) { daemon in
                let id = try daemon.create("exit", "0")
                let before = try daemon.run(id)["kept_bytes"].int ?? 0
                #expect(try daemon.put("/v1/runs/\(id)/files/a/b/c.txt", []).status == 201)
                // The file, and two directories.
                #expect(try daemon.run(id)["kept_bytes"].int == before + 3 * 4096)
                let answers = try (0..<16).map { try daemon.put("/v1/runs/\(id)/files/\($0).txt", []).status }
                #expect(answers.contains(429) && !answers.contains(500), "\(answers)")
                #expect(try daemon.run(id)["kept_bytes"].int ?? .max <= 64 << 10)
                #expect(try daemon.delete("/v1/runs/\(id)/files/a/b/c.txt").status == 204)
                #expect(try daemon.put("/v1/runs/\(id)/files/z.txt", []).status == 201)
            }
        }

        @Test func aLostUploadLeavesNothing() throws {
            try withDaemon { daemon in
                let id = try daemon.create("exit", "0")
                let path = "/v1/runs/\(id)/files/a.bin"
                // Says 1000 bytes, sends 3, and goes.
                let cut = Call("PUT", path).with {
                    $0.body = Array("abc".utf8)
                    $0.headers = ["Content-Length: 1000", "Content-Type: application/octet-stream"]
                    $0.options = ["--max-time", "1"]
                }
                #expect(try daemon.send(cut).exit != 0)
                #expect(try daemon.get(path).status == 404)
                #expect(try daemon.get("/v1/runs/\(id)/files").json["files"].array.count == 0)
            }
        }

        @Test func onlyBeforeTheStart() throws {
            try withDaemon { daemon in
                let id = try daemon.create("batch", "fill", "r.out", "9", "--", "sleep", "forever")
                let base = "/v1/runs/\(id)/files"
                _ = try daemon.put("\(base)/a.txt", "x".utf8)
                try daemon.command("start", id)
                for answer in [
                    try daemon.put("\(base)/a.txt", "y".utf8), try daemon.put("\(base)/b.txt", "y".utf8),
                    try daemon.delete("\(base)/a.txt"),
                ] { #expect(answer.status == 409 && answer.json["state"].string == "running", "\(answer)") }
                #expect(try daemon.get("\(base)/a.txt").text == "x")
                try daemon.awaitOutput(of: id, "ready")
                try daemon.command("kill", id)
                _ = try daemon.ended(id)
                let list = try daemon.get(base).json["files"]
                #expect(list.array.count == 1 && list[0]["kind"].string == "result", "\(list)")
                #expect(try daemon.get("\(base)/r.out").body.count == 9 && daemon.get("\(base)/a.txt").status == 404)
            }
        }
    }
}
