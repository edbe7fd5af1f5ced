// A jrund of a test's own: private directories, cgroups and uids, and a configuration that the test chooses.

import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

struct DaemonError: Error, CustomStringConvertible {
    var description: String
}

final class Daemon {
    let place: Place
    let directory: String
    let cgroup: String
    let uids: ClosedRange<UInt32>
    var configuration: Configuration
    /// A command that starts jrund, such as unshare.
    var wrapper: [String] = []
    /// A store of images of its own, for the programs that want one.
    var image: SampleImage?
    private(set) var child: Child?
    private var notifications: Int32 = -1
    /// Everything that was said to NOTIFY_SOCKET.
    private(set) var notified: [String] = []
    private var headerFiles = 0

    /// The one of the running test, for the message of a failure: tests of this suite run one at a time.
    private static let current = Mutex<String?>(nil)

    /// What the daemon of the running test has said last.
    static var lastWords: String {
        guard let log = current.withLock({ $0 }),
            let text = try? String(contentsOfFile: log, encoding: .utf8)
        else { return "nothing" }
        return text.split(separator: "\n").suffix(12).joined(separator: "\n")
    }

    init(programs: [ProgramFile]? = nil, keys: [String: String] = [:]) throws {
        place = try Place.shared.get()
        let number = Place.number()
        directory = "\(place.directory)/\(number)"
        cgroup = "\(place.cgroupMountPoint)/jrun-control-\(getpid())-\(number)"
        // Apart from those of another suite that runs beside this one.
        let first = 1_720_000_000 + UInt32(getpid() % 1000) * 65_536 + UInt32(number) * 256
        uids = first...first + 255
        configuration = Configuration(directory: directory)
        configuration.keys.merge(keys) { _, new in new }
        for name in ["", "/programs", "/state", "/runtime", "/scratch"] {
            try FileManager.default.createDirectory(atPath: directory + name, withIntermediateDirectories: false)
            chmod(directory + name, 0o755)
        }
        for program in try programs ?? [ProgramFile()] { try write(program) }
        try listenForNotifications()
        Daemon.current.withLock { $0 = "\(directory)/log" }
    }

    deinit { if notifications >= 0 { close(notifications) } }

    var socket: String { "\(directory)/runtime/control.sock" }
    var stateDirectory: String { "\(directory)/state" }
    var runsDirectory: String { "\(directory)/state/runs" }
    var log: String { (try? String(contentsOfFile: "\(directory)/log", encoding: .utf8)) ?? "" }

    func write(_ program: ProgramFile) throws {
        try Data(program.yaml.utf8).write(to: URL(fileURLWithPath: "\(directory)/programs/\(program.name).yaml"))
    }

    /// A file beside the daemon's own directories.
    func scratch(_ name: String, _ content: some Sequence<UInt8> = []) throws -> String {
        let path = "\(directory)/scratch/\(name)"
        try Data(content).write(to: URL(fileURLWithPath: path))
        return path
    }

    var environment: [String: String] {
        [
            "JRUN_STATE": stateDirectory, "JRUN_RUNTIME": "\(directory)/runtime",
            "JRUN_CGROUP": String(cgroup.split(separator: "/").last ?? ""),
            "JRUN_UIDS": "\(uids.lowerBound)-\(uids.upperBound)", "NOTIFY_SOCKET": "\(directory)/notify",
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "JRUN_IMAGES": image?.store ?? "\(directory)/images",
        ]
    }

    /// With what jrund.service leaves it of root's capabilities, and nothing else.
    func takeCapabilitiesOfTheUnit() throws {
        let unit = try String(contentsOfFile: "\(place.package)/packaging/jrund.service", encoding: .utf8)
        let capabilities = unit.split(separator: "\n").filter { $0.hasPrefix("CapabilityBoundingSet=") }
            .flatMap { $0.split(separator: "=")[1].split(separator: " ") }
        try #require(capabilities.count > 8)
        let set = capabilities.map { ",+\($0.dropFirst(4).lowercased())" }.joined()
        wrapper = ["/usr/bin/setpriv", "--bounding-set=-all\(set)"]
    }

    func writeConfiguration() throws {
        try Data(configuration.yaml.utf8).write(to: URL(fileURLWithPath: "\(directory)/jrund.yaml"))
    }

    // MARK: Life

    /// Starts it and returns when it says that it is ready.
    func start() throws {
        try launch()
        try awaitNotification("READY=1")
    }

