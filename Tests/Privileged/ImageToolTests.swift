import Foundation
import Glibc
import TestSupport
import Testing

/// `jrun-image` beside the public tools: what umoci makes is what we read, and what we write umoci and skopeo read.
extension Privileged {
    @Suite struct ImageTool {
        /// A directory of the test's own, with a store in it.
        private final class Place {
            let path = FileManager.default.temporaryDirectory.path + "/jrun-image-\(UInt64.random(in: 0 ... .max))"

            init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
            deinit { try? FileManager.default.removeItem(atPath: path) }

            func tool(_ arguments: String...) throws -> Ended { try tool(arguments) }

            func tool(_ arguments: [String]) throws -> Ended {
                let binary = try Site.shared.get().dist + "/sbin/jrun-image"
                var command = Command([binary] + arguments)
                command.environment = environment
                return try command.run()
            }

            /// Of a node of the test's own.
            var environment: [String: String] {
                [
                    "JRUN_IMAGES": "\(path)/images", "JRUN_STATE": "\(path)/state", "JRUN_RUNTIME": "\(path)/runtime",
                    "JRUN_UIDS": "1720000000-1720000063", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                ]
            }

            /// An image with the probe in it.
            ///
            /// - Parameter content: makes it another image.
            /// - Returns: its digest's digits.
            func build(_ content: String) throws -> String {
                let files = FileManager.default, tree = "\(path)/tree"
                try files.createDirectory(atPath: "\(tree)/bin", withIntermediateDirectories: true)
                if !files.fileExists(atPath: "\(tree)/bin/probe") {
                    try files.copyItem(atPath: Site.shared.get().probe, toPath: "\(tree)/bin/probe")
                }
                // An image of this test alone: one that is mounted anywhere on the node is in use.
                _ = try write("\(content) \(path)", "tree/content")
                let built = try tool(
                    "build", write("{image: box, from: directory, path: tree}\n", "box.yaml"), "--json")
                try #require(built.status == 0, "\(built.stderr)")
                let digest = try JSON(parsing: built.stdout.array)["digest"].string
                return String(try #require(digest).dropFirst(7))
            }

            /// A run of the probe in it.
            func request(_ words: String...) throws -> Request {
                var request = try Request()
                request.words = words
                request.program.executable = "/bin/probe"
                request.program.security = ["root": "{image: box}"]
                request.environment.merge(environment) { $1 }
                return request
            }

            func mountPoint(_ digest: String) -> String { "\(path)/runtime/images/\(digest)" }

            func mounts() throws -> Set<String> {
                Set(
                    try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8).split(separator: "\n")
                        .map { String($0.split(separator: " ")[4]) }.filter { $0.hasPrefix("\(path)/runtime/images/") })
            }

            func umoci(_ arguments: String...) throws {
                var command = Command(["/usr/bin/umoci"] + arguments)
                command.environment = ["HOME": path]
                let ended = try command.run()
                try #require(ended.status == 0, "umoci \(arguments): \(ended.stderr)")
            }

            func write(_ text: String, _ name: String) throws -> String {
                try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
                return "\(path)/\(name)"
            }

            /// An image with two layers: busybox with two names for it, and a layer that takes one away again.
            func layout() throws -> String {
                let layout = "\(path)/layout", bundle = "\(path)/bundle"
                try umoci("init", "--layout", layout)
                try umoci("new", "--image", "\(layout):box")
                try umoci("unpack", "--image", "\(layout):box", bundle)
                let bin = "\(bundle)/rootfs/bin", files = FileManager.default
                try files.createDirectory(atPath: bin, withIntermediateDirectories: true)
                try files.copyItem(atPath: "/bin/busybox", toPath: "\(bin)/busybox")
                for name in ["sh", "id", "gone"] {
                    try files.createSymbolicLink(atPath: "\(bin)/\(name)", withDestinationPath: "busybox")
                }
                try umoci("repack", "--refresh-bundle", "--image", "\(layout):box", bundle)
                try files.removeItem(atPath: "\(bin)/gone")
                try files.createSymbolicLink(atPath: "\(bin)/ls", withDestinationPath: "busybox")
                try umoci("repack", "--image", "\(layout):box", bundle)
                return layout
            }
        }

