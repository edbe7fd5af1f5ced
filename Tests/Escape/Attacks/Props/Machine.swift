// Things of the whole machine.

import Foundation
import Glibc
import TestSupport

extension Prop {
    /// `{disk}`: major and minor number of the first disk, as two words are needed: `{disk-major}`, `{disk-minor}`.
    package static let disk = Prop { stage in
        let lines = (try? String(contentsOfFile: "/proc/partitions", encoding: .utf8))?.split(separator: "\n") ?? []
        guard let words = lines.dropFirst().first?.split(separator: " "), words.count == 4 else {
            throw Site.Unusable(description: "/proc/partitions names no disk")
        }
        (stage.facts["disk-major"], stage.facts["disk-minor"]) = (String(words[0]), String(words[1]))
        stage.facts["disk-name"] = "/dev/\(words[3])"
    }

    /// Four huge pages more in the node's pool, where it has memory for them.
    package static let hugePages = Prop { stage in
        let file = "/proc/sys/vm/nr_hugepages"
        let before = (try? String(contentsOfFile: file, encoding: .utf8))?.split(separator: "\n").first ?? "0"
        let more = "\((Int(before) ?? 0) + 4)"
        stage.onClear { try? String(before).write(toFile: file, atomically: false, encoding: .utf8) }
        try? more.write(toFile: file, atomically: false, encoding: .utf8)
    }

    /// `{module}`: a kernel module that nothing uses, or a name where none is.
    package static let module = Prop { stage in
        var name = utsname()
        uname(&name)
        let release = withUnsafeBytes(of: &name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        stage.facts["module"] = "/lib/modules/\(release)/kernel/drivers/net/dummy.ko"
    }

    /// `{unified}`: where the unified cgroup tree is mounted. `{group}`: a cgroup in it that holds the victim.
    package static let victimInCgroup = Prop { stage in
        let mounts = (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? ""
        guard let line = mounts.split(separator: "\n").first(where: { $0.contains(" - cgroup2 ") }) else {
            throw Site.Unusable(description: "cgroup v2 is not mounted")
        }
        let tree = String(line.split(separator: " ")[4])
        let group = "\(tree)/jrun-escape-victim"
        mkdir(group, 0o755)
        stage.onClear { stage.removeGroup(group) }
        (stage.facts["unified"], stage.facts["group"]) = (tree, group)
        try Prop.victim.set(stage)
        try stage.fill("{victim}")[0].write(toFile: "\(group)/cgroup.procs", atomically: false, encoding: .utf8)
    }
}

extension Stage {
    fileprivate func removeGroup(_ group: String) {
        try? "0".write(toFile: "\(group)/cgroup.freeze", atomically: false, encoding: .utf8)
        end("victim")
        rmdir(group)
    }

    /// What a file of the victim's cgroup says.
    package func group(_ file: String) -> String {
        (try? String(contentsOfFile: "\(facts["group"] ?? "")/\(file)", encoding: .utf8)) ?? ""
    }

    /// Processes on the node that have this text among their arguments.
    package func processes(with mark: String) -> [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { pid in
            guard let words = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { return false }
            return pid != getpid() && String(decoding: words, as: UTF8.self).contains(mark)
        }
    }
}
