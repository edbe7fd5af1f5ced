import Foundation
import Glibc
import Testing

/// The file system of a run: what is there, and that the rest is not.
extension Privileged {
    @Suite struct View {
        @Test func mountsAreTheseAndNoOthers() throws {
            let outcome = try ask("mounts")
            let mounts = outcome["mounts"]["mounts"].array
            func options(_ place: String) -> Set<String> {
                Set(mounts.first { $0["mountpoint"].string == place }?["options"].strings ?? []).subtracting([
                    "relatime", "noatime",
                ])
            }
            var expected: [String: Set<String>] = [
                "/": ["ro", "nosuid", "noexec"], "/usr": ["ro", "nosuid", "nodev"],
                "/proc": ["rw", "nosuid", "nodev", "noexec"],
                "/tmp": ["rw", "nosuid", "nodev"], "/dev/shm": ["rw", "nosuid", "nodev", "noexec"],
                "/work": ["rw", "nosuid", "nodev"], "\(outcome.request.site.dist)/test": ["ro", "nosuid", "nodev"],
            ]
            for path in ["/etc/ld.so.cache", "/etc/alternatives"] where access(path, F_OK) == 0 {
                expected[path] = ["ro", "nosuid", "nodev"]
            }
            #expect(mounts.compactMap { $0["mountpoint"].string }.sorted() == expected.keys.sorted())
            for (place, flags) in expected { #expect(options(place) == flags, "\(place)") }
            // Nothing that is mounted or unmounted on the node arrives.
            #expect(mounts.allSatisfy { !$0["propagation"].exists }, "\(mounts)")
        }

        /// The directory of a program is mounted, not what lies around it.
        @Test func onlyTheProfilesPathsAreThere() throws {
            let site = try Site.shared.get()
            for hidden in [
                "\(site.dist)/bin/jrun", "/etc/shadow", "/etc/hostname", "/root", "/home", "/var/lib", "/run", "/sys",
                "/boot", "/mnt",
            ] {
                let outcome = try ask("stat", hidden, "--", "read", hidden)
                #expect(outcome["stat"]["errno"].string == "ENOENT", "\(hidden)")
                #expect(outcome["read"]["errno"].string == "ENOENT", "\(hidden)")
            }
            let etc = try ask("ls", "/etc")["ls"]["entries"].strings
            #expect(
                Set(etc).isSubset(of: ["alternatives", "group", "ld.so.cache", "nsswitch.conf", "passwd"]), "\(etc)")
            let passwd = try ask("read", "/etc/passwd")["read"]["content"].string ?? ""
            #expect(passwd.split(separator: "\n").map { $0.split(separator: ":")[0] } == ["root", "run"])
        }

        @Test func aReadPathIsReadableAndNoMore() throws {
            let site = try Site.shared.get()
            let shown = try site.makeDirectory()
            try Data("shown".utf8).write(to: URL(fileURLWithPath: "\(shown)/file"))
            try FileManager.default.copyItem(atPath: site.probe, toPath: "\(shown)/probe")
            chmod("\(shown)/file", 0o666)
            chmod(shown, 0o777)
            let outcome = try ask(
                "read", "\(shown)/file", "--", "write", "\(shown)/file", "x", "--", "exec", "\(shown)/probe", "ids",
                "--",
                "mkdir", "\(shown)/new"
            ) { $0.program.security["files"] = "{read: [\(shown)], execute: [\(site.dist)/test]}" }
            #expect(outcome["read"]["content"].string == "shown")
            #expect(outcome["write"]["result"].string == "denied")
            #expect(outcome["mkdir"]["result"].string == "denied")
            #expect(outcome["exec"]["errno"].string == "EACCES")
            #expect(try String(contentsOfFile: "\(shown)/file", encoding: .utf8) == "shown")
        }

