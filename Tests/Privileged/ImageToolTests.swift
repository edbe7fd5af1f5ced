import Foundation
import Testing

/// `jrun-image` beside the public tools: what umoci makes is what we read, and what we write umoci and skopeo read.
extension Privileged {
    @Suite struct ImageTool {
        /// A directory of the test's own, with a store in it.
        private final class Place {
            let path = FileManager.default.temporaryDirectory.path + "/jrun-image-\(UInt64.random(in: 0 ... .max))"

            init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
            deinit { try? FileManager.default.removeItem(atPath: path) }

            func tool(_ arguments: String...) throws -> Ended {
                let binary = try Site.shared.get().dist + "/sbin/jrun-image"
                var command = Command([binary] + arguments)
                command.environment = ["JRUN_IMAGES": "\(path)/images", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
                return try command.run()
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