    /// Starts it and does not wait.
    func launch() throws {
        try writeConfiguration()
        // What the last one said belongs to it, also when nobody has read it.
        var old: UInt8 = 0
        while recv(notifications, &old, 1, Int32(MSG_DONTWAIT)) > 0 {}
        let shell = "exec \"$0\" \"$@\" 2>>'\(directory)/log'"
        let jrund = wrapper + [place.jrund, "--config", "\(directory)/jrund.yaml"]
        var command = Command(["/bin/sh", "-c", shell] + jrund)
        command.environment = environment
        command.seconds = 300
        forgetNotifications()
        child = try Child(command)
    }

    /// Returns when the daemon has said so; fails when it ends before.
    func awaitNotification(_ text: String, seconds: Double = 30) throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while !notified.contains(where: { $0.contains(text) }) {
            var polls = [
                pollfd(fd: notifications, events: Int16(POLLIN), revents: 0),
                // Its end of file is jrund's end.
                pollfd(fd: child?.stdout.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
            ]
            let left = (deadline - .now).milliseconds
            guard left > 0, poll(&polls, 2, Int32(left)) > 0 else {
                throw DaemonError(description: "jrund does not say \(text): \(Daemon.lastWords)")
            }
            if polls[0].revents == 0 { throw DaemonError(description: "jrund has ended: \(Daemon.lastWords)") }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(notifications, &buffer, buffer.count, 0)
            if count > 0 { notified.append(String(decoding: buffer[..<count], as: UTF8.self)) }
        }
    }

    /// Also makes room for the next: the kernel holds no more than ten.
    func forgetNotifications() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while recv(notifications, &buffer, buffer.count, Int32(MSG_DONTWAIT)) > 0 {}
        notified = []
    }

    private func listenForNotifications() throws {
        notifications = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: "\(directory)/notify".utf8.prefix(107)) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(notifications, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            throw DaemonError(description: "no NOTIFY_SOCKET: \(String(cString: strerror(errno)))")
        }
    }

    /// Ends it by a signal; what it answered to that.
    @discardableResult
    func end(_ signal: Int32 = SIGTERM) throws -> Ended {
        guard let child else { throw DaemonError(description: "jrund does not run") }
        child.signal(signal)
        self.child = nil
        return try child.wait()
    }

    /// Ends it and starts it again.
    func restart(_ signal: Int32 = SIGTERM) throws {
        let ended = try end(signal)
        if signal == SIGTERM { #expect(ended.status == 0, "jrund ended with \(ended.status)") }
        try start()
    }

    // MARK: Requests

    /// Sends it with curl.
    func send(_ call: Call) throws -> Answer {
        try begin(call).finish()
    }

    /// A request that goes on: its child, and what makes an answer of it at its end.
    func begin(_ call: Call) throws -> Exchange {
        let headerFile = nextHeaderFile()
        let bodyFile = "\(headerFile)-body"
        if let body = call.body {
            try Data(body).write(to: URL(fileURLWithPath: bodyFile))
            chmod(bodyFile, 0o644)
        }
        let command = call.command(socket: socket, headerFile: headerFile, bodyFile: bodyFile)
        return Exchange(call: call, child: try Child(command), headerFile: headerFile, daemon: self)
    }

    /// A request whose answer goes on; returns when jrund has begun it, so that what happens next is seen.
    func follow(_ call: Call) throws -> Exchange {
        let exchange = try begin(call)
        try exchange.awaitHead()
        return exchange
    }

    fileprivate func answer(to call: Call, _ ended: Ended, _ headerFile: String) throws -> Answer {
        let (status, headers) = parseHeaders((try? String(contentsOfFile: headerFile, encoding: .utf8)) ?? "")
        let answer = Answer(
            call: call, status: status, headers: headers, body: ended.stdout, exit: ended.status,
            complaint: ended.stderr, elapsed: ended.elapsed)
        if status != 0 { Contract.keep(answer) }
        return answer
    }

    private func nextHeaderFile() -> String {
        headerFiles += 1
        let path = "\(directory)/scratch/headers-\(headerFiles)"
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        // curl may run as somebody else.
        chmod(path, 0o666)
        return path
    }

    // MARK: End

    /// Kills and removes every run, ends the daemon, and says what was left behind.
    func cleanUp() throws -> [String] {
        if child == nil { try start() }
        while true {
            let list = try get("/v1/runs?limit=1000").json["runs"].array
            if list.isEmpty { break }
            for run in list {
                let id = run["id"].string ?? ""
                let removed = try delete("/v1/runs/\(id)?kill=true")
                guard [204, 404].contains(removed.status) else { throw DaemonError(description: "\(removed)") }
            }
        }
        let ended = try end()
        if ended.status != 0 { return ["jrund ended with \(ended.status)"] }
        let leaks = self.leaks
        // An image stays mounted for the runs to come.
        let images = "\(directory)/runtime/images"
        for name in (try? FileManager.default.contentsOfDirectory(atPath: images)) ?? [] {
            umount2("\(images)/\(name)", Int32(MNT_DETACH))
        }
        for name in ["runs", "init", "daemon", ""] { rmdir("\(cgroup)/\(name)") }
        try? FileManager.default.removeItem(atPath: directory)
        return leaks
    }

    /// After a failure: nothing survives, however it was left.
    func destroy() {
        child?.signal(SIGKILL)
        _ = try? child?.wait()
        child = nil
        try? "1".write(toFile: "\(cgroup)/cgroup.kill", atomically: false, encoding: .utf8)
    }

    /// Run directories, cgroups, processes and uids that are in use.
    var leaks: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: runsDirectory)) ?? []
        var found = names.map { "run directory \($0)" }
        for path in FileManager.default.enumerator(atPath: cgroup)?.compactMap({ $0 as? String }) ?? [] {
            if path.hasPrefix("runs/"), !path.contains(".") { found.append("cgroup \(path)") }
            if path.hasSuffix("cgroup.procs"),
                let text = try? String(contentsOfFile: "\(cgroup)/\(path)", encoding: .utf8), !text.isEmpty
            {
                found.append("processes in \(path): \(text.replacingOccurrences(of: "\n", with: " "))")
            }
        }
        let locks = "\(directory)/runtime/uids"
        for name in (try? FileManager.default.contentsOfDirectory(atPath: locks)) ?? []
        where isLocked("\(locks)/\(name)") {
            found.append("uid \(name)")
        }
        return found
    }

    private func isLocked(_ path: String) -> Bool {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        // Shared, because a test that starts a process right now lends it this lock until that executes.
        return flock(file, LOCK_SH | LOCK_NB) != 0
    }
}

