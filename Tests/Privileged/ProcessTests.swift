import Foundation
import Glibc
import Testing

/// What a run sees of processes, and of the network.
extension Privileged {
    @Suite struct Processes {
        @Test func procShowsOnlyTheRunsOwn() throws {
            let outcome = try ask("processes", "--", "ls", "/proc", "--", "ids")
            let processes = outcome["processes"]["processes"].array
            #expect(processes.count == 2, "batch and its child: \(processes)")
            #expect(
                processes.allSatisfy {
                    $0["name"].string == "jrun-probe" && $0["uid"].int == outcome["ids"]["ruid"].int
                })
            #expect(processes.allSatisfy { $0["pid"].int != 1 })
            let entries = outcome["ls"]["entries"].strings.filter { !$0.allSatisfy(\.isNumber) }
            #expect(entries == ["self", "thread-self"])
        }

        @Test(arguments: [
            "sys", "kcore", "keys", "kmsg", "sysrq-trigger", "timer_list", "acpi", "scsi", "interrupts", "cpuinfo", "1",
            "1/environ", "1/fd",
        ])
        func procHasNo(_ name: String) throws {
            let outcome = try ask(
                "stat", "/proc/\(name)", "--", "read", "/proc/\(name)", "--", "write", "/proc/\(name)", "x")
            for verb in ["stat", "read", "write"] { #expect(outcome[verb]["errno"].string == "ENOENT", "\(verb)") }
        }

        /// The pids are those of processes outside; inside, the numbers mean nothing.
        @Test func processesOutsideDoNotExist() throws {
            for pid in [getpid(), getppid()] where pid > 100 {
                let outcome = try ask(
                    "kill", "\(pid)", "0", "--", "kill", "\(pid)", "KILL", "--", "ptrace", "\(pid)", "--",
                    "pidfd-getfd", "\(pid)", "0")
                #expect(outcome.answers.map { $0["errno"].string } == ["ESRCH", "ESRCH", "EPERM", "ESRCH"])
            }
            #expect(kill(getpid(), 0) == 0)
        }

        /// jrun-init is another user's, and as pid 1 of its namespace deaf to signals from within.
        @Test func pidOneCannotBeTouched() throws {
            let outcome = try ask(
                "kill", "1", "KILL", "--", "proc-mem", "1", "--", "pidfd-getfd", "1", "0", "--", "ids")
            #expect(outcome["kill"]["errno"].string == "EPERM")
            #expect(outcome["proc-mem"]["errno"].string == "ENOENT")
            #expect(outcome["proc-mem"]["process_vm_readv"]["errno"].string == "EPERM")
            #expect(outcome["pidfd-getfd"]["errno"].string == "EPERM")
            #expect(outcome.state == "complete")
        }

        /// -1 is everybody that a process may signal: here that is nobody but itself.
        @Test func killingEverybodyHitsOnlyTheRun() throws {
            let bystander = try Child(Command([Site.shared.get().probe, "sleep", "forever"]))
            try bystander.await("ready")
            let outcome = try Request("kill", "-1", "KILL").changed {
                $0.program.keys["arguments"] = "[{literal: kill}, {literal: '-1'}, {literal: KILL}]"
            }.run()
            #expect(outcome["kill"]["result"].string != "killed")
            #expect(["complete", "failed"].contains(outcome.state ?? ""), "\(outcome)")
            #expect(kill(bystander.pid, 0) == 0)
            bystander.signal(SIGTERM)
            #expect(try bystander.wait().status == 128 + SIGTERM)
        }
    }

    @Suite struct Network {
        @Test func onlyTheLoopbackIsThereAndWorks() throws {
            let outcome = try ask("netifs", "--", "listen-loopback", "--", "connect", "udp", "127.0.0.1", "9")
            let interfaces = outcome["netifs"]["interfaces"].array
            #expect(interfaces.map { $0["name"].string } == ["lo"])
            let flags = Set(interfaces.first?["flags"].strings ?? [])
            #expect(flags.isSuperset(of: ["up", "loopback"]))
            #expect(interfaces.first?["address"].string == "127.0.0.1")
            #expect(outcome["listen-loopback"]["result"].string == "ok")
        }

