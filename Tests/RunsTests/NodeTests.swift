import CLinux
import Confinement
import Kernel
import Programs
import Testing

@testable import Runs

@Suite struct UIDSlotTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func noTwoRunsHaveTheSameUID() throws {
        let first = try UIDSlot.take(from: 70_000...70_002, in: scratch("uids"))
        let second = try UIDSlot.take(from: 70_000...70_002, in: scratch("uids"))
        let third = try UIDSlot.take(from: 70_000...70_002, in: scratch("uids"))
        let uids = [first.uid, second.uid, third.uid]
        #expect(Set(uids) == [70_000, 70_001, 70_002])
    }

    @Test func anExhaustedRangeSaysSo() throws {
        let path = scratch("uids")
        do {
            let first = try UIDSlot.take(from: 70_000...70_001, in: path)
            let second = try UIDSlot.take(from: 70_000...70_001, in: path)
            let refused = refusal { _ = try UIDSlot.take(from: 70_000...70_001, in: path) }
            #expect(
                refused == "every uid from 70000 to 70001 is in use by a run; wait for one to end, or widen JRUN_UIDS")
            _ = (first.uid, second.uid)
        }
        try waitUntilUnlocked("\(path)/70000")
        try waitUntilUnlocked("\(path)/70001")
        let free = refusal { _ = try UIDSlot.take(from: 70_000...70_001, in: path) }
        #expect(free == nil, "a uid is free again when its run has gone")
    }

    @Test func theEndsOfTheNumbersAreReached() throws {
        let slot = try UIDSlot.take(from: (UInt32.max - 1)...(UInt32.max - 1), in: scratch("uids"))
        let uid = slot.uid
        #expect(uid == UInt32.max - 1)
    }
}

/// A child that another test starts at this moment holds our locks until it executes.
func waitUntilUnlocked(_ path: String) throws {
    let file = try FileSystem.open(path, .read)
    _ = try lock(file.raw, waiting: true)
    unlock(file.raw)
}

/// The text of the error that `body` throws; nil when it throws none.
func refusal(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        return "\(error)"
    }
}

@Suite struct NodeTests {
    private func node(_ settings: [String: String], executable: String = "/usr/bin/jrun") throws -> Node {
        try Node(environment: { settings[$0] }, executable: executable)
    }

    @Test func defaultsAndSettings() throws {
        let plain = try node([:])
        #expect(plain.stateDirectory == "/var/lib/jrun" && plain.runsDirectory == "/var/lib/jrun/runs")
        #expect(plain.uidsDirectory == "/run/jrun/uids" && plain.uids == Node.defaultUIDs)
        let set = try node([
            "JRUN_STATE": "/s", "JRUN_RUNTIME": "/r", "JRUN_CGROUP": "c", "JRUN_UIDS": "1000-1000", "JRUN_INIT": "/i",
        ])
        #expect(set.cacheDirectory == "/s/cache" && set.uidsDirectory == "/r/uids" && set.cgroupName == "c")
        #expect(set.uids == 1000...1000 && set.initPath == "/i")
    }

    @Test func initLiesBesideJrun() throws {
        let scratch = try Scratch()
        try FileSystem.makeDirectories(scratch("libexec/jrun"), mode: 0o755)
        try FileSystem.makeDirectory(scratch("bin"), mode: 0o755)
        try FileSystem.createFile(scratch("libexec/jrun/jrun-init"), [], mode: 0o755)
        #expect(try node([:], executable: scratch("bin/jrun")).initPath == scratch("bin/../libexec/jrun/jrun-init"))
        try FileSystem.removeFile(scratch("libexec/jrun/jrun-init"))
        try FileSystem.createFile(scratch("bin/jrun-init"), [], mode: 0o755)
        #expect(try node([:], executable: scratch("bin/jrun")).initPath == scratch("bin/jrun-init"))
    }

    @Test(arguments: ["", "1000", "1000-", "999-2000", "2000-1000", "1000-4294967295", "a-b", "1000-2000-3000", "0-0"])
    func badUIDsAreRefused(text: String) {
        #expect(
            refusal { _ = try node(["JRUN_UIDS": text]) }
                == "JRUN_UIDS '\(text)': write it as FIRST-LAST, both from 1000 up, such as 1500000000-1500065535")
    }

    @Test func defaultUIDsBelongToNobodyElse() {
        // systemd's dynamic users end at 65519, its containers at 1879048191; Debian's subordinate ids begin at 100000.
        #expect(Node.defaultUIDs.lowerBound > 65_535 && Node.defaultUIDs.upperBound < UInt32(Int32.max))
    }
}

@Suite struct RunDirectoryTests {
    private let scratch: Scratch
    private let node: Node

    init() throws {
        scratch = try Scratch()
        node = try RunSample.node(scratch.path)
    }

    private var runs: [String] { scratch.everything.filter { $0.hasPrefix("state/runs/") } }