/// A request on its way.
final class Exchange {
    let call: Call
    let child: Child
    private let headerFile: String
    private let daemon: Daemon

    init(call: Call, child: Child, headerFile: String, daemon: Daemon) {
        (self.call, self.child, self.headerFile, self.daemon) = (call, child, headerFile, daemon)
    }

    /// Waits until curl has written the head of the answer. Source: inotify(7).
    func awaitHead(seconds: Double = 30) throws {
        let changes = inotify_init1(Int32(IN_CLOEXEC))
        defer { close(changes) }
        guard inotify_add_watch(changes, headerFile, UInt32(IN_MODIFY)) >= 0 else {
            throw DaemonError(description: "no watch of '\(headerFile)': \(String(cString: strerror(errno)))")
        }
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            let head = (try? String(contentsOfFile: headerFile, encoding: .utf8)) ?? ""
            if head.hasSuffix("\r\n\r\n"), ![0, 100].contains(parseHeaders(head).status) { return }
            var event = pollfd(fd: changes, events: Int16(POLLIN), revents: 0)
            guard poll(&event, 1, Int32(max(0, (deadline - .now).milliseconds))) > 0 else {
                throw DaemonError(description: "no answer to \(call.method) \(call.path) after \(seconds) s")
            }
            var buffer = [UInt8](repeating: 0, count: 4096)
            _ = read(changes, &buffer, buffer.count)
        }
    }

    /// Reads the body until `text` has come.
    func await(_ text: String) throws { try child.await(text) }

    /// Reads until anything more has come.
    func awaitMore() throws { try child.awaitMore() }

    var text: String { child.stdout.text }
    var status: Int { parseHeaders((try? String(contentsOfFile: headerFile, encoding: .utf8)) ?? "").status }

    func finish() throws -> Answer { try daemon.answer(to: call, child.finish(), headerFile) }

    /// The client goes away.
    func abandon() throws {
        child.signal(SIGKILL)
        _ = try child.finish()
    }
}

/// A daemon for one test: started before, cleaned up after; what it leaves fails the test.
///
/// - Parameter keys: of the configuration, in place of the usual ones.
func withDaemon(
    programs: [ProgramFile]? = nil, keys: [String: String] = [:], _ body: (Daemon) throws -> Void
) throws {
    let daemon = try Daemon(programs: programs, keys: keys)
    do {
        try daemon.start()
        try body(daemon)
        let leaks = try daemon.cleanUp()
        if !leaks.isEmpty { Issue.record("left behind: \(leaks.joined(separator: "; "))") }
    } catch {
        daemon.destroy()
        throw error
    }
}