        @Test func whatUmociMakesIsBuiltShownAndGivenBack() throws {
            let place = try Place()
            let layout = try place.layout()
            let recipe = try place.write("{image: box, from: oci, path: layout, reference: box}\n", "box.yaml")
            let built = try place.tool("build", recipe)
            try #require(built.status == 0, "\(built.stderr)")
            let files = try place.tool("show", "--files", "box").text
            #expect(files.contains("l 0777 7 - bin/ls -> busybox") && files.contains(" bin/busybox\n"))
            #expect(!files.contains("gone"))
            #expect(try place.tool("verify").status == 0)
            #expect(
                try place.tool("build", recipe, "--name", "again").text.split(separator: " ")[1]
                    == built.text.split(separator: " ")[1])

            let back = "\(place.path)/back"
            #expect(try place.tool("export", "box", back).status == 0)
            let skopeo = try Command(["/usr/bin/skopeo", "inspect", "oci:\(back):box"]).run()
            #expect(skopeo.status == 0, "\(skopeo.stderr)")
            try place.umoci("unpack", "--image", "\(back):box", "\(place.path)/unpacked")
            #expect(
                FileManager.default.contentsEqual(
                    atPath: "/bin/busybox", andPath: "\(place.path)/unpacked/rootfs/bin/busybox"))

