import Foundation
import TestSupport
import Testing

/// tar both ways, with GNU tar at the other end, and archives that somebody made with bad intent.
extension Control {
    @Suite struct Archives {
        private func tar(_ arguments: [String], input: [UInt8]? = nil) throws -> Ended {
            var command = Command(["/usr/bin/tar"] + arguments)
            command.environment = ["PATH": "/usr/bin:/bin"]
            command.input = input
            let ended = try command.run()
            try #require(ended.status == 0, "\(ended.stderr)")
            return ended
        }

        private static let long = String(repeating: "long", count: 40) + "/" + String(repeating: "name", count: 30)

        @Test(arguments: ["ustar", "pax", "gnu", "oldgnu"]) func whatTarWritesIsTaken(_ format: String) throws {
            try withDaemon { daemon in
                let tree = "\(daemon.directory)/scratch/tree"
                var files = ["a.txt": "one", "sub/deep/b.txt": "two", "empty.txt": "", "ü.txt": "three"]
                // ustar has no room for it.
                if format != "ustar" { files["\(Archives.long).txt"] = "four" }
                for (name, text) in files {
                    let path = "\(tree)/\(name)"
                    try FileManager.default.createDirectory(
                        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
                }
                let archive = try tar(["-C", tree, "--format=\(format)", "-cf", "-", "."]).stdout.array
                let id = try daemon.create("exit", "0")
                let taken = try daemon.put("/v1/runs/\(id)/archive", archive)
                #expect(taken.status == 200, "\(taken)")
                let listed = taken.json["files"].array.compactMap { $0["path"].string }
                #expect(listed == files.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
                for (name, text) in files {
                    let path = name.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? ""
                    #expect(try daemon.get("/v1/runs/\(id)/files/\(path)").text == text)
                }
                let back = "\(daemon.directory)/scratch/back"
                try FileManager.default.createDirectory(atPath: back, withIntermediateDirectories: false)
                let given = try daemon.get("/v1/runs/\(id)/archive")
                #expect(given.status == 200 && given.headers["content-type"] == "application/x-tar")
                _ = try tar(["-C", back, "-xf", "-"], input: given.body.array)
                let differences = try Command(["/usr/bin/diff", "-r", tree, back]).run()
                #expect(differences.status == 0, "\(differences.text)")
            }
        }

        @Test func theResultsAsAnArchive() throws {
            try withDaemon { daemon in
                let id = try daemon.startRun("batch", "fill", "a.out", "100000", "--", "fill", "b.out", "0")
                _ = try daemon.ended(id)
                let archive = try daemon.get("/v1/runs/\(id)/archive").body.array
                #expect(try tar(["-tf", "-"], input: archive).text == "a.out\nb.out\n")
                let content = try tar(["-xOf", "-", "a.out"], input: archive).stdout
                #expect(try daemon.get("/v1/runs/\(id)/files/a.out").body == content)
            }
        }

        @Test func whatIsThereIsReplaced() throws {
            try withDaemon { daemon in
                let id = try daemon.create("exit", "0")
                _ = try daemon.put("/v1/runs/\(id)/files/a.txt", "old".utf8)
                _ = try daemon.put("/v1/runs/\(id)/files/b.txt", "stays".utf8)
                let answer = try daemon.put("/v1/runs/\(id)/archive", try archive("add('a.txt', b'new')"))
                #expect(answer.json["files"].array.count == 3, "\(answer)")
                #expect(try daemon.get("/v1/runs/\(id)/files/a.txt").text == "new")
            }
        }

        /// An archive that Python's tarfile writes as it is told.
        private func archive(_ steps: String) throws -> [UInt8] {
            let script = """
                import io, sys, tarfile
                out = io.BytesIO()
                tar = tarfile.open(fileobj=out, mode='w', format=tarfile.GNU_FORMAT)
                def add(name, data=b'', type=tarfile.REGTYPE, link=''):
                    info = tarfile.TarInfo(name)
                    info.size, info.type, info.linkname = len(data), type, link
                    tar.addfile(info, io.BytesIO(data))
                add('first.txt', b'good')
                \(steps)
                tar.close()
                sys.stdout.buffer.write(out.getvalue())
                """
            let ended = try Command(["/usr/bin/python3", "-c", script]).run()
            try #require(ended.status == 0, "\(ended.stderr)")
            return ended.stdout.array
        }

        static let hostile: [(what: String, steps: String, statuses: Set<Int>)] = [
            ("an absolute path", "add('/etc/evil.txt', b'x')", [400, 422]),
            ("a path upwards", "add('../evil.txt', b'x')", [400, 422]),
            ("a path upwards in the middle", "add('a/../../evil.txt', b'x')", [400, 422]),
            ("a symbolic link", "add('link.txt', type=tarfile.SYMTYPE, link='/etc/passwd')", [400]),
            (
                "a file through a link",
                "add('d', type=tarfile.SYMTYPE, link='/tmp'); add('d/evil.txt', b'x')", [400]
            ),
            ("a hard link", "add('link.txt', type=tarfile.LNKTYPE, link='first.txt')", [400]),
            ("a device", "add('null.txt', type=tarfile.CHRTYPE)", [400]),
            ("a FIFO", "add('fifo.txt', type=tarfile.FIFOTYPE)", [400]),
            ("a name that no rule accepts", "add('evil.doc', b'x')", [422]),
            ("a file that is too large", "add('big.txt', b'x' * 70000)", [422]),
            ("too many files", "[add(f'{n}.txt', b'x') for n in range(30)]", [422]),
            ("a control character", "add('a\\n.txt', b'x')", [400, 422]),
            ("a name that is no UTF-8", "tar.errors = 'surrogateescape'; add('\\udcff.txt', b'x')", [400, 422]),
        ]

        @Test func hostileArchivesLeaveNothing() throws {
            try withDaemon { daemon in
                for (what, steps, statuses) in Archives.hostile {
                    try refuse(what, try archive(steps), statuses, daemon)
                }
                let good = try archive("add('second.txt', b'x' * 5000)")
                try refuse("cut off in a header", Array(good.prefix(1300)), [400], daemon)
                try refuse("cut off in a file", Array(good.prefix(3000)), [400], daemon)
                try refuse("no archive", Array(repeating: 65, count: 2048), [400], daemon)
                var broken = good
                broken[1024 + 150] ^= 1
                try refuse("a wrong checksum", broken, [400], daemon)
                try refuse("compressed", [0x1f, 0x8b, 8, 0] + good.prefix(600), [400], daemon)
            }
        }

        private func refuse(_ what: String, _ bytes: [UInt8], _ statuses: Set<Int>, _ daemon: Daemon) throws {
            let id = try daemon.create("exit", "0")
            _ = try daemon.put("/v1/runs/\(id)/files/was.txt", "was".utf8)
            let before = try daemon.run(id)["kept_bytes"].int
            let answer = try daemon.put("/v1/runs/\(id)/archive", bytes)
            #expect(statuses.contains(answer.status), "\(what): \(answer)")
            let list = try daemon.get("/v1/runs/\(id)/files").json["files"].array
            #expect(list.compactMap { $0["path"].string } == ["was.txt"], "\(what)")
            #expect(try daemon.run(id)["kept_bytes"].int == before, "\(what)")
            // Beside what can be seen, too.
            let inside = FileManager.default.subpaths(atPath: "\(daemon.runsDirectory)/\(id)/inputs") ?? []
            #expect(inside.filter { !$0.hasSuffix("was.txt") } == [], "\(what)")
            #expect(FileManager.default.fileExists(atPath: "/etc/evil.txt") == false)
        }

        @Test func onlyBeforeTheStart() throws {
            try withDaemon { daemon in
                let id = try daemon.startRun("sleep", "forever")
                #expect(try daemon.put("/v1/runs/\(id)/archive", try archive("")).problem == "conflict")
            }
        }
    }
}
