// Where the suite works: a directory, cgroups and uids of its own, so that it neither meets other runs of the node nor is
// met by them.

import Foundation
import Glibc
import Synchronization
import TestSupport

struct Place: Sendable {
    /// The source tree.
    let package: String
    /// The binaries, a copy: a build that goes on beside the tests does not change them under our hands.
    let dist: String
    let directory: String
    let cgroupMountPoint: String

    struct Unusable: Error, CustomStringConvertible {
        var description: String
    }

    static let shared: Result<Place, Unusable> = {
        do { return .success(try Place()) } catch let error as Unusable { return .failure(error) } catch {
            return .failure(Unusable(description: "\(error)"))
        }
    }()

    private init() throws {
        guard geteuid() == 0 else {
            throw Unusable(description: "not root; the tests of the daemon need it: run them with sudo")
        }
        let mounts = try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8).split(separator: "\n")
        guard let mount = mounts.first(where: { $0.contains(" - cgroup2 ") }) else {
            throw Unusable(description: "cgroup v2 is not mounted: mount -t cgroup2 none /sys/fs/cgroup")
        }
        cgroupMountPoint = String(mount.split(separator: " ")[4])
        // A client that is gone is an error of write(2) to us; children get the default back.
        signal(SIGPIPE, SIG_IGN)
        guard let file = realpath(#filePath, nil) else {
            throw Unusable(description: "the sources are not at '\(#filePath)'")
        }
        defer { free(file) }
        package = String(cString: file).split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
        let built = ProcessInfo.processInfo.environment["JRUN_DIST"] ?? "\(package)/.build/dist"
        for file in ["sbin/jrund", "bin/jrun", "libexec/jrun/jrun-init", "test/jrun-probe", "share/jrun/openapi.yaml"]
        where access("\(built)/\(file)", F_OK) != 0 {
            throw Unusable(description: "'\(built)/\(file)' is not there: make build, or set JRUN_DIST")
        }
        // Not beneath /tmp, where a run sees its own.
        directory = "/var/tmp/jrun-control-\(getpid())"
        dist = "\(directory)/dist"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        chmod(directory, 0o755)
        try copyPrograms(from: built, to: dist)
    }

    var jrun: String { "\(dist)/bin/jrun" }
    var jrund: String { "\(dist)/sbin/jrund" }
    var probe: String { "\(dist)/test/jrun-probe" }

    private static let nextNumber = Mutex(0)

    /// A number that no other daemon of this process has.
    static func number() -> Int {
        nextNumber.withLock { value in
            value += 1
            return value
        }
    }

    func remove() { try? FileManager.default.removeItem(atPath: directory) }
}