    @Test func itIsRootsAlone() throws {
        let directory = try RunDirectory.create(on: node)
        try directory.write("run.json", Array("{}".utf8))
        let path = directory.path
        #expect(try FileStatus(path: path).mode == 0o700)
        #expect(try FileStatus(path: "\(path)/run.json").mode == 0o600)
        try directory.remove()
        #expect(runs == [])
    }

    @Test func theSweepLeavesLiveAndKeptRunsAlone() throws {
        let live = try RunDirectory.create(on: node)
        let liveName = live.id.description
        try FileSystem.makeDirectory(scratch("state/runs/no-run"), mode: 0o700)
        do {
            let kept = try RunDirectory.create(on: node)
            try kept.write("report.json", Array("{}".utf8))
        }
        RunDirectory.sweep(node, cgroups: nil)
        #expect(runs.contains("state/runs/\(liveName)") && runs.contains("state/runs/no-run"))
        #expect(runs.contains { $0.hasSuffix("/report.json") })
    }

    @Test func theSweepRemovesWhatNobodyHolds() throws {
        let name: String
        do {
            let abandoned = try RunDirectory.create(on: node)
            try abandoned.write("stdout", Array("lost".utf8))
            name = abandoned.id.description
        }
        #expect(runs.contains("state/runs/\(name)/stdout"))
        try waitUntilUnlocked(scratch("state/runs/\(name)"))
        RunDirectory.sweep(node, cgroups: nil)
        #expect(runs == [])
        RunDirectory.sweep(node, cgroups: nil)
    }

    @Test func eventsAreLines() throws {
        let directory = try RunDirectory.create(on: node)
        let log = try EventLog(in: directory)
        try log.record(.created)
        try log.record(.killed, cause: .wallTime)
        let lines = try FileSystem.text(of: "\(directory.path)/events.jsonl").split(separator: "\n")
        #expect(lines.count == 2)
        #expect(
            lines.first?.hasPrefix("{\"time\":\"20") == true
                && lines.first?.hasSuffix("Z\",\"state\":\"created\"}") == true)
        #expect(lines.last?.hasSuffix(",\"state\":\"killed\",\"cause\":\"wall-time\"}") == true)
    }
}

@Suite struct FilterCacheTests {
    private let scratch: Scratch
    private let policy = SeccompPolicy(allowed: ["read", "write"], forbidden: ["mount"])

    init() throws { scratch = try Scratch() }

    private func filter(_ policy: SeccompPolicy, notify: Bool = true) throws -> SeccompFilter {
        try FilterCache(directory: scratch("cache")).filter(for: policy, notify: notify)
    }

    private var files: [String] { scratch.everything.filter { $0.hasPrefix("cache/") } }

    @Test func whatIsStoredIsWhatWasCompiled() throws {
        let compiled = try policy.compile(notify: true)
        #expect(try filter(policy) == compiled)
        #expect(files.count == 1)
        #expect(try filter(policy) == compiled, "from the cache")
        #expect(files.count == 1)
    }

    @Test func differentPoliciesAreKeptApart() throws {
        let other = SeccompPolicy(allowed: ["read", "write", "close"], forbidden: ["mount"])
        _ = try filter(policy)
        #expect(try filter(other) == other.compile(notify: true))
        #expect(try filter(policy, notify: false) == policy.compile(notify: false))
        #expect(files.count == 3)
    }

    /// A filter that lost its tail might allow everything.
    @Test(arguments: [0, 31, 32, 40, -8, -1])
    func aDamagedFileIsCompiledAnew(length: Int) throws {
        let compiled = try filter(policy)
        let path = scratch(try #require(files.first))
        let bytes = try FileSystem.contents(of: path)
        try FileSystem.createFile(path, bytes.prefix(length < 0 ? bytes.count + length : length))
        #expect(try filter(policy) == compiled)
        var flipped = bytes
        flipped[bytes.count - 3] ^= 1
        try FileSystem.createFile(path, flipped)
        #expect(try filter(policy) == compiled)
        #expect(try FileSystem.contents(of: path) == bytes, "and mended")
    }
}

@Suite struct HostProbeTests {
    @Test func theNodeAnswers() {
        #expect(HostProbe.cpus() >= 1)
        #expect(HostProbe.landlockABI() >= 0)
        #expect(readLink("/proc/self/exe")?.hasPrefix("/") == true)
        #expect(readLink("/proc") == nil)
    }

    /// Landlock refuses the rights of directories on a file, so the plan has to know of each path what it is.
    @Test func everyShownPathHasAKind() throws {
        let paths = ["/usr/lib/os-release", "/etc/passwd", "/usr/bin", "/etc"]
        let program = try RunSample.program(
            security: "{files: {read: [\(paths.joined(separator: ", "))]}, devices: [/dev/null]}")
        let facts = HostProbe.facts(for: program, cgroups: nil)
        #expect(facts.controllers == nil)
        #expect(facts.paths["/etc"] == .directory && facts.paths["/usr/bin"] == .directory)
        #expect(facts.paths["/etc/passwd"] == .file && facts.paths["/dev/null"] == .device)
        #expect(facts.paths["/usr/lib/os-release"] == .file)
    }
}
