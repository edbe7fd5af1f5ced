// Files, directories, sockets and processes of the node that the attacks on files, /proc and terminals are after. All belong
// to the attacker's own uid and are open to everybody: what keeps them away is the view, not their mode.

import Foundation
import Glibc
import TestSupport

extension Prop {
    /// `{open}`: a file with the secret that everybody may read and write, in `{open-directory}`, where everybody may make
    /// files; `{tool}`: a program there that everybody may execute. The program's view has none of it.
    package static let openFile = Prop { stage in
        let directory = try stage.makeOpenDirectory("open")
        stage.facts["open-directory"] = directory
        stage.facts["open"] = "\(directory)/file"
        stage.facts["tool"] = "\(directory)/tool"
        try stage.writeForAll(stage.secret, to: "\(directory)/file")
        try copyPrograms(from: stage.site.probe, to: "\(directory)/tool")
    }

    /// `{shown}`: a file that everybody may read and write, in `{shown-directory}`, which the program's view has.
    package static let shownFile = Prop { stage in
        let directory = try stage.makeOpenDirectory("shown")
        stage.visible.append(directory)
        stage.facts["shown-directory"] = directory
        stage.facts["shown"] = "\(directory)/file"
        try stage.writeForAll(stage.secret, to: "\(directory)/file")
    }

    /// `{scratch}`: a name in /tmp that nobody has; what is there afterwards is removed.
    package static let scratchName = Prop { stage in
        let path = "/tmp/jrun-escape-\(UInt64.random(in: 0 ... .max))"
        stage.facts["scratch"] = path
        stage.onClear { unlink(path) }
    }

    /// `{socket}`: a service of the node that everybody may connect to.
    package static let service = Prop { stage in
        let path = "\(try stage.makeOpenDirectory("service"))/socket"
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard isBound == 0, listen(listener, 8) == 0, chmod(path, 0o777) == 0 else {
            throw Site.Unusable(description: "no socket at '\(path)'")
        }
        stage.facts["socket"] = path
        stage.onClear { close(listener) }
    }

    /// `{half-1}` and `{half-2}`: the secret, in halves, so that no command line of the attacker's side holds it whole.
    package static let halves = Prop { stage in
        let middle = stage.secret.index(stage.secret.startIndex, offsetBy: 10)
        stage.facts["half-1"] = String(stage.secret[..<middle])
        stage.facts["half-2"] = String(stage.secret[middle...])
    }

    /// A process on the node, of the attacker's uid, whose arguments and environment hold the secret and which has the open
    /// file open, as number 9, and the node's root directory, as number 8.
    package static let bearer = Prop { stage in
        let path = try stage.fill("{open}")[0]
        let script = "exec 8</ 9<'\(path)'; exec \"$@\""
        let words = ["/bin/sh", "-c", script, "sh", stage.site.probe, "hold", stage.secret]
        var command = stage.asUser(words)
        command.environment["TOKEN"] = stage.secret
        try stage.start("bearer", command)
    }

    /// `{pty}`: a terminal of the node that no session has, open to everybody.
    package static let terminal = Prop { stage in
        var (isLocked, number) = (Int32(0), UInt32(0))
        // posix_openpt(3) and what belongs to it, which Swift does not see: TIOCSPTLCK, TIOCGPTN. Source: ioctl_tty(2).
        let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard master >= 0, ioctl(master, 0x4004_5431, &isLocked) == 0, ioctl(master, 0x8004_5430, &number) == 0 else {
            throw Site.Unusable(description: "no pseudo terminal on this node")
        }
        stage.facts["pty"] = "/dev/pts/\(number)"
        chmod("/dev/pts/\(number)", 0o666)
        stage.onClear { close(master) }
    }

    /// `sh -c SCRIPT`, which then becomes the confiner.
    package static func startedByShell(_ script: String) -> Prop {
        Prop { stage in stage.wrapper += ["/bin/sh", "-c", "\(script); exec \"$@\"", "sh"] }
    }

    /// An environment variable with the secret, at whoever starts the confiner.
    package static let secretInEnvironment = Prop { stage in stage.wrapper += ["env", "TOKEN=\(stage.secret)"] }
}

extension Stage {
    /// Open to everybody, the attacker's own.
    fileprivate func makeOpenDirectory(_ name: String) throws -> String {
        let path = "\(directory)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        chmod(path, 0o777)
        chown(path, site.user, site.user)
        return path
    }

    fileprivate func writeForAll(_ text: String, to path: String) throws {
        try write(text, to: path, mode: 0o666)
        chown(path, site.user, site.user)
    }
}
