import Testing

@testable import Confinement
@testable import Programs

/// A comparison, and arguments of which it is true and not true.
struct ComparisonCase: Sendable {
    var operation: SeccompFile.Comparison.Operation
    var value: UInt64
    var second: UInt64 = 0
    var yes: [UInt64]
    var no: [UInt64]

    static let all = [
        ComparisonCase(operation: .equal, value: 5, yes: [5], no: [4, 6, 1 << 32 | 5]),
        ComparisonCase(operation: .notEqual, value: 5, yes: [4, 1 << 32 | 5], no: [5]),
        ComparisonCase(operation: .less, value: 5, yes: [0, 4], no: [5, 1 << 40]),
        ComparisonCase(operation: .lessOrEqual, value: 5, yes: [5], no: [6, 1 << 40]),
        ComparisonCase(operation: .greater, value: 5, yes: [6, 1 << 40], no: [5]),
        ComparisonCase(operation: .greaterOrEqual, value: 5, yes: [5, .max], no: [4]),
        ComparisonCase(operation: .maskedEqual, value: 0xf0, second: 0x20, yes: [0x2f, 0xf2f], no: [0x3f, 0]),
    ]
}

/// What becomes of a file's filter: the interpreter of SeccompTests answers as the kernel would.
@Suite struct SeccompFileFilterTests {
    private func interpreter(_ entries: [SeccompFile.Entry], notify: Bool = true) throws -> Interpreter {
        let file = SeccompFile(defaultAnswer: .error(1), entries: entries)
        return Interpreter(try SeccompPolicy(file).compile(notify: notify))
    }

    private func entry(
        _ name: String, _ answer: SeccompFile.Answer = .allow, _ comparisons: SeccompFile.Comparison...
    ) -> SeccompFile.Entry {
        .init(place: "$", names: [name], answer: answer, comparisons: comparisons)
    }

    private func call(_ name: String, _ arguments: UInt64...) throws -> Call {
        Call(number: try #require(numbers[name]), arguments: arguments)
    }

    @Test func answersAreTheFiles() throws {
        let entries = [entry("read"), entry("bpf", .error(38)), entry("mount", .kill), entry("getpid", .log)]
        let filter = try interpreter(entries)
        #expect(try filter.answer(call("read")) == .allow)
        #expect(try filter.answer(call("bpf")) == .errno(38))
        #expect(try filter.answer(call("mount")) == .notify)
        #expect(try filter.answer(call("getpid")) == .other(0x7ffc_0000))
        // What the standard policy allows is nothing here.
        #expect(try filter.answer(call("write")) == .permissionDenied)
        #expect(try filter.answer(call("clone", 0)) == .permissionDenied)
        #expect(try interpreter(entries, notify: false).answer(call("mount")) == .killProcess)
    }

    @Test(arguments: ComparisonCase.all)
    func argumentsAreCompared(_ sample: ComparisonCase) throws {
        let comparison = SeccompFile.Comparison(
            argument: 1, operation: sample.operation, value: sample.value, valueTwo: sample.second)
        let filter = try interpreter([entry("socket", .allow, comparison)])
        for argument in sample.yes { #expect(try filter.answer(call("socket", 9, argument)) == .allow, "\(argument)") }
        for argument in sample.no {
            #expect(try filter.answer(call("socket", 9, argument)) == .permissionDenied, "\(argument)")
        }
    }

    @Test func allComparisonsOfAnEntryAndOneEntryAreEnough() throws {
        let one = SeccompFile.Comparison(argument: 0, operation: .equal, value: 1)
        let two = SeccompFile.Comparison(argument: 1, operation: .equal, value: 2)
        let nine = SeccompFile.Comparison(argument: 0, operation: .equal, value: 9)
        let filter = try interpreter([entry("socket", .allow, one, two), entry("socket", .allow, nine)])
        #expect(try filter.answer(call("socket", 1, 2)) == .allow)
        #expect(try filter.answer(call("socket", 1, 3)) == .permissionDenied)
        #expect(try filter.answer(call("socket", 9, 3)) == .allow)
        // One without comparisons makes the others idle.
        let open = try interpreter([entry("socket", .allow, one), entry("socket")])
        #expect(try open.answer(call("socket", 7)) == .allow)
    }

    /// Whatever a file allows.
    @Test func terminalsAndOtherArchitecturesStayClosed() throws {
        let filter = try interpreter([entry("ioctl"), entry("getpid")])
        #expect(try filter.answer(call("ioctl", 0, 0x5412)) == .permissionDenied)
        #expect(try filter.answer(call("ioctl", 0, 0x5401)) == .allow)
        #expect(filter.answer(Call(number: 20, arch: 0x4000_0003)) == .killProcess)
        #if arch(x86_64)
        #expect(filter.answer(Call(number: 0x4000_0000 | 39)) == .killProcess)
        #endif
    }

    @Test func theDefaultCanEndTheRun() throws {
        let file = SeccompFile(defaultAnswer: .kill, entries: [entry("read")])
        let compiled = try SeccompPolicy(file).compile(notify: true)
        #expect(compiled.notifies)
        #expect(try Interpreter(compiled).answer(call("bpf")) == .notify)
        #expect(try Interpreter(compiled).answer(call("read")) == .allow)
    }

    @Test func aFilterTooLongForTheKernelIsRefused() {
        let entries = (UInt64(0)..<6000).map {
            entry("socket", .allow, .init(argument: 0, operation: .equal, value: $0))
        }
        #expect(throws: SeccompError.self) { try interpreter(entries) }
    }

    @Test func aFilterThatNoProgramCouldStartUnderIsFound() {
        let names = ["execveat", "clock_gettime", "exit_group"]
        #expect(SeccompPolicy.standard.missingForLaunch == nil)
        for missing in names {
            let file = SeccompFile(defaultAnswer: .kill, entries: names.filter { $0 != missing }.map { entry($0) })
            #expect(SeccompPolicy(file).missingForLaunch == missing)
            #expect(SeccompPolicy.standard.extended(allow: [], deny: [missing]).missingForLaunch == missing)
        }
        let file = SeccompFile(defaultAnswer: .kill, entries: names.map { entry($0) })
        #expect(SeccompPolicy(file).missingForLaunch == nil)
    }

    @Test func whatTheNodeCannotBoundIsTakenOut() throws {
        let file = SeccompFile(defaultAnswer: .error(38), entries: [entry("memfd_create"), entry("read")])
        let policy = SeccompPolicy(file).without(SeccompPolicy.uncountedMemory)
        let filter = Interpreter(try policy.compile(notify: true))
        #expect(try filter.answer(call("memfd_create")) == .permissionDenied)
        #expect(try filter.answer(call("read")) == .allow)
    }
}
