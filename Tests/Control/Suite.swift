// The daemon's tests drive the built jrund with curl, as root, on the real kernel: nothing of jrun is linked into them.
//
// Every suite is an extension of `Control`, which runs one test at a time. `Whole` wraps the suite, `Each` every test.

import Foundation
import Synchronization
import TestSupport
import Testing

@Suite(
    .serialized, Whole(), Each(),
    .compactMapIssues { issue in
        // Asked once for each level of suites.
        if issue.comments.contains(where: { $0.rawValue.hasPrefix("jrund said last") }) { return issue }
        var issue = issue
        issue.comments.append("jrund said last: \(Daemon.lastWords)")
        return issue
    })
enum Control {}

/// Prepares the place before the first test; after the last one holds all answers against the contract.
struct Whole: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        atexit { Counts.printLine() }
        let place = try? Place.shared.get()
        if case .failure(let reason) = Place.shared { write(line: "control: every test is skipped: \(reason)") }
        try await function()
        guard let place else { return }
        for complaint in try Contract.complaints() { Issue.record("openapi.yaml says something else: \(complaint)") }
        place.remove()
    }
}

/// Counts the tests, and skips them loudly where the node cannot carry them.
struct Each: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func scopeProvider(for test: Test, testCase: Test.Case?) -> Each? { testCase == nil ? nil : self }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        if case .failure(let reason) = Place.shared {
            Counts.skipped(test)
            write(line: "control: skipped '\(test.name)': \(reason)")
            try Test.cancel("\(reason)")
        }
        Counts.ran(test)
        try await function()
    }
}

/// How many tests ran and how many were skipped. `.ci/run` reads the line: a skipped one fails there.
private enum Counts {
    private static let tests = Mutex((ran: Set<String>(), skipped: Set<String>()))

    static func ran(_ test: Test) { _ = tests.withLock { $0.ran.insert("\(test.id)") } }
    static func skipped(_ test: Test) { _ = tests.withLock { $0.skipped.insert("\(test.id)") } }

    static func printLine() {
        let (ran, skipped) = tests.withLock { ($0.ran.count, $0.skipped.count) }
        write(line: "control: \(ran) ran, \(skipped) skipped")
    }
}

/// Writes past every buffer, so that the line is whole whoever else prints.
private func write(line: String) {
    fflush(nil)
    try? FileHandle.standardOutput.write(contentsOf: Data("\(line)\n".utf8))
}