        /// A port that is open on the node's own loopback is not open inside.
        @Test func nothingOutsideCanBeReached() throws {
            let outcome = try ask(
                "connect", "tcp", "192.0.2.1", "80", "--", "connect", "udp", "192.0.2.1", "53", "--", "connect", "tcp",
                "2001:db8::1", "80")
            #expect(outcome.answers.map { $0["errno"].string } == Array(repeating: "ENETUNREACH", count: 3))
            let listener = try Listener()
            try #require(listener.canBeReached)
            let inside = try ask("connect", "tcp", "127.0.0.1", "\(listener.port)")
            #expect(inside["connect"]["errno"].string == "ECONNREFUSED")
        }

        @Test func abstractSocketsOfTheNodeAreNotThere() throws {
            let name = "jrun-test-\(getpid())"
            let file = try abstractListener(name)
            defer { close(file) }
            let outside = try Command([Site.shared.get().probe, "connect", "abstract", name]).run()
            try #require(JSON(parsing: outside.stdout.array)["result"].string == "ok")
            let outcome = try ask("connect", "abstract", name)
            #expect(["ECONNREFUSED", "EPERM"].contains(outcome["connect"]["errno"].string ?? ""), "\(outcome)")
        }

        @Test(arguments: [
            "AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG", "AF_KEY", "AF_BLUETOOTH", "AF_TIPC", "AF_RDS", "AF_XDP",
            "AF_KCM",
        ])
        func familyIsRefusedByTheFilter(_ family: String) throws {
            let outcome = try ask(
                "socket", family, "SOCK_RAW", "--", "socket", family, "SOCK_DGRAM", "--", "socket", family,
                "SOCK_SEQPACKET")
            // The kernel's own answer to a family that it does not have would be EAFNOSUPPORT.
            #expect(outcome.answers.map { $0["errno"].string } == Array(repeating: "EPERM", count: 3))
        }

        @Test func networkOfTheNodeWhenTheProfileSaysSo() throws {
            let site = try Site.shared.get()
            let outside = try JSON(parsing: Command([site.probe, "namespaces"]).run().stdout.array)
            let outcome = try ask("namespaces", "--", "caps") { $0.program.security["network"] = "host" }
            #expect(outcome["namespaces"]["net"].string == outside["net"].string)
            #expect(outcome["namespaces"]["mnt"].string != outside["mnt"].string)
            #expect(outcome["caps"]["effective"].string == "0000000000000000")
        }

        @Test func rawSocketsNeedACapability() throws {
            let outcome = try ask(
                "socket", "AF_INET", "SOCK_RAW", "1", "--", "socket", "AF_INET", "SOCK_STREAM", "--", "socket",
                "AF_UNIX", "SOCK_STREAM")
            #expect(outcome.answers.map { $0["errno"].string } == ["EPERM", nil, nil])
            #expect(outcome.answers.dropFirst().allSatisfy { $0["result"].string == "ok" })
        }
    }
}

/// A TCP port on the node's loopback.
private final class Listener {
    let port: UInt16
    private let file: Int32

    init() throws {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            return bind(file, pointer, length) | listen(file, 4) | getsockname(file, pointer, &length)
        }
        try #require(result == 0)
        self.file = file
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(file) }

    var canBeReached: Bool {
        guard let site = try? Site.shared.get(),
            let ended = try? Command([site.probe, "connect", "tcp", "127.0.0.1", "\(port)"]).run()
        else { return false }
        return (try? JSON(parsing: ended.stdout.array))?["result"].string == "ok"
    }
}

private func abstractListener(_ name: String) throws -> Int32 {
    let file = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0[1...].copyBytes(from: name.utf8) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + 1 + name.utf8.count)
    let result = withUnsafeBytes(of: &address) {
        bind(file, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), length)
    }
    try #require(result == 0 && listen(file, 4) == 0)
    return file
}
