// The escape suite needs root and the built binaries. Where it cannot run, it says so and counts what it skipped: `.ci/run`
// and the Makefile treat a skipped test as a failure.

import EscapeAttacks
import Foundation
import Glibc
import Synchronization
import Testing

@Suite(.serialized, Whole(), Each()) enum Escape {}

enum Setting {
    /// Why no ordinary user can start a run here; asked once.
    static let rootlessMissing: String? = {
        guard let site = try? site.get(), let reason = JrunRootless().missing(at: site) else { return nil }
        write(line: "escape: attacks without root are skipped: \(reason)")
        return reason
    }()

    /// Why no run has a root image here; asked once.
    static let imagesMissing: String? = {
        guard let site = try? site.get(), let reason = JrunImage(isWritable: true).missing(at: site) else { return nil }
        write(line: "escape: attacks on root images are skipped: \(reason)")
        return reason
    }()

    /// Why no run has a warm sandbox here; asked once.
    static let warmMissing: String? = {
        guard let site = try? site.get(), let reason = JrunWarm().missing(at: site) else { return nil }
        write(line: "escape: attacks in warm sandboxes are skipped: \(reason)")
        return reason
    }()

    static let site: Result<Site, any Error> = Result {
        let package = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
        return try Site(built: ProcessInfo.processInfo.environment["JRUN_DIST"] ?? "\(package)/.build/dist")
    }
}

/// Prepares the site before the first test, and removes it after the last.
struct Whole: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        atexit { Counts.printLine() }
        if case .failure(let reason) = Setting.site { write(line: "escape: every test is skipped: \(reason)") }
        try await function()
        guard let site = try? Setting.site.get() else { return }
        let left = processes(of: site.user..<site.user + 64)
        for pid in left { kill(pid, SIGKILL) }
        // Some may be on their way out: what has been killed takes a moment.
        if !left.isEmpty { write(line: "escape: \(left.count) processes were still there at the end") }
        site.remove()
    }
}

private func processes(of uids: Range<UInt32>) -> [pid_t] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { name in
        var facts = stat()
        guard let pid = pid_t(name), stat("/proc/\(name)", &facts) == 0, uids.contains(facts.st_uid) else { return nil }
        return pid
    }
}

/// Counts the attempts, and skips them loudly where the node cannot carry them.
struct Each: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func scopeProvider(for test: Test, testCase: Test.Case?) -> Each? { testCase == nil ? nil : self }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        if case .failure(let reason) = Setting.site {
            Counts.skipped()
            try Test.cancel("\(reason)")
        }
        try await function()
        Counts.ran()
    }
}

/// How many cases of the tests ran, how many were skipped, and what this kernel lacks.
enum Counts {
    private static let counts = Mutex((ran: 0, skipped: 0, unavailable: 0))

    static func ran() { counts.withLock { $0.ran += 1 } }
    static func skipped() { counts.withLock { $0.skipped += 1 } }

    static func unavailable(_ name: String, _ reason: String) {
        counts.withLock { $0.unavailable += 1 }
        write(line: "escape: '\(name)' is not counted: \(reason)")
    }

    static func printLine() {
        let (ran, skipped, unavailable) = counts.withLock { $0 }
        write(line: "escape: \(ran) ran, \(skipped) skipped, \(unavailable) of them unavailable on this kernel")
    }
}

/// Writes past every buffer, so that the line is whole whoever else prints.
private func write(line: String) {
    fflush(nil)
    try? FileHandle.standardOutput.write(contentsOf: Data("\(line)\n".utf8))
}