            // One byte of a layer, and the image is not what it was.
            let blobs = "\(layout)/blobs/sha256"
            let largest = try FileManager.default.contentsOfDirectory(atPath: blobs).max {
                try FileManager.default.attributesOfItem(atPath: "\(blobs)/\($0)")[.size] as? Int ?? 0
                    < FileManager.default.attributesOfItem(atPath: "\(blobs)/\($1)")[.size] as? Int ?? 0
            }
            let blob = URL(fileURLWithPath: "\(blobs)/\(try #require(largest))")
            var bytes = try Data(contentsOf: blob)
            bytes[1000] ^= 1
            try bytes.write(to: blob)
            let refused = try place.tool("build", recipe)
            #expect(refused.status == 125 && refused.stderr.contains("is not what it is named"), "\(refused.stderr)")
        }

        /// Its modules are what no reader of ELF files finds: the trial does.
        @Test func aProgramOfTheNodeRunsFromItsClosureAndItsTrial() throws {
            let place = try Place()
            let recipe = try place.write(
                """
                image: py
                from: host
                executables: [/usr/bin/python3]
                trial: [python3, -c, "import json"]
                """, "py.yaml")
            let built = try place.tool("build", recipe)
            try #require(built.status == 0, "\(built.stderr)")
            let command = ["/usr/bin/python3", "-c", "import json; print(json.dumps([6 * 7]))"]
            let ended = try place.tool("shell", "py", "--", command[0], command[1], command[2])
            #expect(ended.text == "[42]\n", "\(ended.stderr)")
        }

        @Test func garbageIsNothingThatARunUses() throws {
            let place = try Place()
            let old = try place.build("old")
            let child = try place.request("trap-term", "0").start()
            try child.await("\"ready\"")
            // The name goes on, and another run mounts what it stands for now.
            let new = try place.build("new")
            #expect(old != new)
            #expect(try place.request("ids").run().status == 0)
            #expect(try place.mounts() == [place.mountPoint(old), place.mountPoint(new)])
            #expect(try place.tool("gc").text == "")
            #expect(try place.tool("show", "box@sha256:\(old)").status == 0)
            #expect(try place.mounts() == [place.mountPoint(old), place.mountPoint(new)])

            child.signal(SIGTERM)
            _ = try child.finish()
            let lines = [
                "unmount", place.mountPoint(old), "take away", "\(place.path)/images/sha256/\(old).erofs",
            ]
            let planned = try place.tool("gc", "--dry-run").text
            for line in lines { #expect(planned.contains(line), "\(planned)") }
            #expect(try place.mounts().count == 2)
            let done = try place.tool("gc").text
            #expect(done == planned.replacing("would unmount", with: "unmounted").replacing("would take", with: "took"))
            #expect(try place.mounts() == [place.mountPoint(new)])
            #expect(try place.tool("show", "box@sha256:\(old)").status == 125)
            #expect(try place.tool("verify", "box").status == 0)
            #expect(umount2(place.mountPoint(new), Int32(MNT_DETACH)) == 0)
        }

        @Test func aNameIsTakenAwayAndThenItsImage() throws {
            let place = try Place()
            let old = try place.build("old")
            let wrong = try place.tool("rm", "box", "bok")
            #expect(
                wrong.status == 125 && wrong.stderr.contains("the name 'bok' is not in the store"), "\(wrong.stderr)")
            #expect(try place.tool("show", "box").status == 0)
            #expect(try place.tool("rm", "box").status == 0)
            #expect(try place.tool("show", "box").status == 125)
            #expect(try place.tool("verify", "box@sha256:\(old)").status == 0)
            #expect(try place.tool("gc").text.contains("\(old).erofs"))
        }

        @Test func aFileThatIsGoneIsNamedByEverybodyWhoLooks() throws {
            let place = try Place()
            let digest = try place.build("old"), file = "\(place.path)/images/sha256/\(digest).erofs"
            try FileManager.default.removeItem(atPath: file)
            let words = "image 'box' is damaged: its file '\(file)' is not there; build it anew"
            for command in ["list", "verify", "show"] {
                let ended = try place.tool(command == "show" ? ["show", "box"] : [command])
                #expect(
                    ended.status == 125 && (ended.stderr + ended.text).contains(words), "\(command): \(ended.stderr)")
            }
            let run = try place.request("ids").run()
            #expect(run.status == 125 && run.stderr.contains(words), "\(run)")
            // And one that has lost its manifest.
            try FileManager.default.removeItem(atPath: "\(place.path)/images/sha256/\(digest).json")
            #expect(try place.tool("verify").status == 125)
        }

        @Test func aStoreThatIsNotThereIsNotMade() throws {
            let place = try Place(), store = "\(place.path)/nowhere"
            for command in ["list", "verify", "gc"] {
                let ended = try place.tool(command, "--store", store)
                #expect(ended.status == 125 && ended.stderr.contains("there is no store at"), "\(command)")
            }
            #expect(!FileManager.default.fileExists(atPath: store))
        }

        @Test func aShellThatIsNotThereIsSaid() throws {
            let place = try Place()
            let recipe = try place.write("{image: small, from: host, executables: [/usr/bin/true]}\n", "small.yaml")
            try #require(try place.tool("build", recipe).status == 0)
            let ended = try place.tool("shell", "small")
            #expect(ended.status == 125 && ended.stderr.contains("image 'small' has no /bin/sh"), "\(ended.stderr)")
            #expect(try place.tool("shell", "small", "--", "/usr/bin/true").status == 0)
        }

        /// What a kept run was frozen with stays as long as it is kept, mounted or not.
        @Test func garbageIsNothingThatAKeptRunNames() throws {
            let place = try Place()
            let old = try place.build("old"), run = "\(place.path)/state/runs/kept"
            _ = try place.build("new")
            try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
            _ = try place.write("{\"image\": \"sha256:\(old)\"}", "state/runs/kept/run.json")
            _ = try place.write("{}", "state/runs/kept/report.json")
            #expect(try place.tool("gc").text == "")
            _ = try place.write("{", "state/runs/kept/run.json")
            let refused = try place.tool("gc")
            #expect(refused.status == 125 && refused.stderr.contains("run.json' is damaged"), "\(refused.stderr)")
            try FileManager.default.removeItem(atPath: run)
            #expect(try place.tool("gc").text.contains("\(old).erofs"))
        }

        @Test func theListSurvivesWhatIsDamaged() throws {
            let place = try Place()
            let old = try place.build("old"), new = try place.build("new")
            let manifest = "images/sha256/\(old).json"
            try FileManager.default.removeItem(atPath: "\(place.path)/\(manifest)")
            _ = try place.write("{", manifest)
            _ = try place.write("sha256:x", "images/names/broken")
            let listed = try place.tool("list")
            #expect(listed.status == 125 && listed.text.hasPrefix("box  sha256:\(new)  directory  "), "\(listed.text)")
            #expect(listed.text.split(separator: "\n").count == 1)
            #expect(listed.stderr.contains("\(manifest)' is damaged: it is no manifest"), "\(listed.stderr)")
            #expect(listed.stderr.contains("names/broken' is damaged"), "\(listed.stderr)")
            let all = try JSON(parsing: place.tool("list", "--json").stdout.array).array
            #expect(all.map { $0["name"].string } == ["box", "broken", nil])
            #expect(all.map { $0["error"].string == nil } == [true, false, false])
        }

        @Test func aShellInAnImageCanOnlyLook() throws {
            let place = try Place()
            _ = try place.layout()
            let recipe = try place.write("{image: box, from: oci, path: layout}\n", "box.yaml")
            try #require(try place.tool("build", recipe).status == 0)
            let ended = try place.tool(
                "shell", "box", "--", "/bin/sh", "-c",
                "id -u; id -G; ls /; echo x >/x; grep -c : /proc/net/dev; : >/dev/null && echo ok")
            #expect(ended.text.split(separator: "\n").first == "65534", "\(ended.stderr)")
            #expect(ended.stderr.contains("Read-only file system"))
        }
    }
}
