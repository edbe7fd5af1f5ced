// The privileged tests drive the built binaries on the real kernel, as root. Nothing of jrun is linked into them: what a
// run is and what it leaves is seen from outside, and from inside by the static probe.
//
// Every suite is an extension of `Privileged`, which runs one test at a time: what is left behind after a test is that
// test's, and a run's times are not those of its neighbours. `Whole` wraps the suite, `Each` every test.

import Foundation
import Synchronization
import Testing

@Suite(.serialized, Whole(), Each()) enum Privileged {}

/// Prepares the site before the first test; after the last one looks for what the suite left and removes the site.
struct Whole: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        atexit { Counts.printLine() }
        let site = try? Site.shared.get()
        if case .failure(let reason) = Site.shared {
            write(line: "privileged: every test is skipped: \(reason)")
        }
        try await function()
        guard let site else { return }
        expectNoLeaks(of: site, after: "the suite")
        site.remove()
    }
}

/// Counts the tests, skips them loudly where the node cannot carry them, and checks for leaks after each.
struct Each: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func scopeProvider(for test: Test, testCase: Test.Case?) -> Each? { testCase == nil ? nil : self }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let site: Site
        switch Site.shared {
        case .success(let found): site = found
        case .failure(let reason):
            Counts.skipped(test)
            write(line: "privileged: skipped '\(test.name)': \(reason)")
            try Test.cancel("\(reason)")
        }
        Counts.ran(test)
        do { try await function() } catch {
            // What the test left running is going, but not yet gone.
            try? site.waitUntilUnpopulated()
            expectNoLeaks(of: site, after: test.name)
            throw error
        }
        expectNoLeaks(of: site, after: test.name)
    }
}

private func expectNoLeaks(of site: Site, after what: String) {
    do {
        let leaks = try Leaks.find(at: site)
        if !leaks.isEmpty { Issue.record("left behind by \(what): \(leaks)") }
        leaks.forget()
    } catch { Issue.record("no leak check after \(what): \(error)") }
}

/// How many tests ran and how many were skipped. `.ci/run` reads the line: a skipped privileged test fails there.
private enum Counts {
    private static let tests = Mutex((ran: Set<String>(), skipped: Set<String>()))

    static func ran(_ test: Test) { _ = tests.withLock { $0.ran.insert("\(test.id)") } }
    static func skipped(_ test: Test) { _ = tests.withLock { $0.skipped.insert("\(test.id)") } }

    static func printLine() {
        let (ran, skipped) = tests.withLock { ($0.ran.count, $0.skipped.count) }
        write(line: "privileged: \(ran) ran, \(skipped) skipped")
    }
}

/// Writes past every buffer, so that the line is whole whoever else prints.
private func write(line: String) {
    fflush(nil)
    try? FileHandle.standardOutput.write(contentsOf: Data("\(line)\n".utf8))
}
