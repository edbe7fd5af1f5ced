// Where the suite works on the node.

import Foundation
import Glibc
import TestSupport

/// A directory, a cgroup subtree and uids of the suite's own.
package struct Site: Sendable {
    package let directory: String
    /// A copy of the built binaries: a build beside the tests does not change them.
    package let dist: String
    package let cgroup: String
    /// An ordinary user without a name, another one in each process that tries attacks: kill(-1) of one must not meet the
    /// victims of another. Controls, victims and the runs of jrun have this uid, so that no attack is stopped merely because
    /// two uids differ. Neighbours have one of the next seven, and tests whose runs follow each other others of the next 63.
    package let user = 1_700_100_000 + UInt32(getpid() % 30_000) * 64

    package struct Unusable: Error, CustomStringConvertible {
        package var description: String
        package init(description: String) { self.description = description }
    }

    /// - Parameter built: the `.build/dist` of `make build`.
    package init(built: String) throws {
        guard geteuid() == 0 else { throw Unusable(description: "not root; the escape suite needs it") }
        for file in ["bin/jrun", "libexec/jrun/jrun-init", "test/jrun-probe"]
        where access("\(built)/\(file)", F_OK) != 0 {
            throw Unusable(description: "'\(built)/\(file)' is not there: make build, or set JRUN_DIST")
        }
        // Not beneath /tmp or /var/tmp, where a run, or a service with PrivateTmp, sees its own.
        directory = "/var/lib/jrun-escape-\(getpid())"
        dist = "\(directory)/dist"
        cgroup = "jrun-escape-\(getpid())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        chmod(directory, 0o755)
        try copyPrograms(from: built, to: dist)
    }

    package var probe: String { "\(dist)/test/jrun-probe" }
    package var jrun: String { "\(dist)/bin/jrun" }
    package var jrund: String { "\(dist)/sbin/jrund" }

    package func remove() {
        for mount in ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] {
            for name in ["runs", "init", ""] { rmdir("\(mount)/\(cgroup)/\(name)") }
        }
        unmountImages()
        try? FileManager.default.removeItem(atPath: directory)
    }
}

extension Command {
    /// With the PATH of a system service; the caller's environment is not handed on.
    package init(_ arguments: [String], environment: [String: String]) {
        self.init(arguments)
        self.environment = environment.merging(["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]) { own, _ in own }
    }
}
