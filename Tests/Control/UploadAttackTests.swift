import Foundation
import Glibc
import TestSupport
import Testing

/// Archives that somebody made with bad intent, as jrund gets them. Single bad entries are asked in `Archives` and byte by
/// byte in `HostileTarTests`; here are the tricks of the extended headers, of names that stand in each other's way, and of much
/// from little. The control shows that they bite whoever unpacks without care.
extension Control {
    @Suite struct UploadAttacks {
        /// An archive that Python's tarfile writes as it is told, with headers that it does not look at.
        private func archive(_ steps: String, format: String = "PAX_FORMAT") throws -> [UInt8] {
            let script = """
                import io, sys, tarfile
                out = io.BytesIO()
                tar = tarfile.open(fileobj=out, mode='w', format=tarfile.\(format))
                def add(name, data=b'', type=tarfile.REGTYPE, link='', mode=0o644, pax={}, size=None):
                    info = tarfile.TarInfo(name)
                    info.size, info.type, info.linkname, info.mode = len(data), type, link, mode
                    info.pax_headers = pax
                    if size is not None:
                        info.size = size
                        tar.fileobj.write(info.tobuf(tar.format, tar.encoding, tar.errors))
                        return
                    tar.addfile(info, io.BytesIO(data))
                def raw(name, type, data=b''):
                    info = tarfile.TarInfo(name)
                    info.size, info.type = len(data), type
                    tar.fileobj.write(info.tobuf(tarfile.USTAR_FORMAT) + data + bytes(-len(data) % 512))
                def record(key, value):
                    text = f' {key}={value}\\n'
                    length = len(text.encode())
                    while length != len(f'{length}{text}'.encode()): length = len(f'{length}{text}'.encode())
                    return f'{length}{text}'.encode()
                \(steps)
                tar.close()
                sys.stdout.buffer.write(out.getvalue())
                """
            let ended = try Command(["/usr/bin/python3", "-c", script]).run()
            try #require(ended.status == 0, "\(ended.stderr)")
            return ended.stdout.array
        }

        /// With the status that answers each; 200 where the trick is without effect.
        static let hostile: [(what: String, steps: String, status: Int)] = [
            (
                "pax path upwards", "raw('PaxHeader', b'x', record('path', '../evil.txt')); raw('a.txt', b'0', b'x')",
                400
            ),
            (
                "pax path absolute",
                "raw('PaxHeader', b'x', record('path', '/etc/evil.txt')); raw('a.txt', b'0', b'x')", 400
            ),
            ("pax path for all", "raw('G', b'g', record('path', '../evil.txt')); raw('a.txt', b'0', b'x')", 200),
            (
                "pax path twice",
                "raw('P', b'x', record('path', 'a.txt') + record('path', '../evil.txt')); raw('a.txt', b'0')", 400
            ),
            ("pax size too large", "raw('P', b'x', record('size', str(10 << 30))); raw('a.bin', b'0', b'x')", 400),
            (
                "pax size hides a header",
                "raw('P', b'x', record('size', '1024')); raw('a.txt', b'0', b'x'); raw('../evil.txt', b'0')", 200
            ),
            ("pax link", "raw('P', b'x', record('linkpath', '/etc/passwd')); raw('a.txt', b'2')", 400),
            (
                "long name upwards",
                "raw('././@LongLink', b'L', b'../' * 60 + b'evil.txt\\0'); raw('a.txt', b'0', b'x')", 400
            ),
            (
                "long name absolute",
                "raw('././@LongLink', b'L', b'/etc/' + b'n' * 120 + b'.txt\\0'); raw('a.txt', b'0')", 400
            ),
            ("long link", "raw('././@LongLink', b'K', b'/etc/passwd\\0'); raw('a.txt', b'1')", 400),
            ("ten gigabytes announced", "add('a.bin', size=10 << 30)", 400),
            ("a name twice", "add('a.txt', b'1'); add('a.txt', b'2')", 400),
            ("a name twice, written otherwise", "add('a.txt', b'1'); add('./a.txt', b'2')", 400),
            (
                "a link, then a file through it",
                "add('a.txt', type=tarfile.SYMTYPE, link='/tmp/evil.txt'); add('a.txt', b'x')", 400
            ),
            ("a file, then a directory of its name", "add('a.txt', b'x'); add('a.txt/b.txt', b'x')", 422),
            ("a directory, then a file of its name", "add('a.txt/b.txt', b'x'); add('a.txt', b'x')", 422),
            ("beneath a file that is there", "add('new.txt', b'x'); add('was.txt/b.txt', b'x')", 422),
            (
                "a directory that is a file here",
                "add('new.txt', b'x'); add('was.txt', type=tarfile.DIRTYPE); add('was.txt/b.txt', b'x')", 422
            ),
            ("a name of jrund's own", "add('../.upload-01.txt', b'x')", 400),
            ("a part of a larger archive", "raw('a.txt', b'M', b'x')", 400),
            ("a dump of directories", "raw('d', b'D', b'Ya.txt\\0\\0')", 400),
            ("a label", "raw('label', b'V')", 400),
            ("a FIFO, then its name as a file", "add('a.txt', type=tarfile.FIFOTYPE); add('a.txt', b'x')", 400),
            ("a disk", "raw('a.txt', b'4')", 400),
        ]

