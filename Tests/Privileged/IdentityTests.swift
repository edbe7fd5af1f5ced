import Foundation
import Glibc
import Testing

/// Who the program is to the kernel, as it sees itself.
extension Privileged {
    @Suite struct Identity {
        @Test func uidAndGidAreTheRunsOwn() throws {
            let outcome = try ask("ids")
            let ids = outcome["ids"]
            let uid = try #require(ids["ruid"].int)
            #expect(outcome.request.site.uids.contains(UInt32(uid)))
            for key in ["ruid", "euid", "suid", "fsuid", "rgid", "egid", "sgid", "fsgid"] {
                #expect(ids[key].int == uid, "\(key)")
            }
            #expect(ids["groups"].exists && ids["groups"].array.isEmpty)
        }

        @Test func otherIdsCannotBeTaken() throws {
            let outcome = try ask("setuid", "0", "--", "setgid", "0", "--", "setgroups", "0", "--", "capset")
            for verb in ["setuid", "setgid", "setgroups", "capset"] {
                #expect(outcome[verb]["errno"].string == "EPERM", "\(verb)")
            }
        }

        @Test func twoRunsAtOnceShareNothing() throws {
            let questions = ["ids", "--", "namespaces", "--", "sleep", "forever"]
            var requests = [try Request("batch"), try Request("batch")]
            for index in requests.indices { requests[index].words += questions }
            let children = try requests.map { try $0.start() }
            for child in children { try child.await("ready") }
            let answers = try children.map { child in
                child.signal(SIGTERM)
                return try child.finish().text.split(separator: "\n").map { try JSON(parsing: $0.utf8) }
            }
            let uids = answers.map { $0[0]["ruid"].int }
            #expect(uids[0] != nil && uids[1] != nil && uids[0] != uids[1])
            for name in ["mnt", "pid", "ipc", "uts", "net", "cgroup"] {
                #expect(
                    answers[0][1][name].exists && answers[0][1][name].string != answers[1][1][name].string, "\(name)")
            }
        }

        @Test func noCapabilityIsLeft() throws {
            let caps = try ask("caps")["caps"]
            for set in ["effective", "permitted", "inheritable", "bounding", "ambient"] {
                #expect(caps[set].string == "0000000000000000", "\(set)")
            }
            #expect(caps["no_new_privs"].int == 1)
            // NOROOT, NO_SETUID_FIXUP and NO_CAP_AMBIENT_RAISE with their locks, and KEEP_CAPS locked off.
            #expect(caps["securebits"].string == "0xef")
        }

        @Test func seccompFiltersAreLoaded() throws {
            let seccomp = try ask("seccomp")["seccomp"]
            #expect(seccomp["mode"].int == 2)
            #expect((seccomp["filters"].int ?? 0) >= 1)
        }

        @Test func namespacesAreNotTheNodes() throws {
            let inside = try ask("namespaces")["namespaces"]
            let outside = try JSON(parsing: Command([Site.shared.get().probe, "namespaces"]).run().stdout.array)
            for name in ["mnt", "pid", "ipc", "uts", "net", "cgroup"] {
                let here = try #require(inside[name].string)
                #expect(here.hasPrefix("\(name):[") && here != outside[name].string, "\(name)")
            }
            #expect(inside["pid_for_children"].string == inside["pid"].string)
        }

        @Test func cgroupIsTheRootOfItsNamespace() throws {
            let lines = try ask("cgroup")["cgroup"]["cgroup"].strings
            #expect(lines.contains("0::/"))
            #expect(lines.allSatisfy { $0.hasSuffix(":/") }, "\(lines)")
        }

        /// keyctl is refused, so the profile of this one run allows it: the filter hides the keyring, it is not what
        /// makes it the run's own.
        @Test func sessionKeyringIsItsOwn() throws {
            let outcome = try ask("keyring") {
                $0.wrapper = [$0.site.probe, "exec-keyring"]
                $0.program.security["seccomp"] = "{extends: default, allow: [keyctl]}"
            }
            let parents = try #require(outcome["exec-keyring"]["id"].int),
                own = try #require(outcome["keyring"]["id"].int)
            #expect(own != parents)
            #expect(outcome["keyring"]["result"].string == "ok")
            #expect(try ask("keyring")["keyring"]["errno"].string == "EPERM")
        }

        @Test func hostNameIsNotTheNodes() throws {
            let names = try ask("hostname")["hostname"]
            #expect(names["hostname"].string == "jrun")
            #expect(names["domainname"].string == "(none)")
        }

        /// A setuid file of root's that anybody may execute is just a program here.
        @Test func setuidFilesGainNothing() throws {
            let site = try Site.shared.get()
            let path = "\(site.dist)/test/setuid-probe"
            try FileManager.default.copyItem(atPath: site.probe, toPath: path)
            defer { unlink(path) }
            try #require(chmod(path, 0o6755) == 0)
            let outside = try Command(["/usr/bin/setpriv", "--reuid=65534", "--clear-groups", path, "ids"]).run()
            try #require(JSON(parsing: outside.stdout.array)["euid"].int == 0, "outside it does gain")
            let outcome = try ask("exec", path, "batch", "ids", "--", "caps")
            let ids = outcome["ids"]
            #expect(ids["euid"].exists && ids["euid"].int == ids["ruid"].int && ids["suid"].int == ids["ruid"].int)
            #expect(ids["egid"].int == ids["rgid"].int)
            #expect(outcome["caps"]["permitted"].string == "0000000000000000")
        }
    }
}
