// Where the suite works: a directory, a cgroup subtree and a range of uids of its own, so that other runs of jrun on
// the node neither disturb it nor are taken for its leaks.

import Foundation
import Glibc
import Synchronization

struct Site: Sendable {
    /// The binaries, a copy: a build that goes on beside the tests does not change them under our hands.
    let dist: String
    /// The source tree.
    let package: String
    let directory: String
    let stateDirectory: String
    let runtimeDirectory: String
    /// Absolute; where jrun makes `init` and `runs`.
    let cgroup: String
    let uids: ClosedRange<UInt32>
    /// Mounts of this node before the first run.
    let mountsBefore: Set<String>

    struct Unusable: Error, CustomStringConvertible {
        var description: String
    }

    static let shared: Result<Site, Unusable> = {
        do { return .success(try Site()) } catch let error as Unusable { return .failure(error) } catch {
            return .failure(Unusable(description: "\(error)"))
        }
    }()

    private init() throws {
        guard geteuid() == 0 else {
            throw Unusable(description: "not root; the privileged tests need it: run them with sudo")
        }
        guard let mountPoint = Site.cgroupMountPoint() else {
            throw Unusable(description: "cgroup v2 is not mounted: mount -t cgroup2 none /sys/fs/cgroup")
        }
        // A program that has closed its stdin is an error of write(2) to us; children get the default back.
        signal(SIGPIPE, SIG_IGN)
        package = try Site.packageDirectory()
        let built = ProcessInfo.processInfo.environment["JRUN_DIST"] ?? "\(package)/.build/dist"
        for file in ["bin/jrun", "libexec/jrun/jrun-init", "test/jrun-probe", "share/jrun/programs"]
        where access("\(built)/\(file)", F_OK) != 0 {
            throw Unusable(description: "'\(built)/\(file)' is not there: make build, or set JRUN_DIST")
        }
        // Not beneath /tmp, where a run sees its own.
        directory = "/var/tmp/jrun-test-\(getpid())"
        dist = "\(directory)/dist"
        stateDirectory = "\(directory)/state"
        runtimeDirectory = "\(directory)/runtime"
        cgroup = "\(mountPoint)/jrun-test-\(getpid())"
        uids = 1_700_000_000...1_700_001_023
        mountsBefore = try Leaks.mounts()
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        chmod(directory, 0o755)
        try copyPrograms(from: built, to: dist)
    }

    private static func packageDirectory() throws -> String {
        guard let file = realpath(#filePath, nil) else {
            throw Unusable(description: "the sources are not at '\(#filePath)'")
        }
        defer { free(file) }
        return String(cString: file).split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
    }

    private static func cgroupMountPoint() -> String? {
        guard let mounts = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8) else { return nil }
        for line in mounts.split(separator: "\n") where line.contains(" - cgroup2 ") {
            return String(line.split(separator: " ")[4])
        }
        return nil
    }

    var jrun: String { "\(dist)/bin/jrun" }
    var probe: String { "\(dist)/test/jrun-probe" }
    var programs: String { "\(dist)/share/jrun/programs" }
    var examples: String { "\(package)/profiles/examples" }
    var runsDirectory: String { "\(stateDirectory)/runs" }

    /// What jrun gets to know of us.
    var environment: [String: String] {
        [
            "JRUN_STATE": stateDirectory, "JRUN_RUNTIME": runtimeDirectory,
            "JRUN_CGROUP": String(cgroup.split(separator: "/").last ?? ""),
            "JRUN_UIDS": "\(uids.lowerBound)-\(uids.upperBound)", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        ]
    }

    /// Controllers that a run's cgroup has on this node; known after the first run.
    var controllers: Set<String> {
        let text = (try? String(contentsOfFile: "\(cgroup)/runs/cgroup.subtree_control", encoding: .utf8)) ?? ""
        return Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
    }

    private static let nextDirectory = Mutex(0)

    /// A new empty directory.
    func makeDirectory() throws -> String {
        let number = Site.nextDirectory.withLock { value in
            value += 1
            return value
        }
        let path = "\(directory)/\(number)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        return path
    }

    /// Returns when no process of any run, and no jrun-init, is left.
    func waitUntilUnpopulated(seconds: Double = 30) throws {
        let file = open("\(cgroup)/cgroup.events", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = pread(file, &buffer, buffer.count, 0)
            if count <= 0 || String(decoding: buffer[..<count], as: UTF8.self).contains("populated 0") { return }
            let left = (deadline - .now).milliseconds
            guard left > 0 else { throw Unusable(description: "processes are left after \(seconds) s") }
            var event = pollfd(fd: file, events: Int16(POLLPRI), revents: 0)
            poll(&event, 1, Int32(left))
        }
    }

    /// Everything that the suite made, and what it may have left.
    func remove() {
        for name in ["runs", "init", ""] { rmdir("\(cgroup)/\(name)") }
        try? FileManager.default.removeItem(atPath: directory)
    }
}