        @Test func hostileArchivesLeaveNothing() throws {
            try withDaemon { daemon in
                for (what, steps, status) in Self.hostile {
                    let id = try daemon.create("exit", "0")
                    _ = try daemon.put("/v1/runs/\(id)/files/was.txt", "was".utf8)
                    let before = try state(of: id, daemon)
                    let answer = try daemon.put("/v1/runs/\(id)/archive", try archive(steps))
                    #expect(answer.status == status, "\(what): \(answer)")
                    if answer.status != 200 { #expect(try state(of: id, daemon) == before, "\(what)") }
                    let paths = FileManager.default.subpaths(atPath: "\(daemon.runsDirectory)/\(id)/inputs") ?? []
                    #expect(!paths.contains { $0.contains("evil") }, "\(what): \(paths)")
                    #expect(try daemon.delete("/v1/runs/\(id)").status == 204)
                }
                #expect(!FileManager.default.fileExists(atPath: "/etc/evil.txt"))
                #expect(!FileManager.default.fileExists(atPath: "\(daemon.runsDirectory)/evil.txt"))
            }
        }

        /// All that can be seen of a run's inputs, by request and on the disk.
        private func state(of id: String, _ daemon: Daemon) throws -> [String] {
            let files = try daemon.get("/v1/runs/\(id)/files").json["files"].array.map {
                "\($0["path"]) \($0["sha256"])"
            }
            let inside = (FileManager.default.subpaths(atPath: "\(daemon.runsDirectory)/\(id)") ?? []).sorted()
            return files + inside.filter { $0.hasPrefix("inputs") || $0.hasPrefix(".upload") }
                + ["\(try daemon.run(id)["kept_bytes"])"]
        }

        /// Setuid bits and owners are the archive's wish, not ours.
        @Test func modesAndOwnersAreNotTaken() throws {
            try withDaemon { daemon in
                let id = try daemon.create("stat", "a.txt")
                let steps =
                    "add('a.txt', b'x', mode=0o6777, pax={'uid': '0', 'gid': '0', 'SCHILY.xattr.security.capability': 'x'})"
                let answer = try daemon.put("/v1/runs/\(id)/archive", try archive(steps))
                #expect(answer.status == 200, "\(answer)")
                var facts = stat()
                try #require(lstat("\(daemon.runsDirectory)/\(id)/inputs/a.txt", &facts) == 0)
                #expect(facts.st_mode & 0o7111 == 0)
                #expect(try daemon.post("/v1/runs/\(id)/start").status == 200)
                _ = try daemon.ended(id)
                let seen = try JSON(parsing: daemon.get("/v1/runs/\(id)/stdout").body.array)
                #expect(seen["mode"].string == "0600" && seen["uid"].int ?? 0 >= Int(daemon.uids.lowerBound), "\(seen)")
            }
        }

        /// Ten gigabytes of zeros from ten kilobytes, as GNU tar writes them in each of its ways.
        @Test(arguments: [
            ["--format=gnu"], ["--format=posix", "--sparse-version=0.0"], ["--format=posix", "--sparse-version=0.1"],
            ["--format=posix", "--sparse-version=1.0"],
        ])
        func sparseFilesAreRefused(_ options: [String]) throws {
            try withDaemon { daemon in
                let scratch = "\(daemon.directory)/scratch"
                var tar = Command(["/usr/bin/tar", "-C", scratch, "--sparse"] + options + ["-cf", "-", "zeros.bin"])
                tar.environment = ["PATH": "/usr/bin:/bin"]
                try #require(try Command(["/usr/bin/truncate", "-s", "10G", "\(scratch)/zeros.bin"]).run().status == 0)
                let bytes = try tar.run().stdout.array
                #expect(bytes.count <= 20 << 10)
                let id = try daemon.create("exit", "0")
                let answer = try daemon.put("/v1/runs/\(id)/archive", bytes)
                #expect(answer.status == 400 && answer.text.contains("sparse"), "\(answer)")
                #expect(try daemon.get("/v1/runs/\(id)/files").json["files"].array.isEmpty)
            }
        }

        /// An archive is a tar and nothing else: whoever unpacks what is packed can be made to unpack for ever.
        @Test(arguments: ["gzip", "bz2", "lzma"]) func compressedArchivesAreRefused(_ module: String) throws {
            let script = """
                import io, sys, tarfile, \(module)
                out = io.BytesIO()
                tar = tarfile.open(fileobj=out, mode='w')
                info = tarfile.TarInfo('zeros.bin')
                info.size = 60 << 20
                tar.addfile(info, io.BytesIO(bytes(info.size)))
                tar.close()
                sys.stdout.buffer.write(\(module).compress(out.getvalue()))
                """
            let packed = try Command(["/usr/bin/python3", "-c", script]).run().stdout.array
            try #require(packed.count > 100 && packed.count < 100 << 10)
            try withDaemon { daemon in
                let id = try daemon.create("exit", "0")
                for headers in [[], ["Content-Encoding: \(module)"], ["Content-Type: application/gzip"]] {
                    var call = Call("PUT", "/v1/runs/\(id)/archive")
                    (call.body, call.headers) = (packed, headers)
                    let answer = try daemon.send(call)
                    #expect([400, 415].contains(answer.status), "\(headers): \(answer)")
                }
                #expect(try daemon.get("/v1/runs/\(id)/files").json["files"].array.isEmpty)
                #expect(try daemon.run(id)["kept_bytes"].int ?? 0 < 64 << 10)
            }
        }

        /// Two at once into one run: one after the other, never a mixture that nobody sent.
        @Test func twoArchivesAtOnce() throws {
            try withDaemon { daemon in
                let id = try daemon.create("exit", "0")
                let archives = try ["one", "two"].map {
                    try archive("[add(f'{n}.txt', b'\($0)' * 9000) for n in range(9)]")
                }
                let calls = archives.map { bytes in Call("PUT", "/v1/runs/\(id)/archive").with { $0.body = bytes } }
                let exchanges = try (0..<10).map { try daemon.begin(calls[$0 % 2]) }
                for exchange in exchanges { #expect(try exchange.finish().status == 200) }
                let texts = try Set((0..<9).map { try daemon.get("/v1/runs/\(id)/files/\($0).txt").text.prefix(3) })
                #expect(texts.count == 1, "\(texts)")
                #expect(try daemon.get("/v1/runs/\(id)/files").json["files"].array.count == 9)
            }
        }

        /// Python's tarfile, told to trust the archive, is outside of its directory at once, and a gigabyte large.
        @Test func theCarelessAreBitten() throws {
            try withDaemon { daemon in
                let place = "\(daemon.directory)/scratch/inner/inner"
                try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
                let bytes = try archive("raw('P', b'x', record('path', '../evil.txt')); raw('a.txt', b'0', b'x')")
                let path = try daemon.scratch("evil.tar", bytes)
                let script = "import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])"
                _ = try Command(["/usr/bin/python3", "-c", script, path, place]).run()
                #expect(FileManager.default.fileExists(atPath: "\(daemon.directory)/scratch/inner/evil.txt"))
            }
        }
    }
}