        @Test(arguments: ["/", "/usr", "/usr/bin", "/etc", "/dev", "/proc", "/usr/local"])
        func nothingCanBeMadeIn(_ directory: String) throws {
            let outcome = try ask(
                "write", "\(directory)/new", "x", "--", "mkdir", "\(directory)/directory", "--", "mknod",
                "\(directory)/node")
            for verb in ["write", "mkdir", "mknod"] { #expect(outcome[verb]["result"].string == "denied", "\(verb)") }
        }

        @Test func existingFilesCannotBeChanged() throws {
            let outcome = try ask(
                "write", "/etc/passwd", "x", "--", "chmod", "/usr/bin/env", "777", "--", "remove", "/usr/bin/env", "--",
                "truncate",
                "/etc/group", "0", "--", "rename", "/etc/group", "/etc/passwd", "--", "chown", "/etc/passwd", "0", "0")
            for verb in ["write", "chmod", "remove", "truncate", "rename", "chown"] {
                #expect(outcome[verb]["result"].string == "denied", "\(verb)")
            }
        }

        @Test(arguments: ["/work", "/tmp", "/dev/shm"])
        func filesCanBeMadeIn(_ directory: String) throws {
            let outcome = try ask(
                "write", "\(directory)/new", "text", "--", "read", "\(directory)/new", "--", "mkdir",
                "\(directory)/directory", "--", "mknod",
                "\(directory)/node", "block", "8", "0", "--", "stat", "\(directory)/new")
            #expect(outcome["write"]["result"].string == "ok")
            #expect(outcome["read"]["content"].string == "text")
            #expect(outcome["mkdir"]["result"].string == "ok")
            #expect(outcome["mknod"]["result"].string == "denied")
            #expect(outcome["stat"]["mode"].string == "0600")
        }

        @Test func devicesAreFiveAndDoWhatTheirNamesSay() throws {
            let numbers = ["null": "1:3", "zero": "1:5", "full": "1:7", "random": "1:8", "urandom": "1:9"]
            let entries = try ask("ls", "/dev")["ls"]["entries"].strings
            #expect(entries == ["fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"])
            for (name, number) in numbers {
                let outcome = try ask(
                    "stat", "/dev/\(name)", "--", "open", "/dev/\(name)", "rdwr", "--", "chmod", "/dev/\(name)", "000")
                #expect(
                    outcome["stat"]["type"].string == "character" && outcome["stat"]["rdev"].string == number, "\(name)"
                )
                #expect(outcome["stat"]["uid"].int == 0)
                #expect(outcome["open"]["result"].string == "ok", "\(name)")
                #expect(outcome["chmod"]["result"].string == "denied", "\(name)")
            }
            let io = try ask(
                "write", "/dev/full", "x", "--", "write", "/dev/null", "x", "--", "read", "/dev/urandom", "16")
            #expect(io.answers.map { $0["errno"].string } == ["ENOSPC", nil, nil])
        }

        @Test func temporaryDirectoriesAreLimited() throws {
            for directory in ["/tmp", "/dev/shm"] {
                let outcome = try ask("tmpfs-size", directory, "--", "fill", "\(directory)/full", "forever") {
                    $0.program.limits["temporary"] = "2MiB"
                }
                #expect(outcome["tmpfs-size"]["tmpfs"].bool == true)
                #expect(outcome["tmpfs-size"]["total_bytes"].int == 2 << 20)
                #expect((outcome["tmpfs-size"]["files"].int ?? .max) <= 65536)
                #expect(outcome["fill"]["errno"].string == "ENOSPC")
                let filled = try #require(outcome["fill"]["bytes"].int)
                #expect(filled <= 2 << 20 && filled > 1 << 20)
            }
        }

        @Test func workDirectoryIsCurrentWritableAndItsOwn() throws {
            let outcome = try ask("cwd", "--", "stat", "/work", "--", "tmpfs-size", "/work", "--", "ids")
            #expect(outcome["cwd"]["cwd"].string == "/work" && outcome["cwd"]["writable"].bool == true)
            #expect(
                outcome["stat"]["mode"].string == "0700" && outcome["stat"]["uid"].int == outcome["ids"]["ruid"].int)
            #expect(outcome["tmpfs-size"]["total_bytes"].int == 16 << 20)
        }

        /// The modes of the root would let anybody list it; Landlock does not.
        @Test func landlockIsInForce() throws {
            let site = try Site.shared.get()
            let abi = try JSON(parsing: Command([site.probe, "landlock"]).run().stdout.array)["abi"].int ?? 0
            let outcome = try ask("ls", "/", "--", "stat", "/", "--", "ls", "/usr")
            #expect(outcome.answers[1]["mode"].string == "0755")
            #expect(outcome.answers[0]["errno"].string == (abi > 0 ? "EACCES" : nil))
            #expect(outcome.answers[2]["result"].string == "ok")
            #expect(outcome.report["security"].strings.contains("Landlock ABI \(abi)") == (abi > 0))
        }

        /// Shared memory that no file system bounds is the memory controller's to count. Without one there is none.
        @Test func sharedMemoryIsWhatCanBeCounted() throws {
            let outcome = try ask("shm", "--", "syscall", "memfd_create", "x", "0")
            let refused = outcome.request.site.controllers.contains("memory") ? nil : "EPERM"
            #expect(outcome["shm"]["posix"]["result"].string == "ok", "\(outcome)")
            #expect(
                outcome["shm"]["system_v"].exists && outcome["shm"]["system_v"]["errno"].string == refused, "\(outcome)"
            )
            #expect(outcome["syscall"].exists && outcome["syscall"]["errno"].string == refused, "\(outcome)")
        }
    }
}
